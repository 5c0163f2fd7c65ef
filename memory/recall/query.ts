/**
 * What a question asks for: its words with what may stand for them, who it names, when, and what kind of answer it
 * wants. Called by `ranking.ts`; pure. It needs to be told which words are names of speakers of the store.
 */
import { askedTime, type TimeSpan } from './asked-time.ts'
import { termHash } from './term-hash.ts'
import { CLASSES_NAMED } from './word-classes.ts'
import { classTerm, familyTerm, isTelling, speakerTerm, stem, wordsOf } from './words.ts'

/** What a question wants to know. */
export type Cue = 'when' | 'where' | 'title' | 'other'

/** A word of a question, and the terms a memory may have for it. */
export interface AskedWord {
  readonly stem: string
  /** It says what kind of answer is wanted, not what about. */
  readonly frames: boolean
  readonly exact: number
  readonly family: number
  /** Of the classes it names: "pet" asks for dogs. */
  readonly classes: readonly number[]
}

/** A name in a question, as it stands in the words of a memory and as the speaker of one. */
export interface NamedOne {
  readonly exact: number
  readonly speaker: number
}

export interface Question {
  readonly words: readonly AskedWord[]
  /** Terms of the speakers it names. */
  readonly speakers: readonly number[]
  readonly spans: readonly TimeSpan[]
  readonly cue: Cue
  /** How far it asks what is so now, not what was or happened, so that of two answers the newer counts: 0, 0.5 or 1. */
  readonly present: number
  /**
   * It asks what was so in one of `spans` ("where did she live in March"): absolute ms of its end. What was said last
   * before it counts, also long before.
   */
  readonly heldUntil?: number
  /** It asks what was so before something else ("before she moved", "her former job"), so not what holds now. */
  readonly former: boolean
  /** The names in it, those of speakers and others: who or what it must be about. At most 8. */
  readonly names: readonly NamedOne[]
}

/** More words than a question has; the rest of what somebody pasted says nothing new. */
export const MOST_ASKED_WORDS = 24
const MOST_ASKED_NAMES = 8
const LONGEST_QUESTION = 4_000

/**
 * The question, seen from `asked` (absolute ms). `isSpeaker` is asked for the terms of words that may be names. A name
 * in lower case among words with capitals ("the assistant") is a name and a word.
 */
export function analyseQuestion(
  question: string,
  asked: number,
  isSpeaker: (term: number) => boolean,
): Question {
  const text = question.slice(0, LONGEST_QUESTION)
  const words = new Map<string, AskedWord>()
  const speakers = new Set<number>()
  const anyCapital = /\p{Lu}/u.test(text)
  const names = new Map<number, NamedOne>()
  for (const [at, word] of wordsOf(text.replaceAll(NOW_PHRASES, ' ')).entries()) {
    const lower = word.toLowerCase()
    const telling = isTelling(lower)
    const capital = /^\p{Lu}/u.test(word)
    const name = termHash(speakerTerm(lower))
    const isName = (telling || (at > 0 && capital)) && isSpeaker(name)
    if (isName) speakers.add(name)
    const isNamed = isName || (telling && capital && at > 0 && !TIME_NAME.test(word))
    if (isNamed && names.size < MOST_ASKED_NAMES)
      names.set(name, { exact: termHash(stem(lower)), speaker: name })
    if (telling && !(isName && (capital || !anyCapital)) && words.size < MOST_ASKED_WORDS) {
      const stemmed = stem(lower)
      if (!words.has(stemmed)) words.set(stemmed, askedWord(stemmed))
    }
  }
  const spans = askedTime(text, asked)
  const held = STATE.test(text) ? spans.find(({ from, to }) => to - from >= STATE_SPAN_MS) : undefined
  return {
    words: [...words.values()],
    speakers: [...speakers].slice(0, MOST_ASKED_NAMES),
    spans,
    cue: cueOf(text),
    present: PAST.test(text) ? 0 : NOW.test(text) ? 1 : PRESENT.test(text) ? PLAIN_PRESENT : 0,
    ...(held && { heldUntil: held.to }),
    former: FORMER.test(text),
    names: [...names.values()],
  }
}

/** They say what kind of answer is wanted, not what it is about. */
const FRAME_WORDS: ReadonlySet<string> = new Set(
  `kind type sort way name example reason thing something describe mention say tell talk discuss currently recently
during happen use different various specific main certain several many time new do did done have`
    .split(/\s+/)
    .map(stem),
)

const askedWord = (stemmed: string): AskedWord => ({
  stem: stemmed,
  frames: FRAME_WORDS.has(stemmed),
  exact: termHash(stemmed),
  family: termHash(familyTerm(stemmed)),
  classes: (CLASSES_NAMED.get(stemmed) ?? []).map(name => termHash(classTerm(name))),
})

const CUES: readonly (readonly [Cue, RegExp])[] = [
  ['when', /\bwhen\b|\bhow (?:long|old)\b|\b(?:what|which) (?:date|day|month|year|time)\b/i],
  ['where', /\bwhere\b|\b(?:what|which) (?:city|cities|country|countries|place|places|state|states|town)\b/i],
  [
    'title',
    /\b(?:books?|novels?|songs?|movies?|films?|shows?|series|titles?|called|named?|says?|said|quotes?)\b/i,
  ],
]

/** They say that the present is meant, and nothing that a memory would have. */
const NOW_PHRASES = /\b(?:these days|at present|at the moment|right now|nowadays)\b/gi
const TIME_NAME =
  /^(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|march|april|may|june|july|august|september|october|november|december)$/i

/** Verbs of what lasts, in the past: what somebody was, had or used, not what happened. */
const STATE =
  /\b(?:was|were)\b|\b(?:had|owned|lived|worked|used|handled|managed|led|ran)\b|\bdid\b.*\b(?:live|work|use|have|own|drive|ride|pay|rent|study|learn|play|follow|speak|wear|take|go to|like|prefer|attend|manage|lead|run)\b/i
/** A state is asked for in a month, a season or a year; what was so on a day mostly happened on it. */
const STATE_SPAN_MS = 20 * 86_400_000

const NOW = /\b(?:now|nowadays|current|currently|latest|today|these days|at present|at the moment)\b/i
const PRESENT = /\b(?:is|are|am|does|do|'s|has|have)\b/i
/** "What does he like?" may ask for all he ever said of it. */
const PLAIN_PRESENT = 0.25
const PAST =
  /\b(?:did|was|were|had|used to|before|previous|previously|former|formerly|originally|earlier|until|ago|last|when|happened)\b/i

/** "What should I know before I go?" is about no former state: a verb in the past has to stand before it. */
const FORMER =
  /\b(?:used to|previous|previously|former|formerly|originally)\b|\b(?:did|was|were|had)\b.*\b(?:before|until|earlier)\b/i

const cueOf = (question: string): Cue => CUES.find(([, pattern]) => pattern.test(question))?.[0] ?? 'other'
