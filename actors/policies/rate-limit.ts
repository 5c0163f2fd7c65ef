/**
 * A token bucket: `limit` calls per `perMs` on average, at most `burst` of them at once. Pure: time is a
 * parameter and the state is plain, so that whoever owns a target (a model actor, a wrapped method) keeps it.
 * It does not queue: a refused call learns how long to wait and asks again.
 *
 * Source: Turner, "New directions in communications" (1986), as a token bucket in RFC 2697.
 */
import { checkedAtLeast, checkedPositive } from './checked.ts'

export interface RatePolicy {
  readonly limit: number
  readonly perMs: number
  /** The most tokens that can be saved. Default `limit`. */
  readonly burst?: number
}

export interface RateState {
  readonly tokens: number
  /** When `tokens` was last brought up to date, absolute ms. */
  readonly at: number
  /** Nothing is let through before this, absolute ms. */
  readonly pausedUntil: number
}

export interface Taken {
  readonly state: RateState
  readonly allowed: boolean
  /** 0 when allowed; `Infinity` when `n` is more than the bucket can ever hold. */
  readonly waitMs: number
}

/** A full bucket. */
export const newRate = (policy: RatePolicy, now: number): RateState => ({
  tokens: burstOf(policy),
  at: now,
  pausedUntil: 0,
})

/** Takes `n` tokens, or none and says after how many ms the same call would be let through. */
export function take(state: RateState, policy: RatePolicy, now: number, n = 1): Taken {
  const filled = refill(state, policy, now)
  if (n > burstOf(policy)) return { state: filled, allowed: false, waitMs: Number.POSITIVE_INFINITY }
  const missing = n - filled.tokens
  const tokensMs = missing > TOLERANCE ? Math.ceil((missing * policy.perMs) / policy.limit) : 0
  const waitMs = Math.max(tokensMs, filled.pausedUntil - now, 0)
  if (waitMs > 0) return { state: filled, allowed: false, waitMs }
  return { state: { ...filled, tokens: Math.max(0, filled.tokens - n) }, allowed: true, waitMs: 0 }
}

/** Lets nothing through before `until` (absolute ms): for a 429 with Retry-After. Never shortens a pause. */
export const pause = (state: RateState, until: number): RateState => ({
  ...state,
  pausedUntil: Math.max(state.pausedUntil, until),
})

/** How long an empty bucket takes to be full again, ms: after that long unused it is as good as new. */
export const refillMs = (policy: RatePolicy): number => (burstOf(policy) * policy.perMs) / policy.limit

/** `policy` itself, once it is known to be sound. Throws `definition-invalid`. */
export function checkRate(policy: RatePolicy): RatePolicy {
  checkedPositive('rate limit', policy.limit)
  checkedPositive('rate limit perMs', policy.perMs)
  checkedAtLeast('rate limit burst', burstOf(policy), 1)
  return policy
}

/** Who waited `waitMs` must be let through: this swallows what binary fractions lose on the way. */
const TOLERANCE = 1e-9

// A `limit` below one (one call in two periods) still needs room for a whole token.
const burstOf = ({ limit, burst = Math.max(1, limit) }: RatePolicy): number => burst

function refill(state: RateState, policy: RatePolicy, now: number): RateState {
  // A clock that was set back refills nothing, and starts to again at once instead of after the difference.
  const elapsed = Math.max(0, now - state.at)
  const tokens = Math.min(burstOf(policy), state.tokens + (elapsed * policy.limit) / policy.perMs)
  return { ...state, tokens, at: now }
}
