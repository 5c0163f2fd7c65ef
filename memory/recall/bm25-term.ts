/**
 * What one word of a query adds to the score of a memory: BM25 (Robertson and Zaragoza, "The Probabilistic Relevance
 * Framework", 2009) times its weight. Rounded to a grain, so that sums are exact and do not depend on their order:
 * the search adds up in the order that is fastest, and memories that score the same must stay equal.
 */
import type { Bm25, QueryTerm } from './recall-index.ts'

export interface ScoredTerm {
  /** Its place in the query. */
  readonly nth: number
  /** `scale * tf / (tf + fixed + perLength * length)`, plus `magic` and minus it. */
  readonly scale: number
  readonly fixed: number
  readonly perLength: number
  readonly magic: number
}

export interface Collection {
  readonly live: number
  readonly averageLength: number
}

/** How rare a term is among `live` memories when `frequency` have it. Above 0, also when most were removed. */
export const inverseFrequency = (live: number, frequency: number): number =>
  Math.log(1 + (Math.max(0, live - frequency) + 0.5) / (frequency + 0.5))

/** The sum of all terms is so many bits of grains: what is equal but for the last bits of its computing is equal. */
const GRAIN_BITS = 36
/** Adding and then subtracting it rounds to the grain: 1.5 * 2^52 of them. */
const ROUNDING = 1.5 * 2 ** 52
const LONGEST = 0xffff

/** Terms that add nothing (no weight, or too little to count beside the others) are left out. */
export function scoredTerms(
  terms: readonly QueryTerm[],
  frequencies: readonly number[],
  { live, averageLength }: Collection,
  { k1, b }: Bm25,
): ScoredTerm[] {
  const scales = terms.map(({ weight }, nth) => {
    const frequency = frequencies[nth] ?? 0
    const scale = weight * inverseFrequency(live, frequency) * (k1 + 1)
    return frequency > 0 && scale > 0 && scale < Infinity ? scale : 0
  })
  const total = scales.reduce((sum, scale) => sum + scale, 0)
  if (!(total > 0 && total < Infinity)) return []
  const magic = ROUNDING * 2 ** (Math.ceil(Math.log2(total)) - GRAIN_BITS)
  const fixed = k1 * (1 - b)
  const perLength = (k1 * b) / (averageLength > 0 ? averageLength : 1)
  return scales
    .map((scale, nth) => ({ nth, scale, fixed, perLength, magic }))
    .filter(term => term.scale > 0 && contribution(term, 1, LONGEST) > 0)
}

/** What it adds to a memory of `length` terms in which it stands `tf` times. Grows with `tf`, falls with `length`. */
export const contribution = (
  { scale, fixed, perLength, magic }: ScoredTerm,
  tf: number,
  length: number,
): number => (scale * tf) / (tf + fixed + perLength * length) + magic - magic
