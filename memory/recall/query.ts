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

export interface Question {
  readonly words: readonly AskedWord[]
  /** Terms of the speakers it names. */
  readonly speakers: readonly number[]
  readonly spans: readonly TimeSpan[]
  readonly cue: Cue
  /** It asks what is so now, not what was or happened: of two answers the newer counts. */
  readonly present: boolean
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
  for (const [at, word] of wordsOf(text).entries()) {
    const lower = word.toLowerCase()
    const telling = isTelling(lower)
    const capital = /^\p{Lu}/u.test(word)
    const name = termHash(speakerTerm(lower))
    const isName = (telling || (at > 0 && capital)) && isSpeaker(name)
    if (isName) speakers.add(name)
    if (telling && !(isName && (capital || !anyCapital)) && words.size < MOST_ASKED_WORDS) {
      const stemmed = stem(lower)
      if (!words.has(stemmed)) words.set(stemmed, askedWord(stemmed))
    }
  }
  return {
    words: [...words.values()],
    speakers: [...speakers].slice(0, MOST_ASKED_NAMES),
    spans: askedTime(text, asked),
    cue: cueOf(text),
    present: PRESENT.test(text) && !PAST.test(text),
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

const PRESENT = /\b(?:is|are|am|does|do|'s|has|have|now|current|currently|latest|these days)\b/i
const PAST =
  /\b(?:did|was|were|had|used to|before|previous|previously|former|formerly|originally|earlier|until|ago|last|when|happened)\b/i

const cueOf = (question: string): Cue => CUES.find(([, pattern]) => pattern.test(question))?.[0] ?? 'other'
