import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { calendarOf } from './calendar.ts'
import { type TimeExpression, timeExpressions } from './time-expressions.ts'

const test = testSuite('memory/time/time-expressions')

/** A Wednesday. */
const NOW = Date.UTC(2024, 4, 15, 10, 30)

const iso = (at: number): string => new Date(at).toISOString().slice(0, 16)
const shown = ({ text, from, until, relation }: TimeExpression): string =>
  `${text} | ${iso(from).replace('T00:00', '')} ${iso(until).replace('T00:00', '')}${relation === 'in' ? '' : ` ${relation}`}`

/** `text`, then each expression as `words | from until (relation)`. */
const TABLE: readonly (readonly [string, ...string[]])[] = [
  ['I went there yesterday.', 'yesterday | 2024-05-14 2024-05-15'],
  ['Today we shipped it', 'Today | 2024-05-15 2024-05-16'],
  ['See you tomorrow morning!', 'tomorrow morning | 2024-05-16T05:00 2024-05-16T12:00'],
  ['yesterday evening', 'yesterday evening | 2024-05-14T17:00 2024-05-15'],
  ['I slept badly last night', 'last night | 2024-05-14T18:00 2024-05-15T06:00'],
  ['We talked this morning.', 'this morning | 2024-05-15T05:00 2024-05-15T12:00'],
  ['tonight', 'tonight | 2024-05-15T18:00 2024-05-16T06:00'],
  ['the day before yesterday', 'the day before yesterday | 2024-05-13 2024-05-14'],
  ['the day after tomorrow', 'the day after tomorrow | 2024-05-17 2024-05-18'],
  ['I saw her the other day', 'the other day | 2024-05-08 2024-05-15'],
  ['last week', 'last week | 2024-05-06 2024-05-13'],
  ['this week', 'this week | 2024-05-13 2024-05-20'],
  ['next week', 'next week | 2024-05-20 2024-05-27'],
  ['the week before last', 'the week before last | 2024-04-29 2024-05-06'],
  ['over the past week', 'over the past week | 2024-05-08 2024-05-15T10:30'],
  ['in the last two weeks', 'in the last two weeks | 2024-05-01 2024-05-15T10:30'],
  ['the next 3 days', 'the next 3 days | 2024-05-15T10:30 2024-05-18'],
  ['last weekend', 'last weekend | 2024-05-11 2024-05-13'],
  ['this past weekend', 'this past weekend | 2024-05-11 2024-05-13'],
  ['this weekend', 'this weekend | 2024-05-18 2024-05-20'],
  ['last month', 'last month | 2024-04-01 2024-05-01'],
  ['this month', 'this month | 2024-05-01 2024-06-01'],
  ['last year', 'last year | 2023-01-01 2024-01-01'],
  ['next year', 'next year | 2025-01-01 2026-01-01'],
  ['two days ago', 'two days ago | 2024-05-13 2024-05-14'],
  ['a day ago', 'a day ago | 2024-05-14 2024-05-15'],
  ['two weeks ago', 'two weeks ago | 2024-04-28 2024-05-05'],
  ['a few months ago', 'a few months ago | 2023-12-01 2024-04-01'],
  ['a couple of weeks back', 'a couple of weeks back | 2024-04-21 2024-05-05'],
  ['10 years ago', '10 years ago | 2014-01-01 2015-01-01'],
  ['an hour ago', 'an hour ago | 2024-05-15T09:00 2024-05-15T10:00'],
  ['in three days', 'in three days | 2024-05-18 2024-05-19'],
  ['two weeks from now', 'two weeks from now | 2024-05-26 2024-06-02'],
  ['We met on Friday', 'on Friday | 2024-05-10 2024-05-11'],
  ['We met on Wednesday', 'on Wednesday | 2024-05-08 2024-05-09'],
  ['We will meet on Friday', 'on Friday | 2024-05-17 2024-05-18'],
  ['last Friday', 'last Friday | 2024-05-10 2024-05-11'],
  ['last monday night', 'last monday night | 2024-05-13T18:00 2024-05-14T06:00'],
  ['this Friday', 'this Friday | 2024-05-17 2024-05-18'],
  ['next Friday', 'next Friday | 2024-05-24 2024-05-25'],
  ['this coming Friday', 'this coming Friday | 2024-05-17 2024-05-18'],
  ['Tuesday last week', 'Tuesday last week | 2024-05-07 2024-05-08'],
  ['Friday of next week', 'Friday of next week | 2024-05-24 2024-05-25'],
  ['Friday evening', 'Friday evening | 2024-05-10T17:00 2024-05-11'],
  ['It happened in May', 'in May | 2024-05-01 2024-06-01'],
  ['It happened in July', 'in July | 2023-07-01 2023-08-01'],
  ['It will happen in July', 'in July | 2024-07-01 2024-08-01'],
  ['In March 2023 I left', 'In March 2023 | 2023-03-01 2023-04-01'],
  ['back in Dec 2019', 'in Dec 2019 | 2019-12-01 2020-01-01'],
  ['last May', 'last May | 2023-05-01 2023-06-01'],
  ['next January', 'next January | 2025-01-01 2025-02-01'],
  ['on 3 March 2024', 'on 3 March 2024 | 2024-03-03 2024-03-04'],
  ['the 3rd of March', 'the 3rd of March | 2024-03-03 2024-03-04'],
  ['March 3rd, 2022', 'March 3rd, 2022 | 2022-03-03 2022-03-04'],
  ['July 4', 'July 4 | 2023-07-04 2023-07-05'],
  ['the deadline is July 4', 'July 4 | 2024-07-04 2024-07-05'],
  ['Friday, 3 May', 'Friday, 3 May | 2024-05-03 2024-05-04'],
  ['on 2024-03-03', 'on 2024-03-03 | 2024-03-03 2024-03-04'],
  ['31/12/2023 and 12.1.2024', '31/12/2023 | 2023-12-31 2024-01-01', '12.1.2024 | 2024-01-12 2024-01-13'],
  ['on the 3rd', 'on the 3rd | 2024-05-03 2024-05-04'],
  ['on the 20th, at noon', 'on the 20th | 2024-04-20 2024-04-21'],
  ['since 2019', 'since 2019 | 2019-01-01 2024-05-15T10:30 since'],
  ['since last May', 'since last May | 2023-05-01 2024-05-15T10:30 since'],
  ['before 2020', 'before 2020 | 2020-01-01 2021-01-01 before'],
  ['after March 2021', 'after March 2021 | 2021-03-01 2021-04-01 after'],
  ['by Friday', 'by Friday | 2024-05-17 2024-05-18 before'],
  ['in 2019', 'in 2019 | 2019-01-01 2020-01-01'],
  ['from 2019 to 2021', 'from 2019 to 2021 | 2019-01-01 2022-01-01'],
  ['last summer', 'last summer | 2023-06-01 2023-09-01'],
  ['this summer', 'this summer | 2024-06-01 2024-09-01'],
  ['last winter', 'last winter | 2023-12-01 2024-03-01'],
  ['the summer of 2022', 'the summer of 2022 | 2022-06-01 2022-09-01'],
  ['in the fall', 'in the fall | 2023-09-01 2023-12-01'],
  ['in the 1990s', 'in the 1990s | 1990-01-01 2000-01-01'],
  ['in early March', 'in early March | 2024-03-01 2024-03-11'],
  ['late last year', 'late last year | 2023-09-01 2024-01-01'],
  ['at the end of 2022', 'at the end of 2022 | 2022-09-01 2023-01-01'],
  ['mid-April', 'mid-April | 2024-04-11 2024-04-21'],
  ['last Christmas', 'last Christmas | 2023-12-25 2023-12-26'],
  ["New Year's Eve 2022", "New Year's Eve 2022 | 2022-12-31 2023-01-01"],
  ['at Thanksgiving', 'at Thanksgiving | 2023-11-23 2023-11-24'],
  [
    'Yesterday was good, last week was not.',
    'Yesterday | 2024-05-14 2024-05-15',
    'last week | 2024-05-06 2024-05-13',
  ],
]

for (const [text, ...expected] of TABLE)
  test(`reads "${text}"`, () => {
    assert.equal(timeExpressions(text, NOW).map(shown), expected)
  })

const NONE = [
  'I may go',
  'May I come in?',
  'we march on',
  'June said hello, and so did April',
  'it will last two weeks',
  'the 3rd floor is closed',
  'on the 3rd floor',
  'in 2000 steps',
  'every Friday',
  'Friday nights are long',
  'three times a week',
  '03/04/2024',
  'the next day he left',
  'at last',
  'the fall of the company',
  'I am 34 and have 2 dogs',
  'version 1.2.3',
  '2024-13-45',
  '99999999999999999999 days ago',
  '999999 years ago',
  '',
]
for (const text of NONE)
  test(`reads no time in "${text}"`, () => {
    assert.equal(timeExpressions(text, NOW).map(shown), [])
  })

test('a range that would end before it begins is not read as one', () => {
  assert.is(
    timeExpressions('between May and July 2022', NOW).some(({ text }) => text.startsWith('between')),
    false,
  )
})

test('the caller may say which way the speaker looks', () => {
  assert.is(iso(timeExpressions('Friday', NOW, { look: 'ahead' })[0]?.from ?? 0), '2024-05-17T00:00')
  assert.is(
    iso(timeExpressions('I will come Friday', NOW, { look: 'back' })[0]?.from ?? 0),
    '2024-05-10T00:00',
  )
})

test('days are those of the given time zone, across a change of clocks too', () => {
  const calendar = calendarOf('America/New_York')
  const at = Date.UTC(2024, 2, 11, 3, 0) // still 10 March there, the day the clocks went forward
  const [today] = timeExpressions('today', at, { calendar })
  assert.is(iso(today?.from ?? 0), '2024-03-10T05:00')
  assert.is(iso(today?.until ?? 0), '2024-03-11T04:00')
})

test('an unknown time zone is refused', () => {
  assert.throws(
    () => calendarOf('Nowhere/Land'),
    (error: unknown) => error instanceof RangeError,
  )
})

test('no text and no moment makes it throw or return a stretch that is empty, overlaps another or is not where it says', () => {
  const words =
    'the last next 3 three of may May Friday day days week ago in on since from to between and 2024 3rd 2024-02-30 end early , - . ago couple few a Christmas summer morning'.split(
      ' ',
    )
  const text = fc.oneof(
    fc.string(),
    fc.array(fc.constantFrom(...words), { maxLength: 30 }).map(list => list.join(' ')),
  )
  const moment = fc.oneof(
    fc.integer({ min: -8.64e15, max: 8.64e15 }),
    fc.constantFrom(Number.NaN, Infinity, 0),
  )
  fc.assert(
    fc.property(text, moment, (input, now) => {
      let end = 0
      for (const found of timeExpressions(input, now)) {
        assert.ok(found.from < found.until)
        assert.ok(found.index >= end)
        assert.is(input.slice(found.index, found.index + found.text.length), found.text)
        end = found.index + found.text.length
      }
    }),
    { numRuns: 2_000 },
  )
})

test('time grows in proportion to the text, whatever it repeats', () => {
  const units = [
    '1',
    '1-',
    '1.',
    "a'",
    'Monday ',
    'last ',
    'the last ',
    'from 2019 to ',
    'early ',
    'a few ',
    'May ',
    'the end of ',
    'in the ',
    '3 of ',
    ' ',
    'x',
    'between May and ',
    '2024-',
    'day before ',
  ]
  for (const unit of units) {
    const text = unit.repeat(Math.ceil(65_536 / unit.length))
    const before = process.hrtime.bigint()
    timeExpressions(text, NOW)
    const took = Number(process.hrtime.bigint() - before) / 1e6
    // Linear reading takes some 30 ms here; quadratic would take minutes.
    assert.ok(took < 2_000, `"${unit}" took ${took} ms`)
  }
})

test.run()
