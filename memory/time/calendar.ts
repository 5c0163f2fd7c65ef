/**
 * Days and months as people name them, in UTC or in a time zone. Days are whole numbers (0 is 1 January 1970), so
 * that arithmetic with them knows nothing of hours that a zone skips. Called by the reading of time expressions.
 */

export interface Calendar {
  /** The day in which an instant (absolute ms) lies. */
  day(at: number): number
  /** The instant (absolute ms) at which a day begins. */
  start(day: number): number
}

export interface DayParts {
  readonly year: number
  /** 0 to 11. */
  readonly month: number
  /** 1 to 31. */
  readonly date: number
  /** 0 is Monday. */
  readonly weekday: number
}

export const DAY = 86_400_000
export const HOUR = 3_600_000
export const MINUTE = 60_000
/** Beyond it there are no dates (ECMA-262, 21.4.1.1). */
export const LAST = 8.64e15

export const utc: Calendar = {
  day: at => Math.floor(at / DAY),
  start: day => day * DAY,
}

/** The calendar of an IANA time zone, for example `Europe/Lisbon`. Throws `RangeError` for an unknown zone. */
export function calendarOf(zone: string): Calendar {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
    era: 'short',
  })
  const offset = (at: number): number =>
    Math.abs(at) <= LAST ? localClock(format, at) - Math.floor(at / 1_000) * 1_000 : 0
  return {
    day: at => Math.floor((at + offset(at)) / DAY),
    start: day => {
      const first = day * DAY - offset(day * DAY)
      // The offset at midnight may differ from the one at the same hour of UTC: around a change of clocks.
      return day * DAY - offset(first)
    },
  }
}

function localClock(format: Intl.DateTimeFormat, at: number): number {
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]))
  const number = (type: Intl.DateTimeFormatPartTypes) => Number(parts.get(type) ?? 0)
  const year = parts.get('era')?.startsWith('B') === true ? 1 - number('year') : number('year')
  return (
    dayOf(year, number('month') - 1, number('day')) * DAY +
    number('hour') * HOUR +
    number('minute') * MINUTE +
    number('second') * 1_000
  )
}

/** The day of a date. Months and dates beyond their range roll over, as in `Date.UTC`, but years 0 to 99 are taken as such. */
export function dayOf(year: number, month: number, date: number): number {
  const made = new Date(0)
  made.setUTCFullYear(year, month, date)
  return Math.round(made.getTime() / DAY)
}

export function partsOf(day: number): DayParts {
  const date = new Date(day * DAY)
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth(),
    date: date.getUTCDate(),
    weekday: weekdayOf(day),
  }
}

/** 0 is Monday. 1 January 1970 was a Thursday. */
export const weekdayOf = (day: number): number => (((day + 3) % 7) + 7) % 7

/** Whether a month of that year has such a date: 31 April has not. */
export const isDate = (year: number, month: number, date: number): boolean =>
  Number.isInteger(date) && date >= 1 && date <= 31 && partsOf(dayOf(year, month, date)).month === month
