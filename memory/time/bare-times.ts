/**
 * Times that are times only because of the words before them: "in May", "since 2019", "by the 3rd", "late 2020",
 * "the end of March". Called by `time-expressions.ts` after a preposition. It does not read those that stand alone.
 */
import { dayOf, isDate, partsOf } from './calendar.ts'
import {
  bareMonth,
  days,
  isWord,
  isYear,
  type Moment,
  meaning,
  months,
  type Reading,
  seasonOf,
  unitAround,
  type Words,
  years,
} from './stretches.ts'
import { readTime } from './time-rules.ts'

/** Before a month, a year or a season, which are people and nouns after other words: "at June's", "on 1984". */
const BEFORE_LONG = new Set(['in', 'since', 'during', 'until', 'till', 'before', 'after', 'by', 'over', 'of'])
/** Before "the 3rd". */
const BEFORE_DATE = new Set(['on', 'since', 'until', 'till', 'before', 'after', 'by'])

/** What the words from `at` on mean after `preposition`; `of` when they follow "the end of" and its like. */
export function readBareTime(
  words: Words,
  at: number,
  moment: Moment,
  preposition: string,
): Reading | undefined {
  if (words[at]?.joined !== true) return undefined
  if (BEFORE_DATE.has(preposition)) {
    const found = dayOfMonth(words, at, moment)
    if (found !== undefined) return found
  }
  return BEFORE_LONG.has(preposition) ? monthYearOrSeason(words, at, moment) : undefined
}

function monthYearOrSeason(words: Words, at: number, moment: Moment): Reading | undefined {
  const month = meaning(words, at, 'month')
  if (month !== undefined && words[at]?.capital === true)
    return months(moment, bareMonth(month.month, moment), 1, at + 1)
  const number = meaning(words, at, 'number')
  if (number?.digits === 4 && isYear(number.value))
    return counts(words, at + 1) ? undefined : years(moment, number.value, 1, at + 1)
  const noun = isWord(words, at, 'the') ? at + 1 : at
  const season = meaning(words, noun, 'season')
  // "The fall of the company" is no season.
  if (season === undefined || isWord(words, noun + 1, 'of')) return undefined
  const nearest = seasonOf(moment, season.month, 'this', noun + 1)
  const isRight = moment.ahead ? nearest.until > moment.now : nearest.from <= moment.now
  return isRight ? nearest : seasonOf(moment, season.month, moment.ahead ? 'next' : 'last', noun + 1)
}

const UNITS =
  /^(?:euros?|dollars?|people|pounds?|km|miles?|words|points?|times|percent|steps|users|units|meters|metres|feet|calories)$/

/** "In 2000 steps": what a number counts makes it no year. */
const counts = (words: Words, at: number): boolean =>
  words[at]?.spaced === true && UNITS.test(words[at]?.word ?? '')

const GOES_ON = /^(?:at|and|or|to|we|i|for|with|if|so|but|when|because|in)$/

/** "The 3rd", and nothing that it might count: "the 3rd floor" is no date. */
function dayOfMonth(words: Words, at: number, moment: Moment): Reading | undefined {
  if (!isWord(words, at, 'the')) return undefined
  const number = words[at + 1]?.spaced === true ? meaning(words, at + 1, 'number') : undefined
  if (number?.ordinal !== true || words[at + 1]?.joined !== true) return undefined
  const after = words[at + 2]
  if (after?.spaced === true && !GOES_ON.test(after.word)) return undefined
  const { year, month, date } = moment.parts
  const shift = moment.ahead ? Number(number.value < date) : -Number(number.value > date)
  const first = partsOf(dayOf(year, month + shift, 1))
  if (!isDate(first.year, first.month, number.value)) return undefined
  const day = dayOf(first.year, first.month, number.value)
  return days(moment, day, day + 1, at + 2)
}

/** "Early May", "late last year", "the end of the month", "mid-2020": a third of what follows. */
export function readThird(words: Words, at: number, moment: Moment): Reading | undefined {
  const first = isWord(words, at, 'the') || words[at]?.word === 'the' ? at + 1 : at
  const third = meaning(words, first, 'stretch')
  if (third === undefined || (first > at && words[first]?.spaced !== true)) return undefined
  const of = isWord(words, first + 1, 'of')
  const isNoun = /^(?:beginning|start|middle|end)$/.test(words[first]?.word ?? '')
  if (of !== isNoun) return undefined
  const inner = of ? first + 2 : first + 1
  if (words[inner]?.joined !== true) return undefined
  const whole =
    readTime(words, inner, moment) ??
    readBareTime(words, inner, moment, 'of') ??
    thisUnit(words, inner, moment)
  return whole === undefined ? undefined : thirdOf(whole, third.part, moment)
}

/** "(The end of) the month". */
function thisUnit(words: Words, at: number, moment: Moment): Reading | undefined {
  const unit = isWord(words, at, 'the') ? meaning(words, at + 1, 'unit') : undefined
  return unit === undefined || unit.plural || !/^(?:week|month|year|decade)$/.test(unit.unit)
    ? undefined
    : unitAround(moment, unit.unit, 0, at + 2)
}

/** In whole days; of a few days there are no thirds. */
function thirdOf(whole: Reading, part: 'early' | 'middle' | 'late', moment: Moment): Reading {
  const first = moment.calendar.day(whole.from)
  const length = moment.calendar.day(whole.until) - first
  if (!(length >= 5)) return whole
  const index = part === 'early' ? 0 : part === 'middle' ? 1 : 2
  const edge = (n: number) => first + Math.round((length * n) / 3)
  return days(moment, edge(index), edge(index + 1), whole.next)
}
