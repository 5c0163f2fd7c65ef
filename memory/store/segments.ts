/**
 * The index's segments on disk: read when a namespace opens, written after enough new memories. A segment is cut into
 * parts with a checksum each. Called by `opening.ts`, by the writing half after each write, and by `purging.ts`.
 */
import type { Op } from '../level.ts'
import type { Sealing } from '../recall/recall-index.ts'
import { owedOp, writeOps } from './changing.ts'
import { familyRange, segmentKey, segmentListKey, unhex } from './keys.ts'
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

export async function readSegments(space: Pick<Space, 'shared' | 'number'>): Promise<StoredSegments> {
  const found = new Map<number, Uint8Array[]>()
  const parts = new Map<number, number>()
  let isWhole = true
  for await (const [key, value] of space.shared.store.range(familyRange('x', space.number))) {
    const base = unhex(key.slice(11, 19))
    const part = unhex(key.slice(20))
    const bytes = unsealed(value)
    const all = found.get(base) ?? []
    if (!bytes || all.length !== part) isWhole = false
    else all.push(bytes)
    found.set(base, all)
    parts.set(base, part + 1)
  }
  const isAll = isWhole && listed(space) === listOf(parts)
  return { segments: isAll ? [...found.values()].map(joined) : undefined, parts }
}

const listOf = (parts: ReadonlyMap<number, number>): string =>
  JSON.stringify([...parts].sort(([a], [b]) => a - b))

function listed({ shared, number }: Pick<Space, 'shared' | 'number'>): string {
  const stored = shared.store.getSync(segmentListKey(number))
  if (!stored) return listOf(new Map())
  const bytes = unsealed(stored)
  return bytes ? new TextDecoder().decode(bytes) : 'damaged'
}

/** Takes what is left of an index that cannot be used off the disk. */
export async function dropSegments(
  { shared, number }: Pick<Space, 'shared' | 'number'>,
  parts: Map<number, number>,
): Promise<void> {
  const ops: Op[] = [{ type: 'del', key: segmentListKey(number) }]
  for await (const [key] of shared.store.range(familyRange('x', number))) ops.push({ type: 'del', key })
  await shared.store.batch(ops)
  parts.clear()
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts
  if (parts.length === 1 && first) return first.slice()
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
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
  if (owed.length > 0) ops.push(owedOp(space, owed))
  return ops
}

/** Writes postings in the background once there are enough. Never rejects: a failed write is told to the next call. */
export function sealInBackground(space: Space): void {
  if (space.sealing || space.isStale || space.index.unsealed < SEAL_AFTER) return
  space.sealing = sealNow(space)
    .catch(() => undefined)
    .finally(() => {
      space.sealing = undefined
    })
}

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
