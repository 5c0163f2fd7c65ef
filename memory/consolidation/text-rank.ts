/**
 * Which sentences of a text are most central: those that share rare words with many others that do. Called for the
 * summaries of sessions. TextRank (Mihalcea and Tarau, 2004) over cosines of tf-idf vectors.
 */
import { isTelling, stem, wordsOf } from '../recall/words.ts'

const DAMPING = 0.85
const ROUNDS = 30

/** A share for each list of words; all shares add up to 1. Takes time in the square of their number. */
export function textRank(texts: readonly (readonly string[])[]): number[] {
  const vectors = tfIdf(texts)
  const weights = vectors.map((a, i) => vectors.map((b, j) => (i === j ? 0 : cosine(a, b))))
  const sums = weights.map(row => row.reduce((sum, weight) => sum + weight, 0))
  let ranks = texts.map(() => 1 / texts.length)
  for (let round = 0; round < ROUNDS; round++) ranks = next(ranks, weights, sums)
  return ranks
}

/** A sentence that is like no other gives its share to all. */
function next(
  ranks: readonly number[],
  weights: readonly (readonly number[])[],
  sums: readonly number[],
): number[] {
  const n = ranks.length
  const loose = ranks.reduce((sum, rank, i) => sum + ((sums[i] ?? 0) === 0 ? rank : 0), 0)
  const out = ranks.map(() => (1 - DAMPING + DAMPING * loose) / n)
  for (const [i, rank] of ranks.entries()) {
    const sum = sums[i] ?? 0
    if (sum === 0) continue
    for (const [j, weight] of (weights[i] ?? []).entries())
      out[j] = (out[j] ?? 0) + (DAMPING * rank * weight) / sum
  }
  return out
}

/** The stems of a text that tell something. */
export const stemsOf = (text: string): string[] =>
  wordsOf(text).flatMap(word => {
    const lower = word.toLowerCase()
    return isTelling(lower) && lower.length > 2 ? [stem(lower)] : []
  })

function tfIdf(stems: readonly (readonly string[])[]): Map<string, number>[] {
  const inTexts = new Map<string, number>()
  for (const each of stems) for (const one of new Set(each)) inTexts.set(one, (inTexts.get(one) ?? 0) + 1)
  return stems.map(each => {
    const vector = new Map<string, number>()
    for (const one of each)
      vector.set(one, (vector.get(one) ?? 0) + Math.log(1 + stems.length / (inTexts.get(one) ?? 1)))
    const length = Math.hypot(...vector.values())
    return new Map([...vector].map(([one, weight]) => [one, weight / length]))
  })
}

function cosine(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  const [small, large] = a.size < b.size ? [a, b] : [b, a]
  let sum = 0
  for (const [one, weight] of small) sum += weight * (large.get(one) ?? 0)
  return sum
}
