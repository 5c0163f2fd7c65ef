/**
 * What can be seen of a memory's text at writing that says which questions it may answer, in 16 bits. Called by
 * the index for each memory; read by `features.ts`. English. It looks at the text only, never at other memories.
 */
import { wordsOf } from './words.ts'

export const FLAGS = {
  /** It ends in a question: the answer comes after it. */
  asks: 1,
  /** It says when, if only roughly: "yesterday", "for three years", "in May". */
  time: 2,
  /** It has a name: a capital within a sentence. */
  name: 4,
  /** Somebody speaks of themselves. */
  self: 8,
  /** It opens with a greeting, thanks or assent, and may say nothing else. */
  courtesy: 16,
  /** It names a place, or something after "in", "at", "to" or "from". */
  place: 32,
  /** It quotes a title or words of somebody. */
  quote: 64,
} as const

/** No memory is looked at further than this: flags are for sentences, not for books. */
const LOOKED_AT = 4_000

const DAY = '(?:mon|tues|wednes|thurs|fri|satur|sun)day'
const MONTH =
  'january|february|march|april|june|july|august|september|october|november|december|(?:in|of|last|this|next|since|until|early|late|mid|\\d) may'
const SEASON = 'summer|winter|spring|fall|autumn'
const DATE = new RegExp(
  `\\b(?:yesterday|today|tonight|tomorrow|ago|last \\w+|this (?:week|month|year|weekend|morning|afternoon|evening|past|${SEASON})|next (?:week|month|year|weekend|${SEASON}|${DAY})|${DAY}|${MONTH}|(?:19|20)\\d\\d|\\d{1,2}(?:st|nd|rd|th))\\b`,
  'i',
)
const SPAN =
  /\b(?:recently|lately|since|years?|months?|weeks?|weekends?|days?|few hours|when i was|just (?:got|went|started|finished|had|did|came|joined|bought|made|moved|signed))\b/i
const NAME = /(?<![.!?:]\s|^|["“]\s?)(?<![\p{L}\p{N}'])(?!I\b)\p{Lu}\p{L}+/u
const SELF = /\b(?:i|i'm|i've|i'd|i'll|my|mine|me|we|our|we're|we've|us)\b/i
const COURTESY =
  /^\W*(?:hey|hi|hello|wow|thanks|thank|cool|awesome|great|nice|yeah|sounds|that's|bye|good|glad|congrats|congratulations|no problem|sure|definitely|absolutely|totally|take care)\b/i

const PLACE =
  /\b(?:in|at|to|from|near|around|visit|visited|visiting|explore|explored|toured) (?:the )?(?!I\b)\p{Lu}\p{L}+/u
const QUOTE = /["“][^"”]{2,80}["”]/

const TESTS: readonly (readonly [number, (text: string) => boolean])[] = [
  [FLAGS.asks, text => /\?[\s\p{Pe}\p{Pf}"'\p{Extended_Pictographic}]*$/u.test(text)],
  [FLAGS.time, text => DATE.test(text) || SPAN.test(text)],
  [FLAGS.name, text => NAME.test(text)],
  [FLAGS.self, text => SELF.test(text)],
  [FLAGS.courtesy, text => COURTESY.test(text)],
  [FLAGS.place, text => PLACE.test(text)],
  [FLAGS.quote, text => QUOTE.test(text)],
]

/** The bits of `FLAGS` that hold of `text`. What stands in square brackets, such as "[a photo of …]", is not said. */
export function turnFlags(text: string): number {
  const said = text
    .slice(0, LOOKED_AT)
    .replaceAll(/\[[^\]]*\]/g, ' ')
    .replaceAll('’', "'")
    .trim()
  if (wordsOf(said).length === 0) return 0
  return TESTS.reduce((flags, [bit, holds]) => (holds(said) ? flags | bit : flags), 0)
}
