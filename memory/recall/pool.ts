/**
 * Which memories are looked at closely for a question: the best by BM25, those around them in their sessions, and
 * the whole of the most promising sessions. Called by `ranking.ts`. Bounded by the weights, not by the store.
 */
import { inverseFrequency } from './bm25-term.ts'
import { type Asked, type Matches, matchesIn, rowOf, rowScore, type Standing } from './matches.ts'
import type { AskedWord, Question } from './query.ts'
import type { QueryTerm, RecallReader, Scored } from './recall-index.ts'
import type { RecallWeights } from './weights.ts'

/** So many are looked at for a question that has a time and no words. */
const NEWEST = 16_384

export interface Pool {
  /** Those to be ranked, ascending. */
  readonly docs: Uint32Array
  /** Of these, and of the two before and after each in its session, which say what it is about. */
  readonly matches: Matches
  /** By row of `matches`, the rows of those before and after it in its session; -1: none, or none that is there. */
  readonly before: Int32Array
  readonly after: Int32Array
}

export type Accept = (doc: number) => boolean

/** The weights of the question's words in this store. Inverse document frequency as in Robertson and Zaragoza, 2009. */
export function weigh(reader: RecallReader, words: readonly AskedWord[], weights: RecallWeights): Asked {
  const { live } = reader
  const terms: Standing[] = []
  const idf = new Float64Array(words.length)
  let idfSum = 0
  for (const [word, { exact, family, classes, frames }] of words.entries()) {
    const frequency = reader.documentFrequency(exact)
    const tells = inverseFrequency(live, Math.min(frequency, live)) * (frames ? weights.frameWord : 1)
    idf[word] = tells
    idfSum += tells
    if (frequency > 0) terms.push({ hash: exact, word, weight: 1 })
    const stand = (hash: number, worth: number): void => {
      const found = reader.documentFrequency(hash)
      if (found === 0) return
      const share = inverseFrequency(live, Math.min(found, live)) / (tells || 1)
      terms.push({ hash, word, weight: worth * Math.min(1, share) })
    }
    stand(family, weights.family)
    for (const each of classes) stand(each, weights.classMember)
  }
  return { terms, idf, idfSum }
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
  const speakers = question.speakers.map(hash => ({ hash, weight: weights.speakerTerm }))
  const candidates = candidatesFor(reader, question, asked, speakers, weights, accept)
  const pool = Array.from(candidates)
  for (const { doc } of near) if (accept(doc)) pool.push(doc)
  const join = (doc: number): void => {
    if (accept(doc)) pool.push(doc)
  }
  for (const doc of candidates) around(reader, doc, weights.window, join)
  const first = matchesIn(reader, candidates, asked, [], weights)
  for (const doc of bestOfSessions(first, asked, weights)) around(reader, doc, weights.sessionReach, join)
  const docs = ascending(pool)
  const context = withContext(reader, docs)
  const matches = matchesIn(reader, context, asked, question.names, weights)
  return { docs, matches, ...linksOf(reader, context) }
}

/** Sorted, each once. */
function ascending(docs: readonly number[]): Uint32Array {
  const sorted = Uint32Array.from(docs).sort()
  let size = 0
  for (let i = 0; i < sorted.length; i++) {
    if (i > 0 && sorted[i] === sorted[i - 1]) continue
    sorted[size++] = sorted[i] as number
  }
  return sorted.subarray(0, size)
}

/** With the two before and after each in its session: those beside it, and those beside them. */
function withContext(reader: RecallReader, docs: Uint32Array): Uint32Array {
  const beside: number[] = []
  const next = (doc: number, from: number): void => {
    if (doc >= 0 && rowOf(docs, doc, from) < 0) beside.push(doc)
  }
  for (let row = 0; row < docs.length; row++) {
    next(reader.prev(docs[row] as number), row - 1)
    next(reader.next(docs[row] as number), row + 1)
  }
  for (let nth = beside.length - 1; nth >= 0; nth--) {
    next(reader.prev(beside[nth] as number), -1)
    next(reader.next(beside[nth] as number), -1)
  }
  return ascending([...docs, ...beside])
}

function linksOf(reader: RecallReader, docs: Uint32Array): Pick<Pool, 'before' | 'after'> {
  const [before, after] = [new Int32Array(docs.length), new Int32Array(docs.length)]
  for (let row = 0; row < docs.length; row++) {
    before[row] = rowOf(docs, reader.prev(docs[row] as number), row - 1)
    after[row] = rowOf(docs, reader.next(docs[row] as number), row + 1)
  }
  return { before, after }
}

function candidatesFor(
  reader: RecallReader,
  question: Question,
  { terms }: Asked,
  speakers: readonly QueryTerm[],
  weights: RecallWeights,
  accept: Accept,
): Uint32Array {
  const found = reader.top([...terms, ...speakers], weights.candidates, { bm25: weights.bm25, accept })
  const timed =
    terms.length === 0 && question.spans.length > 0 ? ofTime(reader, question, weights, accept) : []
  return ascending([...found.map(({ doc }) => doc), ...timed])
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

/** The best candidate of each of the sessions in which the words of the question stand best. */
function bestOfSessions(
  { docs, match, sessionOf, sessions, sessionScores }: Matches,
  asked: Asked,
  weights: RecallWeights,
): readonly number[] {
  const best = new Int32Array(sessions.length).fill(-1)
  const scores = new Float64Array(sessions.length)
  for (let row = 0; row < docs.length; row++) {
    const score = rowScore(match, row, asked)
    const session = sessionOf[row] as number
    if (score <= (scores[session] as number)) continue
    scores[session] = score
    best[session] = docs[row] as number
  }
  return Array.from(sessions.keys())
    .sort(
      (a, b) =>
        (sessionScores[b] as number) - (sessionScores[a] as number) ||
        (sessions[b] as number) - (sessions[a] as number),
    )
    .slice(0, weights.sessions)
    .map(session => best[session] as number)
    .filter(doc => doc >= 0)
}
