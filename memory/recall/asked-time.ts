/**
 * The times a question speaks of: "in May 2023", "on 8 July", "last summer". Called by `query.ts`. A memory of what
 * happened then was mostly stored then or soon after, so the ranking looks at when it was stored.
 */
import { timeExpressions } from '../time/time-expressions.ts'

/** From inclusive to exclusive, absolute ms, UTC. */
export interface TimeSpan {
  readonly from: number
  readonly to: number
}

const YEAR_MS = 365.25 * 86_400_000
/** "The weekend before 10 April": that is near it, not any time before it. */
const NEAR_MS = 31 * 86_400_000
/** A month without a year may be that of any of so many years. */
const YEARS_BACK = 3
const YEAR = /\b(?:19|20)\d\d\b/
const MONTH = /\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)/i

/** The spans that `question` names, seen from `now` (absolute ms); empty when it names none. */
export function askedTime(question: string, now: number): readonly TimeSpan[] {
  return timeExpressions(question, now, { look: 'back' }).flatMap(({ from, until, relation, text }) => {
    if (relation === 'before') return [{ from: from - NEAR_MS, to: until }]
    if (relation === 'after') return [{ from, to: until + NEAR_MS }]
    if (!MONTH.test(text) || YEAR.test(question)) return [{ from, to: until }]
    return Array.from({ length: YEARS_BACK }, (_, back) => ({
      from: from - back * YEAR_MS,
      to: until - back * YEAR_MS,
    }))
  })
}
