/**
 * Times as they are given on a command line: `2026`, `2026-11`, `2026-11-20`, `2026-11-20T14:30Z`, or words such as
 * "yesterday" and "3 weeks ago". All in UTC, as times are printed.
 */
import { RuntimeError } from '../actors/errors.ts'
import { timeExpressions } from '../memory/time/time-expressions.ts'

/** Absolute ms; `until` is exclusive. */
export interface Stretch {
  readonly from: number
  readonly until: number
}

export const TIME_HINT = 'a date such as 2026-11-20, or words such as "yesterday" or "2 weeks ago"; UTC'

/** What `text` names, as seen from `now`. A moment lasts a millisecond. Throws `usage`. */
export function stretchOf(flag: string, text: string, now: number): Stretch {
  const asked = text.trim()
  const found = dateOf(asked) ?? agoOf(asked, now) ?? namedIn(asked, now) ?? namedIn(`in ${asked}`, now)
  if (found) return found
  throw new RuntimeError('usage', `${flag} "${text.slice(0, 80)}" is no time`, { fix: `give ${TIME_HINT}` })
}

const moment = (at: number): Stretch => ({ from: at, until: at + 1 })

const DATE = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?$/
const DATE_TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d(?:\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?$/i

function dateOf(text: string): Stretch | undefined {
  const [isDate, year = '', month, date] = DATE.exec(text) ?? []
  if (isDate !== undefined) return wholeOf(Number(year), month, date)
  const [isTime, day = '', clock = '', seconds = ':00', zone = 'Z'] = DATE_TIME.exec(text) ?? []
  const at =
    isTime !== undefined && dateOf(day)
      ? Date.parse(`${day}T${clock}${seconds}${zone.toUpperCase()}`)
      : Number.NaN
  return Number.isNaN(at) ? undefined : moment(at)
}

/** A year, month or day; undefined when there is no such month or day. */
function wholeOf(year: number, month?: string, date?: string): Stretch | undefined {
  const [m, d] = [Number(month ?? 1) - 1, Number(date ?? 1)]
  const from = startOf(year, m, d)
  const begins = new Date(from)
  if (begins.getUTCMonth() !== m || begins.getUTCDate() !== d) return undefined
  if (month === undefined) return { from, until: startOf(year + 1, 0, 1) }
  return { from, until: date === undefined ? startOf(year, m + 1, 1) : startOf(year, m, d + 1) }
}

/** Not `Date.UTC`, which takes the years below 100 for those of the last century. */
function startOf(year: number, month: number, date: number): number {
  const at = new Date(0)
  at.setUTCFullYear(year, month, date)
  return at.getTime()
}

const LENGTH: Readonly<Record<string, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
}

/**
 * "2 weeks ago" is that day, and "2 hours ago" that moment: somebody who remembers is vague about it, somebody who
 * types a command means what it says.
 */
function agoOf(text: string, now: number): Stretch | undefined {
  if (/^now$/i.test(text)) return moment(now)
  const [isAgo, count = '', unit = ''] =
    /^(\d{1,4}|an?)\s+(minute|hour|day|week|month|year)s?\s+ago$/i.exec(text) ?? []
  if (isAgo === undefined) return undefined
  const many = /^\d/.test(count) ? Number(count) : 1
  const length = LENGTH[unit.toLowerCase()]
  const at =
    length === undefined ? monthsBefore(now, many * (/^y/i.test(unit) ? 12 : 1)) : now - many * length
  if (/^[mh]/i.test(unit) && length !== undefined) return moment(at)
  const [year, month, date] = [
    new Date(at).getUTCFullYear(),
    new Date(at).getUTCMonth(),
    new Date(at).getUTCDate(),
  ]
  return { from: startOf(year, month, date), until: startOf(year, month, date + 1) }
}

/** The same day of the month, or the last one where there is none. */
function monthsBefore(now: number, months: number): number {
  const then = new Date(now)
  const date = then.getUTCDate()
  then.setUTCMonth(then.getUTCMonth() - months, 1)
  const last = new Date(startOf(then.getUTCFullYear(), then.getUTCMonth() + 1, 0)).getUTCDate()
  return then.setUTCDate(Math.min(date, last))
}

/** Of words that are one time expression and nothing else. */
function namedIn(text: string, now: number): Stretch | undefined {
  if (!/^[\p{L}\d][\p{L}\d '’,.-]*$/u.test(text) || / -/.test(text)) return undefined
  const [found, ...others] = timeExpressions(text, now, { look: 'back' })
  if (!found || others.length > 0 || found.relation !== 'in') return undefined
  return found.text.length === text.length ? { from: found.from, until: found.until } : undefined
}
