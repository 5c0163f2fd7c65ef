/**
 * The messages by which the runtime's own parts talk: answers, cancellation, and the conversation between a
 * child and its supervisor. Their types start with `ac.`; nobody outside may send them.
 */
import type { Address } from './address.ts'
import type { EffectClass } from './effect.ts'
import type { Envelope } from './envelope.ts'
import type { WireError } from './errors.ts'
import type { Reason, Usage } from './events.ts'
import type { Cause, Taken } from './journal.ts'
import type { Plain } from './plain.ts'
import type { EffectPolicy, RestartType } from './strategy.ts'

export const REPLY = 'ac.reply'
export const ERROR = 'ac.error'
export const CANCEL = 'ac.cancel'
export const CHILD_FAILED = 'ac.child.failed'
export const EFFECT_FAILED = 'ac.effect.failed'
export const EFFECT_RETRY = 'ac.effect.retry'
export const EFFECT_GIVE_UP = 'ac.effect.give-up'

/** Body of an answer; `spent` is what the answer cost, downstream asks included. */
export interface Answer {
  readonly value: Plain
  readonly spent?: Usage
}

export interface Refusal {
  readonly error: WireError
  readonly spent?: Usage
}

export interface ChildFailedBody {
  readonly child: Address
  readonly restart: RestartType
  readonly reason: Reason
  readonly error: WireError
}

export interface EffectFailedBody {
  readonly intent: string
  readonly name: string
  readonly class: EffectClass
  readonly attempt: number
  readonly reason: Reason
  readonly error: WireError
  readonly policy: EffectPolicy
  readonly deadline?: number
  /** Rolled by the child's node, so that the supervisor's own step stays pure. */
  readonly random: number
  /** Effects of this actor that succeeded since its last report: they pay into the retry budget. */
  readonly successes: number
}

export interface EffectRetryBody {
  readonly intent: string
  readonly attempt: number
  readonly delayMs: number
  readonly reason: Reason
  readonly remedy?: { readonly [key: string]: Plain }
}

export interface EffectGiveUpBody {
  readonly intent: string
  readonly error: WireError
}

/** What travels with a message, as the cause of all that follows from it. */
export function causeOf(envelope: Envelope): Cause {
  const { id, from, replyTo, correlation, deadline, chain, trace, budget, run } = envelope
  return {
    id,
    ...(from !== undefined && { from }),
    ...(replyTo !== undefined && { replyTo }),
    ...(correlation !== undefined && { correlation }),
    ...(deadline !== undefined && { deadline }),
    ...(chain !== undefined && { chain }),
    ...(trace !== undefined && { trace }),
    ...(budget !== undefined && { budget }),
    ...(run !== undefined && { run }),
  }
}

export const takenOf = (envelope: Envelope): Taken & { kind: 'message' } => ({
  kind: 'message',
  type: envelope.type,
  body: envelope.body,
  cause: causeOf(envelope),
  attempt: envelope.attempt ?? 1,
})

/** An answer to the ask behind `cause`, or undefined when nobody waits. */
export function answer(
  id: string,
  from: Address | undefined,
  cause: Pick<Cause, 'replyTo' | 'correlation' | 'trace' | 'run'>,
  body: Answer | Refusal,
): Envelope | undefined {
  if (cause.replyTo === undefined || cause.correlation === undefined) return undefined
  return {
    v: 1,
    id,
    type: 'error' in body ? ERROR : REPLY,
    to: cause.replyTo,
    ...(from !== undefined && { from }),
    correlation: cause.correlation,
    ...(cause.trace !== undefined && { trace: cause.trace }),
    ...(cause.run !== undefined && { run: cause.run }),
    body: body as unknown as Plain,
  }
}
