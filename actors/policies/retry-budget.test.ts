import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { RuntimeError } from '../errors.ts'
import {
  checkRetryBudget,
  deposit,
  newRetryBudget,
  type RetryBudgetPolicy,
  type RetryBudgetState,
  withdraw,
} from './retry-budget.ts'

const test = testSuite('actors/policies/retry-budget')

/** How many retries in a row the budget allows. */
function retriesOf(budget: RetryBudgetState): number {
  let retries = 0
  for (let next = withdraw(budget); next.allowed; next = withdraw(next.state)) retries++
  return retries
}

function after(successes: number, budget: RetryBudgetState, policy?: RetryBudgetPolicy): RetryBudgetState {
  let state = budget
  for (let i = 0; i < successes; i++) state = deposit(state, 1, policy)
  return state
}

test('the first ten retries are free', () => {
  assert.is(retriesOf(newRetryBudget()), 10)
  assert.is(retriesOf(newRetryBudget({ minimum: 3 })), 3)
})

test('after that ten successes pay for one retry, no fewer', () => {
  const empty = newRetryBudget({ minimum: 0 })
  assert.is(retriesOf(after(9, empty)), 0)
  assert.is(retriesOf(after(10, empty)), 1)
  assert.is(retriesOf(after(250, empty)), 25)
})

test('successes can be paid in together', () => {
  assert.equal(deposit(newRetryBudget({ minimum: 0 }), 250), after(250, newRetryBudget({ minimum: 0 })))
  assert.equal(deposit(newRetryBudget(), 0), newRetryBudget())
})

test('a damaged budget allows nothing', () => {
  assert.is(withdraw({ tokens: Number.NaN }).allowed, false)
})

test('what is refused costs nothing', () => {
  const state = { tokens: 0.9 }
  const refused = withdraw(state)
  assert.is(refused.allowed, false)
  assert.is(refused.state, state)
})

test('saving ends at the maximum', () => {
  assert.is(retriesOf(after(5000, newRetryBudget())), 100)
  assert.is(retriesOf(after(5000, newRetryBudget(), { maximum: 12 })), 12)
  assert.is(retriesOf(after(5, newRetryBudget({ minimum: 200 }), { minimum: 200 })), 200)
})

test('retries never exceed the free ones plus their share of the successes', () => {
  const ratios = fc.constantFrom(0.01, 0.1, 0.2, 0.25, 0.5, 1)
  fc.assert(
    fc.property(
      ratios,
      fc.nat(20),
      fc.array(fc.boolean(), { maxLength: 400, size: 'max' }),
      (ratio, minimum, successes) => {
        let state = newRetryBudget({ minimum })
        let paid = 0
        let retried = 0
        for (const success of successes) {
          if (success) {
            state = deposit(state, 1, { ratio, minimum })
            paid++
          } else {
            const { state: next, allowed } = withdraw(state)
            state = next
            if (allowed) retried++
          }
          assert.ok(state.tokens >= 0)
        }
        assert.ok(retried <= minimum + paid * ratio + 1e-6)
      },
    ),
  )
})

test('a policy that pays nothing, too much or nonsense is refused', () => {
  const wrong: readonly RetryBudgetPolicy[] = [
    { ratio: 0 },
    { ratio: 1.1 },
    { ratio: Number.NaN },
    { minimum: -1 },
    { minimum: 10, maximum: 9 },
    { maximum: Number.POSITIVE_INFINITY },
  ]
  for (const policy of wrong) {
    assert.throws(
      () => checkRetryBudget(policy),
      (error: unknown) => error instanceof RuntimeError && error.kind === 'definition-invalid',
      JSON.stringify(policy),
    )
  }
  assert.equal(checkRetryBudget({}), {})
})

test.run()
