import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { median, quantile } from './median.ts'

const test = testSuite('bench/median')

test('is the middle of an odd count, whatever the order', () => {
  assert.is(median([9]), 9)
  assert.is(median([100, 1, 2]), 2)
  assert.is(median([10, 9, 1, 2, 100]), 9)
})

test('is between the two in the middle of an even count', () => {
  assert.is(median([4, 1]), 2.5)
  assert.is(median([1, 1_000, 3, 2]), 2.5)
})

test('leaves its argument as it was', () => {
  const values = [3, 1, 2]
  median(values)
  assert.equal(values, [3, 1, 2])
})

test('refuses to make up a figure from nothing', () => {
  assert.throws(
    () => median([]),
    (error: unknown) => error instanceof RangeError,
  )
})

test('has as many values above it as below it', () => {
  const values = fc.array(fc.integer(), { minLength: 1, maxLength: 50 })
  fc.assert(
    fc.property(values, list => {
      const middle = median(list)
      const below = list.filter(value => value < middle).length
      const above = list.filter(value => value > middle).length
      return below <= list.length / 2 && above <= list.length / 2
    }),
  )
})

test('a quantile is one of the values, and that share of them is no larger', () => {
  const values = fc.array(fc.integer(), { minLength: 1, maxLength: 200 })
  const shares = fc.double({ min: 0.001, max: 1, noNaN: true })
  fc.assert(
    fc.property(values, shares, (list, share) => {
      const found = quantile(list, share)
      assert.ok(list.includes(found))
      assert.ok(list.filter(value => value <= found).length >= share * list.length)
      assert.ok(list.filter(value => value < found).length < share * list.length)
    }),
  )
})

test('the 99th percentile of a thousand leaves ten above it', () => {
  const values = Array.from({ length: 1_000 }, (_, i) => 1_000 - i)
  assert.is(quantile(values, 0.99), 990)
  assert.is(quantile(values, 1), 1_000)
})

test('refuses a quantile of nothing, and a share that is none', () => {
  for (const make of [() => quantile([], 0.5), () => quantile([1], 0), () => quantile([1], 1.5)])
    assert.throws(make, (error: unknown) => error instanceof RangeError)
})

test.run()
