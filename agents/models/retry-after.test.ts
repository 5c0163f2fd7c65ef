import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { retryAfterMs } from './retry-after.ts'

const test = testSuite('agents/models/retry-after')
const now = Date.parse('Wed, 21 Oct 2026 07:28:00 GMT')
const DAY = 24 * 60 * 60 * 1000

const CASES: readonly [
  title: string,
  headers: Record<string, string | undefined>,
  expected: number | undefined,
][] = [
  ['seconds', { 'retry-after': '7' }, 7000],
  ['seconds with a fraction, rounded up', { 'retry-after': '0.0001' }, 1],
  ['zero seconds', { 'retry-after': '0' }, 0],
  ['milliseconds, which win over seconds', { 'retry-after-ms': '1250', 'retry-after': '9' }, 1250],
  ['seconds when the milliseconds are unreadable', { 'retry-after-ms': 'soon', 'retry-after': '9' }, 9000],
  ['an HTTP date', { 'retry-after': 'Wed, 21 Oct 2026 07:28:30 GMT' }, 30_000],
  ['an HTTP date in the past as no wait', { 'retry-after': 'Wed, 21 Oct 2026 07:00:00 GMT' }, 0],
  ['any case of the name', { 'Retry-After': ' 3 ' }, 3000],
  ['at most a day', { 'retry-after': '999999999' }, DAY],
  ['at most a day for a date', { 'retry-after': 'Fri, 21 Oct 2033 07:28:00 GMT' }, DAY],
  ['no header', {}, undefined],
  ['an undefined header', { 'retry-after': undefined }, undefined],
  ['a negative number', { 'retry-after': '-5' }, undefined],
  ['a number in another notation', { 'retry-after': '1e9' }, undefined],
  ['a date that is no HTTP date', { 'retry-after': '2026-10-21' }, undefined],
  ['an impossible date', { 'retry-after': 'Wed, 99 Foo 2026 99:99:99 GMT' }, undefined],
]

for (const [title, headers, expected] of CASES) {
  test(`reads ${title}`, () => assert.is(retryAfterMs(headers, now), expected))
}

test('never gives a number that is not between nought and a day', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (wish, exact) => {
      const ms = retryAfterMs({ 'retry-after': wish, 'retry-after-ms': exact }, now)
      return ms === undefined || (ms >= 0 && ms <= DAY)
    }),
  )
})

test.run()
