import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { RuntimeError } from '../errors.ts'
import { checkRetry, DEFAULT_RETRY, decideRetry, type FailedAttempt, isRetryable } from './retry.ts'

const test = testSuite('actors/policies/retry')

const failed: FailedAttempt = { attempt: 1, error: { retryable: true }, now: 1_000_000, random: 0.5 }

test('the default is three attempts with exponential backoff from half a second and full jitter', () => {
  assert.equal(decideRetry(DEFAULT_RETRY, failed), { retry: true, delayMs: 250 })
  assert.equal(decideRetry(DEFAULT_RETRY, { ...failed, attempt: 2 }), { retry: true, delayMs: 500 })
  assert.equal(decideRetry(DEFAULT_RETRY, { ...failed, attempt: 3 }), { retry: false, because: 'attempts' })
  assert.is(checkRetry(DEFAULT_RETRY), DEFAULT_RETRY)
})

test('an error that is not retryable is not retried, whatever else is left', () => {
  const error = { retryable: false, retryAfterMs: 10 }
  assert.equal(decideRetry(DEFAULT_RETRY, { ...failed, error }), { retry: false, because: 'not-retryable' })
})

test('Retry-After is waited for', () => {
  const error = { retryable: true, retryAfterMs: 90_000 }
  assert.equal(decideRetry(DEFAULT_RETRY, { ...failed, error }), { retry: true, delayMs: 90_000 })
})

test('a delay that would reach the deadline is not taken', () => {
  const at = (deadline: number) => decideRetry(DEFAULT_RETRY, { ...failed, deadline })
  assert.equal(at(failed.now + 251), { retry: true, delayMs: 250 })
  assert.equal(at(failed.now + 250), { retry: false, because: 'deadline' })
  assert.equal(at(failed.now - 1), { retry: false, because: 'deadline' })
})

test('attempts never exceed the policy and no retry starts at or after the deadline', () => {
  const runs = fc.record({
    attempts: fc.integer({ min: 1, max: 20 }),
    deadline: fc.integer({ min: 0, max: 200_000 }),
    retryAfterMs: fc.option(fc.integer({ min: 0, max: 50_000 }), { nil: undefined }),
    random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  })
  fc.assert(
    fc.property(runs, ({ attempts, deadline, retryAfterMs, random }) => {
      let now = 0
      let attempt = 1
      for (; attempt < 1000; attempt++) {
        const error = { retryable: true, retryAfterMs }
        const decision = decideRetry(
          { ...DEFAULT_RETRY, attempts },
          { attempt, error, now, deadline, random },
        )
        if (!decision.retry) break
        now += decision.delayMs
        assert.ok(now < deadline)
        assert.ok(decision.delayMs >= (retryAfterMs ?? 0))
      }
      assert.ok(attempt <= attempts)
    }),
  )
})

test('a policy with no or half an attempt is refused', () => {
  for (const attempts of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(
      () => checkRetry({ ...DEFAULT_RETRY, attempts }),
      (error: unknown) => error instanceof RuntimeError && error.kind === 'definition-invalid',
    )
  }
})

test('our errors say themselves whether they are retryable, an abort never is, other errors are', () => {
  assert.is(isRetryable(new RuntimeError('attempt-timeout', 'slow')), true)
  assert.is(isRetryable(new RuntimeError('input-invalid', 'bad')), false)
  assert.is(isRetryable(new RuntimeError('input-invalid', 'bad', { retryable: true })), true)
  assert.is(isRetryable(AbortSignal.abort().reason), false)
  assert.is(isRetryable(Object.assign(new Error('stop'), { name: 'AbortError' })), false)
  assert.is(isRetryable(new TypeError('fetch failed')), true)
  assert.is(isRetryable('a string'), true)
  assert.is(isRetryable(undefined), true)
})

test.run()
