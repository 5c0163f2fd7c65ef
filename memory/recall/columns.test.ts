import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { importanceByte, importanceIn } from './columns.ts'

const test = testSuite('memory/recall/columns')

const BYTES = Array.from({ length: 256 }, (_, byte) => byte)

test('the least, the middle and the greatest importance are kept exactly', () => {
  for (const importance of [0, 0.5, 1]) assert.is(importanceIn(importanceByte(importance)), importance)
})

test('every byte means an importance of its own, and more of it means more', () => {
  for (const byte of BYTES) assert.is(importanceByte(importanceIn(byte)), byte)
  for (const byte of BYTES.slice(1)) assert.ok(importanceIn(byte) > importanceIn(byte - 1), `${byte}`)
})

test('an importance is kept to half a step', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), importance => {
      assert.ok(Math.abs(importanceIn(importanceByte(importance)) - importance) <= 0.5 / 254 + 1e-12)
    }),
  )
})

test('what was written in 255 even steps is read to half a step, and its middle as the middle', () => {
  for (const byte of BYTES) assert.ok(Math.abs(importanceIn(byte) - byte / 255) <= 0.5 / 255, `${byte}`)
  assert.is(importanceIn(Math.round(0.5 * 255)), 0.5)
})

test.run()
