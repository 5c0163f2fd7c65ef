import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { longestGap } from './asking.ts'

const test = testSuite('bench/cluster/asking')

test('the longest silence is between two answers, wherever it lies', () => {
  assert.is(longestGap([10, 20, 70, 80], 0, 85), 50)
})

test('a silence that began before counts from the beginning only', () => {
  assert.is(longestGap([10, 100], 60, 105), 40)
})

test('a silence that goes on counts up to now', () => {
  assert.is(longestGap([10, 20], 0, 500), 480)
  assert.is(longestGap([], 100, 500), 400)
})

test.run()
