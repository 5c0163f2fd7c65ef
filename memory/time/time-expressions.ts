/**
 * The times that an English text names, as stretches of real time: "yesterday", "in May", "two days ago", "since
 * 2019". Called when facts are read from what somebody said and when a question is ranked. Pure: the moment is a
 * parameter. What it is not sure about ("03/04/2024", "May" without more) it leaves out.
 */
import { readBareTime, readThird } from './bare-times.ts'
import { type Calendar, LAST, partsOf, utc } from './calendar.ts'
import { isWord, type Moment, meaning, type Reading, type Words } from './stretches.ts'
import { readTime } from './time-rules.ts'
import { timeTokens } from './time-words.ts'

/**
 * `since`: `until` reaches to now. `before` and `after`: the stretch is the one that is named, so "before May" is
 * that May and this word.
 */
export type TimeRelation = 'in' | 'since' | 'before' | 'after'

export interface TimeExpression {
  /** Absolute ms, inclusive. */
  readonly from: number
  /** Absolute ms, exclusive, after `from`. */
  readonly until: number
  /** As written, with its preposition: `text.slice(index, index + length)`. */
  readonly text: string
  readonly index: number
  readonly relation: TimeRelation
}

export interface TimeOptions {
  /** Whose days are meant. Default: UTC. */
  readonly calendar?: Calendar
  /**
   * Which one "Friday" or "May" is, where nothing says so. Default: the last one, except after "will", "plan", "due"
   * and the like.
   */
  readonly look?: 'back' | 'ahead'
}

/**
 * The times named in `text`, in order, not overlapping, as seen from `now` (absolute ms). Weeks begin on Monday,
 * seasons are those of the north. Takes time in proportion to the length of the text.
 */
export function timeExpressions(text: string, now: number, options: TimeOptions = {}): TimeExpression[] {
  if (!(Math.abs(now) <= LAST / 2)) return []
  const words = timeTokens(text)
  const moments = momentsAt(now, options)
  const out: TimeExpression[] = []
  let at = 0
  while (at < words.length) {
    const found = mayBegin(words, at) ? readAt(words, at, moments(words, at)) : undefined
    const start = words[at]?.start ?? 0
    const end = found === undefined ? 0 : (words[found.next - 1]?.end ?? 0)
    if (found !== undefined && isReal(found))
      out.push({
        from: found.from,
        until: found.until,
        text: text.slice(start, end),
        index: start,
        relation: found.relation,
      })
    at = found === undefined ? at + 1 : found.next
  }
  return out
}

const isReal = ({ from, until }: Reading): boolean =>
  from < until && Math.abs(from) <= LAST && Math.abs(until) <= LAST

const OPENERS = new Set([
  'the',
  'day',
  'between',
  'tonight',
  'christmas',
  'boxing',
  'halloween',
  'thanksgiving',
  'new',
  "valentine's",
  'valentine’s',
])

const mayBegin = (words: Words, at: number): boolean =>
  words[at]?.meaning !== undefined || OPENERS.has(words[at]?.word ?? '')

interface RelatedReading extends Reading {
  readonly relation: TimeRelation
}

function readAt(words: Words, at: number, moment: Moment): RelatedReading | undefined {
  const range = readRange(words, at, moment)
  if (range !== undefined) return { ...range, relation: 'in' }
  const alone = readTime(words, at, moment) ?? readThird(words, at, moment)
  if (alone !== undefined) return { ...alone, relation: 'in' }
  const preposition = meaning(words, at, 'relation')
  if (preposition === undefined || words[at + 1]?.spaced !== true) return undefined
  const found =
    readThird(words, at + 1, moment) ??
    readTime(words, at + 1, moment) ??
    readBareTime(words, at + 1, moment, words[at]?.word ?? '')
  if (found === undefined) return undefined
  const { relation } = preposition
  return relation === 'since'
    ? { ...found, until: Math.max(found.until, moment.now), relation }
    : { ...found, relation }
}

/** "From 2019 to 2021", "between May and July", "from Monday until Friday". */
function readRange(words: Words, at: number, moment: Moment): Reading | undefined {
  const word = words[at]?.word
  if ((word !== 'from' && word !== 'between') || words[at + 1]?.spaced !== true) return undefined
  const one = readTime(words, at + 1, moment) ?? readBareTime(words, at + 1, moment, 'in')
  if (one === undefined) return undefined
  const isLink =
    word === 'from'
      ? isWord(words, one.next, 'to', 'until', 'till', 'through')
      : isWord(words, one.next, 'and')
  if (!isLink || words[one.next + 1]?.spaced !== true) return undefined
  const two = readTime(words, one.next + 1, moment) ?? readBareTime(words, one.next + 1, moment, 'in')
  return two === undefined || two.until <= one.from
    ? undefined
    : { from: one.from, until: two.until, next: two.next }
}

/** Reads the clock and the calendar once for a text; whether it looks ahead is asked at every expression. */
function momentsAt(now: number, { calendar = utc, look }: TimeOptions): (words: Words, at: number) => Moment {
  const today = calendar.day(now)
  const back: Moment = { now, calendar, today, parts: partsOf(today), ahead: false }
  const ahead: Moment = { ...back, ahead: true }
  return (words, at) => ((look === undefined ? looksAhead(words, at) : look === 'ahead') ? ahead : back)
}

const AHEAD =
  /^(?:will|shall|gonna|going|plan|plans|planning|due|deadline|scheduled|upcoming|tomorrow|let['’]s|\w+['’]ll|hope|until|till|by|expires|booked)$/
/** How far back a word may stand that turns the look ahead. */
const REACH = 12

function looksAhead(words: Words, at: number): boolean {
  for (let before = at; before >= Math.max(0, at - REACH); before--)
    if (AHEAD.test(words[before]?.word ?? '')) return true
  return false
}
