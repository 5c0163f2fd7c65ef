import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { RuntimeError } from '../errors.ts'
import { checkRate, newRate, pause, type RatePolicy, type RateState, refillMs, take } from './rate-limit.ts'

const test = testSuite('actors/policies/rate-limit')

const policy: RatePolicy = { limit: 10, perMs: 1000 }

function drained(state: RateState, by: RatePolicy, now: number): RateState {
  let current = state
  for (let next = take(current, by, now); next.allowed; next = take(current, by, now)) current = next.state
  return current
}

function countAt(state: RateState, by: RatePolicy, now: number): number {
  let count = 0
  for (let next = take(state, by, now); next.allowed; next = take(next.state, by, now)) count++
  return count
}

test('a full bucket lets a burst through and then says how long to wait', () => {
  assert.is(countAt(newRate(policy, 0), policy, 0), 10)
  const refused = take(drained(newRate(policy, 0), policy, 0), policy, 0)
  assert.equal([refused.allowed, refused.waitMs], [false, 100])
})

test('tokens come back at the rate, never above the burst', () => {
  const empty = drained(newRate(policy, 0), policy, 0)
  assert.is(countAt(empty, policy, 99), 0)
  assert.is(countAt(empty, policy, 100), 1)
  assert.is(countAt(empty, policy, 550), 5)
  assert.is(countAt(empty, policy, 1e9), 10)
  assert.is(countAt(newRate({ ...policy, burst: 1 }, 0), { ...policy, burst: 1 }, 5000), 1)
})

test('an unused bucket is as good as new after its refill time', () => {
  const burst = { ...policy, burst: 25 }
  const empty = drained(newRate(burst, 0), burst, 0)
  assert.is(refillMs(burst), 2500)
  assert.is(countAt(empty, burst, 2500), 25)
})

test('a wait is rounded up: a moment too early is too early', () => {
  const thirds: RatePolicy = { limit: 3, perMs: 1000 }
  const empty = drained(newRate(thirds, 0), thirds, 0)
  assert.is(take(empty, thirds, 0).waitMs, 334)
  assert.is(take(empty, thirds, 333).allowed, false)
  assert.is(take(empty, thirds, 334).allowed, true)
})

test('several tokens are taken together or not at all', () => {
  const first = take(newRate(policy, 0), policy, 0, 7)
  assert.is(first.allowed, true)
  const second = take(first.state, policy, 0, 7)
  assert.equal([second.allowed, second.waitMs], [false, 400])
  assert.is(take(second.state, policy, 0, 3).allowed, true)
})

test('more than the bucket can hold is refused for ever', () => {
  const taken = take(newRate(policy, 0), policy, 0, 11)
  assert.equal([taken.allowed, taken.waitMs], [false, Number.POSITIVE_INFINITY])
})

test('a pause holds everything back until it ends, and a shorter one does not shorten it', () => {
  const paused = pause(pause(newRate(policy, 0), 5000), 2000)
  assert.equal([take(paused, policy, 1000).allowed, take(paused, policy, 1000).waitMs], [false, 4000])
  assert.is(take(paused, policy, 5000).allowed, true)
})

test('a clock that is set back gives nothing away and does not stop the refill', () => {
  const empty = drained(newRate(policy, 100_000), policy, 100_000)
  const back = take(empty, policy, 50_000)
  assert.equal([back.allowed, back.waitMs], [false, 100])
  assert.is(take(back.state, policy, 50_100).allowed, true)
})

test('the state is plain data', () => {
  const state = take(pause(newRate(policy, 5), 50), policy, 10).state
  assert.equal(JSON.parse(JSON.stringify(state)), state)
})

const policies = fc.record({
  limit: fc.integer({ min: 1, max: 1000 }),
  perMs: fc.integer({ min: 1, max: 3_600_000 }),
  burst: fc.integer({ min: 1, max: 50 }),
})

test('whoever waits as told is let through', () => {
  fc.assert(
    fc.property(policies, fc.array(fc.nat(10_000), { maxLength: 100, size: 'max' }), (by, gaps) => {
      let now = 0
      let state = newRate(by, now)
      for (const gap of gaps) {
        now += gap
        const taken = take(state, by, now)
        state = taken.state
        if (taken.allowed) continue
        now += taken.waitMs
        const again = take(state, by, now)
        assert.ok(again.allowed, `refused after waiting ${taken.waitMs} ms`)
        state = again.state
      }
    }),
  )
})

test('no window sees more than the burst and what its length refills', () => {
  fc.assert(
    fc.property(
      policies,
      fc.array(fc.nat(2000), { minLength: 1, maxLength: 100, size: 'max' }),
      (by, gaps) => {
        let now = 0
        let state = newRate(by, now)
        const passed: number[] = []
        for (const gap of gaps) {
          now += gap
          const taken = take(state, by, now)
          state = taken.state
          if (taken.allowed) passed.push(now)
        }
        for (let i = 0; i < passed.length; i++) {
          for (let j = i; j < passed.length; j++) {
            const length = (passed[j] ?? 0) - (passed[i] ?? 0)
            assert.ok(j - i + 1 <= by.burst + (length * by.limit) / by.perMs + 1e-6)
          }
        }
      },
    ),
  )
})

test('a rate without calls, time or room for one call is refused', () => {
  const wrong: readonly Partial<RatePolicy>[] = [
    { limit: 0 },
    { limit: Number.NaN },
    { perMs: 0 },
    { perMs: Number.POSITIVE_INFINITY },
    { burst: 0.5 },
  ]
  for (const part of wrong) {
    assert.throws(
      () => checkRate({ ...policy, ...part }),
      (error: unknown) => error instanceof RuntimeError && error.kind === 'definition-invalid',
      JSON.stringify(part),
    )
  }
  const slow: RatePolicy = { limit: 0.5, perMs: 1000 }
  assert.is(countAt(newRate(checkRate(slow), 0), slow, 0), 1)
})

test.run()
