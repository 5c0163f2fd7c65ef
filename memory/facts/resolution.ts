/**
 * How facts about the same thing bear on each other. Types only: `resolve.ts` decides, the store
 * (`memory/store/fact-pairs.ts`) hands in what it has under one subject and predicate and writes what was decided.
 */
import type { Trust } from '../memory.ts'

/** A fact of one subject and predicate. Objects are compared by the one who decides. */
export interface HeldFact {
  readonly id: string
  readonly object: string
  readonly single: boolean
  readonly trust: Trust
  /** Absolute ms since when it holds. */
  readonly validFrom: number
  /** Until when, as it was stated, or as a negation says: it never depends on other facts. */
  readonly saidUntil?: number
  /** Until when it holds with all that is known, and the fact that ended it. */
  readonly validUntil?: number
  readonly endedBy?: string
  /**
   * Absolute ms at which it was said again with the same trust, after `validFrom`. Without them an older contradiction
   * that is learned late would end for good what was confirmed since.
   */
  readonly confirmed?: readonly number[]
}

/** What one fact is from now on. Absent members: open, ended by none. */
export interface Validity {
  readonly id: string
  readonly validUntil?: number
  readonly endedBy?: string
}

export interface Resolution {
  /**
   * The fact that says the same with the same trust and holds at that time: the incoming one may be taken as more
   * evidence for it, and then nothing else changes. What else stands here is for one that is kept as its own fact.
   */
  readonly same?: string
  /** Of the incoming fact. An untrusted one that contradicts a more trusted one comes in as ended by it at once. */
  readonly validUntil?: number
  readonly endedBy?: string
  /** Of those of `existing` that change. */
  readonly changes: readonly Validity[]
  /**
   * The incoming fact falls between the first saying of `of` and a confirmation of it: from `validFrom` on the same
   * holds again, as a fact of its own, with the evidence from then on.
   */
  readonly again?: Again
}

export interface Again {
  /** Id of the fact whose statement it repeats. `endedBy` of the incoming fact names this one too. */
  readonly of: string
  readonly validFrom: number
  readonly validUntil?: number
  readonly endedBy?: string
}

/**
 * Pure. `existing` in the order in which they were stored, each with what it is by all before it; `incoming` is not
 * among them and brings only what was said of it. When a fact goes, the store asks again for all that are left, from
 * the first on, each as it was said: so whatever the gone one had ended holds again.
 */
export type Resolve = (existing: readonly HeldFact[], incoming: HeldFact) => Resolution

/** Which of `existing` a negation ends. Pure. */
export type Ends = (
  existing: readonly HeldFact[],
  ending: { readonly object?: string; readonly at: number; readonly trust: Trust },
) => readonly string[]
