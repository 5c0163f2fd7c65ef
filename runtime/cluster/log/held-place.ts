/**
 * How far the copy of a partition on this node's disk goes. It is written with the changes themselves, so that a copy
 * is always one of a place in the log; what was not yet in the log is never in the copy.
 */
import { RuntimeError } from '../../../actors/errors.ts'
import type { LevelStore, Op } from '../../../memory/level.ts'
import type { Place } from './place.ts'

/** Both sort before the stores, which begin with `s!`. */
const KEY = 'place'
const PAST = 'past'
/** All keys of all stores of a partition. */
export const STORES = { from: 's!', to: 's"' } as const

export interface Held {
  readonly place: Place
  readonly origin: string
  /**
   * The id of the epoch of `place`. After the broker has lost the end of a log there may be two of one number, whose entries
   * must not be mixed. Absent in a copy of an earlier version.
   */
  readonly begun: string | undefined
}

export const heldOp = ({ place, origin, begun }: Held): Op => ({
  type: 'put',
  key: KEY,
  value: Buffer.from(JSON.stringify({ ...place, origin, begun })),
})

/** An epoch that the copy has gone through: its id, and the number at which the one before was sealed. */
export interface Past {
  readonly epoch: number
  readonly id: string
  readonly n: number
}

/** So many are remembered: by them a copy knows that it goes on where a broker that was restored from a backup ends. */
const REMEMBERED = 64

export const pastOp = (past: readonly Past[]): Op => ({
  type: 'put',
  key: PAST,
  value: Buffer.from(JSON.stringify(past.slice(-REMEMBERED))),
})

/** The epochs that the copy has gone through, as far as it knows. */
export async function pastOf(copy: LevelStore): Promise<readonly Past[]> {
  const found = await copy.get(PAST)
  if (!found) return []
  try {
    const past: unknown = JSON.parse(Buffer.from(found).toString())
    return Array.isArray(past) ? past.filter(isPast) : []
  } catch {
    // It only says less than it might.
    return []
  }
}

const isPast = (value: unknown): value is Past => {
  const { epoch, id, n } = Object(value)
  return Number.isSafeInteger(epoch) && Number.isSafeInteger(n) && typeof id === 'string'
}

/** Undefined for a copy that was never begun. Throws `store-corrupt`. */
export async function heldPlace(copy: LevelStore): Promise<Held | undefined> {
  const found = await copy.get(KEY)
  if (!found) return undefined
  try {
    const { epoch, n, origin, begun } = JSON.parse(Buffer.from(found).toString())
    if (Number.isSafeInteger(epoch) && Number.isSafeInteger(n)) {
      const id = typeof begun === 'string' ? begun : undefined
      return { place: { epoch, n }, origin: String(origin), begun: id }
    }
  } catch {
    // It is as unreadable as one without numbers.
  }
  throw new RuntimeError('store-corrupt', `the copy in "${copy.dir}" does not say how far it goes`, {
    fix: 'delete the directory: it is read again from the log',
  })
}

/** Deletes are written in pieces of this many keys. */
const PIECE = 1_000

/** Empties a copy; it says nothing about any place afterwards. */
export async function clearCopy(copy: LevelStore): Promise<void> {
  let ops: Op[] = [KEY, PAST].map(key => ({ type: 'del', key }))
  for await (const [key] of copy.range(STORES)) {
    ops.push({ type: 'del', key })
    if (ops.length < PIECE) continue
    await copy.batch(ops)
    ops = []
  }
  await copy.batch(ops)
}
