/**
 * Snapshots of a partition in its log: everything its stores held at a place, so that the entries up to there can
 * be purged and a new owner reads little. Parts of at most 768 KiB; the end, written last, makes it valid.
 */
import { createHash } from 'node:crypto'
import { RuntimeError, toRuntimeError } from '../../../actors/errors.ts'
import type { Op } from '../../../memory/level.ts'
import type { Broker } from '../broker.ts'
import { decodeOps, encodeOps } from './entry.ts'
import { beginningOf, lastTurn, type Turn, turnAt } from './epochs.ts'
import { compare, type LogSubjects, next, type Place } from './place.ts'

const PART = 768 * 1024

export interface SnapshotEnd {
  readonly place: Place
  readonly parts: number
  readonly bytes: number
}

/**
 * Writes `entries` as the snapshot of `place`, in the epoch of the id `begun`. A try that was broken off is gone over: its parts are the same bytes,
 * or are overwritten by nobody, since a place is written once by one owner. `before` is done before each message, and
 * breaks it off by rejecting.
 */
export async function writeSnapshot(
  broker: Broker,
  subjects: LogSubjects,
  { place, begun }: { readonly place: Place; readonly begun: string | undefined },
  entries: AsyncIterable<readonly [key: string, value: Uint8Array]>,
  before: (part: number | 'end') => Promise<void> = async () => {},
): Promise<SnapshotEnd> {
  const hash = createHash('sha256')
  let [parts, bytes] = [0, 0]
  let waiting: Uint8Array[] = []
  let waitingBytes = 0
  const flush = async (all: boolean): Promise<void> => {
    let content = Buffer.concat(waiting)
    while (content.length >= PART || (all && content.length > 0)) {
      const part = content.subarray(0, PART)
      hash.update(part)
      await before(parts)
      await write(broker, subjects.snapshot(place, parts++), part)
      bytes += part.length
      content = content.subarray(PART)
    }
    waiting = [content]
    waitingBytes = content.length
  }
  for await (const [key, value] of entries) {
    const encoded = encodeOps([{ type: 'put', key, value }])
    waiting.push(encoded)
    waitingBytes += encoded.length
    if (waitingBytes >= PART) await flush(false)
  }
  await flush(true)
  const end = { parts, bytes, sha256: hash.digest('hex'), begun }
  await before('end')
  await write(broker, subjects.snapshot(place, 'end'), Buffer.from(JSON.stringify(end)))
  return { place, parts, bytes }
}

async function write(broker: Broker, subject: string, data: Uint8Array): Promise<void> {
  if ((await broker.create(subject, data)) === 'created') return
  throw new RuntimeError('store-corrupt', `another snapshot stands at "${subject}"`, {
    why: 'the snapshot of a place is written once',
    details: { isTaken: true },
  })
}

/**
 * Removes what stands at the place of a snapshot that its owner is about to write and is not one of its own: the broker may
 * have lost the entries that it was of, and not it.
 */
export async function clearPlace(
  broker: Broker,
  subjects: LogSubjects,
  place: Place,
  begun: string,
): Promise<void> {
  const last = await broker.last(subjects.snapshotParts(place))
  if (!last) return
  const isEnd = last.subject === subjects.snapshot(place, 'end')
  if (!isEnd || readEnd(last.data).begun !== begun) await broker.purge(subjects.snapshotParts(place))
}

const TRIES = 8

/**
 * Writes `entries` as a snapshot behind which the log is to go on: of `place`, or of a later one that nobody wrote at, when
 * what is left of an upload of another history stands there. Resolves with the place.
 */
export async function uploadSnapshot(
  broker: Broker,
  subjects: LogSubjects,
  { place, begun }: { readonly place: Place; readonly begun: string | undefined },
  entries: () => AsyncIterable<readonly [key: string, value: Uint8Array]>,
): Promise<Place> {
  let at = place
  for (let tries = 1; ; tries++) {
    try {
      await writeSnapshot(broker, subjects, { place: at, begun }, entries())
      return at
    } catch (error) {
      const { details } = toRuntimeError(error, 'internal')
      if (tries === TRIES || details?.['isTaken'] !== true) throw error
      at = next(at)
    }
  }
}

export interface Snapshot {
  readonly place: Place
  /** What it holds, in pieces. Throws `store-corrupt`. */
  readonly contents: AsyncIterable<readonly Op[]>
}

/** The newest snapshot that is complete, and of a place in the log. */
export async function newestSnapshot(broker: Broker, subjects: LogSubjects): Promise<Snapshot | undefined> {
  const found: { readonly place: Place; readonly end: End }[] = []
  for await (const { subject, data } of broker.read(subjects.snapshotEnds))
    found.push({ place: subjects.placeOf(subject), end: readEnd(data) })
  found.sort((a, b) => compare(b.place, a.place))
  for (const { place, end } of found)
    if (await isInLog(broker, subjects, place, end.begun))
      return { place, contents: contentsOf(broker, subjects, place, end) }
  return undefined
}

/**
 * False for what is left of an upload behind which the log did not go on, of an epoch that the broker lost and that was begun
 * anew, and of a zombie: the entry at the place of a snapshot is not purged before there is a newer one.
 */
async function isInLog(
  broker: Broker,
  subjects: LogSubjects,
  place: Place,
  begun: string | undefined,
): Promise<boolean> {
  const isHere = ({ to }: Turn): boolean => compare(to, place) === 0
  const beginning = await beginningOf(broker, subjects, place.epoch)
  if (beginning?.id !== undefined && begun !== undefined && beginning.id !== begun) return false
  if (beginning && isHere(beginning)) return true
  const stored = await broker.get(subjects.entry(place))
  // A seal there is behind an earlier place.
  if (stored && !turnAt(subjects, stored)) return true
  return (await lastTurn(broker, subjects, subjects.entries, isHere)) !== undefined
}

interface End {
  readonly parts: number
  readonly sha256: string
  /** The id of the epoch of its place; absent in one of an earlier version. */
  readonly begun?: string
}

function readEnd(data: Uint8Array): End {
  const { parts, sha256, begun } = JSON.parse(Buffer.from(data).toString())
  return { parts, sha256, ...(typeof begun === 'string' && { begun }) }
}

async function* contentsOf(
  broker: Broker,
  subjects: LogSubjects,
  place: Place,
  end: End,
): AsyncIterable<readonly Op[]> {
  const hash = createHash('sha256')
  let rest: Uint8Array = new Uint8Array()
  for (let part = 0; part < end.parts; part++) {
    const stored = await broker.get(subjects.snapshot(place, part))
    if (!stored) throw damaged(subjects.snapshot(place, part), 'is missing')
    hash.update(stored.data)
    const decoded = decodeOps(Buffer.concat([rest, stored.data]))
    rest = decoded.rest
    yield decoded.ops
  }
  if (rest.length > 0 || hash.digest('hex') !== end.sha256)
    throw damaged(subjects.snapshot(place, 'end'), 'does not fit its parts')
}

const damaged = (subject: string, what: string): RuntimeError =>
  new RuntimeError('store-corrupt', `the snapshot at "${subject}" ${what}`, {
    why: 'the broker lost messages it had acknowledged',
    fix: 'start the node that owned the partition last: it has a copy on its disk and uploads it',
  })
