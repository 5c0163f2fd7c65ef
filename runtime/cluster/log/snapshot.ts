/**
 * Snapshots of a partition in its log: everything its stores held at a place, so that the entries up to there can
 * be purged and a new owner reads little. Parts of at most 768 KiB; the end, written last, makes it valid.
 */
import { createHash } from 'node:crypto'
import { RuntimeError } from '../../../actors/errors.ts'
import type { Op } from '../../../memory/level.ts'
import type { Broker } from '../broker.ts'
import { decodeOps, encodeOps } from './entry.ts'
import { compare, type LogSubjects, type Place } from './place.ts'

const PART = 768 * 1024

export interface SnapshotEnd {
  readonly place: Place
  readonly parts: number
  readonly bytes: number
}

/**
 * Writes `entries` as the snapshot of `place`. A try that was broken off is gone over: its parts are the same bytes,
 * or are overwritten by nobody, since a place is written once by one owner.
 */
export async function writeSnapshot(
  broker: Broker,
  subjects: LogSubjects,
  place: Place,
  entries: AsyncIterable<readonly [key: string, value: Uint8Array]>,
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
  const end = { parts, bytes, sha256: hash.digest('hex') }
  await write(broker, subjects.snapshot(place, 'end'), Buffer.from(JSON.stringify(end)))
  return { place, parts, bytes }
}

async function write(broker: Broker, subject: string, data: Uint8Array): Promise<void> {
  if ((await broker.create(subject, data)) === 'created') return
  throw new RuntimeError('store-corrupt', `another snapshot stands at "${subject}"`, {
    why: 'the snapshot of a place is written once',
  })
}

/** The newest snapshot that is complete: its place, and what it holds in pieces. Throws `store-corrupt`. */
export async function newestSnapshot(
  broker: Broker,
  subjects: LogSubjects,
): Promise<{ readonly place: Place; readonly contents: AsyncIterable<readonly Op[]> } | undefined> {
  let newest: { place: Place; data: Uint8Array } | undefined
  for await (const { subject, data } of broker.read(subjects.snapshotEnds)) {
    const place = subjects.placeOf(subject)
    if (!newest || compare(place, newest.place) > 0) newest = { place, data }
  }
  if (!newest) return undefined
  const { place, data } = newest
  return { place, contents: contentsOf(broker, subjects, place, readEnd(data)) }
}

function readEnd(data: Uint8Array): { readonly parts: number; readonly sha256: string } {
  const { parts, sha256 } = JSON.parse(Buffer.from(data).toString())
  return { parts, sha256 }
}

async function* contentsOf(
  broker: Broker,
  subjects: LogSubjects,
  place: Place,
  end: { readonly parts: number; readonly sha256: string },
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
