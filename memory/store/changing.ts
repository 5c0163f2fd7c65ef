/**
 * A draft as one batch, and what follows from it in memory once it is written. The only writer of records. From its
 * first line to the batch there is no pause, so that numbers are written in the order in which they are given.
 */
import { RuntimeError } from '../../actors/errors.ts'
import type { Plain } from '../../actors/plain.ts'
import type { Op } from '../level.ts'
import type { IndexEntry } from '../recall/recall-index.ts'
import { type Draft, entriesOf, uint32 } from './drafts.ts'
import * as keys from './keys.ts'
import { encodeRecord, type StoredRecord, sealed } from './records.ts'
import { encodeSession } from './sessions.ts'
import { docAt, type Shared, type Space } from './space.ts'

/** What is done in memory when the batch is on disk. */
type Effect = () => void

/**
 * Writes the draft; resolves when it is stored and can be found. Rejects with `store-failed`, and then nothing that
 * the namespace has in memory is used again.
 */
export function writeDraft(draft: Draft, { sync = false }: { readonly sync?: boolean } = {}): Promise<void> {
  const { space } = draft
  if (space.isStale) throw staleError(space)
  const effects: Effect[] = []
  return wholly(space, () => {
    const isNew = space.number < 0
    if (isNew) space.number = ++space.shared.namespaces
    const ops = opsOf(draft, effects)
    if (isNew) ops.push(...namespaceOps(space))
    ops.push(countersOp(space))
    return written(space, ops, { sync, effects, sessions: draft })
  })
}

/** What gives numbers and then fails leaves a namespace in memory that is ahead of the disk: it is opened anew. */
export function wholly<T>(space: Space, work: () => T): T {
  try {
    return work()
  } catch (error) {
    space.isStale = true
    throw error
  }
}

/** Writes `ops` after all that was asked for before. They change nothing that the namespace has in memory. */
export const writeOps = (space: Space, ops: readonly Op[]): Promise<void> =>
  written(space, ops, { sync: false, effects: [], sessions: undefined })

interface Writing {
  readonly sync: boolean
  readonly effects: readonly Effect[]
  readonly sessions: Pick<Draft, 'sessions'> | undefined
}

async function written(
  space: Space,
  ops: readonly Op[],
  { sync, effects, sessions }: Writing,
): Promise<void> {
  if (space.isStale) throw staleError(space)
  space.writes++
  const held = sessions ? [...sessions.sessions.values()] : []
  for (const session of held) session.pending++
  try {
    await space.shared.store.batch(ops, { sync })
    for (const effect of effects) effect()
  } catch (error) {
    space.isStale = true
    noteFailure(space.shared, error)
    throw error
  } finally {
    space.writes--
    for (const session of held) session.pending--
    space.sessions.trim()
  }
}

/** What asks the store itself, and no namespace: after a failure the store is opened anew all the same. */
export async function noted<T>(shared: Shared, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    noteFailure(shared, error)
    throw error
  }
}

function noteFailure(shared: Shared, error: unknown): void {
  if (error instanceof RuntimeError && error.kind === 'store-failed') shared.hasFailed = true
}

export const staleError = (space: Space): RuntimeError =>
  new RuntimeError('store-failed', `a write to namespace "${space.name}" failed, and it is opened anew`, {
    fix: 'call again',
    retryable: true,
  })

function opsOf(draft: Draft, effects: Effect[]): Op[] {
  const { space } = draft
  const ops: Op[] = []
  const owed: string[] = []
  for (const [place, after] of draft.after) {
    const before = draft.before.get(place)
    if (after) ops.push(...putOps(draft, before, after, owed, effects))
    else if (before) ops.push(...removalOps(draft, before, owed, effects))
    count(space, before, -1)
    count(space, after, 1)
  }
  for (const [place, waits] of draft.waiting) {
    const key = keys.waitingKey(space.number, place)
    ops.push(waits ? { type: 'put', key, value: NOTHING } : { type: 'del', key })
    space.counters.waiting += waits ? 1 : -1
  }
  for (const [number, name] of draft.speakers) {
    ops.push({ type: 'put', key: keys.speakerKey(space.number, number), value: sealed(TEXT.encode(name)) })
  }
  for (const [name, session] of draft.sessions) {
    const key = keys.sessionKey(space.number, name)
    ops.push(session.count > 0 ? { type: 'put', key, value: encodeSession(session) } : { type: 'del', key })
  }
  if (owed.length > 0) ops.push(owedOp(space, owed))
  for (const other of draft.others) ops.push(other())
  return ops
}

const NOTHING = Uint8Array.of(1)
const TEXT = new TextEncoder()

function count({ counters }: Space, record: StoredRecord | undefined, by: 1 | -1): void {
  if (record) counters[`${record.kind}s`] += by
}

/** `before` absent: a new record. */
function putOps(
  draft: Draft,
  before: StoredRecord | undefined,
  after: StoredRecord,
  owed: string[],
  effects: Effect[],
): Op[] {
  const { space } = draft
  const { number: ns, index, shared } = space
  const key = keys.recordKey(ns, after.place)
  const ops: Op[] = [{ type: 'put', key, value: encodeRecord(shared.encoder, after) }]
  const entries = entriesOf(ns, after)
  for (const entry of entries) ops.push({ type: 'put', ...entry })
  if (!before) {
    effects.push(() => {
      index.add(indexEntry(after))
      space.vectors?.remembered([after.doc])
    })
  } else {
    const kept = new Set(entries.map(entry => entry.key))
    const gone = entriesOf(ns, before).filter(entry => !kept.has(entry.key))
    for (const entry of gone) ops.push({ type: 'del', key: entry.key })
    if (draft.rewritten.has(after.place)) owed.push(key, ...gone.map(entry => entry.key))
    if (before.doc !== after.doc) ops.push(...moveOps(space, before, after, owed, effects))
  }
  const ended = isEnded(space, after)
  if (ended || (before && wasMarked(before))) {
    ops.push({ type: 'put', key: keys.markKey(ns, 'ended', after.doc), value: Uint8Array.of(ended ? 1 : 0) })
    effects.push(() => index.setEnded(after.doc, ended))
  }
  return ops
}

const isEnded = ({ shared }: Space, { validUntil }: StoredRecord): boolean =>
  validUntil !== undefined && validUntil <= shared.clock()
const wasMarked = ({ validUntil }: StoredRecord): boolean => validUntil !== undefined

/** The same memory under a higher number in the index, because its words, or what ranking knows of it, changed. */
function moveOps(
  space: Space,
  before: StoredRecord,
  after: StoredRecord,
  owed: string[],
  effects: Effect[],
): Op[] {
  const { number: ns, index } = space
  const vector = keys.vectorKey(ns, before.doc)
  owed.push(vector)
  effects.push(() => {
    space.placeOfMoved.set(after.doc, after.place)
    space.movedDocs.set(after.place, after.doc)
    index.add(indexEntry(after))
    index.remove(before.doc, after.doc)
    space.vectors?.forgotten(before.doc)
    space.vectors?.remembered([after.doc])
  })
  const ops: Op[] = [
    { type: 'put', key: keys.markKey(ns, 'moved', after.doc), value: uint32(after.place) },
    { type: 'put', key: keys.markKey(ns, 'removed', before.doc), value: uint32(after.doc) },
    { type: 'del', key: keys.markKey(ns, 'ended', before.doc) },
    { type: 'del', key: vector },
  ]
  if (before.doc !== before.place) ops.push({ type: 'del', key: keys.markKey(ns, 'moved', before.doc) })
  return ops
}

function removalOps(draft: Draft, before: StoredRecord, owed: string[], effects: Effect[]): Op[] {
  const { space } = draft
  const { number: ns, index } = space
  const doc = docAt(space, before.place)
  const texts = [keys.recordKey(ns, before.place), keys.vectorKey(ns, doc)]
  const entries = entriesOf(ns, before).map(({ key }) => key)
  const others = [keys.usesKey(ns, before.place), keys.markKey(ns, 'ended', doc)]
  if (doc !== before.place) others.push(keys.markKey(ns, 'moved', doc))
  owed.push(...texts, ...entries)
  effects.push(() => {
    index.remove(doc)
    space.vectors?.forgotten(doc)
    space.uses.delete(before.place)
    space.placeOfMoved.delete(doc)
    space.movedDocs.delete(before.place)
  })
  space.counters.forgotten++
  const all = [...texts, ...entries, ...others]
  return [
    ...all.map((key): Op => ({ type: 'del', key })),
    { type: 'put', key: keys.markKey(ns, 'removed', doc), value: uint32(0xffff_ffff) },
  ]
}

/** What a purge has to write anew, because older versions of it are in LevelDB's files. */
export const owedOp = (space: Space, owed: readonly string[]): Op => ({
  type: 'put',
  key: keys.owedKey(space.number, ++space.counters.owed),
  value: sealed(TEXT.encode(JSON.stringify(owed))),
})

export const countersOp = (space: Space): Op => ({
  type: 'put',
  key: keys.countersKey(space.number),
  value: sealed(packed(space.shared, space.counters as unknown as Plain)),
})

const namespaceOps = (space: Space): Op[] => [
  {
    type: 'put',
    key: keys.namespaceKey(space.name),
    value: sealed(packed(space.shared, { name: space.name, number: space.number })),
  },
  { type: 'put', key: keys.NUMBERS_KEY, value: uint32(space.shared.namespaces) },
]

const packed = ({ encoder }: Shared, value: Plain): Uint8Array =>
  encoder.pack?.(value) ?? encoder.encode(value)

/** A record as the index takes it. */
export function indexEntry(record: StoredRecord): IndexEntry {
  const { doc, text, speaker, who, at, first, prev, kind, trust, importance } = record
  return {
    doc,
    text,
    who: speaker,
    ...(who !== undefined && { whoName: who }),
    at,
    session: first,
    ...(prev !== undefined && { prev }),
    kind,
    trust,
    importance,
  }
}

/** Numbers for one more memory. Throws `store-failed` when there are none left. */
export function nextNumber(space: Space): number {
  if (space.counters.next <= keys.MAX_DOC) return space.counters.next++
  throw new RuntimeError('store-failed', `namespace "${space.name}" has given all its numbers`, {
    fix: 'export it, and import it into a new namespace',
    details: { namespace: space.name },
  })
}
