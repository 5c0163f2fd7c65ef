/**
 * A memory as users open it: `openMemory({ dir })`, with the codec, the clock and the ids of this runtime. Used by
 * agents, by the command line and directly. What a memory does is in `memory/`.
 */
import { randomUUID } from 'node:crypto'
import type { CompactingStore } from '../memory/level.ts'
import type { Memory } from '../memory/memory.ts'
import { type MemoryOptions, openMemory as openSharedMemory } from '../memory/open-memory.ts'
import { storeOn } from '../memory/store/open-store.ts'
import { systemClock } from './clock.ts'
import { journalCodec } from './data-directory.ts'
import { createRedactor, secretsOf } from './telemetry/redact.ts'

type Bound = 'encoder' | 'clock' | 'ids' | 'timers' | 'random' | 'analyse' | 'rank' | 'redact'

export interface OpenMemoryOptions extends Omit<MemoryOptions, Bound> {
  /** What "now" is: when memories without `at` happened, and what "yesterday" means. Default: the system's clock. */
  readonly clock?: { now(): number }
}

/**
 * Opens the memory in `dir` (for the memory of a data directory: `memoryDirectory(dataDir)`), as its owner or through
 * its owner. Throws `store-locked`, `store-corrupt`, `store-failed`, and `input-invalid` for a wrong `retention`.
 *
 * @example
 * const memory = await openMemory({ dir: './data/memory' })
 * const customer = memory.namespace('customer-7')
 * await customer.remember({ text: 'Ana moved to Porto in May.', who: 'Ana' })
 * const hits = await customer.recall('Where does Ana live?')
 * await memory.close()
 */
export function openMemory({ clock = systemClock, ...options }: OpenMemoryOptions): Promise<Memory> {
  return openSharedMemory({
    ...options,
    encoder: journalCodec(),
    clock: () => clock.now(),
    ids: randomUUID,
    // Waiting takes real time, also for a clock that stands still.
    timers: systemClock,
    random: Math.random,
    redact: createRedactor(secretsOf(process.env)).text,
  })
}

export interface MemoryOnOptions {
  readonly clock: { now(): number }
  /** Told of what is damaged and was left out of an answer. */
  readonly onDamage?: (error: Error) => void
  /** As of `openMemory`. */
  readonly memoryBytes?: number
}

/** The memory in a store that is open already, which no other process can have: of a partition of a cluster. */
export function openMemoryOn(
  store: CompactingStore,
  { clock, onDamage, memoryBytes }: MemoryOnOptions,
): Promise<Memory> {
  return storeOn(store, {
    encoder: journalCodec(),
    clock: () => clock.now(),
    ids: randomUUID,
    ...(onDamage && { onDamage }),
    ...(memoryBytes !== undefined && { memoryBytes }),
  })
}
