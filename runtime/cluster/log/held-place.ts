/**
 * How far the copy of a partition on this node's disk goes. It is written with the changes themselves, so that a copy
 * is always one of a place in the log; what was not yet in the log is never in the copy.
 */
import { RuntimeError } from '../../../actors/errors.ts'
import type { LevelStore, Op } from '../../../memory/level.ts'
import type { Place } from './place.ts'

/** Sorts before the stores, which begin with `s!`. */
const KEY = 'place'
/** All keys of all stores of a partition. */
export const STORES = { from: 's!', to: 's"' } as const

export interface Held {
  readonly place: Place
  readonly origin: string
}

export const heldOp = ({ place, origin }: Held): Op => ({
  type: 'put',
  key: KEY,
  value: Buffer.from(JSON.stringify({ ...place, origin })),
})

/** Undefined for a copy that was never begun. Throws `store-corrupt`. */
export async function heldPlace(copy: LevelStore): Promise<Held | undefined> {
  const found = await copy.get(KEY)
  if (!found) return undefined
  try {
    const { epoch, n, origin } = JSON.parse(Buffer.from(found).toString())
    if (Number.isSafeInteger(epoch) && Number.isSafeInteger(n))
      return { place: { epoch, n }, origin: String(origin) }
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
  let ops: Op[] = [{ type: 'del', key: KEY }]
  for await (const [key] of copy.range(STORES)) {
    ops.push({ type: 'del', key })
    if (ops.length < PIECE) continue
    await copy.batch(ops)
    ops = []
  }
  await copy.batch(ops)
}
