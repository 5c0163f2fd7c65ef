import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { bytesText, countOf, minuteText } from './usage-text.ts'

const test = testSuite('cli/usage-text')

test('sizes are short and have a unit', () => {
  const table = [
    [0, '0 bytes'],
    [999, '999 bytes'],
    [1_000, '1.0 kB'],
    [12_345, '12.3 kB'],
    [999_949, '1000 kB'],
    [1_500_000, '1.5 MB'],
    [2_340_000_000, '2.3 GB'],
    [5e15, '5000 TB'],
  ] as const
  for (const [bytes, text] of table) assert.is(bytesText(bytes), text)
})

test('counts are of one or of several', () => {
  assert.is(countOf(1, 'memory', 'memories'), '1 memory')
  assert.is(countOf(0, 'memory', 'memories'), '0 memories')
  assert.is(countOf(12_345, 'fact'), '12,345 facts')
})

test('a time is UTC to the minute, and what is none stays a number', () => {
  assert.is(minuteText(Date.parse('2026-11-22T10:02:59Z')), '2026-11-22 10:02Z')
  assert.is(minuteText(Date.parse('0005-04-19T09:46:00Z')), '0005-04-19 09:46Z')
  assert.is(minuteText(9e15), '9000000000000000')
  assert.is(minuteText(Number.NaN), 'NaN')
})

test.run()
