/**
 * What a supervisor decides, as pure functions of the failure and the history: which children restart
 * (Erlang/OTP's strategies and restart intensity), and whether an effect gets another attempt.
 */
import type { Address } from './address.ts'
import type { EffectClass } from './effect.ts'
import { type ErrorKind, RuntimeError, type WireError } from './errors.ts'
import type { Reason } from './events.ts'
import type { Plain } from './plain.ts'
import { checkedAtLeast, checkedPositive } from './policies/checked.ts'
import { checkRetry, DEFAULT_RETRY, decideRetry, type RetryPolicy } from './policies/retry.ts'

/** permanent: always restarted · transient: only after a failure · temporary: never. */
export type RestartType = 'permanent' | 'transient' | 'temporary'
/** What a supervisor has done with a child. */
export type Directive = 'resume' | 'restart' | 'stop' | 'escalate'
export type Strategy = 'one-for-one' | 'one-for-all' | 'rest-for-one'

export interface Intensity {
  /** More restarts than this within the period, and the supervisor gives up. */
  readonly restarts: number
  readonly periodMs: number
}

/** OTP's defaults: one restart in five seconds. */
export const DEFAULT_INTENSITY: Intensity = { restarts: 1, periodMs: 5_000 }

/** `intensity` itself, once it is known to be sound. Throws `definition-invalid`. */
export function checkIntensity(intensity: Intensity): Intensity {
  checkedAtLeast('restarts of an intensity', intensity.restarts, 0)
  checkedPositive('periodMs of an intensity', intensity.periodMs)
  return intensity
}

const STRATEGIES: readonly Strategy[] = ['one-for-one', 'one-for-all', 'rest-for-one']

/** `strategy` itself, if it is one. Throws `definition-invalid`. */
export function checkStrategy(strategy: Strategy): Strategy {
  if (STRATEGIES.includes(strategy)) return strategy
  throw new RuntimeError('definition-invalid', `"${String(strategy)}" is not a strategy`, {
    fix: `use one of ${STRATEGIES.join(', ')}`,
  })
}

/** What the next attempt does differently. `handToParent` gives up at once and lets the caller decide. */
export interface Remedy {
  readonly reasons: readonly Reason[]
  /** From this failed attempt on. Default 1. */
  readonly after?: number
  readonly use: { readonly model?: string; readonly compact?: boolean; readonly handToParent?: boolean }
}

export interface EffectPolicy {
  readonly retry: RetryPolicy
  readonly timeouts: {
    /** One attempt, ms. */
    readonly attemptMs: number
    /** All attempts of one effect together, waiting included, ms. */
    readonly taskMs: number
    /** Without any sign of progress, ms. */
    readonly progressMs: number
  }
  readonly remedies: readonly Remedy[]
}

export const DEFAULT_POLICY: EffectPolicy = {
  retry: DEFAULT_RETRY,
  timeouts: { attemptMs: 120_000, taskMs: 600_000, progressMs: 60_000 },
  remedies: [],
}

/** `policy` itself, once it is known to be sound. Throws `definition-invalid`. */
export function checkPolicy(policy: EffectPolicy): EffectPolicy {
  checkRetry(policy.retry)
  const { attemptMs, taskMs, progressMs } = policy.timeouts
  checkedPositive('attemptMs of the timeouts', attemptMs)
  checkedPositive('taskMs of the timeouts', taskMs)
  checkedPositive('progressMs of the timeouts', progressMs)
  return policy
}

const REASONS: Partial<Record<ErrorKind, Reason>> = {
  'attempt-timeout': 'timeout',
  'deadline-exceeded': 'timeout',
  'request-timeout': 'timeout',
  stalled: 'stalled',
  'schema-invalid': 'schema-invalid',
  'loop-detected': 'loop-detected',
  'turn-limit': 'loop-detected',
  'budget-exhausted': 'budget-exhausted',
  'context-overflow': 'context-overflow',
  refused: 'refused',
  'rate-limited': 'rate-limited',
  'circuit-open': 'circuit-open',
  cancelled: 'cancelled',
  'effect-interrupted': 'interrupted',
  'actor-crashed': 'crashed',
  internal: 'crashed',
}

export const reasonOf = (kind: ErrorKind): Reason => REASONS[kind] ?? 'failed'

export interface EffectFailure {
  readonly class: EffectClass
  readonly attempt: number
  /** How many of the attempts ended because the process did. */
  readonly interruptions: number
  readonly error: WireError
  readonly reason: Reason
  readonly now: number
  readonly deadline?: number
  /** Uniform in [0, 1), rolled by the host and committed with the failure. */
  readonly random: number
}

export type EffectDecision =
  | {
      readonly retry: true
      readonly delayMs: number
      readonly remedy?: { readonly [key: string]: Plain }
      /** What must be done before the call is made again. */
      readonly first?: 'check' | 'undo'
    }
  /** `park`: whether it happened is not known, and a person decides. */
  | { readonly retry: false; readonly because: string; readonly park?: true }

/** Failures that say that the call was never begun, so that making it again repeats nothing. */
const NOT_BEGUN: ReadonlySet<Reason> = new Set(['rate-limited', 'circuit-open'])

const WHY_NOT = {
  'not-retryable': 'it would only fail again',
  attempts: 'no attempt is left',
  deadline: 'the next attempt would come too late',
} as const

/** Another attempt, after which delay and with which remedy, or why not. */
export function decideEffect(policy: EffectPolicy, failure: EffectFailure): EffectDecision {
  if (failure.reason === 'interrupted') return decideInterrupted(failure)
  const remedy = policy.remedies.find(
    entry => entry.reasons.includes(failure.reason) && failure.attempt >= (entry.after ?? 1),
  )
  if (remedy?.use.handToParent) return { retry: false, because: 'handed to the parent' }
  if (!repeatable(failure))
    return { retry: false, because: `a ${failure.class} effect is not repeated by itself` }
  const decision = decideRetry(policy.retry, {
    // The end of a process is no failure of the effect, and takes nothing of what its policy allows.
    attempt: failure.attempt - failure.interruptions,
    error: remedy ? { ...failure.error, retryable: true } : failure.error,
    now: failure.now,
    random: failure.random,
    ...(failure.deadline !== undefined && { deadline: failure.deadline }),
  })
  if (!decision.retry) return { retry: false, because: WHY_NOT[decision.because] }
  return {
    retry: true,
    delayMs: decision.delayMs,
    ...(remedy && { remedy: remedy.use as { [key: string]: Plain } }),
    ...(!NOT_BEGUN.has(failure.reason) && beforeRepeating(failure.class)),
  }
}

/** An effect that may have happened is repeated only if its class allows it. */
const repeatable = ({ class: effectClass, reason }: EffectFailure): boolean =>
  effectClass !== 'manual' || NOT_BEGUN.has(reason)

/** What must be done before an effect that may have happened is made again. */
export const beforeRepeating = (effectClass: EffectClass): { readonly first?: 'check' | 'undo' } => {
  if (effectClass === 'verifiable') return { first: 'check' }
  return effectClass === 'compensable' ? { first: 'undo' } : {}
}

/** An effect that was under way this often when its process ended may be what ends it. */
const MAX_INTERRUPTIONS = 5

function decideInterrupted({ class: effectClass, interruptions }: EffectFailure): EffectDecision {
  const park = (because: string) => ({ retry: false, because, park: true }) as const
  if (effectClass === 'manual')
    return park('it was under way when its process ended: whether it happened is not known')
  if (interruptions > MAX_INTERRUPTIONS)
    return park(`its process ended ${interruptions} times while it was under way`)
  return { retry: true, delayMs: 0, ...beforeRepeating(effectClass) }
}

export interface ChildFailure {
  readonly child: Address
  readonly restart: RestartType
  readonly reason: Reason
  readonly now: number
}

export interface ChildDecision {
  readonly directive: Directive
  /** In the order in which they are to be restarted. */
  readonly affected: readonly Address[]
  /** Times of the restarts within the period, the new one included. */
  readonly restarts: readonly number[]
}

/** Which children restart after one failed; `order` is the start order of the static children. */
export function decideChild(
  strategy: Strategy,
  intensity: Intensity,
  order: readonly Address[],
  history: readonly number[],
  failure: ChildFailure,
): ChildDecision {
  const recent = history.filter(at => at > failure.now - intensity.periodMs)
  if (failure.restart === 'temporary')
    return { directive: 'stop', affected: [failure.child], restarts: recent }
  const restarts = [...recent, failure.now]
  if (restarts.length > intensity.restarts)
    return { directive: 'escalate', affected: [failure.child], restarts }
  return { directive: 'restart', affected: affectedBy(strategy, order, failure.child), restarts }
}

function affectedBy(strategy: Strategy, order: readonly Address[], child: Address): readonly Address[] {
  const at = order.indexOf(child)
  if (strategy === 'one-for-one' || at < 0) return [child]
  return strategy === 'one-for-all' ? order : order.slice(at)
}
