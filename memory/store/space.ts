/**
 * A namespace that is open: what of it is in memory. Made by `opening.ts`, changed by `changing.ts` only, read by all
 * of `store/`. What is on disk can be ahead of nothing here: a failed write makes the whole of it invalid.
 */

import type { Consolidator, GrowthPolicy } from '../consolidation/proposal.ts'
import type { Encoder } from '../encoder.ts'
import type { CompactingStore } from '../level.ts'
import type { RankedMemory, RankingOptions } from '../recall/ranking.ts'
import type { Analyse, RecallIndex, RecallReader } from '../recall/recall-index.ts'
import type { NamespaceVectors, SharedEmbedder } from '../vectors/namespace-vectors.ts'
import type { Counters } from './counters.ts'
import type { Sessions } from './sessions.ts'

/** Ranking, as `recall/ranking.ts` does it. */
export type Rank = (reader: RecallReader, query: string, options: RankingOptions) => readonly RankedMemory[]

export interface Retention {
  /** Episodes older than this are let go when consolidation has seen them. Absent: never. */
  readonly episodesOlderThanMs?: number
  /** Facts and insights beyond this many are let go by the growth policy. Default 100,000 and 20,000. */
  readonly maxFacts?: number
  readonly maxInsights?: number
}

/** What all namespaces of a directory share: the store, and what was handed in. */
export interface Shared {
  readonly store: CompactingStore
  readonly encoder: Encoder
  readonly clock: () => number
  /** A new public id: `[A-Za-z0-9_-]{1,64}`, never the same twice. */
  readonly ids: () => string
  readonly analyse: Analyse
  readonly rank: Rank
  readonly consolidator: Consolidator
  readonly growth: GrowthPolicy
  readonly retention: Retention
  readonly embedder?: SharedEmbedder | undefined
  /** Told of what cannot be read and was left out of an answer. */
  readonly onDamage: (error: Error) => void
  /** Numbers given to namespaces so far. */
  namespaces: number
  /** Calls so far: by it the namespace that was not used for longest is known. */
  uses: number
  /** A write failed: the store is opened anew before anything else is done. */
  hasFailed: boolean
}

export interface Use {
  count: number
  usedAt: number
  /** Not on disk yet. */
  isNew: boolean
}

export interface Space {
  readonly shared: Shared
  readonly name: string
  /** Given with the first memory; -1: there is none yet. */
  number: number
  readonly counters: Counters
  readonly index: RecallIndex
  /** Numbers of speakers by the form of their name, and the names as they were first written. */
  readonly speakers: Map<string, number>
  readonly speakerNames: Map<number, string>
  readonly sessions: Sessions
  /** Memories whose text changed have another number in the index than the place where they stand. */
  readonly placeOfMoved: Map<number, number>
  readonly movedDocs: Map<number, number>
  /** Parts of each segment on disk, by its base. */
  readonly segmentParts: Map<number, number>
  /** Requests under way, by the hash of their key. */
  readonly requests: Map<string, Promise<readonly string[]>>
  /** Absent without an embedder. */
  vectors: NamespaceVectors | undefined
  readonly uses: Map<number, Use>
  newUses: number
  /** Calls under way: it is not closed meanwhile. */
  busy: number
  usedAt: number
  /** A write failed: nothing here is to be believed, and the next call opens it anew. */
  isStale: boolean
  /** Resolves when those who change more than they add are done. */
  turn: Promise<unknown>
  /** Episodes that a consolidator was shown: place, and number in the index, which changes with the words. */
  readonly shown: Map<number, number>
  /** One consolidation at a time: two would be shown the same. */
  consolidation: Promise<unknown>
  /** Writes under way. */
  writes: number
  sealing: Promise<void> | undefined
  /** Old request keys are being deleted. */
  dropping: boolean
}

export const placeOf = (space: Space, doc: number): number => space.placeOfMoved.get(doc) ?? doc
export const docAt = (space: Space, place: number): number => space.movedDocs.get(place) ?? place

/** One after the other: whatever reads what it changes. */
export function inTurn<T>(space: Space, work: () => Promise<T>): Promise<T> {
  const mine = space.turn.then(work)
  space.turn = mine.catch(() => undefined)
  return mine
}
