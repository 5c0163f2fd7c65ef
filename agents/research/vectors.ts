/**
 * Texts as sparse vectors and how alike two of them are. Called by the ranking, the clustering and the
 * comparison of statements. It knows words only by their stems, nothing of sources or offsets.
 */
import { terms } from './tokens.ts'

/** Weights by stem, of length 1, or empty for a text without telling words. */
export type Vector = ReadonlyMap<string, number>

export const count = (stems: Iterable<string>): Map<string, number> => {
  const counts = new Map<string, number>()
  for (const stem of stems) counts.set(stem, (counts.get(stem) ?? 0) + 1)
  return counts
}

/** In how many of the lists each stem occurs. */
export const documentFrequencies = (lists: readonly (readonly string[])[]): Map<string, number> =>
  count(lists.flatMap(list => [...new Set(list)]))

/** Smoothed inverse document frequency, always positive (Robertson & Zaragoza, 2009, with 1 added). */
export const inverseFrequency = (total: number, containing: number): number =>
  Math.log(1 + (total - containing + 0.5) / (containing + 0.5))

/** One tf-idf vector per text, of length 1 (Salton & Buckley, 1988: log tf, idf, cosine normalisation). */
export function tfIdfVectors(texts: readonly string[]): Vector[] {
  const lists = texts.map(text => terms(text))
  const frequencies = documentFrequencies(lists)
  return lists.map(list => {
    const vector = new Map<string, number>()
    for (const [stem, times] of count(list)) {
      vector.set(stem, (1 + Math.log(times)) * inverseFrequency(lists.length, frequencies.get(stem) ?? 0))
    }
    return normalised(vector)
  })
}

function normalised(vector: Map<string, number>): Vector {
  const length = Math.sqrt([...vector.values()].reduce((sum, weight) => sum + weight * weight, 0))
  if (length === 0) return vector
  for (const [stem, weight] of vector) vector.set(stem, weight / length)
  return vector
}

/** The cosine of two vectors of length 1: 0 (no common stem) to 1 (same proportions). */
export function cosine(a: Vector, b: Vector): number {
  const [small, large] = a.size <= b.size ? [a, b] : [b, a]
  let sum = 0
  for (const [stem, weight] of small) sum += weight * (large.get(stem) ?? 0)
  return Math.min(1, sum)
}

/** The shared part of two sets of stems: |A ∩ B| / |A ∪ B| (Jaccard, 1901); 0 when both are empty. */
export function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let shared = 0
  for (const stem of a) if (b.has(stem)) shared += 1
  const union = a.size + b.size - shared
  return union === 0 ? 0 : shared / union
}
