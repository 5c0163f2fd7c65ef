/**
 * What vectors say about one question, as ranking takes it: who is near, and how near a memory is. Made per recall,
 * when there is an embedder and its answer came. Ranking adds `near` to its candidates and `closeness` times its
 * weight to the score of each; without it the weight counts for nothing.
 */
import type { Scored } from '../recall/recall-index.ts'
import type { VectorIndex } from './vector-index.ts'

export interface VectorScores {
  /** The nearest memories by cosine, nearest first. */
  readonly near: readonly Scored[]
  /**
   * 0 to 1 for each of `docs`, 0 also for one without a vector: how far its cosine stands above that of memories
   * that have nothing to do with the question, as a part of the way to 1. Cosines alone do not tell: what is near is
   * .8 with one model and .3 with another, so no fixed weight would fit both. Comparable between questions.
   */
  closeness(docs: Uint32Array): Float32Array
}

/** `candidates`: how many of the nearest take part, default 100. Throws `embedding-mismatch`. */
export function vectorScores(
  index: VectorIndex,
  query: Float32Array,
  {
    candidates = 100,
    accept,
  }: { readonly candidates?: number; readonly accept?: ((doc: number) => boolean) | undefined } = {},
): VectorScores {
  const background = index.background(query)
  return {
    near: index.top(query, candidates, accept),
    closeness: docs =>
      index
        .cosines(query, docs)
        .map(cosine => (cosine > background ? Math.min(1, (cosine - background) / (1 - background)) : 0)),
  }
}
