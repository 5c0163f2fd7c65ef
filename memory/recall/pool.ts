/**
 * Which memories are looked at closely for a question: the best by BM25, those around them in their sessions, and
 * the whole of the most promising sessions. Called by `ranking.ts`. Bounded by the weights, not by the store.
 */
import type { AskedWord, Question } from './query.ts'
import type { QueryTerm, RecallReader, Scored } from './recall-index.ts'
import type { RecallWeights } from './weights.ts'

/** So many memories before and after one say what it is about. */
const CONTEXT = 2

/** So many are looked at for a question that has a time and no words. */
const NEWEST = 16_384

/** A term that may stand for a word of the question. */
interface Standing extends QueryTerm {
  /** Index of the word. */
  readonly word: number
}

/** What the words of a question weigh in this store. */
export interface Asked {
  readonly terms: readonly Standing[]
  /** By word, inverse document frequency: what finding it tells. */
  readonly idf: Float64Array
  readonly idfSum: number
}

/** How well each word of the question stands in each memory: `docs` ascend, `match` has a row of words for each. */
export interface Matches {
  readonly docs: Uint32Array
  readonly rows: ReadonlyMap<number, number>
  /** 0: not at all; 1: once, in a memory of middling length; under 2. */
  readonly match: Float32Array
}

export interface Pool {
  /** Those to be ranked, ascending. */
  readonly docs: readonly number[]
  /** Of these and their neighbours. */
  readonly matches: Matches
}

export type Accept = (doc: number) => boolean

/** The weights of the question's words in this store. Inverse document frequency as in Robertson and Zaragoza, 2009. */
export function weigh(reader: RecallReader, words: readonly AskedWord[], weights: RecallWeights): Asked {
  const idfOf = (hash: number): number => {
    const stands = Math.min(reader.documentFrequency(hash), reader.live)
    return Math.log(1 + (reader.live - stands + 0.5) / (stands + 0.5))
  }
  const idf = Float64Array.from(words, ({ exact, frames }) => idfOf(exact) * (frames ? weights.frameWord : 1))
  const terms = words.flatMap((word, at) => {
    const standing = (hash: number, worth: number): Standing => ({
      hash,
      word: at,
      weight: worth * Math.min(1, idfOf(hash) / (idf[at] || 1)),
    })
    return [
      { hash: word.exact, word: at, weight: 1 },
      standing(word.family, weights.family),
      ...word.classes.map(each => standing(each, weights.classMember)),
    ]
  })
  const known = terms.filter(({ hash }) => reader.documentFrequency(hash) > 0)
  return { terms: known, idf, idfSum: idf.reduce((sum, each) => sum + each, 0) }
}

/**
 * The pool for a question; empty when the store has none of its words, nobody it names, and it names no time. `near`:
 * memories that an embedder found.
 */
export function poolOf(
  reader: RecallReader,
  question: Question,
  asked: Asked,
  weights: RecallWeights,
  accept: Accept,
  near: readonly Scored[] = [],
): Pool {
  const candidates = candidatesFor(reader, question, asked, weights, accept)
  const pool = new Set<number>(candidates)
  for (const { doc } of near) if (accept(doc)) pool.add(doc)
  const join = (doc: number): unknown => accept(doc) && pool.add(doc)
  for (const doc of candidates) around(reader, doc, weights.window, join)
  for (const doc of bestOfSessions(reader, matchesIn(reader, candidates, asked, weights), asked, weights))
    around(reader, doc, weights.sessionReach, join)
  const docs = [...pool].sort((a, b) => a - b)
  const context = new Set(docs)
  const surround = (doc: number): unknown => context.add(doc)
  for (const doc of docs) around(reader, doc, CONTEXT, surround)
  return { docs, matches: matchesIn(reader, Uint32Array.from(context).sort(), asked, weights) }
}

function candidatesFor(
  reader: RecallReader,
  question: Question,
  { terms }: Asked,
  weights: RecallWeights,
  accept: Accept,
): Uint32Array {
  const speakers = question.speakers.map(hash => ({ hash, weight: weights.speakerTerm }))
  const found = reader.top([...terms, ...speakers], weights.candidates, { bm25: weights.bm25, accept })
  const timed =
    terms.length === 0 && question.spans.length > 0 ? ofTime(reader, question, weights, accept) : []
  return Uint32Array.from(new Set([...found.map(({ doc }) => doc), ...timed])).sort()
}

/** "What happened yesterday?" has no words: the newest memories of that time, of those stored last. */
function ofTime(
  reader: RecallReader,
  { spans }: Question,
  weights: RecallWeights,
  accept: Accept,
): readonly number[] {
  const docs: number[] = []
  for (let doc = reader.end - 1; doc >= Math.max(0, reader.end - NEWEST); doc--) {
    if (docs.length >= weights.candidates) break
    if (!reader.alive(doc) || !accept(doc)) continue
    const at = reader.at(doc)
    if (spans.some(({ from, to }) => at >= from && at < to)) docs.push(doc)
  }
  return docs
}

/** Calls `visit` for up to `reach` memories before and after `doc` in its session. */
function around(reader: RecallReader, doc: number, reach: number, visit: (doc: number) => unknown): void {
  for (let left = reach, at = reader.prev(doc); left > 0 && at >= 0; left--, at = reader.prev(at)) visit(at)
  for (let left = reach, at = reader.next(doc); left > 0 && at >= 0; left--, at = reader.next(at)) visit(at)
}

function matchesIn(reader: RecallReader, docs: Uint32Array, asked: Asked, weights: RecallWeights): Matches {
  const { terms, idf } = asked
  const { k1, b } = weights.bm25
  const counts = reader.frequencies(terms, docs)
  const match = new Float32Array(docs.length * idf.length)
  for (let row = 0; row < docs.length; row++) {
    const norm = k1 * (1 - b + (b * reader.length(docs[row] as number)) / (reader.averageLength || 1))
    for (let column = 0; column < terms.length; column++) {
      const count = counts[row * terms.length + column] as number
      if (count === 0) continue
      const { word, weight } = terms[column] as Standing
      const cell = row * idf.length + word
      match[cell] = Math.max(match[cell] as number, (weight * count * (1 + k1)) / (count + norm))
    }
  }
  return { docs, rows: new Map(Array.from(docs, (doc, row) => [doc, row])), match }
}

/** The best candidate of each of the sessions in which the words of the question stand best. */
function bestOfSessions(
  reader: RecallReader,
  matches: Matches,
  asked: Asked,
  weights: RecallWeights,
): readonly number[] {
  const scores = sessionScores(reader, matches, asked)
  const best = new Map<number, { doc: number; score: number }>()
  for (const [row, doc] of matches.docs.entries()) {
    const score = rowScore(matches.match, row, asked)
    const session = reader.session(doc)
    if (score > (best.get(session)?.score ?? 0)) best.set(session, { doc, score })
  }
  return [...scores.entries()]
    .sort(([a, first], [b, second]) => second - first || b - a)
    .slice(0, weights.sessions)
    .flatMap(([session]) => best.get(session)?.doc ?? [])
}

/** How well the words stand in the sessions of these memories, taken together: 0 to 1 by session. */
export function sessionScores(
  reader: RecallReader,
  { docs, match }: Matches,
  { idf, idfSum }: Asked,
): ReadonlyMap<number, number> {
  const sums = new Map<number, Float64Array>()
  for (const [row, doc] of docs.entries()) {
    const session = reader.session(doc)
    const sum = sums.get(session) ?? new Float64Array(idf.length)
    sums.set(session, sum)
    for (let word = 0; word < idf.length; word++)
      sum[word] = (sum[word] as number) + (match[row * idf.length + word] as number)
  }
  const score = (sum: Float64Array): number =>
    sum.reduce((total, each, word) => total + ((idf[word] as number) * each) / (each + 1), 0) / (idfSum || 1)
  return new Map(Array.from(sums, ([session, sum]) => [session, score(sum)]))
}

/** The share of the question that stands in a memory: 0 to about 1. */
export function rowScore(match: Float32Array, row: number, { idf, idfSum }: Asked): number {
  let sum = 0
  for (let word = 0; word < idf.length; word++)
    sum += (idf[word] as number) * (match[row * idf.length + word] as number)
  return sum / (idfSum || 1)
}
