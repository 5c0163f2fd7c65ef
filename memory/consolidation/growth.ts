/**
 * Which derived memories to let go when there are more than a maximum: those worth least by importance, age and use.
 * Called by the store after consolidation. Episodes are never its business: they go only by explicit retention.
 */
import type { GrowthPolicy, Kept } from './proposal.ts'

export interface GrowthWeights {
  /** Ms after which a memory that is not used is worth half. */
  readonly halfLife: number
  /** How much the logarithm of the uses adds. */
  readonly use: number
  /** What a fact that no longer holds is worth of one that does. */
  readonly ended: number
}

/** Half a year; ten uses make up for 0.4 of importance; the past is worth a third of the present. */
export const GROWTH_WEIGHTS: GrowthWeights = { halfLife: 180 * 86_400_000, use: 0.18, ended: 0.33 }

/**
 * What keeping it is worth, 0 or more: importance plus use, halved with every half-life since it was made or last
 * used. An unimportant memory that is recalled often outlives an important one that nobody asks for.
 */
export function worth(kept: Kept, now: number, weights: GrowthWeights = GROWTH_WEIGHTS): number {
  const since = Math.max(0, now - Math.max(kept.at, kept.usedAt ?? kept.at))
  const fresh = 0.5 ** (since / weights.halfLife)
  const value = kept.importance + weights.use * Math.log(1 + kept.uses)
  return value * fresh * (kept.ended ? weights.ended : 1)
}

/** A policy with these weights. Equal worth: the older one goes first. */
export const growthBy =
  (weights: GrowthWeights = GROWTH_WEIGHTS): GrowthPolicy =>
  (kept, most, now) => {
    const excess = kept.length - Math.max(0, most)
    if (excess <= 0) return []
    return kept
      .map(one => ({ id: one.id, at: one.at, value: worth(one, now, weights) }))
      .sort((a, b) => a.value - b.value || a.at - b.at || (a.id < b.id ? -1 : 1))
      .slice(0, excess)
      .map(({ id }) => id)
  }

export const growthPolicy: GrowthPolicy = growthBy()
