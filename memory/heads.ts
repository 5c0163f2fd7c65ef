/**
 * What a journal on disk keeps in memory: where every actor's chain ends, and a digest of all that the store
 * should hold. Made by the check at opening, moved by every write. It stores nothing itself: `stampOf` gives the
 * bytes that go into the same write.
 */
import { crc32 } from 'node:zlib'
import type { Address } from '../actors/address.ts'
import type { Known, Rest } from '../actors/journal.ts'
import { HASH_BYTES, type Hash, NO_HASH } from './chained-record.ts'

/** The end of an actor's chain. One exists per actor, asleep or not: it holds no more than it must. */
export interface Head {
  /** The last commit. */
  readonly seq: number
  readonly hash: Hash
  /** The first commit that is kept; after `seq` when none is. */
  readonly from: number
  /** The commit after which the snapshot was taken; 0 without one. */
  readonly covered: number
  /** The hash of the snapshot; `NO_HASH` without one. */
  readonly snapshot: Hash
  readonly rest: Rest | undefined
  readonly run: string | undefined
}

export interface Heads {
  readonly actors: Map<Address, Head>
  /** Hashes of records, by key. */
  readonly records: Map<string, Hash>
  /** Of the last commit, over the journal's whole life. */
  order: number
  /** Actors that were removed since opening. */
  removals: number
  /** The exclusive or of all hashes: adding and taking away are the same, and order does not count. */
  readonly digest: Uint8Array
}

export const NO_HEAD: Head = {
  seq: 0,
  hash: NO_HASH,
  from: 1,
  covered: 0,
  snapshot: NO_HASH,
  rest: undefined,
  run: undefined,
}

export const noHeads = (): Heads => ({
  actors: new Map(),
  records: new Map(),
  order: 0,
  removals: 0,
  digest: new Uint8Array(HASH_BYTES),
})

/** Moves an actor's head; `undefined` removes the actor. */
export function moveActor(heads: Heads, actor: Address, next: Head | undefined): void {
  const before = heads.actors.get(actor)
  if (before) toggle(heads, before.hash, before.snapshot)
  if (next) {
    toggle(heads, next.hash, next.snapshot)
    heads.actors.set(actor, next)
  } else if (heads.actors.delete(actor)) heads.removals++
}

/** Moves a record; `undefined` removes it. */
export function moveRecord(heads: Heads, key: string, next: Hash | undefined): void {
  toggle(heads, heads.records.get(key) ?? NO_HASH, next ?? NO_HASH)
  if (next === undefined) heads.records.delete(key)
  else heads.records.set(key, next)
}

function toggle({ digest }: Heads, left: Hash, right: Hash): void {
  for (let at = 0; at < HASH_BYTES; at++) {
    digest[at] = (digest[at] ?? 0) ^ left.charCodeAt(at) ^ right.charCodeAt(at)
  }
}

export const knownOf = (actor: Address, { rest, run }: Head): Known => ({
  actor,
  ...(rest !== undefined && { rest }),
  ...(run !== undefined && { run }),
})

const ORDER = 4
const DIGEST = ORDER + 6
const STAMP = DIGEST + HASH_BYTES

/** What the store should hold, in 26 bytes: checksum, order of the last commit, digest. */
export function stampOf({ order, digest }: Heads): Uint8Array {
  const stamp = Buffer.allocUnsafe(STAMP)
  stamp.writeUIntBE(order, ORDER, 6)
  stamp.set(digest, DIGEST)
  stamp.writeUInt32BE(crc32(stamp.subarray(ORDER)))
  return stamp
}

/** The order of the last commit in a stamp; undefined when it is damaged. A store never written to has none. */
export function readOrder(stamp: Uint8Array): number | undefined {
  const bytes = Buffer.from(stamp.buffer, stamp.byteOffset, stamp.length)
  if (bytes.length !== STAMP || bytes.readUInt32BE() !== crc32(bytes.subarray(ORDER))) return undefined
  return bytes.readUIntBE(ORDER, 6)
}

export const sameBytes = (left: Uint8Array, right: Uint8Array): boolean => Buffer.compare(left, right) === 0
