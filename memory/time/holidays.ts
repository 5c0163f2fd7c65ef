/**
 * Days that have names: "last Christmas", "New Year's Eve 2023", "Halloween". Called by `time-rules.ts`. Only those
 * whose date follows from the calendar; Easter and the lunar ones are left out.
 */
import { dayOf, weekdayOf } from './calendar.ts'
import { days, direction, isWord, isYear, type Moment, meaning, type Rule, type Words } from './stretches.ts'

type DayIn = (year: number) => number

const on =
  (month: number, date: number): DayIn =>
  year =>
    dayOf(year, month, date)
/** The fourth Thursday of November. */
const thanksgiving: DayIn = year => {
  const first = dayOf(year, 10, 1)
  return first + ((3 - weekdayOf(first) + 7) % 7) + 21
}

const HOLIDAYS: readonly (readonly [words: readonly string[], day: DayIn])[] = [
  [['christmas', 'eve'], on(11, 24)],
  [['christmas', 'day'], on(11, 25)],
  [['christmas'], on(11, 25)],
  [['boxing', 'day'], on(11, 26)],
  [["new year's", 'eve'], on(11, 31)],
  [["new year's", 'day'], on(0, 1)],
  [['halloween'], on(9, 31)],
  [["valentine's", 'day'], on(1, 14)],
  [['thanksgiving'], thanksgiving],
]

/** "Christmas", "last Halloween", "Thanksgiving 2022". */
export const holiday: Rule = (words, at, moment) => {
  const which = meaning(words, at, 'which')
  const first = which === undefined ? at : at + 1
  if (which !== undefined && words[first]?.spaced !== true) return undefined
  const found = HOLIDAYS.find(([name]) => spells(words, first, name))
  if (found === undefined) return undefined
  const [name, day] = found
  const next = first + name.reduce((sum, part) => sum + part.split(' ').length, 0)
  const year = words[next]?.joined === true ? meaning(words, next, 'number') : undefined
  const isSaid = year?.digits === 4 && isYear(year.value)
  const on = day(isSaid ? year.value : yearOf(day, moment, which?.which))
  return days(moment, on, on + 1, isSaid ? next + 1 : next)
}

const spells = (words: Words, at: number, name: readonly string[]): boolean =>
  name
    .flatMap(part => part.split(' '))
    .every((word, index) => {
      const said = words[at + index]?.word.replace('’', "'")
      return index === 0
        ? said === word
        : said === word && isWord(words, at + index, words[at + index]?.word ?? '')
    })

function yearOf(day: DayIn, moment: Moment, which: 'last' | 'this' | 'next' | undefined): number {
  const { year } = moment.parts
  if (which === 'this') return year
  const ahead = which === undefined ? moment.ahead : direction(which) > 0
  if (ahead) return day(year) < moment.today ? year + 1 : year
  const isPast = which === 'last' ? day(year) < moment.today : day(year) <= moment.today
  return isPast ? year : year - 1
}
