import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { RuntimeError } from '../errors.ts'
import {
  admit,
  type BreakerPolicy,
  type BreakerState,
  CLOSED,
  checkBreaker,
  fail,
  succeed,
} from './breaker.ts'

const test = testSuite('actors/policies/breaker')

const policy: BreakerPolicy = { failures: 3, windowMs: 10_000, openMs: 5000 }

/** The state and the ticket of a call that must be let through. */
function let1(state: BreakerState, now: number, by = policy): { state: BreakerState; ticket: number } {
  const admission = admit(state, by, now)
  assert.ok(admission.allowed, `refused in ${state.name}`)
  return admission.allowed ? admission : { state, ticket: -1 }
}

function failing(state: BreakerState, now: number, by = policy): BreakerState {
  const admitted = let1(state, now, by)
  return fail(admitted.state, by, now, admitted.ticket)
}

const opened = (now: number, by = policy): BreakerState =>
  failing(failing(failing(CLOSED, now, by), now, by), now, by)

test('opens after so many failures within the window and says how long it stays open', () => {
  const state = failing(failing(failing(CLOSED, 0), 100), 200)
  assert.is(state.name, 'open')
  const refused = admit(state, policy, 1200)
  assert.is(refused.allowed, false)
  assert.is(refused.allowed ? undefined : refused.retryAfterMs, 4000)
})

test('failures that are further apart than the window do not open it', () => {
  let state = CLOSED
  for (let i = 0; i < 50; i++) state = failing(state, i * 5000)
  assert.is(state.name, 'closed')
})

test('a success forgets the failures before it', () => {
  let state = failing(failing(CLOSED, 0), 1)
  const admitted = let1(state, 2)
  state = succeed(admitted.state, policy, admitted.ticket)
  assert.is(failing(failing(state, 3), 4).name, 'closed')
})

test('half-open lets exactly one probe through, and its success closes the breaker', () => {
  const probe = let1(opened(0), 5000)
  assert.is(probe.state.name, 'half-open')
  const second = admit(probe.state, policy, 5001)
  assert.is(second.allowed, false)
  assert.is(second.allowed ? undefined : second.retryAfterMs, 4999)
  const closed = succeed(second.state, policy, probe.ticket)
  assert.is(closed.name, 'closed')
  assert.is(failing(failing(closed, 6000), 6000).name, 'closed', 'old failures are forgotten')
})

test('a failing probe opens the breaker again for the whole time', () => {
  const state = failing(opened(0), 5000)
  assert.is(state.name, 'open')
  assert.is(admit(state, policy, 9999).allowed, false)
  assert.is(admit(state, policy, 10_000).allowed, true)
})

test('several probes must all succeed', () => {
  const two = { ...policy, probes: 2 }
  const first = let1(opened(0, two), 5000, two)
  const second = let1(first.state, 5000, two)
  assert.is(admit(second.state, two, 5000).allowed, false)
  const half = succeed(second.state, two, second.ticket)
  assert.is(half.name, 'half-open')
  assert.is(admit(half, two, 5000).allowed, false, 'a probe that succeeded makes no room for a third')
  assert.is(succeed(half, two, first.ticket).name, 'closed')
  assert.is(fail(half, two, 5001, first.ticket).name, 'open')
})

test('a probe that never reports makes room for another after the open time', () => {
  const lost = let1(opened(0), 5000)
  assert.is(admit(lost.state, policy, 9999).allowed, false)
  const next = let1(lost.state, 10_000)
  assert.is.not(next.ticket, lost.ticket)
  assert.is(succeed(next.state, policy, next.ticket).name, 'closed')
})

test('a probe slower than the open time still closes the breaker', () => {
  const slow = let1(opened(0), 5000)
  const other = let1(slow.state, 10_000)
  assert.is(succeed(other.state, policy, slow.ticket).name, 'closed')
})

test('calls from before the breaker opened no longer count', () => {
  const old = let1(CLOSED, 0)
  const open = opened(0)
  assert.is(fail(open, policy, 4000, old.ticket), open, 'a failure does not prolong the opening')
  assert.is(succeed(open, policy, old.ticket), open)
  const probe = let1(open, 5000)
  assert.is(
    succeed(probe.state, policy, old.ticket),
    probe.state,
    'a success does not stand in for the probe',
  )
  assert.is(fail(probe.state, policy, 5001, old.ticket), probe.state)
  const closed = succeed(probe.state, policy, probe.ticket)
  assert.is(fail(closed, policy, 5002, old.ticket), closed)
})

test('an admission while closed changes nothing', () => {
  assert.is(admit(CLOSED, policy, 0).state, CLOSED)
  assert.is(succeed(CLOSED, policy, 0), CLOSED)
})

type Step = { readonly do: 'admit' | 'succeed' | 'fail'; readonly after: number; readonly which: number }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    do: fc.constantFrom('admit' as const, 'admit' as const, 'succeed' as const, 'fail' as const),
    after: fc.nat(4000),
    which: fc.nat(),
  }),
  { maxLength: 150, size: 'max' },
)

test('whatever calls do, a breaker is never wedged, keeps little, and stays plain data', () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 3 }), (list, probes) => {
      const by = { ...policy, probes }
      let state = CLOSED
      let now = 0
      const tickets: number[] = []
      for (const step of list) {
        now += step.after
        const ticket = tickets[step.which % Math.max(1, tickets.length)]
        if (step.do === 'admit') {
          const admission = admit(state, by, now)
          state = admission.state
          if (admission.allowed) tickets.push(admission.ticket)
          else assert.ok(admission.retryAfterMs > 0 && admission.retryAfterMs <= by.openMs)
        } else if (ticket !== undefined) {
          state = step.do === 'succeed' ? succeed(state, by, ticket) : fail(state, by, now, ticket)
        }
        if (state.name === 'closed') assert.ok(state.failedAt.length < by.failures)
        if (state.name === 'half-open')
          assert.ok(state.leases.length <= by.probes && state.succeeded < by.probes)
        assert.equal(JSON.parse(JSON.stringify(state)), state)
      }
      assert.is(admit(state, by, now + by.openMs).allowed, true)
    }),
  )
})

test('a policy that could never open or never close is refused', () => {
  const wrong: readonly Partial<BreakerPolicy>[] = [
    { failures: 0 },
    { failures: 1.5 },
    { windowMs: 0 },
    { openMs: Number.POSITIVE_INFINITY },
    { probes: 0 },
  ]
  for (const part of wrong) {
    assert.throws(
      () => checkBreaker({ ...policy, ...part }),
      (error: unknown) => error instanceof RuntimeError && error.kind === 'definition-invalid',
      JSON.stringify(part),
    )
  }
  assert.is(checkBreaker(policy), policy)
})

test.run()
