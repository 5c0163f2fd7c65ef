/**
 * Every number of the ranking in one object, so that a store with other habits than two people chatting can have its
 * own. Read by `pool.ts`, `features.ts` and `ranking.ts`. How they were found: `docs/memory-ranking.md`.
 */
import type { Bm25 } from './recall-index.ts'

/** What is known of a memory for a question, from 0 to about 1 each; `features.ts` says how each is computed. */
export const FEATURES = [
  'wordCount',
  'context',
  'around',
  'answers',
  'earlier',
  'session',
  'speaker',
  'selfSaid',
  'whenTime',
  'time',
  'name',
  'wherePlace',
  'titleQuote',
  'afterSaid',
  'inTime',
  'inTimeWords',
  'newest',
  'asks',
  'courtesy',
  'importance',
  'recent',
  'fact',
  'insight',
  'elsewhere',
  'meaning',
] as const
export type Feature = (typeof FEATURES)[number]

/** What each of `FEATURES` says, for whoever reads an explained score. */
export const FEATURE_MEANINGS: Readonly<Record<Feature, string>> = {
  wordCount: 'how many words of the question stand in it, rare or not',
  context: 'words of the question stand in it or near it, rare ones counting more and near ones less',
  around: 'words of the question stand in it or within two memories of it',
  answers: 'it comes after somebody else asked with words of the question',
  earlier: 'words of the question stand two memories before it',
  session: 'its session speaks of the question more than others do',
  speaker: 'whoever the question names said it',
  selfSaid: 'whoever the question names said it of themselves',
  whenTime: 'the question asks when or how long, and it says a time',
  time: 'it says a time',
  name: 'it has a name in it',
  wherePlace: 'the question asks where, and it names a place',
  titleQuote: 'the question asks for a title or words, and it quotes some',
  afterSaid: 'the answer to it has words of the question, and whoever is named said it',
  inTime: 'it was said at the time that the question names, or soon after',
  inTimeWords: 'the same, and words of the question stand in it or near it',
  newest: 'the question asks what is so, or was so then, and another answer is newer',
  asks: 'it is a question itself',
  courtesy: 'it opens with a greeting, thanks or assent',
  importance: 'how far its importance is from the middle',
  recent: 'it is new',
  fact: 'it is a fact that holds and may be what is asked for, and words of the question stand in it',
  insight: 'it was concluded from others, which say it themselves',
  elsewhere: 'those whom the question names neither said it nor what is beside it, and are not named there',
  meaning: 'an embedder finds it near the question',
}

export interface RecallWeights {
  readonly bm25: Bm25
  /** How many memories BM25 hands over; those around them in their sessions that join; how many whole sessions join. */
  readonly candidates: number
  readonly window: number
  readonly sessions: number
  /** So many memories of a session before and after a candidate at most. */
  readonly sessionReach: number
  /** What a word of the same root, and one of the class that the question names, is worth beside the word itself. */
  readonly family: number
  readonly classMember: number
  /** What a word that only frames the question ("kind", "recently") is worth beside one that says what it is about. */
  readonly frameWord: number
  /** What standing in the name of the speaker is worth beside the words, when candidates are chosen. */
  readonly speakerTerm: number
  /** What a word in the memory before, after, two before and two after is worth beside one in the memory itself. */
  readonly near: {
    readonly before: number
    readonly after: number
    readonly earlier: number
    readonly later: number
  }
  /** How many days after a time that a question names a memory may still speak of it. */
  readonly toldWithinDays: number
  /** What each feature adds to the score. */
  readonly features: Readonly<Record<Feature, number>>
  /** A best score below it says that the store probably has no answer. */
  readonly known: number
}

/**
 * Learned on six conversations of LoCoMo and rounded, but for three that such a set cannot teach and that are set by
 * hand: `newest`, `importance` and `meaning`.
 */
export const RECALL_WEIGHTS: RecallWeights = {
  bm25: { k1: 0.9, b: 0.1 },
  candidates: 60,
  window: 1,
  sessions: 4,
  sessionReach: 64,
  family: 0.6,
  classMember: 0.7,
  frameWord: 0.3,
  speakerTerm: 0.5,
  near: { before: 0.6, after: 0.4, earlier: 0.3, later: 0 },
  toldWithinDays: 8,
  features: {
    wordCount: 0.09,
    context: 0.22,
    around: 0.18,
    answers: 0.12,
    earlier: 0.06,
    session: 0.07,
    speaker: 0.08,
    selfSaid: 0.04,
    whenTime: 0.12,
    time: 0.03,
    name: 0.03,
    wherePlace: 0.17,
    titleQuote: 0.1,
    afterSaid: 0.03,
    inTime: 0.2,
    inTimeWords: 0.25,
    newest: 0.5,
    asks: -0.03,
    courtesy: -0.02,
    importance: 0.05,
    recent: 0.01,
    fact: 0.1,
    insight: -0.2,
    elsewhere: -0.15,
    meaning: 0.25,
  },
  known: 0.35,
}
