import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { median } from './median.ts'

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

test.run()
