import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { GROWTH_WEIGHTS, growthBy, growthPolicy, worth } from './growth.ts'
import type { Kept } from './proposal.ts'

const test = testSuite('memory/consolidation/growth')

const NOW = Date.UTC(2024, 5, 1)
const kept = (id: string, more: Partial<Kept> = {}): Kept => ({
  id,
  kind: 'fact',
  importance: 0.5,
  at: NOW,
  uses: 0,
  ended: false,
  ...more,
})

test('nothing goes while there is room', () => {
  assert.equal(growthPolicy([kept('a'), kept('b')], 2, NOW), [])
})

test('the least important goes first', () => {
  assert.equal(
    growthPolicy([kept('a', { importance: 0.9 }), kept('b', { importance: 0.1 }), kept('c')], 2, NOW),
    ['b'],
  )
})

test('worth is halved with every half-life since the last use', () => {
  const old = kept('a', { at: NOW - GROWTH_WEIGHTS.halfLife })
  assert.ok(Math.abs(worth(old, NOW) - 0.25) < 1e-9)
  assert.ok(Math.abs(worth({ ...old, usedAt: NOW }, NOW) - 0.5) < 1e-9)
})

test('what is recalled often outlives what is important and never asked for', () => {
  const used = kept('used', { importance: 0.3, uses: 40 })
  assert.equal(growthPolicy([used, kept('unused', { importance: 0.8 })], 1, NOW), ['unused'])
})

test('a fact that no longer holds goes before one that does', () => {
  assert.equal(growthPolicy([kept('past', { ended: true, importance: 0.6 }), kept('present')], 1, NOW), [
    'past',
  ])
})

test('of equal worth the older goes first, then the smaller id', () => {
  const policy = growthBy({ ...GROWTH_WEIGHTS, halfLife: Number.POSITIVE_INFINITY })
  assert.equal(policy([kept('b', { at: 5 }), kept('a', { at: 9 }), kept('c', { at: 5 })], 1, NOW), ['b', 'c'])
})

test('exactly the excess goes, and nothing kept is worth less than what goes', () => {
  const one = fc.record({
    importance: fc.double({ min: 0, max: 1, noNaN: true }),
    at: fc.integer({ min: 0, max: NOW + 1_000 }),
    uses: fc.nat(1_000),
    ended: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(one, { maxLength: 40 }), fc.integer({ min: -2, max: 50 }), (list, most) => {
      const all = list.map((each, index) => kept(`m${index}`, each))
      const gone = new Set(growthPolicy(all, most, NOW))
      assert.is(gone.size, Math.max(0, all.length - Math.max(0, most)))
      const worths = (isGone: boolean) =>
        all.filter(({ id }) => gone.has(id) === isGone).map(each => worth(each, NOW))
      assert.ok(Math.max(...worths(true), 0) <= Math.min(...worths(false), Number.POSITIVE_INFINITY))
    }),
  )
})

test.run()
