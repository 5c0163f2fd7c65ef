/**
 * A circuit breaker: after `failures` failures in a row within `windowMs` a target is left alone for
 * `openMs`; then `probes` calls try it, and all of them must succeed. Pure; whoever owns the target keeps the
 * state, asks `admit` before a call and reports the outcome with the ticket it was given.
 *
 * Source: Nygard, "Release It!" (2nd ed. 2018), ch. 5 "Circuit Breaker".
 */
import { checkedCount, checkedPositive } from './checked.ts'

export interface BreakerPolicy {
  readonly failures: number
  readonly windowMs: number
  readonly openMs: number
  /** Calls let through while half-open. Default 1. */
  readonly probes?: number
}

interface Lease {
  readonly ticket: number
  readonly until: number
}

/** `epoch` grows with every change and every probe; tickets are taken from it, so late reports are known. */
export type BreakerState =
  | { readonly name: 'closed'; readonly epoch: number; readonly failedAt: readonly number[] }
  | { readonly name: 'open'; readonly epoch: number; readonly until: number }
  | {
      readonly name: 'half-open'
      readonly epoch: number
      /** The first probe's ticket: an older one belongs to a call from before the breaker opened. */
      readonly firstTicket: number
      /** Probes under way. A lease that runs out makes room for another probe. */
      readonly leases: readonly Lease[]
      readonly succeeded: number
    }

export type Admission =
  | { readonly state: BreakerState; readonly allowed: true; readonly ticket: number }
  | { readonly state: BreakerState; readonly allowed: false; readonly retryAfterMs: number }

/** The state of a target nobody has called yet. */
export const CLOSED: BreakerState = { name: 'closed', epoch: 0, failedAt: [] }

/** May a call be made now? If so, hand `ticket` to `succeed` or `fail`, once; a cancelled call reports neither. */
export function admit(state: BreakerState, policy: BreakerPolicy, now: number): Admission {
  switch (state.name) {
    case 'closed':
      return { state, allowed: true, ticket: state.epoch }
    case 'open': {
      if (now < state.until) return { state, allowed: false, retryAfterMs: state.until - now }
      const { epoch } = state
      const halfOpen = { name: 'half-open', epoch, firstTicket: epoch + 1, leases: [], succeeded: 0 } as const
      return probe(halfOpen, policy, now)
    }
    case 'half-open':
      return probe(state, policy, now)
  }
}

/** The call with this ticket succeeded: forgets the failures, or brings a half-open breaker closer to closed. */
export function succeed(state: BreakerState, policy: BreakerPolicy, ticket: number): BreakerState {
  if (state.name === 'closed' && ticket === state.epoch) {
    return state.failedAt.length === 0 ? state : { ...state, failedAt: [] }
  }
  if (state.name !== 'half-open' || ticket < state.firstTicket) return state
  const succeeded = state.succeeded + 1
  if (succeeded >= probesOf(policy)) return { name: 'closed', epoch: state.epoch + 1, failedAt: [] }
  return { ...state, succeeded, leases: state.leases.filter(lease => lease.ticket !== ticket) }
}

/** The call with this ticket failed at `now`: counts it, and opens the breaker where that is one too many. */
export function fail(state: BreakerState, policy: BreakerPolicy, now: number, ticket: number): BreakerState {
  const opened: BreakerState = { name: 'open', epoch: state.epoch + 1, until: now + policy.openMs }
  if (state.name === 'half-open' && ticket >= state.firstTicket) return opened
  if (state.name !== 'closed' || ticket !== state.epoch) return state
  const failedAt = [...state.failedAt.filter(at => at > now - policy.windowMs), now]
  return failedAt.length >= policy.failures ? opened : { ...state, failedAt }
}

/** `policy` itself, once it is known to be sound. Throws `definition-invalid`. */
export function checkBreaker(policy: BreakerPolicy): BreakerPolicy {
  checkedCount('breaker failures', policy.failures)
  checkedPositive('breaker windowMs', policy.windowMs)
  checkedPositive('breaker openMs', policy.openMs)
  checkedCount('breaker probes', probesOf(policy))
  return policy
}

type HalfOpen = Extract<BreakerState, { name: 'half-open' }>

const probesOf = ({ probes = 1 }: BreakerPolicy): number => probes

/**
 * Lets a probe through if there is room. The lease limits admission only: a probe that outlives it still
 * counts when it reports, or a target slower than `openMs` could never close its breaker.
 */
function probe(state: HalfOpen, policy: BreakerPolicy, now: number): Admission {
  const leases = state.leases.filter(lease => lease.until > now)
  if (leases.length + state.succeeded >= probesOf(policy)) {
    const soonest = Math.min(...leases.map(lease => lease.until))
    return { state: { ...state, leases }, allowed: false, retryAfterMs: soonest - now }
  }
  const ticket = state.epoch + 1
  const next = { ...state, epoch: ticket, leases: [...leases, { ticket, until: now + policy.openMs }] }
  return { state: next, allowed: true, ticket }
}
