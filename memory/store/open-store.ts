/**
 * The memory of one directory, in the process that owns it. Opened by `open-memory.ts`, which joins the processes of a
 * machine; words, ranking and consolidation can be handed in.
 */
import type { Clock } from '../../actors/clock.ts'
import { extractiveConsolidator } from '../consolidation/extractive.ts'
import { growthPolicy } from '../consolidation/growth.ts'
import type { Consolidator, GrowthPolicy } from '../consolidation/proposal.ts'
import type { Encoder } from '../encoder.ts'
import { type CompactingStore, openLevel } from '../level.ts'
import type { Memory, Purged } from '../memory.ts'
import { analyseEntry } from '../recall/analyse-entry.ts'
import { rank } from '../recall/ranking.ts'
import type { Analyse } from '../recall/recall-index.ts'
import type { Embedder } from '../vectors/embed.ts'
import { type SharedEmbedder, shareEmbedder } from '../vectors/namespace-vectors.ts'
import { refused } from './input.ts'
import { NUMBERS_KEY } from './keys.ts'
import { namespaceOn } from './namespace-on.ts'
import { openSpaces } from './open-spaces.ts'
import { namesIn, purge } from './purging.ts'
import type { Rank, Retention, Shared } from './space.ts'

export interface StoreOptions {
  readonly dir: string
  readonly encoder: Encoder
  /** Absolute ms. */
  readonly clock: () => number
  /** A new public id each time: `[A-Za-z0-9_-]{1,64}`. */
  readonly ids: () => string
  /** What the index keeps of a text: another one needs a new index. Default: `analyseEntry`. */
  readonly analyse?: Analyse
  /** Default: `rank` with its own weights. */
  readonly rank?: Rank
  /** Default: extraction, without a model. */
  readonly consolidator?: Consolidator
  /** Default: by importance, age and use. */
  readonly growth?: GrowthPolicy
  readonly retention?: Retention
  /** Finds what shares no word with a question. It is asked in the background, and for each recall. */
  readonly embedder?: Embedder
  /** Vectors of another embedder are made anew, instead of being left unused until it is back. Default false. */
  readonly embedsAgain?: boolean
  /** For the embedder's limits and retries; it needs both. */
  readonly timers?: Clock
  readonly random?: () => number
  /** Takes secrets out of what an embedder says when it fails. Default: none of its words are shown. */
  readonly redact?: (text: string) => string
  /** Told of records and indexes that are damaged and were left out of an answer. Default: nobody. */
  readonly onDamage?: (error: Error) => void
  /** Indexes of namespaces that are not in use leave memory beyond this. Default 512 MiB. */
  readonly memoryBytes?: number
}

const MEMORY_BYTES = 512 * 1024 * 1024

/** Throws `store-locked`, `store-corrupt`, `store-failed`, `input-invalid` for a retention that is none. */
export async function openStore({ dir, ...options }: StoreOptions): Promise<Memory> {
  settingsOf(options)
  const store = await openLevel(dir)
  try {
    return await storeOn(store, options)
  } catch (error) {
    await store.close()
    throw error
  }
}

/** The same over a store that is open, which the memory closes when it is closed. */
export async function storeOn(store: CompactingStore, options: Omit<StoreOptions, 'dir'>): Promise<Memory> {
  const numbers = await store.get(NUMBERS_KEY)
  const shared: Shared = {
    ...settingsOf(options),
    store,
    encoder: options.encoder,
    clock: options.clock,
    ids: options.ids,
    analyse: options.analyse ?? analyseEntry,
    rank: options.rank ?? rank,
    consolidator: options.consolidator ?? extractiveConsolidator(),
    growth: options.growth ?? growthPolicy,
    onDamage: options.onDamage ?? (() => undefined),
    namespaces: numbers ? new DataView(numbers.buffer, numbers.byteOffset, 4).getUint32(0) : 0,
    uses: 0,
    hasFailed: false,
  }
  return memoryOn(shared, options.memoryBytes ?? MEMORY_BYTES)
}

/** What has to be right before the directory is touched. */
const settingsOf = (options: Omit<StoreOptions, 'dir'>): Pick<Shared, 'retention' | 'embedder'> => ({
  retention: checkedRetention(options.retention),
  embedder: sharedEmbedder(options),
})

function memoryOn(shared: Shared, memoryBytes: number): Memory {
  const spaces = openSpaces(shared, { memoryBytes })
  let purging: Promise<unknown> = Promise.resolve()
  const purgeInTurn = (): Promise<Purged> => {
    const mine = purging.then(() => purge(shared, spaces))
    purging = mine.catch(() => undefined)
    return mine
  }
  let closing: Promise<void> | undefined
  return {
    dir: shared.store.dir,
    role: 'owner',
    namespace: name => namespaceOn(spaces, name, purgeInTurn),
    namespaces: () => namesIn(shared),
    close() {
      closing ??= purging.then(() => spaces.close())
      return closing
    },
  }
}

function sharedEmbedder({
  embedder,
  timers,
  random,
  embedsAgain = false,
  redact,
}: Pick<StoreOptions, 'embedder' | 'timers' | 'random' | 'embedsAgain' | 'redact'>):
  | SharedEmbedder
  | undefined {
  if (!embedder) return undefined
  if (timers && random)
    return shareEmbedder(embedder, { clock: timers, random, embedsAgain, ...(redact && { redact }) })
  throw refused('an embedder needs timers and random', 'pass them too, or leave the embedder out')
}

function checkedRetention(retention: Retention = {}): Retention {
  for (const [name, value] of Object.entries(retention)) {
    if (value === undefined || (Number.isFinite(value) && value >= 0)) continue
    throw refused(`retention.${name} is "${String(value)}"`, 'pass a number from 0 up, or leave it out')
  }
  return retention
}
