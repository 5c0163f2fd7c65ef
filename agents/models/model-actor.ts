/**
 * One actor per provider and model on a node: it owns the circuit breaker and the rate limit, so that all
 * agents slow down together instead of failing one by one. While all is well it is only looked at, not asked:
 * its committed state says whether a call may go ahead.
 */
import { type Behaviour, defineBehaviour } from '../../actors/behaviour.ts'
import { enqueueActions, type MessageEvent, outputs, setup } from '../../actors/machine.ts'
import {
  admit,
  type BreakerPolicy,
  type BreakerState,
  CLOSED,
  fail,
  succeed,
} from '../../actors/policies/breaker.ts'
import { newRate, pause, type RatePolicy, type RateState, take } from '../../actors/policies/rate-limit.ts'

export interface ModelLimits {
  readonly breaker: BreakerPolicy
  /** Calls per time; absent: only what the provider's 429s impose. */
  readonly rate?: RatePolicy
}

/** Five failures within a minute open the breaker for 15 s. */
export const DEFAULT_BREAKER: BreakerPolicy = { failures: 5, windowMs: 60_000, openMs: 15_000 }

export interface ModelState {
  readonly id: string
  readonly limits: ModelLimits
  readonly breaker: BreakerState
  readonly rate: RateState
}

export type AdmitAnswer =
  | { readonly allowed: true; readonly ticket: number }
  | { readonly allowed: false; readonly because: 'circuit-open' | 'rate-limited'; readonly waitMs: number }

export type Outcome =
  | { readonly ok: true; readonly ticket: number }
  | { readonly ok: false; readonly ticket: number; readonly pausedForMs?: number }

type Admit = MessageEvent<null, 'model.admit'>
type Report = MessageEvent<Outcome, 'model.report'>

/** A pause alone needs a bucket to live in; this one never runs dry. */
const UNLIMITED: RatePolicy = { limit: 1e9, perMs: 1 }

export function modelBehaviour(): Behaviour {
  const machine = setup({
    types: {
      input: {} as { readonly id: string; readonly limits: ModelLimits },
      context: {} as ModelState,
      events: {} as Admit | Report,
    },
    actions: outputs,
  }).createMachine({
    id: 'model',
    context: ({ input }) => ({ ...input, breaker: CLOSED, rate: newRate(input.limits.rate ?? UNLIMITED, 0) }),
    on: {
      'model.admit': {
        actions: enqueueActions(({ context, event, enqueue }) => {
          const { state, answer } = admission(context, event.at)
          enqueue.assign({ breaker: state.breaker, rate: state.rate })
          enqueue({ type: 'reply', params: { body: answer } })
          if (state.breaker.name !== context.breaker.name) enqueue({ type: 'signal', params: changed(state) })
        }),
      },
      'model.report': {
        actions: enqueueActions(({ context, event, enqueue }) => {
          const state = reported(context, event.body, event.at)
          enqueue.assign({ breaker: state.breaker, rate: state.rate })
          if (state.breaker.name !== context.breaker.name) enqueue({ type: 'signal', params: changed(state) })
        }),
      },
    },
  })
  return defineBehaviour({ type: 'model', machine, mailbox: { capacity: 10_000 } })
}

const changed = ({ id, breaker }: ModelState) => ({
  name: 'breaker.changed',
  body: { target: id, state: breaker.name },
})

/** A call may go ahead without asking: nothing would change by it. The ticket is what `admit` would give. */
export function freePass(state: ModelState, now: number): number | undefined {
  const free = state.breaker.name === 'closed' && !state.limits.rate && state.rate.pausedUntil <= now
  return free ? state.breaker.epoch : undefined
}

/** A success that changes nothing need not be reported. */
export const isWorthReporting = (state: ModelState, outcome: Outcome): boolean =>
  !outcome.ok || state.breaker.name !== 'closed' || state.breaker.failedAt.length > 0

export function admission(
  state: ModelState,
  now: number,
): { readonly state: ModelState; readonly answer: AdmitAnswer } {
  const taken = take(state.rate, state.limits.rate ?? UNLIMITED, now)
  if (!taken.allowed)
    return { state, answer: { allowed: false, because: 'rate-limited', waitMs: taken.waitMs } }
  const admitted = admit(state.breaker, state.limits.breaker, now)
  if (!admitted.allowed) {
    const answer = { allowed: false, because: 'circuit-open', waitMs: admitted.retryAfterMs } as const
    return { state: { ...state, breaker: admitted.state }, answer }
  }
  const next = { ...state, breaker: admitted.state, rate: taken.state }
  return { state: next, answer: { allowed: true, ticket: admitted.ticket } }
}

export function reported(state: ModelState, outcome: Outcome, now: number): ModelState {
  const { breaker: policy } = state.limits
  if (outcome.ok) return { ...state, breaker: succeed(state.breaker, policy, outcome.ticket) }
  // A 429 is the provider's rate limit at work, not a failure of the provider: everybody waits, nobody is cut off.
  if (outcome.pausedForMs !== undefined)
    return { ...state, rate: pause(state.rate, now + outcome.pausedForMs) }
  return { ...state, breaker: fail(state.breaker, policy, now, outcome.ticket) }
}
