import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { RuntimeError } from '../errors.ts'
import { type Backoff, checkBackoff, delayMs, nextDelayMs } from './backoff.ts'

const test = testSuite('actors/policies/backoff')

const exponential: Backoff = { kind: 'exponential', baseMs: 100, maxMs: 1000, jitter: 'none' }

const backoffs: fc.Arbitrary<Backoff> = fc
  .record({
    kind: fc.constantFrom('exponential' as const, 'linear' as const, 'fixed' as const),
    baseMs: fc.integer({ min: 0, max: 100_000 }),
    over: fc.integer({ min: 0, max: 1_000_000 }),
    factor: fc.double({ min: 1, max: 10, noNaN: true }),
    jitter: fc.constantFrom('full' as const, 'none' as const),
  })
  .map(({ over, ...rest }) => ({ ...rest, maxMs: rest.baseMs + over }))
const attempts = fc.integer({ min: 1, max: 100_000 })
const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

test('each kind grows as it says, up to its maximum', () => {
  const delays = (backoff: Backoff): number[] => [1, 2, 3, 4, 5, 6].map(n => delayMs(backoff, n, 0.5))
  assert.equal(delays(exponential), [100, 200, 400, 800, 1000, 1000])
  assert.equal(delays({ ...exponential, factor: 3 }), [100, 300, 900, 1000, 1000, 1000])
  assert.equal(delays({ ...exponential, kind: 'linear' }), [100, 200, 300, 400, 500, 600])
  assert.equal(delays({ ...exponential, kind: 'fixed' }), [100, 100, 100, 100, 100, 100])
})

test('full jitter draws from zero to the ceiling, and is the default of growing delays only', () => {
  const { jitter: _, ...plain } = exponential
  assert.equal(
    [0, 0.25, 0.5, 0.999_999].map(random => delayMs(plain, 3, random)),
    [0, 100, 200, 400],
  )
  assert.is(delayMs({ ...plain, kind: 'linear' }, 2, 0), 0)
  assert.is(delayMs({ ...plain, kind: 'fixed' }, 2, 0), 100)
  assert.is(delayMs({ ...plain, kind: 'fixed', jitter: 'full' }, 2, 0), 0)
})

test('a delay is a whole number between zero and the maximum, however late the attempt', () => {
  fc.assert(
    fc.property(backoffs, attempts, randoms, (backoff, attempt, random) => {
      const delay = delayMs(backoff, attempt, random)
      assert.ok(Number.isInteger(delay) && delay >= 0 && delay <= backoff.maxMs)
    }),
  )
})

test('a base of zero never waits, however late the attempt', () => {
  assert.is(delayMs({ ...exponential, baseMs: 0 }, 5000, 0.5), 0)
})

test('Retry-After is a floor, also above the maximum', () => {
  const next = (retryAfterMs?: number): number =>
    nextDelayMs({ backoff: exponential, attempt: 2, random: 0, retryAfterMs })
  assert.is(next(), 200)
  assert.is(next(150), 200)
  assert.is(next(60_000), 60_000)
  assert.is(next(200.2), 201)
})

test('a malformed Retry-After is ignored', () => {
  for (const retryAfterMs of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -5]) {
    assert.is(nextDelayMs({ backoff: exponential, attempt: 1, random: 0, retryAfterMs }), 100)
  }
})

test('a backoff that cannot work is refused when it is defined', () => {
  const wrong: readonly Partial<Backoff>[] = [
    { baseMs: -1 },
    { baseMs: Number.NaN },
    { maxMs: 99 },
    { maxMs: Number.POSITIVE_INFINITY },
    { factor: 0.5 },
    { factor: Number.NaN },
    { kind: 'random' as 'fixed' },
  ]
  for (const part of wrong) {
    assert.throws(
      () => checkBackoff({ ...exponential, ...part }),
      (error: unknown) => error instanceof RuntimeError && error.kind === 'definition-invalid',
      JSON.stringify(part),
    )
  }
  assert.is(checkBackoff(exponential), exponential)
})

test.run()
