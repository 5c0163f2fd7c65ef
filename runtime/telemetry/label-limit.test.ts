import * as assert from 'uvu/assert'
import { testSuite } from '../testkit/suite.ts'
import { createLabelLimit } from './label-limit.ts'

const test = testSuite('runtime/telemetry/label-limit')

test('lets the first values through and calls the rest other, for each label by itself', () => {
  const limit = createLabelLimit(2)
  assert.equal(
    ['a', 'b', 'c', 'a', 'c'].map(value => limit('effect', value)),
    ['a', 'b', 'other', 'a', 'other'],
  )
  assert.is(limit('workflow', 'c'), 'c')
})

test('calls what is no text unknown', () => {
  const limit = createLabelLimit()
  for (const value of [undefined, null, '', 5, {}]) assert.is(limit('code', value), 'unknown')
})

test('cuts long values', () => {
  assert.is(createLabelLimit()('effect', 'x'.repeat(10_000)).length, 100)
})

test.run()
