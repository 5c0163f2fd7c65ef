/**
 * Stretches of time on a calendar, as seen from a moment, and the small steps of reading words that every rule uses.
 * Called by the rules for time expressions beside it. It knows no grammar.
 */
import { type Calendar, type DayParts, dayOf, HOUR, MINUTE, weekdayOf } from './calendar.ts'
import type { Meaning, Token, Unit } from './time-words.ts'

/** Where the speaker stands in time. */
export interface Moment {
  readonly now: number
  readonly calendar: Calendar
  readonly today: number
  readonly parts: DayParts
  /** "On Friday", "in May": the next one, instead of the last. */
  readonly ahead: boolean
}

export interface Stretch {
  /** Absolute ms; `until` is exclusive. */
  readonly from: number
  readonly until: number
}

/** What was read: the stretch, and the index of the word after it. */
export interface Reading extends Stretch {
  readonly next: number
}

export type Words = readonly Token[]
export type Rule = (words: Words, at: number, moment: Moment) => Reading | undefined
export type Of<Is extends Meaning['is']> = Extract<Meaning, { readonly is: Is }>

/** The meaning of a word, if it has that one; a word after the first of an expression must stand close to the one before. */
export function meaning<Is extends Meaning['is']>(words: Words, at: number, is: Is): Of<Is> | undefined {
  const found = words[at]?.meaning
  return found?.is === is ? (found as Of<Is>) : undefined
}

export const isWord = (words: Words, at: number, ...wanted: readonly string[]): boolean =>
  wanted.includes(words[at]?.word ?? '') && words[at]?.spaced === true

export const joined = (words: Words, at: number): boolean => words[at]?.joined === true

export const days = ({ calendar }: Moment, from: number, until: number, next: number): Reading => ({
  from: calendar.start(from),
  until: calendar.start(until),
  next,
})

export const isYear = (value: number): boolean => value >= 1_800 && value <= 2_199

export const direction = (which: 'last' | 'this' | 'next'): number =>
  which === 'last' ? -1 : which === 'next' ? 1 : 0
export const lastWeekday = ({ today }: Moment, wanted: number): number =>
  today - ((weekdayOf(today) - wanted + 6) % 7) - 1
export const nextWeekday = ({ today }: Moment, wanted: number): number =>
  today + ((wanted - weekdayOf(today) + 6) % 7) + 1

/** The year in which a date without one lies: that of the nearest such date in the direction of the speaker's look. */
export function bareYear(month: number, date: number, { parts, today, ahead }: Moment): number {
  const day = dayOf(parts.year, month, date)
  if (ahead) return day < today ? parts.year + 1 : parts.year
  return day > today ? parts.year - 1 : parts.year
}

/** The number of a month without a year: that of the last one that has begun, or of the next that has not ended. */
export const bareMonth = (month: number, { parts, ahead }: Moment): number =>
  (parts.year + (ahead ? Number(month < parts.month) : -Number(month > parts.month))) * 12 + month

export const months = (moment: Moment, first: number, count: number, next: number): Reading =>
  days(moment, dayOf(0, first, 1), dayOf(0, first + count, 1), next)
export const years = (moment: Moment, first: number, count: number, next: number): Reading =>
  days(moment, dayOf(first, 0, 1), dayOf(first + count, 0, 1), next)

/** Three months, those of the north; the last that ended, the nearest, or the next to begin. */
export function seasonOf(
  moment: Moment,
  month: number,
  which: 'last' | 'this' | 'next',
  next: number,
): Reading {
  const { year, month: current } = moment.parts
  const now = year * 12 + current
  let first = year * 12 + month
  if (which === 'this') {
    if (first > now && now < first - 12 + 3) first -= 12
  } else if (which === 'last') while (first + 3 > now) first -= 12
  else while (first <= now) first += 12
  return months(moment, first, 3, next)
}

/** Calendar units from `low` to `high` away from the present one; short ones by the clock, weeks by the day they lead to. */
export function around(
  moment: Moment,
  unit: Unit,
  low: number,
  high: number,
  next: number,
): Reading | undefined {
  if (unit === 'minute' || unit === 'hour') {
    const size = unit === 'hour' ? HOUR : MINUTE
    return { from: moment.now + (low - 0.5) * size, until: moment.now + (high + 0.5) * size, next }
  }
  const { today } = moment
  if (unit === 'week' || unit === 'weekend')
    return days(moment, today + 7 * low - 3, today + 7 * high + 4, next)
  const first = unitAround(moment, unit, low, next)
  const last = unitAround(moment, unit, high, next)
  return { from: first.from, until: last.until, next }
}

/** The whole unit that lies `by` units from the present one: -1 is the last week, 0 this one. */
export function unitAround(moment: Moment, unit: Unit, by: number, next: number): Reading {
  const { today, parts } = moment
  const monday = today - parts.weekday + 7 * by
  if (unit === 'minute' || unit === 'hour') {
    const edge = moment.now + by * HOUR
    return { from: Math.min(edge, moment.now), until: Math.max(edge, moment.now + 1), next }
  }
  if (unit === 'day') return days(moment, today + by, today + by + 1, next)
  if (unit === 'week') return days(moment, monday, monday + 7, next)
  if (unit === 'weekend') return days(moment, monday + 5, monday + 7, next)
  if (unit === 'month') return months(moment, parts.year * 12 + parts.month + by, 1, next)
  return unit === 'year'
    ? years(moment, parts.year + by, 1, next)
    : years(moment, Math.floor(parts.year / 10) * 10 + 10 * by, 10, next)
}

/** The instant `by` units from now. */
export function shifted(moment: Moment, unit: Unit, by: number): number {
  const { now, parts, today, calendar } = moment
  if (unit === 'minute' || unit === 'hour') return now + by * (unit === 'hour' ? HOUR : MINUTE)
  if (unit === 'day') return calendar.start(today + by)
  if (unit === 'week' || unit === 'weekend') return calendar.start(today + 7 * by)
  const count = unit === 'month' ? by : unit === 'year' ? 12 * by : 120 * by
  return calendar.start(dayOf(parts.year, parts.month + count, parts.date))
}
