/**
 * What consolidation is asked and what it answers. Types only. A consolidator proposes and changes nothing; the store
 * (`memory/store/consolidating.ts`) applies a proposal in one batch, so that a crash loses nothing and repeats nothing.
 */
import type { ConsolidationInput, Proposal } from '../memory.ts'

export type {
  ConsolidationInput,
  Proposal,
  ProposedEnding,
  ProposedFact,
  ProposedInsight,
} from '../memory.ts'

/** Pure, or a model call. What it throws is thrown by `consolidate`, and nothing has changed. */
export type Consolidator = (input: ConsolidationInput) => Promise<Proposal> | Proposal

/** A fact or an insight as the growth policy sees it. */
export interface Kept {
  readonly id: string
  readonly kind: 'fact' | 'insight'
  /** 0 to 1. */
  readonly importance: number
  /** Absolute ms. */
  readonly at: number
  /** How often it was recalled, and when it last was. */
  readonly uses: number
  readonly usedAt?: number
  /** A fact that does not hold any more. */
  readonly ended: boolean
}

/** Ids of those to let go so that at most `most` are left, the least worth keeping first. Pure. */
export type GrowthPolicy = (kept: readonly Kept[], most: number, now: number) => readonly string[]
