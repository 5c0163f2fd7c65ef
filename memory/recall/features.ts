/**
 * What is known of each memory of the pool for a question, as a row of numbers in the order of `FEATURES`. Called by
 * `ranking.ts` and by the bench, which learns the weights of these rows. It reads the index only, never a text.
 */
import { type Asked, rowOf, rowScore } from './matches.ts'
import type { Pool } from './pool.ts'
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
  readonly bestSession: number
  /** Where the features go: a row of them for each memory of the pool. */
  readonly values: Float64Array
}

/** A memory and those around it in its session, as rows of `matches`; -1: there is none. Written anew for each memory. */
interface Place {
  doc: number
  /** Of its features, the first. */
  start: number
  row: number
  before: number
  earlier: number
  after: number
  later: number
}

const WIDTH = FEATURES.length
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
  const values = new Float64Array(pool.docs.length * WIDTH)
  const bestSession = pool.matches.sessionScores.reduce((most, score) => Math.max(most, score), 1e-9)
  const scene: Scene = { reader, question, asked, pool, weights, bestSession, values }
  const place: Place = { doc: -1, start: 0, row: -1, before: -1, earlier: -1, after: -1, later: -1 }
  for (let nth = 0; nth < pool.docs.length; nth++) {
    putAt(place, pool, nth)
    putWords(scene, place)
    putSaying(scene, place)
    putTime(scene, place, now)
    putKind(scene, place)
    putAbout(scene, place)
    if (closeness) values[place.start + COLUMN.meaning] = closeness[nth] as number
  }
  putNewest(scene, now)
  return values
}

function putAt(place: Place, { docs, matches, before, after }: Pool, nth: number): void {
  place.doc = docs[nth] as number
  place.start = nth * WIDTH
  place.row = rowOf(matches.docs, place.doc, place.row + 1)
  place.before = before[place.row] as number
  place.after = after[place.row] as number
  place.earlier = place.before < 0 ? -1 : (before[place.before] as number)
  place.later = place.after < 0 ? -1 : (after[place.after] as number)
}

/** How the words of the question stand in the memory and around it. */
function putWords(scene: Scene, place: Place): void {
  const { asked, pool, reader, values } = scene
  const { match, saidBits, docs, sessionOf, sessionScores } = pool.matches
  const { start, row, before, earlier, after } = place
  putNearWords(scene, place)
  if (before >= 0 && (reader.flags(docs[before] as number) & FLAGS.asks) !== 0)
    values[start + COLUMN.answers] = rowScore(match, before, asked)
  if (earlier >= 0) values[start + COLUMN.earlier] = rowScore(match, earlier, asked)
  if (after >= 0 && saidBits[row] !== 0) values[start + COLUMN.afterSaid] = rowScore(match, after, asked)
  const session = sessionScores[sessionOf[row] as number] as number
  values[start + COLUMN.session] = session / scene.bestSession
}

/** Word by word, the best place of each in the memory and the four around it. */
function putNearWords({ asked, pool, weights, values }: Scene, place: Place): void {
  const { idf } = asked
  const idfSum = asked.idfSum || 1
  const { match } = pool.matches
  const { near } = weights
  const words = idf.length
  let [context, around, count] = [0, 0, 0]
  for (let word = 0; word < words; word++) {
    const own = matchAt(match, place.row, word, words)
    const before = matchAt(match, place.before, word, words)
    const after = matchAt(match, place.after, word, words)
    const earlier = matchAt(match, place.earlier, word, words)
    const later = matchAt(match, place.later, word, words)
    const nearest = Math.max(own, near.before * before, near.after * after)
    const tells = idf[word] as number
    context += tells * Math.max(nearest, near.earlier * earlier, near.later * later)
    around += tells * Math.min(1, Math.max(own, before, after, earlier, later))
    if (own > 0) count++
  }
  values[place.start + COLUMN.context] = context / idfSum
  values[place.start + COLUMN.around] = around / idfSum
  values[place.start + COLUMN.wordCount] = count / Math.max(1, words)
}

const matchAt = (match: Float32Array, row: number, word: number, words: number): number =>
  row < 0 ? 0 : (match[row * words + word] as number)

/** Who says it, and what kind of sentence it is, beside what kind of answer is wanted. */
function putSaying({ reader, question, pool, values }: Scene, { doc, row, start }: Place): void {
  const flags = reader.flags(doc)
  const has = (flag: number): 0 | 1 => ((flags & flag) === 0 ? 0 : 1)
  const speaker = pool.matches.saidBits[row] === 0 ? 0 : 1
  values[start + COLUMN.speaker] = speaker
  values[start + COLUMN.selfSaid] = speaker * has(FLAGS.self)
  values[start + COLUMN.time] = has(FLAGS.time)
  values[start + COLUMN.name] = has(FLAGS.name)
  values[start + COLUMN.asks] = has(FLAGS.asks)
  values[start + COLUMN.courtesy] = has(FLAGS.courtesy)
  values[start + COLUMN.whenTime] = question.cue === 'when' ? has(FLAGS.time) : 0
  values[start + COLUMN.wherePlace] = question.cue === 'where' ? has(FLAGS.place) : 0
  values[start + COLUMN.titleQuote] = question.cue === 'title' ? has(FLAGS.quote) : 0
  values[start + COLUMN.importance] = reader.importance(doc) - 0.5
}

/** When it was said, beside the time that the question names and the present. */
function putTime(scene: Scene, { doc, start }: Place, now: number): void {
  const { reader, question, values } = scene
  const at = reader.at(doc)
  values[start + COLUMN.recent] = recency(at, now) - 0.5
  if (question.heldUntil !== undefined || question.spans.length === 0) return
  const inTime = timeMatch(at, scene)
  values[start + COLUMN.inTime] = inTime
  values[start + COLUMN.inTimeWords] = inTime * (values[start + COLUMN.around] as number)
}

/** A memory with such a share of what the best has of the question is about as good an answer. */
const ALIKE = 0.6

/**
 * How much older each is than the newest of those that have the words of the question about as well: 0 or below. So
 * the age of an answer that nothing contradicts takes nothing off its score.
 */
function putNewest({ reader, question, pool, values }: Scene, now: number): void {
  const { heldUntil, present } = question
  const worth = heldUntil === undefined ? present : 1
  if (worth === 0) return
  const until = heldUntil ?? now
  const contextOf = (nth: number): number => values[nth * WIDTH + COLUMN.context] as number
  const newness = Float64Array.from(pool.docs, doc => {
    const at = reader.at(doc)
    return at <= until ? recency(at, until) : 0
  })
  let [most, newest] = [0, 0]
  for (let nth = 0; nth < newness.length; nth++) most = Math.max(most, contextOf(nth))
  for (let nth = 0; nth < newness.length; nth++)
    if (contextOf(nth) >= ALIKE * most) newest = Math.max(newest, newness[nth] as number)
  for (let nth = 0; nth < newness.length; nth++)
    values[nth * WIDTH + COLUMN.newest] =
      worth * contextOf(nth) * Math.min(0, (newness[nth] as number) - newest)
}

/** Whether those whom the question names said it or are named in it, or in one of those beside it. */
function putAbout({ pool, question, values }: Scene, { start, row, before, after }: Place): void {
  const count = question.names.length
  if (count === 0) return
  const { saidBits, namedBits } = pool.matches
  let bits = (saidBits[row] as number) | (namedBits[row] as number)
  if (before >= 0) bits |= (saidBits[before] as number) | (namedBits[before] as number)
  if (after >= 0) bits |= (saidBits[after] as number) | (namedBits[after] as number)
  let found = 0
  for (let rest = bits; rest > 0; rest >>= 1) found += rest & 1
  values[start + COLUMN.elsewhere] = 1 - found / count
}

/**
 * What was derived: a fact beside the episode it came from, an insight behind those it follows from. A fact that holds
 * is no better than its episode where it cannot be what is asked for.
 */
function putKind({ reader, question, values }: Scene, { doc, start }: Place): void {
  const kind = reader.kind(doc)
  if (kind === 'episode') return
  const context = values[start + COLUMN.context] as number
  if (kind === 'insight') values[start + COLUMN.insight] = context
  else if (!reader.ended(doc) && heldThen(reader.at(doc), question)) values[start + COLUMN.fact] = context
}

/** Whether what holds, and was said at `at` first, may have been so at the time that the question is about. */
const heldThen = (at: number, { former, heldUntil }: Question): boolean =>
  heldUntil === undefined ? !former : at <= heldUntil

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
