/**
 * The memory of a directory for any process of the machine: the store when this one owns it, else the calls to its
 * owner. Called by `runtime/open-memory.ts`, which binds codec and clock; the defaults of what is memory's are here.
 */
import type { Clock } from '../actors/clock.ts'
import { extractiveConsolidator } from './consolidation/extractive.ts'
import { growthPolicy } from './consolidation/growth.ts'
import type { Memory } from './memory.ts'
import { analyseEntry } from './recall/analyse-entry.ts'
import { rank } from './recall/ranking.ts'
import type { RecallWeights } from './recall/weights.ts'
import { joinMemory } from './sharing/join-memory.ts'
import { checkedNamespace } from './store/input.ts'
import { openStore, type StoreOptions } from './store/open-store.ts'

type HandedIn = 'analyse' | 'rank' | 'consolidator' | 'growth'

/** While this process asks another, the store's options (ranking, consolidation, clock) are those of the owner. */
export interface MemoryOptions extends Omit<StoreOptions, HandedIn>, Partial<Pick<StoreOptions, HandedIn>> {
  /** Of the ranking. Default `RECALL_WEIGHTS`; without effect beside `rank`. */
  readonly weights?: RecallWeights
  /**
   * `auto` (default): the processes of this user on this machine share the directory; one of them owns it, and when
   * that one ends another takes over. `never`: this process owns it or fails.
   */
  readonly share?: 'auto' | 'never'
  /** Drives waiting and retries, so it must move on by itself. */
  readonly timers: Clock
  /** Uniform in [0, 1): spreads retries. */
  readonly random: () => number
  /** How long a call waits for an owner that serves. Default 10,000 ms. */
  readonly ownerMs?: number
}

/**
 * Opens the memory in `dir`, which is created (mode 0700) if it is not there. Throws `store-locked` with `pid`,
 * `command` and `startedAt` of the owner in its details when another process owns it and does not share it,
 * `store-corrupt` and `store-failed` for a directory that cannot be used. The same errors meet a call whose owner is
 * gone and that finds no other within `ownerMs`; if it was under way by then, it may have been done.
 */
export function openMemory(options: MemoryOptions): Promise<Memory> {
  const { dir, encoder, ids, share, timers, random, ownerMs } = options
  return joinMemory({
    dir,
    encoder,
    random,
    id: ids,
    clock: timers,
    open: real => openStore({ ...withDefaults(options), dir: real }),
    checkName: checkedNamespace,
    ...(share && { share }),
    ...(ownerMs !== undefined && { limits: { ownerMs } }),
  })
}

function withDefaults({ weights, ...options }: MemoryOptions): StoreOptions {
  return {
    analyse: analyseEntry,
    rank: (reader, query, asked) => rank(reader, query, { ...asked, ...(weights && { weights }) }),
    consolidator: extractiveConsolidator(),
    growth: growthPolicy,
    ...options,
  }
}
