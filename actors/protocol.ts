/**
 * The messages by which the runtime's own parts talk: answers, cancellation, and the conversation between a
 * child and its supervisor. Their types start with `ac.`; nobody outside may send them.
 */
import type { Address } from './address.ts'
import type { Cause } from './cause.ts'
import type { EffectClass } from './effect.ts'
import { type Envelope, isReserved, refuseReserved } from './envelope.ts'
import { isWireError, RuntimeError, type WireError } from './errors.ts'
import type { Reason, Usage } from './events.ts'
import type { Taken } from './journal.ts'
import type { Plain } from './plain.ts'
import type { EffectPolicy, RestartType } from './strategy.ts'

export const REPLY = 'ac.reply'
export const ERROR = 'ac.error'
export const CANCEL = 'ac.cancel'
/** What a machine sees when the ask that it works for is cancelled; nobody outside can send it. */
export const CANCELLED = 'ac.cancelled'
export const CHILD_FAILED = 'ac.child.failed'
export const EFFECT_FAILED = 'ac.effect.failed'
export const EFFECT_RETRY = 'ac.effect.retry'
export const EFFECT_GIVE_UP = 'ac.effect.give-up'
export const EFFECT_PARK = 'ac.effect.park'

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
  /** How many of the attempts ended because the process did. */
  readonly interruptions: number
  readonly reason: Reason
  readonly error: WireError
  readonly policy: EffectPolicy
  readonly deadline?: number
  /** Rolled by the child's node, so that the supervisor's own step stays pure. */
  readonly random: number
  /** Effects of this actor that succeeded since its last report: they pay into the retry budget. */
  readonly successes: number
}

interface Word {
  readonly intent: string
  /** The attempt it is about. */
  readonly after: number
}

export interface EffectRetryBody extends Word {
  readonly delayMs: number
  readonly reason: Reason
  readonly remedy?: { readonly [key: string]: Plain }
  readonly first?: 'check' | 'undo'
}

export interface EffectGiveUpBody extends Word {
  readonly error: WireError
}

export interface EffectParkBody extends Word {
  readonly why: string
}

export type EffectWord = EffectRetryBody | EffectGiveUpBody | EffectParkBody

/** What a person decides about a parked effect: it happened, it is to be made again, or it is left out. */
export type EffectDecision =
  | { readonly as: 'done'; readonly output?: Plain }
  | { readonly as: 'redo' }
  | { readonly as: 'skip' }

/**
 * `envelope`, once it is known to be one that another node may send: a user's message, an answer or a
 * cancellation, with a body of the agreed shape. Children and supervisors live on one node, so what they say
 * to each other never comes from outside. Throws `reserved-event`, `envelope-invalid`.
 */
export function checkForeign(envelope: Envelope): Envelope {
  const { type } = envelope
  if (!isReserved(type)) return envelope
  const fits = FOREIGN[type]
  if (!fits) refuseReserved(type)
  else if (!isRecord(envelope.body) || !fits(envelope.body)) {
    throw new RuntimeError('envelope-invalid', `body is not that of "${type}"`, {
      details: { field: 'body' },
    })
  }
  return envelope
}

type Fields = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const FOREIGN: Readonly<Record<string, (body: Fields) => boolean>> = {
  [REPLY]: ({ value, spent }) => value !== undefined && isSpent(spent),
  [ERROR]: ({ error, spent }) => isWireError(error) && isSpent(spent),
  [CANCEL]: ({ correlation }) => typeof correlation === 'string',
}

const isAmount = (value: unknown): boolean =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0

const isSpent = (spent: unknown): boolean =>
  spent === undefined ||
  (isRecord(spent) &&
    [spent['inputTokens'], spent['outputTokens'], spent['modelCalls'], spent['toolCalls']].every(isAmount) &&
    (spent['costUsd'] === null || isAmount(spent['costUsd'])))

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/**
 * What travels with a message, as the cause of all that follows from it. Made member by member, as all that is made
 * for each message: spreading what most of them do not have costs more than the rest.
 */
export function causeOf(envelope: Envelope): Cause {
  const { id, from, replyTo, correlation, deadline, chain, trace, budget, run, home } = envelope
  const cause: Writable<Cause> = { id }
  if (from !== undefined) cause.from = from
  if (replyTo !== undefined) cause.replyTo = replyTo
  if (correlation !== undefined) cause.correlation = correlation
  if (deadline !== undefined) cause.deadline = deadline
  if (chain !== undefined) cause.chain = chain
  if (trace !== undefined) cause.trace = trace
  if (budget !== undefined) cause.budget = budget
  if (run !== undefined) cause.run = run
  if (home !== undefined) cause.home = home
  return cause
}

export const takenOf = (envelope: Envelope): Taken & { kind: 'message' } => ({
  kind: 'message',
  type: envelope.type,
  body: envelope.body,
  cause: causeOf(envelope),
  attempt: envelope.attempt ?? 1,
})

/** A message of `from`, within the run and trace of what caused it. */
export function message(
  id: string,
  from: Address,
  to: Address,
  type: string,
  body: Plain,
  cause: Cause | undefined,
): Envelope {
  const sent: Writable<Envelope> = { v: 1, id, type, to, from, body }
  if (cause?.trace !== undefined) sent.trace = cause.trace
  if (cause?.run !== undefined) sent.run = cause.run
  return sent
}

/** True for what ends an ask. */
export const isAnswer = ({ type }: Pick<Envelope, 'type'>): boolean => type === REPLY || type === ERROR

/** An answer to the ask behind `cause`, or undefined when nobody waits. It goes where the ask came from. */
export function answer(
  id: string,
  from: Address | undefined,
  cause: Pick<Cause, 'replyTo' | 'correlation' | 'trace' | 'run' | 'home'>,
  body: Answer | Refusal,
): Envelope | undefined {
  if (cause.replyTo === undefined || cause.correlation === undefined) return undefined
  const { replyTo: to, correlation, trace, run, home } = cause
  const type = 'error' in body ? ERROR : REPLY
  const said: Writable<Envelope> = { v: 1, id, type, to, correlation, body: body as unknown as Plain }
  if (from !== undefined) said.from = from
  if (trace !== undefined) said.trace = trace
  if (run !== undefined) said.run = run
  if (home !== undefined) said.at = home
  return said
}

/** A child's report that it failed. */
export const childFailed = (id: string, supervisor: Address, body: ChildFailedBody): Envelope => ({
  v: 1,
  id,
  type: CHILD_FAILED,
  to: supervisor,
  from: body.child,
  body: body as unknown as Plain,
})
