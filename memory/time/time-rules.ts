/**
 * How English names a time: each rule reads words from one place on and says which stretch they mean, seen from a
 * given moment. Called by `time-expressions.ts` at every word that may begin one. Rules only look ahead a few words,
 * so that reading a text takes time in proportion to its length.
 */
import { dayOf, HOUR, isDate } from './calendar.ts'
import { holiday } from './holidays.ts'
import {
  around,
  bareYear,
  days,
  direction,
  isWord,
  isYear,
  joined,
  lastWeekday,
  type Moment,
  meaning,
  months,
  nextWeekday,
  type Of,
  type Reading,
  type Rule,
  seasonOf,
  shifted,
  unitAround,
  type Words,
  years,
} from './stretches.ts'
import type { Amount } from './time-words.ts'

/** The first rule that reads something, for times that stand on their own: "yesterday", "3 May", "two weeks ago". */
export function readTime(words: Words, at: number, moment: Moment): Reading | undefined {
  for (const rule of RULES) {
    const found = rule(words, at, moment)
    if (found !== undefined) return found
  }
  return undefined
}

/** A word for a day, with the part of it that may follow: "yesterday", "tomorrow morning", "tonight". */
const namedDay: Rule = (words, at, moment) => {
  const word = words[at]?.word
  if (word === 'tonight') return partOf(moment, moment.today, { from: 18, until: 30 }, at + 1)
  const day = meaning(words, at, 'day')
  if (day !== undefined) return withPart(words, at + 1, moment, moment.today + day.offset)
  if (word !== 'day' && !(word === 'the' && isWord(words, at + 1, 'day', 'other'))) return undefined
  const first = word === 'the' ? at + 1 : at
  if (isWord(words, first, 'other') && isWord(words, first + 1, 'day'))
    return days(moment, moment.today - 7, moment.today, first + 2)
  if (isWord(words, first + 1, 'before') && isWord(words, first + 2, 'yesterday'))
    return withPart(words, first + 3, moment, moment.today - 2)
  if (isWord(words, first + 1, 'after') && isWord(words, first + 2, 'tomorrow'))
    return withPart(words, first + 3, moment, moment.today + 2)
  return undefined
}

function withPart(words: Words, next: number, moment: Moment, day: number): Reading {
  const found = words[next]?.spaced === true ? meaning(words, next, 'part') : undefined
  return found === undefined ? days(moment, day, day + 1, next) : partOf(moment, day, found, next + 1)
}

const partOf = (
  { calendar }: Moment,
  day: number,
  hours: { readonly from: number; readonly until: number },
  next: number,
): Reading => ({
  from: calendar.start(day) + hours.from * HOUR,
  until: calendar.start(day) + hours.until * HOUR,
  next,
})

/** "2024-03-03", "31/12/2024". */
const numericDate: Rule = (words, at, moment) => {
  const found = meaning(words, at, 'date')
  if (found === undefined || !isDate(found.year, found.month, found.date)) return undefined
  const day = dayOf(found.year, found.month, found.date)
  return days(moment, day, day + 1, at + 1)
}

/** "3 March 2024", "the 3rd of March", "March 3rd, 2024", "March 2024", "Friday, 3 March". */
const writtenDate: Rule = (words, at, moment) => {
  const weekday = meaning(words, at, 'weekday')
  if (weekday !== undefined) {
    const follows =
      joined(words, at + 1) && words[at + 1]?.meaning?.is !== 'weekday'
        ? writtenDate(words, at + 1, moment)
        : undefined
    return follows !== undefined && follows.until - follows.from < 30 * HOUR ? follows : undefined
  }
  const first = words[at]?.word === 'the' && words[at + 1]?.spaced === true ? at + 1 : at
  const number = meaning(words, first, 'number')
  if (number !== undefined && number.digits > 0 && number.digits < 3) {
    const name = isWord(words, first + 1, 'of') ? first + 2 : first + 1
    const month = words[name]?.spaced === true ? monthAt(words, name) : undefined
    return month === undefined ? undefined : dated(words, name + 1, moment, month, number.value)
  }
  const month = first === at ? monthAt(words, at) : undefined
  return month === undefined ? undefined : afterMonth(words, at + 1, moment, month)
}

export function monthAt(words: Words, at: number): number | undefined {
  const found = meaning(words, at, 'month')
  const modal = found?.month === 2 || found?.month === 4
  const lower = words[at]?.capital !== true
  return found === undefined || (lower && (modal || found.short)) ? undefined : found.month
}

function afterMonth(words: Words, at: number, moment: Moment, month: number): Reading | undefined {
  if (!joined(words, at)) return undefined
  const article = isWord(words, at, 'the') ? at + 1 : at
  const number = meaning(words, article, 'number')
  if (number === undefined || number.digits === 0) return undefined
  if (article === at && number.digits === 4 && isYear(number.value))
    return months(moment, number.value * 12 + month, 1, at + 1)
  return number.digits < 3 ? dated(words, article + 1, moment, month, number.value) : undefined
}

function dated(words: Words, at: number, moment: Moment, month: number, date: number): Reading | undefined {
  const said = joined(words, at) ? meaning(words, at, 'number') : undefined
  const isSaid = said?.digits === 4 && isYear(said.value)
  const year = isSaid ? said.value : bareYear(month, date, moment)
  if (!isDate(year, month, date)) return undefined
  const day = dayOf(year, month, date)
  return days(moment, day, day + 1, isSaid ? at + 1 : at)
}

const REPEATED = /^(?:every|each|a|any|most|all|some|other|good|black)$/
const PLURAL_PART = /^(?:mornings|afternoons|evenings|nights)$/

/** "Friday", "Friday morning", "Tuesday last week". */
const weekday: Rule = (words, at, moment) => {
  const found = meaning(words, at, 'weekday')
  if (found === undefined || (found.short && !(words[at]?.capital === true && words[at - 1]?.word === 'on')))
    return undefined
  // "Every Friday", "on a Friday", "Friday nights", "Black Friday": not one day.
  if (REPEATED.test(words[at - 1]?.word ?? '') || PLURAL_PART.test(words[at + 1]?.word ?? ''))
    return undefined
  const which = isWord(words, at + 1, 'of') ? at + 2 : at + 1
  const week = words[which]?.spaced === true ? meaning(words, which, 'which') : undefined
  if (week !== undefined && isWord(words, which + 1, 'week')) {
    const monday = moment.today - moment.parts.weekday + 7 * direction(week.which)
    return days(moment, monday + found.weekday, monday + found.weekday + 1, which + 2)
  }
  const day = moment.ahead ? nextWeekday(moment, found.weekday) : lastWeekday(moment, found.weekday)
  return withPart(words, at + 1, moment, day)
}

/** After these "last" is a verb: "it will last two weeks". */
const IS_VERB = /^(?:will|to|ll|can|could|would|should|may|might|must|not|\w+n['’]t|\w+['’]ll)$/

/** "Last week", "this summer", "next Friday", "the past two months", "last night", "the week before last". */
const whichTime: Rule = (words, at, moment) => {
  const article = words[at]?.word === 'the' ? at + 1 : at
  const beforeLast = unitBeforeLast(words, article, moment)
  if (beforeLast !== undefined) return beforeLast
  const first =
    article === at || words[article]?.spaced === true ? meaning(words, article, 'which') : undefined
  if (first === undefined || IS_VERB.test(words[article - 1]?.word ?? '')) return undefined
  // "this past weekend", "this coming Friday"
  const second =
    first.which === 'this' && words[article + 1]?.spaced === true
      ? meaning(words, article + 1, 'which')
      : undefined
  const head = second === undefined ? article + 1 : article + 2
  if (words[head]?.spaced !== true) return undefined
  const which = second?.which ?? first.which
  const near = second !== undefined || words[head - 1]?.word === 'coming' || words[head - 1]?.word === 'past'
  const many = counted(words, head, moment, which)
  if (many !== undefined) return many
  const unit = meaning(words, head, 'unit')
  if (unit !== undefined && unit.unit !== 'weekend' && !unit.plural) {
    const isPast = words[head - 1]?.word === 'past'
    const isTold = words[article - 1]?.word === 'the'
    // "The next day", "the previous week", "the last day" count from what is being told, not from now.
    if (
      isTold &&
      (which === 'next' || words[article]?.word === 'previous' || (unit.unit === 'day' && !isPast))
    )
      return undefined
    if (which === 'last' && (isPast || isTold))
      return { from: shifted(moment, unit.unit, -1), until: moment.now, next: head + 1 }
  }
  return named(words, head, moment, which, near)
}

function unitBeforeLast(words: Words, at: number, moment: Moment): Reading | undefined {
  const found = meaning(words, at, 'unit')
  if (
    found === undefined ||
    found.plural ||
    !isWord(words, at + 1, 'before') ||
    !isWord(words, at + 2, 'last')
  )
    return undefined
  return unitAround(moment, found.unit, -2, at + 3)
}

/** "The last two weeks": up to now. "The next few days": from now. */
function counted(
  words: Words,
  at: number,
  moment: Moment,
  which: 'last' | 'this' | 'next',
): Reading | undefined {
  const amount = amountAt(words, at)
  const unit = amount === undefined ? undefined : unitAt(words, amount.next)
  if (amount === undefined || unit === undefined || which === 'this') return undefined
  const far = which === 'last' ? -amount.high : amount.high
  const edge = shifted(moment, unit.unit, far * unit.times)
  const next = amount.next + 1
  return which === 'last' ? { from: edge, until: moment.now, next } : { from: moment.now, until: edge, next }
}

function named(
  words: Words,
  at: number,
  moment: Moment,
  which: 'last' | 'this' | 'next',
  near: boolean,
): Reading | undefined {
  const of = words[at]?.meaning
  if (of?.is === 'unit' && !of.plural && of.unit !== 'minute')
    return unitAround(moment, of.unit, direction(which), at + 1)
  if (of?.is === 'weekday')
    return withPart(words, at + 1, moment, weekdayOfWhich(moment, of.weekday, which, near))
  if (of?.is === 'month' && words[at]?.capital === true) return monthOfWhich(moment, of.month, which, at + 1)
  if (of?.is === 'season') return seasonOf(moment, of.month, which, at + 1)
  if (of?.is !== 'part') return undefined
  if (which === 'this') return partOf(moment, moment.today, of, at + 1)
  return which === 'last' && of.from >= 17 ? partOf(moment, moment.today - 1, of, at + 1) : undefined
}

/** "Last Friday" is the last one that has passed; "next Friday" that of the week after this one; "this Friday" that of this week. */
function weekdayOfWhich(
  moment: Moment,
  wanted: number,
  which: 'last' | 'this' | 'next',
  near: boolean,
): number {
  if (which === 'last') return lastWeekday(moment, wanted)
  if (which === 'next' && near) return nextWeekday(moment, wanted)
  return moment.today - moment.parts.weekday + 7 * direction(which) + wanted
}

function monthOfWhich(moment: Moment, month: number, which: 'last' | 'this' | 'next', next: number): Reading {
  const { year, month: current } = moment.parts
  const shift = which === 'last' ? -Number(month >= current) : which === 'next' ? Number(month <= current) : 0
  return months(moment, (year + shift) * 12 + month, 1, next)
}

/** "Two weeks ago", "a few months back", "in three days", "an hour ago". */
const distance: Rule = (words, at, moment) => {
  const ahead = words[at]?.word === 'in'
  const amount = amountAt(words, ahead ? at + 1 : at)
  const unit = amount === undefined ? undefined : unitAt(words, amount.next)
  if (amount === undefined || unit === undefined) return undefined
  const after = amount.next + 1
  const low = amount.low * unit.times
  const high = amount.high * unit.times
  if (isWord(words, after, 'ago', 'back')) return around(moment, unit.unit, -high, -low, after + 1)
  if (isWord(words, after, 'from') && isWord(words, after + 1, 'now', 'today'))
    return around(moment, unit.unit, low, high, after + 2)
  return ahead && words[at + 1]?.spaced === true ? around(moment, unit.unit, low, high, after) : undefined
}

interface ReadAmount extends Amount {
  readonly next: number
}

/** "two", "a", "a couple of", "a few", "12". */
function amountAt(words: Words, at: number): ReadAmount | undefined {
  const number = meaning(words, at, 'number')
  if (number !== undefined)
    return number.ordinal || number.value === 0
      ? undefined
      : { low: number.value, high: number.value, next: at + 1 }
  const first = meaning(words, at, 'amount')
  if (first === undefined) return undefined
  const more = words[at + 1]?.spaced === true ? meaning(words, at + 1, 'amount') : undefined
  const { amount, next } =
    more === undefined ? { amount: first.amount, next: at + 1 } : { amount: more.amount, next: at + 2 }
  return { ...amount, next: isWord(words, next, 'of') ? next + 1 : next }
}

const unitAt = (words: Words, at: number): Of<'unit'> | undefined =>
  words[at]?.spaced === true ? meaning(words, at, 'unit') : undefined

/** "Summer 2023", "the summer of 2023", "the 1990s". */
const longStretch: Rule = (words, at, moment) => {
  const first = words[at]?.word === 'the' && words[at + 1]?.spaced === true ? at + 1 : at
  const decade = meaning(words, first, 'decade')
  if (decade !== undefined && isYear(decade.year)) return years(moment, decade.year, 10, first + 1)
  const season = meaning(words, first, 'season')
  const of = isWord(words, first + 1, 'of') ? first + 2 : first + 1
  const year = season !== undefined && words[of]?.spaced === true ? meaning(words, of, 'number') : undefined
  if (season === undefined || year?.digits !== 4 || !isYear(year.value)) return undefined
  return months(moment, year.value * 12 + season.month, 3, of + 1)
}

const RULES: readonly Rule[] = [
  numericDate,
  writtenDate,
  namedDay,
  whichTime,
  distance,
  longStretch,
  holiday,
  weekday,
]
