/** What a namespace has given and holds, stored with every write. Read by `opening.ts`, changed by all that writes. */
import { RuntimeError } from '../../actors/errors.ts'
import type { Encoder } from '../encoder.ts'
import type { CompactingStore } from '../level.ts'
import { countersKey } from './keys.ts'
import { unsealed } from './records.ts'

/** Requests with keys stand in generations of at most 50,000 keys and 12 hours. */
export interface Generation {
  readonly number: number
  readonly startedAt: number
  count: number
}

/** Stored with every write. */
export interface Counters {
  /** Number of the next memory. */
  next: number
  /** Numbers given to speakers, and to what purges owe. */
  speakers: number
  owed: number
  episodes: number
  facts: number
  insights: number
  sessions: number
  /** Episodes that wait for consolidation. */
  waiting: number
  /** Memories forgotten since the last purge. */
  forgotten: number
  generations: Generation[]
}

export const noCounters = (): Counters => ({
  next: 0,
  speakers: 0,
  owed: 0,
  episodes: 0,
  facts: 0,
  insights: 0,
  sessions: 0,
  waiting: 0,
  forgotten: 0,
  generations: [],
})

/** Throws `store-corrupt`: without them numbers would be given twice. */
export function countersIn(
  { store, encoder }: { readonly store: CompactingStore; readonly encoder: Encoder },
  name: string,
  ns: number,
): Counters {
  const stored = store.getSync(countersKey(ns))
  const bytes = stored && unsealed(stored)
  const value = bytes && (encoder.decode(bytes) as unknown as Counters)
  if (value && typeof value === 'object' && Number.isSafeInteger(value.next)) return value
  throw new RuntimeError('store-corrupt', `the counters of namespace "${name}" are damaged`, {
    fix: 'keep a copy of the directory for examination, and import an export into a new one',
    details: { namespace: name },
  })
}
