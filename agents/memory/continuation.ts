/**
 * What a request says about earlier work: "continue", "as we discussed", "yesterday", "last week". Called before
 * something is looked up in a memory. It reads English and knows no memory: it says what to look for, and when.
 */
import { type TimeExpression, timeExpressions } from '../../memory/time/time-expressions.ts'

export interface Continuation {
  /** The request without the words that only point back; empty when it says nothing else ("Please continue."). */
  readonly query: string
  /** Absolute ms, `since` inclusive, `until` exclusive: the past that the request names. */
  readonly since?: number
  readonly until?: number
  /** It goes on with something, or refers to an earlier conversation. */
  readonly continues: boolean
}

/** Longer requests are material, not wishes: nothing after this many characters points back. */
const MOST_CHARACTERS = 4_000

const POLITE =
  "(?:(?:please|ok(?:ay)?|so|now|and|then|hi|hello|hey|let['’]?s|let us|can we|could we|can you|could you|would you|i(?: would|['’]d)? (?:like|want) (?:you )?to|we (?:should|can|need to)|to)[\\s,]{1,3})*"
const ORDERS = [
  'continue|carry on|keep going|go on|(?:go|get) back to|return to|pick(?:ing)? up|follow(?:ing)? up|build(?:ing)? on',
  // These are nouns and other verbs as well.
  '(?:resume|proceed)(?=\\s*(?:$|[.!?,]|(?:our|the|my|your|this|that|it|work|where|from|with)\\b))',
]
/** Orders to go on; they stand where a sentence begins, or they are about something else ("how do plants continue?"). */
const ORDER = new RegExp(
  `(?<=^\\s{0,3}|[.!?;:\\n]\\s{0,3})${POLITE}(?:${ORDERS.join('|')})\\b(?:\\s+(?:from|with|on)\\b)?(?:\\s+(?:where|what) we (?:left off|stopped|ended|had|did)\\b(?:\\s+(?:with|on|about)\\b)?)?`,
  'giu',
)
const SAID = '(?:told|said to|mentioned to|asked)\\s+(?:me|us|you)'
const SHARED =
  'discussed|said|talked about|spoke about|spoken about|mentioned|agreed(?: on)?|decided|planned|found|saw|established|did|covered'
const TALK = 'conversation|discussion|chat|session|meeting|call|talk|exchange'
/** Phrases that point back wherever they stand. */
const BACK = new RegExp(
  `[\\s,]{0,3}\\b(?:${[
    `(?:as|like|what|which|that|whatever)\\s+(?:we|you|i)(?:['’]ve|['’]d| have| had)?\\s+(?:already\\s+)?(?:${SAID}|${SHARED})`,
    '(?:as|like)\\s+(?:discussed|mentioned|agreed|said|stated|noted|planned)(?: (?:before|earlier|above|previously))?',
    '(?:from )?where we (?:left off|stopped)(?:\\s+(?:with|on))?',
    `(?:in|from|during|since) (?:our|the|my) (?:last|previous|earlier|prior) (?:${TALK})`,
    '(?:like|as|than|since|from) (?:the )?last time',
    'the last time (?:we|you) (?:spoke|talked|met)',
  ].join('|')})\\b`,
  'giu',
)
/** A question about what was said needs no order to go on. */
const ASKED =
  /\b(?:did|do|have|had) (?:we|you|i) (?:already )?(?:discuss|talk|say|said|tell|told|mention|agree|decide|plan|find|found|speak|spoken|cover|conclude|remember|learn)|\b(?:remember|recall) (?:what|when|that|how|our|the|my)\b|\b(?:our|my|the) (?:last|previous|earlier|prior) (?:conversation|discussion|chat|session|meeting|research|analysis|report|work|exchange)\b|\b(?:i|we|you) (?:told|asked|mentioned to|said to) (?:you|me|us)\b/iu

/**
 * What `text` asks for, seen from `now` (absolute ms, days in UTC). Times in the future, and years by number, which
 * are rather what a text is about than when it was spoken of, set no limits.
 */
export function resolveContinuation(text: string, now: number): Continuation {
  const read = text.slice(0, MOST_CHARACTERS)
  const ordered = read.replace(ORDER, ' ')
  const rest = ordered.replace(BACK, ' ')
  const continues = rest !== read || ASKED.test(read)
  const past = pastTimes(rest, now)
  const first = past.reduce((least, { from }) => Math.min(least, from), Number.POSITIVE_INFINITY)
  const last = past.reduce((most, { until }) => Math.max(most, until), Number.NEGATIVE_INFINITY)
  const query = continues ? without(rest, past) : read
  return {
    query: `${tidied(query)}${text.slice(MOST_CHARACTERS)}`,
    continues,
    ...(past.length > 0 && { since: first, until: Math.min(last, now) }),
  }
}

interface PastTime extends TimeExpression {
  readonly from: number
  readonly until: number
}

/** The times that lie in the past and are named as seen from now. */
function pastTimes(text: string, now: number): readonly PastTime[] {
  return timeExpressions(text, now, { look: 'back' })
    .filter(one => one.from < now && !/\d{3}/.test(one.text))
    .map(one => reach(one, now))
    .filter((one): one is PastTime => one !== undefined && one.from < one.until)
}

function reach(one: TimeExpression, now: number): PastTime | undefined {
  switch (one.relation) {
    case 'before':
      return { ...one, from: 0, until: one.from }
    case 'after':
      return one.until < now ? { ...one, from: one.until, until: now } : undefined
    case 'since': {
      // "The report from yesterday" is one of that day, "since yesterday" is all that came after it.
      const [day] = /^from\s/iu.test(one.text)
        ? timeExpressions(one.text.slice(5), now, { look: 'back' })
        : []
      return day ? { ...one, from: day.from, until: day.until } : one
    }
    default:
      return one
  }
}

function without(text: string, times: readonly TimeExpression[]): string {
  let kept = ''
  let at = 0
  for (const { index, text: written } of times) {
    kept += text.slice(at, index)
    at = index + written.length
  }
  return kept + text.slice(at)
}

/** What is left when words were taken out: no doubled spaces, no punctuation that hangs in the air. */
const tidied = (text: string): string =>
  text
    .replace(/[ \t]{2,}/g, ' ')
    .replace(/ +([.,;:!?])/g, '$1')
    .replace(/^[\s.,;:!?-]+/, '')
    .trim()
