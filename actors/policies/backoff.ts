/**
 * How long to wait before the next attempt. Pure: chance is a parameter. The retry policy calls it; nothing
 * here waits, and nothing here decides whether to try again.
 */
import { RuntimeError } from '../errors.ts'
import { checkedAtLeast } from './checked.ts'

export interface Backoff {
  /** What the delay does with each failed attempt: `baseMs` times a power, a multiple, or itself. */
  readonly kind: 'exponential' | 'linear' | 'fixed'
  /** The delay after the first failed attempt, before jitter. */
  readonly baseMs: number
  /** No computed delay is longer. A longer Retry-After still is honoured. */
  readonly maxMs: number
  /** Growth of `exponential` per attempt. Default 2. */
  readonly factor?: number
  /** Default `full`, but `none` for `fixed`: a fixed delay is meant as it is written. */
  readonly jitter?: 'full' | 'none'
}

/**
 * Whole milliseconds to wait after the failed attempt number `attempt` (1 for the first); `random` in [0, 1).
 * Full jitter spreads the delay evenly over [0, ceiling], which of the known ways makes the least work for
 * the other side (AWS Architecture Blog, "Exponential Backoff And Jitter", 2015).
 */
export function delayMs(backoff: Backoff, attempt: number, random: number): number {
  const ceiling = Math.min(backoff.maxMs, grown(backoff, attempt))
  const jitter = backoff.jitter ?? (backoff.kind === 'fixed' ? 'none' : 'full')
  return Math.round(jitter === 'full' ? random * ceiling : ceiling)
}

export interface NextDelay {
  readonly backoff: Backoff
  readonly attempt: number
  readonly random: number
  /** What the other side asked for (Retry-After). Anything but a finite positive number is ignored. */
  readonly retryAfterMs?: number | undefined
}

/** As `delayMs`, but never shorter than `retryAfterMs`, even where that is longer than `maxMs`. */
export function nextDelayMs({ backoff, attempt, random, retryAfterMs }: NextDelay): number {
  const delay = delayMs(backoff, attempt, random)
  return retryAfterMs !== undefined && Number.isFinite(retryAfterMs)
    ? Math.max(delay, Math.ceil(retryAfterMs))
    : delay
}

/** `backoff` itself, once it is known to be sound. Throws `definition-invalid`. */
export function checkBackoff(backoff: Backoff): Backoff {
  if (!KINDS.includes(backoff.kind)) {
    throw new RuntimeError('definition-invalid', `backoff kind is "${String(backoff.kind)}"`, {
      fix: `use one of ${KINDS.join(', ')}`,
    })
  }
  checkedAtLeast('backoff baseMs', backoff.baseMs, 0)
  checkedAtLeast('backoff maxMs', backoff.maxMs, backoff.baseMs)
  if (backoff.factor !== undefined) checkedAtLeast('backoff factor', backoff.factor, 1)
  return backoff
}

const KINDS: readonly Backoff['kind'][] = ['exponential', 'linear', 'fixed']

function grown({ kind, baseMs, factor = 2 }: Backoff, attempt: number): number {
  // Zero first: a late attempt's power is Infinity, and 0 times that is no number.
  if (baseMs === 0 || kind === 'fixed') return baseMs
  return kind === 'linear' ? baseMs * attempt : baseMs * factor ** (attempt - 1)
}
