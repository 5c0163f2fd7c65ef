/**
 * Opens a namespace: its counters, speakers and marks, the index from its segments, and the memories that came after
 * them. Reads no other record, so that a million memories are there in a second. Called by `open-spaces.ts`.
 */
import { RuntimeError } from '../../actors/errors.ts'
import { createRecallIndex } from '../recall/create-recall-index.ts'
import type { RecallIndex, Removal } from '../recall/recall-index.ts'
import { isOutdated } from '../recall/segment-codec.ts'
import { indexEntry } from './changing.ts'
import { countersIn, noCounters } from './counters.ts'
import {
  familyRange,
  type Mark,
  marksRange,
  nameForm,
  namespaceKey,
  recordKey,
  recordsFrom,
  sessionKey,
  unhex,
} from './keys.ts'
import { decodeRecord, type StoredRecord, unsealed } from './records.ts'
import { dropSegments, readSegments } from './segments.ts'
import { sessionsOn } from './sessions.ts'
import type { Shared, Space, Use } from './space.ts'
import { openVectors } from './space-vectors.ts'

/** Throws `store-corrupt` when its counters are damaged, `store-failed`. */
export async function openSpace(shared: Shared, name: string): Promise<Space> {
  const number = numberOf(shared, name)
  const counters = number < 0 ? noCounters() : countersIn(shared, name, number)
  const place = { shared, name, number }
  const [marks, { segments, parts }, speakers, uses] = await Promise.all([
    readMarks(place),
    number < 0 ? { segments: [], parts: new Map<number, number>() } : readSegments(place),
    readSpeakers(place),
    readUses(place),
  ])
  const { index, isNew } = indexFrom(place, segments, marks)
  if (isNew) await dropSegments(place, parts)
  const space: Space = {
    ...place,
    counters,
    index,
    ...speakers,
    sessions: sessionsOn(session =>
      space.number < 0 ? undefined : shared.store.getSync(sessionKey(space.number, session)),
    ),
    placeOfMoved: marks.moved,
    movedDocs: new Map([...marks.moved].map(([doc, at]) => [at, doc])),
    segmentParts: parts,
    requests: new Map(),
    vectors: undefined,
    uses,
    newUses: 0,
    busy: 0,
    usedAt: ++shared.uses,
    isStale: false,
    turn: Promise.resolve(),
    consolidation: Promise.resolve(),
    shown: new Map(),
    writes: 0,
    sealing: undefined,
    dropping: false,
  }
  if (number >= 0) await replay(space, isNew ? 0 : index.end)
  space.vectors = await openVectors(space)
  return space
}

type Place = Pick<Space, 'shared' | 'name' | 'number'>

/** -1 for a namespace in which nothing was remembered. */
function numberOf(shared: Shared, name: string): number {
  const stored = shared.store.getSync(namespaceKey(name))
  if (!stored) return -1
  const entry = namespaceIn(shared, stored)
  if (entry?.name === name) return entry.number
  throw new RuntimeError('store-corrupt', `the entry of namespace "${name}" is damaged`, {
    fix: 'keep a copy of the directory for examination, and import an export into a new one',
    details: { namespace: name },
  })
}

/** What stands under a namespace's key, or undefined for bytes that are damaged. */
export function namespaceIn(
  { encoder }: Shared,
  stored: Uint8Array,
): { readonly name: string; readonly number: number } | undefined {
  const bytes = unsealed(stored)
  const value = bytes && (encoder.decode(bytes) as Readonly<Record<string, unknown>> | null)
  return typeof value?.['name'] === 'string' && typeof value['number'] === 'number'
    ? { name: value['name'], number: value['number'] }
    : undefined
}

interface Marks {
  readonly removed: readonly Removal[]
  readonly ended: readonly (readonly [doc: number, ended: boolean])[]
  /** Places by number in the index. */
  readonly moved: Map<number, number>
}

async function readMarks(place: Place): Promise<Marks> {
  const removed: Removal[] = []
  const ended: [number, boolean][] = []
  const moved = new Map<number, number>()
  for (const [doc, value] of await marksOf(place, 'removed')) {
    const replacedBy = uint32In(value)
    removed.push(replacedBy === 0xffff_ffff ? { doc } : { doc, replacedBy })
  }
  for (const [doc, value] of await marksOf(place, 'ended')) ended.push([doc, value[0] === 1])
  for (const [doc, value] of await marksOf(place, 'moved')) moved.set(doc, uint32In(value))
  return { removed, ended, moved }
}

const uint32In = (bytes: Uint8Array): number =>
  bytes.length === 4 ? new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0) : 0xffff_ffff

async function marksOf({ shared, number }: Place, mark: Mark): Promise<(readonly [number, Uint8Array])[]> {
  const all: (readonly [number, Uint8Array])[] = []
  if (number < 0) return all
  for await (const [key, value] of shared.store.range(marksRange(number, mark))) {
    all.push([unhex(key.slice(-8)), value])
  }
  return all
}

/** An index that cannot be read, or is of words read in another way, is made anew from all records: slow, and nothing is lost. */
function indexFrom(
  { shared, name }: Place,
  segments: readonly Uint8Array[] | undefined,
  { removed, ended }: Marks,
): { readonly index: RecallIndex; readonly isNew: boolean } {
  const { analyse } = shared
  try {
    if (segments) return { index: createRecallIndex({ analyse, segments, removed, ended }), isNew: false }
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.kind !== 'store-corrupt') throw error
    if (isOutdated(error)) return { index: createRecallIndex({ analyse, removed, ended }), isNew: true }
  }
  shared.onDamage(
    new RuntimeError('store-corrupt', `the index of namespace "${name}" is damaged, and is made anew`, {
      why: 'its bytes are not those that were written',
      fix: 'check the disk: no memory is lost by this',
      details: { namespace: name },
    }),
  )
  return { index: createRecallIndex({ analyse, removed, ended }), isNew: true }
}

async function readSpeakers({ shared, number }: Place): Promise<Pick<Space, 'speakers' | 'speakerNames'>> {
  const speakers = new Map<string, number>()
  const speakerNames = new Map<number, string>()
  if (number < 0) return { speakers, speakerNames }
  for await (const [key, value] of shared.store.range(familyRange('w', number))) {
    const bytes = unsealed(value)
    if (!bytes) continue // A record has the name too: `verify` tells.
    const name = new TextDecoder().decode(bytes)
    speakers.set(nameForm(name), unhex(key.slice(-8)))
    speakerNames.set(unhex(key.slice(-8)), name)
  }
  return { speakers, speakerNames }
}

async function readUses({ shared, number }: Place): Promise<Map<number, Use>> {
  const uses = new Map<number, Use>()
  if (number < 0) return uses
  for await (const [key, value] of shared.store.range(familyRange('u', number))) {
    if (value.length !== 12) continue
    const view = new DataView(value.buffer, value.byteOffset, 12)
    uses.set(unhex(key.slice(-8)), { count: view.getUint32(0), usedAt: view.getFloat64(4), isNew: false })
  }
  return uses
}

/** Memories from number `end` on go into the index again, in the order of their numbers there. */
async function replay(space: Space, end: number): Promise<void> {
  const { shared, number } = space
  const moved = [...space.placeOfMoved].filter(([doc]) => doc >= end).sort(([a], [b]) => a - b)
  const addMoved = (before: number): void => {
    while (moved[0] && moved[0][0] < before) {
      const [, place] = moved.shift() as [number, number]
      const bytes = shared.store.getSync(recordKey(number, place))
      if (bytes) add(space, place, bytes)
    }
  }
  let done = 0
  for await (const [key, value] of shared.store.range(recordsFrom(number, end))) {
    const place = unhex(key.slice(-8))
    addMoved(place)
    // One that moved is added under its other number.
    if (!space.movedDocs.has(place)) add(space, place, value)
    if (++done % 256 === 0) await new Promise(resolve => setImmediate(resolve))
  }
  addMoved(Number.POSITIVE_INFINITY)
}

function add(space: Space, place: number, bytes: Uint8Array): void {
  const record = readable(space, place, bytes)
  if (record) space.index.add(indexEntry(record))
}

/** A record that is damaged is left out, and told. */
function readable(space: Space, place: number, bytes: Uint8Array): StoredRecord | undefined {
  try {
    return decodeRecord(space.shared.encoder, bytes, { namespace: space.name, place })
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error
    space.shared.onDamage(error)
    return undefined
  }
}
