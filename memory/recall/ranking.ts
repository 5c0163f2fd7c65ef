/**
 * The memories that answer a question best, with a score that can be compared between questions. Called by the store
 * for `recall`; the bench calls `prepare` to learn weights. No model: words, who spoke, when, and what stands around.
 * It fetches no texts and looks at no more memories than the pool holds.
 */
import { bestOf, offer, ranked } from './best.ts'
import { featuresOf } from './features.ts'
import { type Accept, poolOf, weigh } from './pool.ts'
import { analyseQuestion } from './query.ts'
import type { RecallReader, Scored } from './recall-index.ts'
import { FEATURES, RECALL_WEIGHTS, type RecallWeights } from './weights.ts'

/** What an embedder says of the question: `vectorScores` makes it. */
export interface Nearness {
  readonly near: readonly Scored[]
  /** 0 to 1 for each of `docs`. */
  closeness(docs: Uint32Array): Float32Array
}

export interface PrepareOptions {
  /** Absolute ms: what "yesterday" and recency are reckoned from. */
  readonly now: number
  /** Leaves memories out. Those around a memory still say what it is about. Default: all. */
  readonly accept?: Accept
  readonly vectors?: Nearness
  /** Default: `RECALL_WEIGHTS`. */
  readonly weights?: RecallWeights
}

export interface RankingOptions extends PrepareOptions {
  readonly limit: number
  readonly explain?: boolean
}

export interface RankedMemory {
  readonly doc: number
  /** 0 to 1. */
  readonly score: number
  /** By feature; what adds nothing is left out. They sum to `score`. */
  readonly parts?: Readonly<Record<string, number>>
}

/** The pool of a question: memories that may answer it, and what is known of each. */
export interface Prepared {
  /** Ascending. */
  readonly docs: Uint32Array
  /** A row of `FEATURES` for each. */
  readonly rows: Float64Array
}

/** The best `limit` memories for `query`, best first, of equal ones the newer first; none when no word of it is known. */
export function rank(reader: RecallReader, query: string, options: RankingOptions): readonly RankedMemory[] {
  const { docs, rows } = prepare(reader, query, options)
  const weights = vectorOf(options.weights ?? RECALL_WEIGHTS)
  const best = bestOf(Math.max(0, Math.min(options.limit, docs.length)))
  for (let row = 0; best.scores.length > 0 && row < docs.length; row++) {
    const sum = sumOf(rows, row, weights)
    if (sum > 0) offer(best, sum, row)
  }
  return ranked(best).map(({ doc: row, score: sum }) => {
    const score = Math.min(1, sum)
    const parts = options.explain === true ? { parts: partsOf(rows, row, weights, score / sum) } : {}
    return { doc: docs[row] as number, score, ...parts }
  })
}

/** The pool and its features, before any weight of a feature counts. */
export function prepare(reader: RecallReader, query: string, options: PrepareOptions): Prepared {
  const { now, weights = RECALL_WEIGHTS, vectors, accept = () => true } = options
  const question = analyseQuestion(query, now, term => reader.documentFrequency(term) > 0)
  const asked = weigh(reader, question.words, weights)
  const pool = poolOf(reader, question, asked, weights, accept, vectors?.near)
  const { docs } = pool
  const closeness = vectors?.closeness(docs)
  return { docs, rows: featuresOf(reader, question, asked, pool, { weights, now, closeness }) }
}

const vectorOf = ({ features }: RecallWeights): Float64Array =>
  Float64Array.from(FEATURES, feature => features[feature])

function sumOf(rows: Float64Array, row: number, weights: Float64Array): number {
  let sum = 0
  for (let column = 0; column < weights.length; column++)
    sum += (weights[column] as number) * (rows[row * weights.length + column] as number)
  return sum
}

/** `scale`: a sum above 1 is a score of 1, and its parts shrink with it. */
function partsOf(
  rows: Float64Array,
  row: number,
  weights: Float64Array,
  scale: number,
): Readonly<Record<string, number>> {
  const parts = FEATURES.map((feature, column): [string, number] => [
    feature,
    scale * (weights[column] as number) * (rows[row * FEATURES.length + column] as number),
  ])
  return Object.fromEntries(parts.filter(([, part]) => part !== 0))
}
