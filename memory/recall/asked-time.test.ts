import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { askedTime } from './asked-time.ts'

const test = testSuite('memory/recall/asked-time')

const NOW = Date.UTC(2026, 2, 2, 12)
const DAY = 86_400_000
const isWithin = (question: string, at: number): boolean =>
  askedTime(question, NOW).some(({ from, to }) => at >= from && at < to)

test('a question without a time names none', () => {
  assert.equal(askedTime('What does Ana eat?', NOW), [])
  assert.equal(askedTime('It may rain', NOW), [])
})

test('a date, a month and a year are the stretches they name', () => {
  assert.ok(isWithin('What broke on 8 July 2024?', Date.UTC(2024, 6, 8, 23)))
  assert.not.ok(isWithin('What broke on 8 July 2024?', Date.UTC(2024, 6, 9)))
  assert.ok(isWithin('What broke in July 2024?', Date.UTC(2024, 6, 31)))
  assert.not.ok(isWithin('What broke in July 2024?', Date.UTC(2024, 7, 1)))
  assert.ok(isWithin('What broke in 2024?', Date.UTC(2024, 0, 1)))
})

test('a month without a year is that of several years', () => {
  for (const year of [2025, 2024, 2023]) assert.ok(isWithin('What broke in July?', Date.UTC(year, 6, 10)))
  assert.not.ok(isWithin('What broke in July?', Date.UTC(2024, 4, 10)))
})

test('relative times are reckoned from the time of asking', () => {
  assert.ok(isWithin('What broke yesterday?', NOW - DAY))
  assert.not.ok(isWithin('What broke yesterday?', NOW))
  assert.ok(isWithin('What broke last year?', Date.UTC(2025, 5, 1)))
})

test('before and after a time is near it', () => {
  assert.ok(isWithin('What broke before 8 July 2024?', Date.UTC(2024, 6, 1)))
  assert.not.ok(isWithin('What broke before 8 July 2024?', Date.UTC(2023, 6, 1)))
  assert.ok(isWithin('What broke after 8 July 2024?', Date.UTC(2024, 6, 20)))
})

test.run()
