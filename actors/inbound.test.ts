import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { address } from './address.ts'
import { type ErrorKind, RuntimeError } from './errors.ts'
import { NO_USAGE } from './events.ts'
import { Inbound } from './inbound.ts'
import type { Cause } from './journal.ts'

const test = testSuite('actors/inbound')

const asker = address('asker', '1')
const ask = (id: string, budget?: Cause['budget']): Cause => ({
  id,
  replyTo: asker,
  correlation: `c.${id}`,
  ...(budget && { budget }),
})

const kindOf = (work: () => unknown): ErrorKind | 'nothing thrown' => {
  try {
    work()
  } catch (error) {
    if (error instanceof RuntimeError) return error.kind
    throw error
  }
  return 'nothing thrown'
}

test('opens an account where somebody waits or a budget bounds, and nowhere else', () => {
  const inbound = new Inbound()
  inbound.open({ id: 'told' })
  assert.is(inbound.size, 0)
  inbound.open({ id: 'bounded', budget: { tokens: 1 } })
  inbound.open(ask('asked'))
  assert.is(inbound.size, 2)
  assert.equal(
    inbound.waiting().map(cause => cause.id),
    ['bounded', 'asked'],
  )
})

test('closes once, and says what was spent', () => {
  const inbound = new Inbound()
  const cause = ask('a', { tokens: 100 })
  inbound.open(cause)
  const held = inbound.reserve(cause, () => ({ inputTokens: 60 }))
  inbound.settle(cause, held, { ...NO_USAGE, inputTokens: 20 })
  assert.equal(inbound.close(cause), { spent: { ...NO_USAGE, inputTokens: 20 }, cause })
  assert.is(inbound.close(cause), undefined)
  assert.is(inbound.size, 0)
})

test('spends nothing more on a budget whose account is closed', () => {
  const inbound = new Inbound()
  const cause = ask('a', { tokens: 100 })
  inbound.open(cause)
  inbound.close(cause)
  assert.is(
    kindOf(() => inbound.reserve(cause, () => ({ inputTokens: 1 }))),
    'budget-exhausted',
  )
  assert.is(
    kindOf(() => inbound.lend(cause, 1, undefined)),
    'budget-exhausted',
  )
  assert.is(
    inbound.reserve(ask('unbounded'), () => ({ inputTokens: 1 })),
    undefined,
  )
  assert.equal(inbound.lend(undefined, 1, { tokens: 5 }), { tokens: 5 })
})

test('keeps lent what an ask was lent that never said what it cost', () => {
  const inbound = new Inbound()
  const cause = ask('a', { tokens: 100 })
  inbound.open(cause)
  const lease = inbound.lend(cause, 0.6, undefined)
  inbound.keepLent(cause, 'ask.1', lease ?? {})
  assert.equal(inbound.lend(cause, 1, undefined), { tokens: 40 })
})

test('gets back the rest when the cost of a given up ask becomes known, once', () => {
  const inbound = new Inbound()
  const cause = ask('a', { tokens: 100 })
  inbound.open(cause)
  inbound.keepLent(cause, 'ask.1', inbound.lend(cause, 1, undefined) ?? {})
  for (let i = 0; i < 2; i++) inbound.settleLate('ask.1', { ...NO_USAGE, outputTokens: 10 })
  inbound.settleLate('ask.2', { ...NO_USAGE, outputTokens: 10 })
  assert.equal(inbound.lend(cause, 1, undefined), { tokens: 90 })
  assert.is(inbound.close(cause)?.spent.outputTokens, 10)
})

test('finds an ask by the id of its message, and cancels it by its correlation', () => {
  const inbound = new Inbound()
  const cause = ask('a')
  inbound.open(cause)
  inbound.open(ask('b'))
  assert.is(inbound.get('a'), cause)
  assert.is(inbound.get('c'), undefined)
  assert.is(inbound.isUnwanted(cause), false)
  assert.is(inbound.cancel('c.a'), cause)
  assert.is(inbound.isUnwanted(cause), true)
  assert.is(inbound.isUnwanted(ask('b')), false)
  assert.is(inbound.cancel('c.nobody'), undefined)
})

test('takes a message that is delivered again as new', () => {
  const inbound = new Inbound()
  const cause = ask('a', { tokens: 10 })
  inbound.open(cause)
  inbound.reserve(cause, () => ({ inputTokens: 10 }))
  inbound.cancel('c.a')
  inbound.open(cause)
  assert.is(inbound.isUnwanted(cause), false)
  assert.equal(inbound.lend(cause, 1, undefined), { tokens: 10 })
})

test('an ask that is made again is answered where it was made last', () => {
  const inbound = new Inbound()
  inbound.open({ ...ask('a'), home: 1 })
  assert.is(inbound.reattach({ ...ask('a'), home: 2 }), true)
  assert.is(inbound.get('a')?.home, 2)
  inbound.reattach(ask('a'))
  assert.not('home' in (inbound.get('a') ?? {}))
})

test.run()
