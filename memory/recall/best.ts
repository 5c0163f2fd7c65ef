/** The best so many of what is offered: a heap with the least of them on top. Used by `top-k.ts`. */
import type { Scored } from './recall-index.ts'

export interface Best {
  readonly scores: Float64Array
  readonly docs: Uint32Array
  size: number
}

export const bestOf = (k: number): Best => ({
  scores: new Float64Array(k),
  docs: new Uint32Array(k),
  size: 0,
})

/** What a score must reach to be among them; 0 while there is room. */
export const threshold = ({ scores, size }: Best): number =>
  size < scores.length ? 0 : (scores[0] as number)

/** Equal scores: the higher number is better. */
export function offer(best: Best, score: number, doc: number): void {
  const { scores, docs } = best
  if (best.size < scores.length) {
    rise(best, best.size++, score, doc)
    return
  }
  const least = scores[0] as number
  if (score < least || (score === least && doc < (docs[0] as number))) return
  sink(best, score, doc)
}

/** Best first. */
export function ranked({ scores, docs, size }: Best): Scored[] {
  const found = Array.from({ length: size }, (_, i) => ({
    doc: docs[i] as number,
    score: scores[i] as number,
  }))
  return found.sort((one, other) => other.score - one.score || other.doc - one.doc)
}

function rise({ scores, docs }: Best, from: number, score: number, doc: number): void {
  let at = from
  while (at > 0) {
    const parent = (at - 1) >> 1
    const above = scores[parent] as number
    if (above < score || (above === score && (docs[parent] as number) < doc)) break
    scores[at] = above
    docs[at] = docs[parent] as number
    at = parent
  }
  scores[at] = score
  docs[at] = doc
}

function sink({ scores, docs, size }: Best, score: number, doc: number): void {
  let at = 0
  for (let child = 1; child < size; child = 2 * at + 1) {
    const right = child + 1
    if (right < size && isWorse(scores, docs, right, child)) child = right
    const below = scores[child] as number
    if (score < below || (score === below && doc < (docs[child] as number))) break
    scores[at] = below
    docs[at] = docs[child] as number
    at = child
  }
  scores[at] = score
  docs[at] = doc
}

function isWorse(scores: Float64Array, docs: Uint32Array, one: number, other: number): boolean {
  const difference = (scores[one] as number) - (scores[other] as number)
  return difference < 0 || (difference === 0 && (docs[one] as number) < (docs[other] as number))
}
