/**
 * `retry` for users' own functions and methods: the waiting around the pure policy of
 * `actors/policies/retry.ts`. Not for agents' effects: their supervisor retries, and only one layer may.
 */
import type { Clock } from '../../actors/clock.ts'
import { RuntimeError } from '../../actors/errors.ts'
import type { Backoff } from '../../actors/policies/backoff.ts'
import {
  checkRetry,
  DEFAULT_RETRY,
  decideRetry,
  isRetryable,
  type RetryPolicy,
} from '../../actors/policies/retry.ts'
import { systemClock } from '../clock.ts'
import { type AsyncPolicy, bothWays, type Invoke, refuseOptions, said } from './wrap.ts'

export interface RetryOptions {
  /** All attempts together. Default 3. */
  readonly attempts?: number
  /** Default `exponential`: full jitter, doubling. `fixed` waits exactly `baseMs`. */
  readonly backoff?: Backoff['kind'] | Backoff
  /** Default 500. Together with a whole `Backoff` it is refused, and so is `maxMs`. */
  readonly baseMs?: number
  /** Default 30,000, or `baseMs` where that is more. */
  readonly maxMs?: number
  /** Replaces the default judgement: `RuntimeError.retryable`, never an AbortError, else yes. */
  retryOn?(error: unknown): boolean
  /** Called before each wait. What it throws ends the call. */
  onRetry?(retry: { readonly attempt: number; readonly delayMs: number; readonly error: unknown }): void
  /** Ends the waiting, not an attempt that is under way: give that the same signal. */
  readonly signal?: AbortSignal
  readonly clock?: Clock
  random?(): number
}

/**
 * Calls again after a failure that may pass, waiting longer each time and never less than a `RuntimeError`'s
 * `retryAfterMs`. Throws `retries-exhausted` (cause: the last error) when every attempt failed, the error
 * itself when it is not retryable, `cancelled` when the signal aborts between attempts.
 */
export function retry(options: RetryOptions = {}): AsyncPolicy {
  const policy = checkRetry(policyOf(options))
  return bothWays('retry', ({ name, invoke }) => retrying(name, invoke, policy, options))
}

function retrying(name: string, invoke: Invoke, policy: RetryPolicy, options: RetryOptions): Invoke {
  const { clock = systemClock, random = Math.random, retryOn = isRetryable, onRetry, signal } = options
  return async (self, args) => {
    const startedAt = clock.now()
    const call = (attempts: number): Call => ({ name, attempts, elapsedMs: clock.now() - startedAt })
    if (signal?.aborted) throw cancelled(call(0), signal)
    for (let attempt = 1; ; attempt++) {
      try {
        return await invoke(self, args)
      } catch (error) {
        const decision = decideRetry(policy, {
          attempt,
          error: { retryable: retryOn(error), retryAfterMs: retryAfterOf(error) },
          now: clock.now(),
          random: random(),
        })
        if (!decision.retry) throw decision.because === 'attempts' ? exhausted(call(attempt), error) : error
        onRetry?.({ attempt, delayMs: decision.delayMs, error })
        await pauseFor(clock, decision.delayMs, signal)
        if (signal?.aborted) throw cancelled(call(attempt), signal, error)
      }
    }
  }
}

function policyOf({
  attempts = DEFAULT_RETRY.attempts,
  backoff = 'exponential',
  ...ms
}: RetryOptions): RetryPolicy {
  if (typeof backoff === 'object') {
    if (ms.baseMs !== undefined || ms.maxMs !== undefined) {
      throw refuseOptions('retry', 'baseMs or maxMs next to a whole backoff', 'set them inside the backoff')
    }
    return { attempts, backoff }
  }
  const baseMs = ms.baseMs ?? DEFAULT_RETRY.backoff.baseMs
  const maxMs = ms.maxMs ?? Math.max(baseMs, DEFAULT_RETRY.backoff.maxMs)
  return { attempts, backoff: { kind: backoff, baseMs, maxMs } }
}

const retryAfterOf = (error: unknown): number | undefined =>
  error instanceof RuntimeError ? error.retryAfterMs : undefined

/** Resolves after `ms`, or at once when the signal aborts; either way nothing is left behind. */
function pauseFor(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise(resolve => {
    const end = (): void => {
      cancel()
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const cancel = clock.at(clock.now() + ms, end)
    signal?.addEventListener('abort', end)
    // `onRetry` may have aborted it, and a listener added afterwards never hears of that.
    if (signal?.aborted) end()
  })
}

interface Call {
  readonly name: string
  readonly attempts: number
  readonly elapsedMs: number
}

function exhausted({ name, attempts, elapsedMs }: Call, last: unknown): RuntimeError {
  const tried = attempts === 1 ? 'the only attempt' : `all ${attempts} attempts`
  return new RuntimeError(
    'retries-exhausted',
    `"${name}": ${tried} failed in ${elapsedMs} ms: ${said(last)}`,
    {
      why: `retry gave up after ${attempts} of ${attempts} attempts`,
      fix: 'look at the cause, which is the last error; more attempts help only if it passes with time',
      cause: last,
      details: { policy: 'retry', attempts, elapsedMs },
    },
  )
}

function cancelled({ name, attempts, elapsedMs }: Call, signal: AbortSignal, last?: unknown): RuntimeError {
  const before = attempts === 0 ? '' : `; the last attempt had failed: ${said(last)}`
  return new RuntimeError(
    'cancelled',
    `"${name}" was cancelled after ${attempts} attempts in ${elapsedMs} ms`,
    {
      why: `the signal given to retry was aborted${before}`,
      cause: signal.reason,
      details: { policy: 'retry', attempts, elapsedMs },
    },
  )
}
