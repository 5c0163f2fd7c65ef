/**
 * Whether to try again, and when. Pure: time and chance are parameters. The supervisor asks it for agents'
 * effects, `runtime/resilience/retry.ts` for users' own methods; nothing here waits or calls anything.
 */
import { RuntimeError } from '../errors.ts'
import { type Backoff, checkBackoff, nextDelayMs } from './backoff.ts'
import { checkedCount } from './checked.ts'

export interface RetryPolicy {
  /** All attempts together, the first one included. */
  readonly attempts: number
  readonly backoff: Backoff
}

export const DEFAULT_RETRY: RetryPolicy = {
  attempts: 3,
  backoff: { kind: 'exponential', baseMs: 500, maxMs: 30_000, factor: 2, jitter: 'full' },
}

export interface FailedAttempt {
  /** The attempt that has just failed: 1 for the first. */
  readonly attempt: number
  readonly error: { readonly retryable: boolean; readonly retryAfterMs?: number | undefined }
  readonly now: number
  /** Absolute ms, same scale as `now`. */
  readonly deadline?: number | undefined
  /** In [0, 1). */
  readonly random: number
}

export type RetryDecision =
  | { readonly retry: true; readonly delayMs: number }
  | { readonly retry: false; readonly because: 'not-retryable' | 'attempts' | 'deadline' }

/**
 * Try again after `delayMs`, or give up and why. A delay that would reach the deadline is not taken: the
 * attempt after it would have no time left, and waiting only keeps the asker from its answer.
 */
export function decideRetry(policy: RetryPolicy, failed: FailedAttempt): RetryDecision {
  const { attempt, error, now, deadline, random } = failed
  if (!error.retryable) return { retry: false, because: 'not-retryable' }
  if (attempt >= policy.attempts) return { retry: false, because: 'attempts' }
  const delayMs = nextDelayMs({
    backoff: policy.backoff,
    attempt,
    random,
    retryAfterMs: error.retryAfterMs,
  })
  if (deadline !== undefined && now + delayMs >= deadline) return { retry: false, because: 'deadline' }
  return { retry: true, delayMs }
}

/**
 * May the call that threw this be made again? A `RuntimeError` says so itself; an `AbortError` never, because
 * somebody wanted the work to end; everything else may, since most foreign errors are the network's.
 */
export function isRetryable(thrown: unknown): boolean {
  if (thrown instanceof RuntimeError) return thrown.retryable
  return !isAbortError(thrown)
}

/** The error that fetch and other users of an AbortSignal throw when it aborts. */
export const isAbortError = (thrown: unknown): boolean =>
  thrown instanceof Error && thrown.name === 'AbortError'

/** `policy` itself, once it is known to be sound. Throws `definition-invalid`. */
export function checkRetry(policy: RetryPolicy): RetryPolicy {
  checkedCount('retry attempts', policy.attempts)
  checkBackoff(policy.backoff)
  return policy
}
