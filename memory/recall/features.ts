/**
 * What is known of each memory of the pool for a question, as a row of numbers in the order of `FEATURES`. Called by
 * `ranking.ts` and by the bench, which learns the weights of these rows. It reads the index only, never a text.
 */
import { type Asked, type Pool, rowScore, sessionScores } from './pool.ts'
import type { Question } from './query.ts'
import type { RecallReader } from './recall-index.ts'
import { FLAGS } from './turn-flags.ts'
import { FEATURES, type Feature, type RecallWeights } from './weights.ts'

const DAY_MS = 86_400_000

/** What the features of every memory of a pool are computed from. */
interface Scene {
  readonly reader: RecallReader
  readonly question: Question
  readonly asked: Asked
  readonly pool: Pool
  readonly weights: RecallWeights
  readonly sessions: ReadonlyMap<number, number>
  readonly bestSession: number
  /** 1 for the memories of `matches.docs` that a speaker whom the question names has said. */
  readonly said: Uint8Array
}

/** A memory and those around it in its session, as rows of `matches`; -1: there is none. */
interface Place {
  readonly doc: number
  readonly row: number
  readonly before: number
  readonly earlier: number
  readonly after: number
  readonly later: number
}

/** Where the features of one memory go. */
interface Row {
  readonly values: Float64Array
  readonly start: number
}

const COLUMN = Object.fromEntries(FEATURES.map((feature, at) => [feature, at])) as Record<Feature, number>

export interface FeatureOptions {
  readonly weights: RecallWeights
  /** Absolute ms: when the question is asked. */
  readonly now: number
  /** How near an embedder finds each of `pool.docs`: 0 to 1. */
  readonly closeness?: Float32Array | undefined
}

/** The rows of features of `pool.docs`, one after the other. */
export function featuresOf(
  reader: RecallReader,
  question: Question,
  asked: Asked,
  pool: Pool,
  { weights, now, closeness }: FeatureOptions,
): Float64Array {
  const sessions = sessionScores(reader, pool.matches, asked)
  const scene: Scene = {
    ...{ reader, question, asked, pool, weights, sessions },
    bestSession: Math.max(1e-9, ...sessions.values()),
    said: saidBy(reader, question.speakers, pool.matches.docs),
  }
  const values = new Float64Array(pool.docs.length * FEATURES.length)
  for (let nth = 0; nth < pool.docs.length; nth++) {
    const doc = pool.docs[nth] as number
    const row: Row = { values, start: nth * FEATURES.length }
    const place = placeOf(scene, doc)
    const { context, around } = putWords(scene, place, row)
    putSaying(scene, place, row)
    const inTime = timeMatch(reader.at(doc), scene)
    put(row, 'newest', question.present ? context * (recency(reader.at(doc), now) - 0.5) : 0)
    put(row, 'inTime', inTime)
    put(row, 'inTimeWords', inTime * around)
    put(row, 'meaning', closeness?.[nth] ?? 0)
  }
  return values
}

function put({ values, start }: Row, feature: Feature, value: number): void {
  values[start + COLUMN[feature]] = value
}

function saidBy(reader: RecallReader, speakers: readonly number[], docs: Uint32Array): Uint8Array {
  const said = new Uint8Array(docs.length)
  if (speakers.length === 0) return said
  const terms = speakers.map(hash => ({ hash, weight: 1 }))
  for (const [cell, count] of reader.frequencies(terms, docs).entries())
    if (count > 0) said[Math.floor(cell / speakers.length)] = 1
  return said
}

function placeOf({ reader, pool }: Scene, doc: number): Place {
  const { rows } = pool.matches
  const before = reader.prev(doc)
  const after = reader.next(doc)
  return {
    doc,
    row: rows.get(doc) ?? -1,
    before: rows.get(before) ?? -1,
    earlier: before < 0 ? -1 : (rows.get(reader.prev(before)) ?? -1),
    after: rows.get(after) ?? -1,
    later: after < 0 ? -1 : (rows.get(reader.next(after)) ?? -1),
  }
}

/** How the words of the question stand in the memory and around it. */
function putWords(scene: Scene, place: Place, row: Row): NearWords {
  const { asked, pool, question, reader, sessions } = scene
  const { match, docs } = pool.matches
  const near = nearWords(scene, place)
  const isAsked = place.before >= 0 && hasFlag(reader.flags(docs[place.before] as number), FLAGS.asks) === 1
  const after = place.after >= 0 && scene.said[place.row] === 1 ? rowScore(match, place.after, asked) : 0
  put(row, 'wordCount', near.count / Math.max(1, question.words.length))
  put(row, 'context', near.context)
  put(row, 'around', near.around)
  put(row, 'answers', isAsked ? rowScore(match, place.before, asked) : 0)
  put(row, 'earlier', place.earlier >= 0 ? rowScore(match, place.earlier, asked) : 0)
  put(row, 'afterSaid', after)
  put(row, 'session', (sessions.get(reader.session(place.doc)) ?? 0) / scene.bestSession)
  return near
}

interface NearWords {
  readonly context: number
  readonly around: number
  readonly count: number
}

/** Word by word, the best place of each in the memory and the four around it. */
function nearWords({ asked, pool, weights }: Scene, place: Place): NearWords {
  const { idf, idfSum } = asked
  const { match } = pool.matches
  const { near } = weights
  let [context, around, count] = [0, 0, 0]
  for (let word = 0; word < idf.length; word++) {
    const own = matchAt(match, place.row, word, idf.length)
    const before = matchAt(match, place.before, word, idf.length)
    const after = matchAt(match, place.after, word, idf.length)
    const earlier = matchAt(match, place.earlier, word, idf.length)
    const later = matchAt(match, place.later, word, idf.length)
    const nearest = Math.max(own, near.before * before, near.after * after)
    const tells = idf[word] as number
    context += tells * Math.max(nearest, near.earlier * earlier, near.later * later)
    around += tells * Math.min(1, Math.max(own, before, after, earlier, later))
    if (own > 0) count++
  }
  return { context: context / (idfSum || 1), around: around / (idfSum || 1), count }
}

const matchAt = (match: Float32Array, row: number, word: number, words: number): number =>
  row < 0 ? 0 : (match[row * words + word] as number)

const hasFlag = (flags: number, flag: number): 0 | 1 => ((flags & flag) === 0 ? 0 : 1)

/** Who says it, and what kind of sentence it is, beside what kind of answer is wanted. */
function putSaying({ reader, question, said }: Scene, place: Place, row: Row): void {
  const flags = reader.flags(place.doc)
  const speaker = said[place.row] as number
  put(row, 'speaker', speaker)
  put(row, 'selfSaid', speaker * hasFlag(flags, FLAGS.self))
  put(row, 'time', hasFlag(flags, FLAGS.time))
  put(row, 'name', hasFlag(flags, FLAGS.name))
  put(row, 'asks', hasFlag(flags, FLAGS.asks))
  put(row, 'courtesy', hasFlag(flags, FLAGS.courtesy))
  put(row, 'whenTime', question.cue === 'when' ? hasFlag(flags, FLAGS.time) : 0)
  put(row, 'wherePlace', question.cue === 'where' ? hasFlag(flags, FLAGS.place) : 0)
  put(row, 'titleQuote', question.cue === 'title' ? hasFlag(flags, FLAGS.quote) : 0)
  put(row, 'importance', reader.importance(place.doc) - 0.5)
}

/** 1 today, 0 after ten years, a half after two months: what matters is how many times older. */
const recency = (at: number, now: number): number =>
  Math.max(0, 1 - Math.log1p(Math.max(0, now - at) / DAY_MS) / Math.log1p(3_650))

/** 1 when `at` lies in a time that the question names, less the later after it; 0 when it names none. */
function timeMatch(at: number, { question, weights }: Scene): number {
  const slack = weights.toldWithinDays * DAY_MS
  let best = 0
  for (const { from, to } of question.spans) {
    if (at >= from && at < to) return 1
    if (at >= to && at < to + slack) best = Math.max(best, 1 - (at - to) / slack)
  }
  return best
}
