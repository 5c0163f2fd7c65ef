/**
 * Brings the copy of a partition on this node's disk to the end of its log: from the newest snapshot when that is
 * ahead of the copy, then entry by entry. Called after the log was sealed, so that nothing comes behind it, and
 * after the disk had to be opened again.
 */
import type { LevelStore, Op } from '../../../memory/level.ts'
import { decodeOps } from './entry.ts'
import { clearCopy, heldOp, heldPlace, STORES } from './held-place.ts'
import type { PartitionLog, Placed } from './partition-log.ts'
import { compare, NOWHERE, type Place } from './place.ts'
import { newestSnapshot } from './snapshot.ts'

export interface CaughtUp {
  /** The last entry that is in the copy, or the place before the first one of an epoch without any. */
  readonly place: Place
  /** Bytes of the entries that no snapshot covers. */
  readonly bytes: number
}

/** Throws `store-corrupt` when the log has a hole, `store-failed`, `broker-unavailable`. */
export async function catchUp(log: PartitionLog, copy: LevelStore, origin: string): Promise<CaughtUp> {
  const held = await heldPlace(copy).catch(() => undefined)
  let from = held?.origin === origin ? held.place : undefined
  if (!from) await clearCopy(copy)
  const snapshot = await newestSnapshot(log.broker, log.subjects)
  if (snapshot && (!from || compare(snapshot.place, from) > 0)) {
    if (from) await clearCopy(copy)
    await load(copy, snapshot.contents)
    from = snapshot.place
    await copy.batch([heldOp({ place: from, origin })])
  }
  const entries = await log.read(from ?? NOWHERE)
  return applied(copy, origin, from ?? NOWHERE, entries)
}

async function load(copy: LevelStore, contents: AsyncIterable<readonly Op[]>): Promise<void> {
  for await (const ops of contents) await copy.batch(ops)
}

async function applied(
  copy: LevelStore,
  origin: string,
  from: Place,
  entries: readonly Placed[],
): Promise<CaughtUp> {
  let place = from
  let bytes = 0
  let parts: Uint8Array[] = []
  for (const { place: at, entry } of entries) {
    place = at
    if (entry.kind === 'seal') {
      // An entry whose other parts never came was never acknowledged.
      parts = []
      place = { epoch: entry.seal.epoch, n: 0 }
    } else if (entry.kind === 'ops') {
      parts.push(entry.content)
      bytes += entry.content.length
    }
    if (entry.kind === 'ops' && entry.more) continue
    const { ops } = decodeOps(Buffer.concat(parts))
    parts = []
    await copy.batch([...ops, heldOp({ place, origin })])
  }
  return { place, bytes }
}

/** What the stores of a partition hold now, pinned when this is called. */
export function pinned(copy: LevelStore): AsyncIterable<readonly [key: string, value: Uint8Array]> {
  const iterator = copy.range(STORES)[Symbol.asyncIterator]()
  // The iteration is of the moment of its first step.
  const first = iterator.next()
  first.catch(() => {})
  return (async function* () {
    for (let step = await first; !step.done; step = await iterator.next()) yield step.value
  })()
}
