/**
 * A retry budget per target: retries may be a share of the successes and no more, so that callers who all
 * retry at once cannot multiply the load on a target that is down. Pure; whoever retries keeps the state.
 *
 * Sources: Finagle's RetryBudget; Google, "Site Reliability Engineering" (2016), ch. 21 "Handling Overload";
 * the ceiling and the absence of a time window are those of gRPC's retry throttling (gRFC A6).
 */
import { RuntimeError } from '../errors.ts'
import { checkedAtLeast } from './checked.ts'

export interface RetryBudgetPolicy {
  /** What one success pays in: 0.1 allows one retry for ten successes. Default 0.1. */
  readonly ratio?: number
  /** Free retries to start with, before any success has paid. Default 10. */
  readonly minimum?: number
  /** The most that can be saved: a quiet night must not pay for a storm. Default 100, never below `minimum`. */
  readonly maximum?: number
}

export interface RetryBudgetState {
  /** Retries that may be made now; fractions are on their way to one. */
  readonly tokens: number
}

/** The state of a target nobody has called yet. */
export const newRetryBudget = ({ minimum = MINIMUM }: RetryBudgetPolicy = {}): RetryBudgetState => ({
  tokens: minimum,
})

/** After `successes` successes: the budget, grown by `ratio` for each, up to `maximum`. */
export function deposit(
  budget: RetryBudgetState,
  successes = 1,
  policy: RetryBudgetPolicy = {},
): RetryBudgetState {
  const { ratio = RATIO, minimum = MINIMUM, maximum = Math.max(MAXIMUM, minimum) } = policy
  // Rounded, because ten times 0.1 must be a whole token and in binary fractions is not.
  const tokens = Math.round((budget.tokens + ratio * successes) * PRECISION) / PRECISION
  return { tokens: Math.min(maximum, tokens) }
}

/** Before a retry: takes one token, or refuses and leaves the budget as it is. */
export function withdraw(budget: RetryBudgetState): {
  readonly state: RetryBudgetState
  readonly allowed: boolean
} {
  // Written so that a damaged state (NaN) allows nothing.
  if (!(budget.tokens >= 1)) return { state: budget, allowed: false }
  return { state: { tokens: Math.round((budget.tokens - 1) * PRECISION) / PRECISION }, allowed: true }
}

/** `policy` itself, once it is known to be sound. Throws `definition-invalid`. */
export function checkRetryBudget(policy: RetryBudgetPolicy): RetryBudgetPolicy {
  const { ratio = RATIO, minimum = MINIMUM, maximum = Math.max(MAXIMUM, minimum) } = policy
  checkedAtLeast('retry budget minimum', minimum, 0)
  checkedAtLeast('retry budget maximum', maximum, minimum)
  if (!(ratio >= 1 / PRECISION && ratio <= 1)) {
    throw new RuntimeError('definition-invalid', `retry budget ratio is "${ratio}"`, {
      why: 'it is the share of successes that may be spent on retries',
      fix: 'give a number above 0 and at most 1, for example 0.1',
    })
  }
  return policy
}

const RATIO = 0.1
const MINIMUM = 10
const MAXIMUM = 100
/** Tokens are kept in millionths. */
const PRECISION = 1e6
