import * as assert from 'uvu/assert'
import type { RuntimeError } from '../actors/errors.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import { stretchOf } from './time-options.ts'

const test = testSuite('cli/time-options')

const NOW = Date.parse('2026-11-22T19:00:00Z') // a Sunday

const read = (text: string): string => {
  const { from, until } = stretchOf('--since', text, NOW)
  const day = (at: number): string =>
    new Date(at).toISOString().replace('.000Z', 'Z').replace('T00:00:00Z', '')
  return until - from === 1 ? day(from) : `${day(from)} ${day(until)}`
}

test('a year, a month and a day are whole', () => {
  assert.is(read('2024'), '2024-01-01 2025-01-01')
  assert.is(read('2024-02'), '2024-02-01 2024-03-01')
  assert.is(read('2024-12'), '2024-12-01 2025-01-01')
  assert.is(read(' 2024-02-29 '), '2024-02-29 2024-03-01')
  assert.is(read('0050-01-01'), '0050-01-01 0050-01-02')
})

test('a time of day is a moment, in UTC unless it says where', () => {
  assert.is(read('2026-11-20T14:30'), '2026-11-20T14:30:00Z')
  assert.is(read('2026-11-20 14:30:05Z'), '2026-11-20T14:30:05Z')
  assert.is(read('2026-11-20t14:30+02:00'), '2026-11-20T12:30:00Z')
  assert.is(read('now'), '2026-11-22T19:00:00Z')
})

test('words mean what they say, counted from now', () => {
  assert.is(read('yesterday'), '2026-11-21 2026-11-22')
  assert.is(read('Today'), '2026-11-22 2026-11-23')
  assert.is(read('last week'), '2026-11-09 2026-11-16')
  assert.is(read('last Friday'), '2026-11-20 2026-11-21')
  assert.is(read('May'), '2026-05-01 2026-06-01')
  assert.is(read('in May 2023'), '2023-05-01 2023-06-01')
  assert.is(read('3 days ago'), '2026-11-19 2026-11-20')
  assert.is(read('2 weeks ago'), '2026-11-08 2026-11-09')
  assert.is(read('a year ago'), '2025-11-22 2025-11-23')
  assert.is(read('9 months ago'), '2026-02-22 2026-02-23')
  assert.is(read('an hour ago'), '2026-11-22T18:00:00Z')
  assert.is(read('5 minutes ago'), '2026-11-22T18:55:00Z')
})

test('a month ago on the 31st is the last day of a shorter month', () => {
  const march = Date.parse('2025-03-31T12:00:00Z')
  assert.is(new Date(stretchOf('--at', '1 month ago', march).from).toISOString().slice(0, 10), '2025-02-28')
})

test('what is no time, or more than one, is refused', () => {
  for (const text of [
    ...['', 'soon', 'yesterday or so', '2024-13', '2024-02-30', '2023-02-29', '2026-11-20T25:00', '20261120'],
    ...['since May', 'before 2024', '2024 2025', '1e3', 'yesterday; rm', '-1 days ago'],
  ])
    assert.throws(
      () => stretchOf('--since', text, NOW),
      (error: RuntimeError) => error.kind === 'usage',
      text,
    )
})

test.run()
