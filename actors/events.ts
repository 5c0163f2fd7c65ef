/**
 * Everything an observer can see, as one union. Logs, metrics, traces, progress lines and `run --stream`
 * are subscribers of it and of nothing else. Emitting costs one boolean test when nobody listens:
 * callers write `if (events.on) events.emit({ … })`, so that not even the object is made.
 */
import type { Address } from './address.ts'
import type { WireError } from './errors.ts'

/** How a run ends, always in exactly one of these ways. */
export type RunStatus = 'done' | 'failed' | 'cancelled' | 'budget-exhausted' | 'needs-human'

/** Why work failed, as a supervisor sees it. */
export type Reason =
  | 'crashed'
  | 'failed'
  | 'timeout'
  | 'stalled'
  | 'schema-invalid'
  | 'loop-detected'
  | 'budget-exhausted'
  | 'context-overflow'
  | 'refused'
  | 'rate-limited'
  | 'circuit-open'
  | 'cancelled'
  | 'interrupted'

/** What was spent. `costUsd` is null when the price of a model is not known: it is never guessed. */
export interface Usage {
  readonly inputTokens: number
  readonly outputTokens: number
  readonly modelCalls: number
  readonly toolCalls: number
  readonly costUsd: number | null
}

interface Stamp {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly actor: Address
  /** The run this belongs to, when there is one. */
  readonly run?: string
}

interface EffectStamp extends Stamp {
  /** The intent's id: `type/id.life.commit.n`. */
  readonly effect: string
  /** The name the machine invokes it by, for example `model` or a tool's name. */
  readonly name: string
  readonly attempt: number
}

export type RuntimeEvent =
  | (Stamp & { readonly type: 'actor.started'; readonly supervisor?: Address })
  | (Stamp & { readonly type: 'actor.stopped'; readonly reason: 'done' | 'asked' | 'crashed' })
  | (Stamp & { readonly type: 'actor.crashed'; readonly error: WireError })
  | (Stamp & { readonly type: 'actor.restarted'; readonly restarts: number })
  /** It came back from its journal, where it had `commits` commits. */
  | (Stamp & {
      readonly type: 'actor.recovered'
      readonly commits: number
      readonly supervisor?: Address
    })
  /** A commit could not be stored; it is tried again after `delayMs`, and until then nothing of it is done. */
  | (Stamp & { readonly type: 'journal.failed'; readonly error: WireError; readonly delayMs: number })
  /** It left memory; the next message brings it back. */
  | (Stamp & { readonly type: 'actor.passivated' })
  | (Stamp & {
      readonly type: 'actor.committed'
      readonly seq: number
      readonly message: string
      /** The machine's state value after the commit, as text: `working.thinking`. */
      readonly state: string
      readonly durationMs: number
    })
  | (Stamp & {
      readonly type: 'message.dead'
      readonly message: string
      readonly id: string
      readonly error: WireError
    })
  | (EffectStamp & { readonly type: 'effect.started' })
  | (EffectStamp & { readonly type: 'effect.progress'; readonly note?: unknown })
  | (EffectStamp & { readonly type: 'effect.succeeded'; readonly durationMs: number; readonly usage?: Usage })
  | (EffectStamp & {
      readonly type: 'effect.failed'
      readonly durationMs: number
      readonly reason: Reason
      readonly error: WireError
      /** What the attempt spent all the same. */
      readonly usage?: Usage
    })
  | (EffectStamp & {
      readonly type: 'effect.retrying'
      readonly delayMs: number
      readonly reason: Reason
      /** The supervisor's remedy for the next attempt, for example another model. */
      readonly remedy?: unknown
    })
  /** A person has to decide what becomes of it: see `docs/guides/durability.md`. */
  | (EffectStamp & { readonly type: 'effect.parked'; readonly input: unknown; readonly why: string })
  | (EffectStamp & { readonly type: 'effect.gave-up'; readonly reason: Reason; readonly error: WireError })
  | (Stamp & {
      readonly type: 'supervisor.decided'
      readonly child: Address
      readonly reason: Reason
      readonly directive: 'resume' | 'restart' | 'stop' | 'escalate'
      readonly affected: readonly Address[]
    })
  | (Stamp & {
      readonly type: 'breaker.changed'
      readonly target: string
      readonly state: 'closed' | 'open' | 'half-open'
    })
  | (Stamp & {
      readonly type: 'budget.exhausted'
      readonly what: string
      readonly left: number
      readonly needed: number
    })
  | (Stamp & { readonly type: 'run.started'; readonly run: string; readonly workflow: string })
  | (Stamp & {
      readonly type: 'run.finished'
      readonly run: string
      readonly workflow: string
      readonly status: RunStatus
      readonly usage: Usage
      readonly durationMs: number
      readonly error?: WireError
    })
  | (Stamp & {
      readonly type: 'step.started'
      readonly run: string
      readonly step: string
      readonly index?: number
    })
  | (Stamp & {
      readonly type: 'step.finished'
      readonly run: string
      readonly step: string
      readonly index?: number
      readonly error?: WireError
    })
  | (Stamp & { readonly type: 'actor.published'; readonly kind: string; readonly body: unknown })

export type RuntimeEventType = RuntimeEvent['type']

export interface EventSink {
  /** False when nobody listens: test it before building an event. */
  readonly on: boolean
  emit(event: RuntimeEvent): void
}

export const NO_USAGE: Usage = { inputTokens: 0, outputTokens: 0, modelCalls: 0, toolCalls: 0, costUsd: 0 }

/** The sum of two usages; an unknown cost makes the sum unknown. */
export const addUsage = (a: Usage, b: Usage): Usage => ({
  inputTokens: a.inputTokens + b.inputTokens,
  outputTokens: a.outputTokens + b.outputTokens,
  modelCalls: a.modelCalls + b.modelCalls,
  toolCalls: a.toolCalls + b.toolCalls,
  costUsd: a.costUsd === null || b.costUsd === null ? null : a.costUsd + b.costUsd,
})
