/**
 * The index's segments on disk: read when a namespace opens, written after enough new memories. A segment is cut into
 * parts with a checksum each. Called by `opening.ts`, by the writing half after each write, and by `purging.ts`.
 */
import type { Op } from '../level.ts'
import type { Sealing } from '../recall/recall-index.ts'
import { countersOp, owedOp, writeOps } from './changing.ts'
import { familyRange, segmentKey, segmentListKey } from './keys.ts'
import { sealed, unsealed } from './records.ts'
import type { Space } from './space.ts'

const PART_BYTES = 256 * 1024
/** New memories after which their postings are written: fewer are read again, and analysed, at opening. */
export const SEAL_AFTER = 2_048

export interface StoredSegments {
  /** Undefined when a part is missing or damaged: the index is made anew then. */
  readonly segments: readonly Uint8Array[] | undefined
  readonly parts: Map<number, number>
}

/** What `sealed` puts before a part. */
const SEAL_BYTES = 4

type Place = Pick<Space, 'shared' | 'number'>

/** Parts read between two pauses: each takes the event loop a fraction of a millisecond. */
const READ_AT_ONCE = 16

/** By key, which takes a third of the time of an iteration: the list says which keys there are. */
export async function readSegments(place: Place): Promise<StoredSegments> {
  const parts = listed(place)
  if (!parts || (parts.size === 0 && (await hasAny(place)))) return { segments: undefined, parts: new Map() }
  const segments: Uint8Array[] = []
  let isWhole = true
  for (const [base, count] of parts) {
    const bytes = await joined(place, base, count)
    if (bytes) segments.push(bytes)
    else isWhole = false
  }
  return { segments: isWhole ? segments : undefined, parts }
}

const listOf = (parts: ReadonlyMap<number, number>): string =>
  JSON.stringify([...parts].sort(([a], [b]) => a - b))

/** Undefined when it is damaged. */
function listed({ shared, number }: Place): Map<number, number> | undefined {
  const stored = shared.store.getSync(segmentListKey(number))
  if (!stored) return new Map()
  const bytes = unsealed(stored)
  return bytes && new Map(JSON.parse(new TextDecoder().decode(bytes)) as [number, number][])
}

async function hasAny({ shared, number }: Place): Promise<boolean> {
  for await (const _ of shared.store.range(familyRange('x', number))) return true
  return false
}

/** The bytes of a segment in a buffer of their own; undefined when a part is missing or cut. */
async function joined(
  { shared, number }: Place,
  base: number,
  count: number,
): Promise<Uint8Array | undefined> {
  const read = (part: number): Uint8Array | undefined => {
    const stored = shared.store.getSync(segmentKey(number, base, part))
    // Without its own checksum, which would be a second look at every byte: the segment has one of all.
    return stored?.subarray(SEAL_BYTES)
  }
  const last = read(count - 1)
  if (!last) return undefined
  const all = new Uint8Array((count - 1) * PART_BYTES + last.length)
  all.set(last, (count - 1) * PART_BYTES)
  for (let part = 0; part < count - 1; part++) {
    const bytes = read(part)
    if (bytes?.length !== PART_BYTES) return undefined
    all.set(bytes, part * PART_BYTES)
    if (part % READ_AT_ONCE === READ_AT_ONCE - 1) await new Promise(resolve => setImmediate(resolve))
  }
  return all
}

/** Takes what is left of an index that cannot be used off the disk. */
export async function dropSegments({ shared, number }: Place, parts: Map<number, number>): Promise<void> {
  const ops: Op[] = [{ type: 'del', key: segmentListKey(number) }]
  for await (const [key] of shared.store.range(familyRange('x', number))) ops.push({ type: 'del', key })
  await shared.store.batch(ops)
  parts.clear()
}

/**
 * The operations that store a sealing. Keys that had a value before are owed to the next purge, because older
 * postings may stay in LevelDB's files under them.
 */
export function sealingOps(space: Space, { put, del }: Sealing): Op[] {
  const ops: Op[] = []
  const owed: string[] = []
  const remove = (base: number, from: number): void => {
    for (let part = from; part < (space.segmentParts.get(base) ?? 0); part++) {
      const key = segmentKey(space.number, base, part)
      ops.push({ type: 'del', key })
      owed.push(key)
    }
  }
  for (const base of del) {
    remove(base, 0)
    space.segmentParts.delete(base)
  }
  for (const { base, bytes } of put) {
    const before = space.segmentParts.get(base) ?? 0
    const parts = Math.max(1, Math.ceil(bytes.length / PART_BYTES))
    for (let part = 0; part < parts; part++) {
      const key = segmentKey(space.number, base, part)
      const value = sealed(bytes.subarray(part * PART_BYTES, (part + 1) * PART_BYTES))
      ops.push({ type: 'put', key, value })
      if (part < before) owed.push(key)
    }
    remove(base, parts)
    space.segmentParts.set(base, parts)
  }
  const list = sealed(new TextEncoder().encode(listOf(space.segmentParts)))
  ops.push({ type: 'put', key: segmentListKey(space.number), value: list })
  // With the counters, so that no later mark gets the same number.
  if (owed.length > 0) ops.push(owedOp(space, owed), countersOp(space))
  return ops
}

/** Writes postings in the background while there are enough. Never rejects: a failed write is told to the next call. */
export function sealInBackground(space: Space): void {
  if (space.sealing || !isDue(space)) return
  const all = async (): Promise<void> => {
    while (isDue(space)) await sealNow(space)
  }
  space.sealing = all()
    .catch(() => undefined)
    .finally(() => {
      space.sealing = undefined
    })
}

const isDue = ({ isStale, index }: Space): boolean => !isStale && index.unsealed >= SEAL_AFTER

/** Writes what is unsealed, or with `all` also the last few. Rejects with `store-failed`. */
export async function sealNow(space: Space, options: { readonly all?: boolean } = {}): Promise<void> {
  if (space.number < 0) return
  const sealing = await space.index.seal(options)
  if (sealing && !space.isStale) await writeOps(space, sealingOps(space, sealing))
}

/** Does `work` while nothing is sealed in the background. */
export async function withoutSealing<T>(space: Space, work: () => Promise<T>): Promise<T> {
  while (space.sealing) await space.sealing
  const done = work()
  const over = done.then(
    () => undefined,
    () => undefined,
  )
  space.sealing = over
  try {
    return await done
  } finally {
    space.sealing = undefined
  }
}
