/**
 * What one write will change, put together without a pause: the records as they were and as they will be, and what is
 * known of facts meanwhile. Made by all that writes, turned into one batch by `changing.ts`. Nothing here waits, and
 * nothing of it can be seen before it is written.
 */
import type { Op } from '../level.ts'
import { derivationKey, factKey, idKey, pairOf, recordKey } from './keys.ts'
import { decodeRecord, type Said, type StoredRecord } from './records.ts'
import type { Session } from './sessions.ts'
import type { Space } from './space.ts'

export interface Draft {
  readonly space: Space
  /** By place; undefined: not there. */
  readonly before: Map<number, StoredRecord | undefined>
  readonly after: Map<number, StoredRecord | undefined>
  /** Ids that are given in this draft. */
  readonly ids: Map<string, number>
  /** Facts by subject and predicate, in the order of their places: all of a pair, once `loadPairs` read it. */
  readonly pairs: Map<string, Map<number, StoredRecord>>
  /** Episodes that begin or end to wait for consolidation. */
  readonly waiting: Map<number, boolean>
  /** Episodes that have to be seen again, because what came of them could not be stored. */
  readonly waitOn: Set<number>
  /** Sessions that changed, by their key. */
  readonly sessions: Map<string, Session>
  /** Speakers that are new, by their number. */
  readonly speakers: Map<number, string>
  /** Places of records whose older version shall leave the files with the next purge. */
  readonly rewritten: Set<number>
  /** Whatever else is to be written: made when the namespace has its number. */
  readonly others: (() => Op)[]
}

export const draftOf = (space: Space): Draft => ({
  space,
  before: new Map(),
  after: new Map(),
  ids: new Map(),
  pairs: new Map(),
  waiting: new Map(),
  waitOn: new Set(),
  sessions: new Map(),
  speakers: new Map(),
  rewritten: new Set(),
  others: [],
})

/** The record at `place` as the draft leaves it. Throws `store-corrupt`. */
export function recordIn(draft: Draft, place: number): StoredRecord | undefined {
  if (draft.after.has(place)) return draft.after.get(place)
  if (draft.before.has(place)) return draft.before.get(place)
  const record = readRecord(draft.space, place)
  draft.before.set(place, record)
  return record
}

/** The record at `place` on disk. Throws `store-corrupt`. */
export function readRecord(space: Space, place: number): StoredRecord | undefined {
  if (space.number < 0) return undefined
  const bytes = space.shared.store.getSync(recordKey(space.number, place))
  return bytes && decodeRecord(space.shared.encoder, bytes, { namespace: space.name, place })
}

export function placeOfId(space: Space, id: string): number | undefined {
  if (space.number < 0) return undefined
  const bytes = space.shared.store.getSync(idKey(space.number, id))
  return bytes?.length === 4 ? new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0) : undefined
}

export const placeIn = (draft: Draft, id: string): number | undefined =>
  draft.ids.get(id) ?? placeOfId(draft.space, id)

/** Sets what stands at the record's place from now on. */
export function putRecord(draft: Draft, record: StoredRecord): void {
  const old = recordIn(draft, record.place)
  draft.after.set(record.place, record)
  draft.ids.set(record.id, record.place)
  if (old?.fact) draft.pairs.get(pairOf(old.fact.subject, old.fact.predicate))?.delete(record.place)
  if (!record.fact) return
  const pair = draft.pairs.get(pairOf(record.fact.subject, record.fact.predicate))
  pair?.set(record.place, record)
}

export function removeRecord(draft: Draft, place: number): void {
  const old = recordIn(draft, place)
  draft.after.set(place, undefined)
  if (old?.fact) draft.pairs.get(pairOf(old.fact.subject, old.fact.predicate))?.delete(place)
}

/** An entry that a record has on disk besides its own. */
export interface Entry {
  readonly key: string
  readonly value: Uint8Array
}

/** A source states what was derived from it, or it ended it: bits of the value of a derivation. */
export const STATES = 1
export const ENDS = 2

/** All that points at a record: its id, its fact, its sources. */
export function entriesOf(ns: number, record: StoredRecord): readonly Entry[] {
  const entries = [{ key: idKey(ns, record.id), value: uint32(record.place) }]
  if (record.fact) {
    const pair = pairOf(record.fact.subject, record.fact.predicate)
    entries.push({ key: factKey(ns, pair, record.place), value: validityBytes(record) })
  }
  if (!record.sources && !record.endings) return entries
  for (const [source, how] of derivations(record.sources, record.endings)) {
    entries.push({ key: derivationKey(ns, source, record.place), value: Uint8Array.of(how) })
  }
  return entries
}

function derivations(sources: readonly number[] = [], endings: readonly Said[] = []): Map<number, number> {
  const how = new Map<number, number>()
  for (const source of sources) how.set(source, STATES)
  for (const ending of endings) {
    for (const source of ending.sources) how.set(source, (how.get(source) ?? 0) | ENDS)
  }
  return how
}

export function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}

/** Since when and until when a fact holds, so that nobody has to read it to know. */
export function validityBytes({ validFrom, validUntil }: StoredRecord): Uint8Array {
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  view.setFloat64(0, validFrom ?? Number.NEGATIVE_INFINITY)
  view.setFloat64(8, validUntil ?? Number.POSITIVE_INFINITY)
  return bytes
}
