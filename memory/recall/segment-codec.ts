/**
 * A segment and the columns of its memories as bytes for the store, and back. Bytes that are not exactly what was
 * written are refused. Of a memory that was removed only its place in its session is written.
 *
 * 64 bytes of header (see `FIELDS`), then arrays in the byte order of the machine, each beginning at a multiple of
 * 8: the columns in the order of `STORED`, and the postings as `segment.ts` lays them out.
 */
import { crc32 } from 'node:zlib'
import { RuntimeError } from '../../actors/errors.ts'
import { ANALYSIS_VERSION } from './analysis-version.ts'
import { BLOCK, CLEAN, type Columns, columnsFor, isAlive, PRESENT, REMOVED, WITHIN } from './columns.ts'
import {
  countsOf,
  type PostingArrays,
  type PostingCounts,
  postingArrays,
  postingBytes,
  type Segment,
} from './segment.ts'
import { HASH_LIMIT } from './term-hash.ts'

const HEADER = 64
const MAGIC = 0x58494341
const VERSION = 2
/** Reads as another number on a machine of the other byte order. */
const BYTE_ORDER = 0x01020304
/** Words of the header; the checksum is of all bytes after its own. */
const FIELDS = {
  magic: 0,
  version: 1,
  crc: 2,
  order: 3,
  bytes: 4,
  base: 5,
  span: 6,
  terms: 7,
  postings: 8,
  analysis: 9,
  lists: 10,
  live: 11,
  totalLength: 12,
}

/** In this order; `next` follows from `prev`. */
const STORED = ['at', 'session', 'prev', 'who', 'length', 'flags', 'state', 'importance'] as const
type Stored = Pick<Columns, (typeof STORED)[number]>

export interface Decoded {
  readonly segment: Segment
  /** Of the numbers from `segment.base` on. The `session` of a removed memory is what replaced it, plus one; 0: nothing. */
  readonly columns: Stored
  /** Memories in it that are there, and the sum of their lengths. */
  readonly live: number
  readonly totalLength: number
}

/** Bytes copied and summed up between two yields. */
const STEP = 128 * 1024

/**
 * `columns` are those of its block, as they are when it begins; `replacedBy` says what took the place of a removed
 * memory. Yields while it copies.
 */
export function* encodeSegment(
  segment: Segment,
  columns: Columns,
  replacedBy: (doc: number) => number | undefined,
): Generator<undefined, Uint8Array> {
  const { base, end, hashes } = segment
  const span = end - base
  const counts = countsOf(segment)
  const { places, postingsAt, size } = layout(span, counts)
  const bytes = new Uint8Array(size)
  const own = columnsAt(bytes.buffer, places, span)
  const first = base & WITHIN
  for (const name of STORED) own[name].set(columns[name].subarray(first, first + span))
  for (let i = 0; i < span; i++) {
    if (((own.state[i] as number) & REMOVED) !== 0) scrub(own, i, replacedBy(base + i))
  }
  const header = new Uint32Array(bytes.buffer, 0, HEADER / 4)
  header[FIELDS.magic] = MAGIC
  header[FIELDS.version] = VERSION
  header[FIELDS.order] = BYTE_ORDER
  header[FIELDS.bytes] = size
  header[FIELDS.base] = base
  header[FIELDS.span] = span
  header[FIELDS.terms] = counts.terms
  header[FIELDS.lists] = counts.lists
  header[FIELDS.postings] = counts.postings
  header[FIELDS.analysis] = ANALYSIS_VERSION
  ;[header[FIELDS.live], header[FIELDS.totalLength]] = sumsOf(own)
  yield
  const from = new Uint8Array(hashes.buffer, hashes.byteOffset, size - postingsAt)
  for (let at = 0; at < from.length; at += STEP) {
    bytes.set(from.subarray(at, at + STEP), postingsAt + at)
    yield
  }
  let sum = 0
  for (let at = SUMMED_FROM; at < size; at += STEP) {
    sum = crc32(bytes.subarray(at, at + STEP), sum)
    yield
  }
  header[FIELDS.crc] = sum
  return bytes
}

/** The checksum is of all bytes from here on. */
const SUMMED_FROM = (FIELDS.crc + 1) * 4

function sumsOf({ state, length }: Stored): [live: number, totalLength: number] {
  let [live, totalLength] = [0, 0]
  for (let i = 0; i < state.length; i++) {
    if (!isAlive(state[i] as number)) continue
    live++
    totalLength += length[i] as number
  }
  return [live, totalLength]
}

/**
 * Leaves of a removed memory only its place. One whose postings are still here is written as if it were there:
 * whoever removed it says so again at loading.
 */
function scrub(columns: Stored, i: number, replacedBy: number | undefined): void {
  const state = columns.state[i] as number
  if ((state & CLEAN) === 0) {
    columns.state[i] = state & ~REMOVED
    return
  }
  for (const name of STORED) if (name !== 'prev') columns[name][i] = 0
  columns.state[i] = PRESENT | REMOVED | CLEAN
  columns.session[i] = replacedBy === undefined ? 0 : replacedBy + 1
}

/**
 * The segment lies in `given` afterwards when it fills its block: its columns are then those of the block, and no
 * copy is made of either; it is the caller's no more. Of a smaller one the bytes can go.
 *
 * Throws `store-corrupt` for anything that `encodeSegment` did not write, or another machine's did. One that
 * is whole and of an earlier format, or of texts that were analysed in another way, is told apart by `isOutdated`.
 */
export function decodeSegment(given: Uint8Array): Decoded {
  const bytes = given.byteOffset % 8 === 0 ? given : Uint8Array.from(given)
  if (bytes.length < HEADER) throw corrupt(`it has only ${bytes.length} bytes`)
  const header = new Uint32Array(bytes.buffer, bytes.byteOffset, HEADER / 4)
  const word = (field: keyof typeof FIELDS): number => header[FIELDS[field]] as number
  if (word('order') !== BYTE_ORDER) throw corrupt('it was written by a machine of another byte order')
  if (word('magic') !== MAGIC) throw corrupt('it does not begin as one')
  if (word('version') < 1 || word('version') > VERSION)
    throw corrupt(`its format is "${word('version')}", not "${VERSION}"`)
  if (word('bytes') !== bytes.length)
    throw corrupt(`${word('bytes')} bytes were written, not ${bytes.length}`)
  if (word('crc') !== crc32(bytes.subarray(SUMMED_FROM))) throw corrupt('its checksum is another')
  if (word('version') < VERSION) throw outdated(`its format is "${word('version')}", not "${VERSION}"`)
  if (word('analysis') !== ANALYSIS_VERSION)
    throw outdated(`its texts were analysed as version "${word('analysis')}", not "${ANALYSIS_VERSION}"`)
  const [base, span] = [word('base'), word('span')]
  const counts = { terms: word('terms'), lists: word('lists'), postings: word('postings') }
  const { places, postingsAt, size } = layout(span, counts)
  if (span === 0 || (base & WITHIN) + span > BLOCK || size !== bytes.length)
    throw corrupt(`${span} memories from ${base} on do not fit it`)
  const from = bytes.byteOffset + postingsAt
  const fillsBlock = span === BLOCK
  const buffer = fillsBlock ? bytes.buffer : bytes.buffer.slice(from, from + postingBytes(counts))
  const arrays = postingArrays(buffer, fillsBlock ? from : 0, counts)
  check(arrays)
  return {
    segment: { base, end: base + span, ...arrays },
    columns: columnsAt(bytes.buffer, places, span, bytes.byteOffset),
    live: word('live'),
    totalLength: word('totalLength'),
  }
}

/** A checksum proves no more than that nothing was lost: what looking a term up relies on is checked as well. */
function check({ hashes, lists, offsets, maxTfs, docs }: PostingArrays): void {
  const isWhole = offsets[0] === 0 && offsets[maxTfs.length] === docs.length
  if (!isWhole || !ascends(offsets) || !areHashes(hashes) || !areBelow(lists, maxTfs.length))
    throw corrupt('its postings are in no order')
}

// One plain loop each: they run over all terms once, at opening, and such loops are compiled soonest.
function ascends(offsets: Uint32Array): boolean {
  for (let i = 1; i < offsets.length; i++)
    if ((offsets[i] as number) <= (offsets[i - 1] as number)) return false
  return true
}

function areHashes(hashes: Float64Array): boolean {
  let before = -1
  for (let i = 0; i < hashes.length; i++) {
    const hash = hashes[i] as number
    if (!(hash > before)) return false
    before = hash
  }
  return before < HASH_LIMIT
}

function areBelow(lists: Uint32Array, limit: number): boolean {
  for (let i = 0; i < lists.length; i++) if ((lists[i] as number) >= limit) return false
  return true
}

interface Layout {
  /** Byte at which each column begins. */
  readonly places: readonly number[]
  readonly postingsAt: number
  readonly size: number
}

function layout(span: number, counts: PostingCounts): Layout {
  const places: number[] = []
  let at = HEADER
  const sizes = columnsFor(0)
  for (const name of STORED) {
    places.push(at)
    at = aligned(at + span * sizes[name].BYTES_PER_ELEMENT)
  }
  return { places, postingsAt: at, size: at + postingBytes(counts) }
}

const aligned = (at: number): number => Math.ceil(at / 8) * 8

function columnsAt(buffer: ArrayBufferLike, places: readonly number[], span: number, from = 0): Stored {
  const [at, session, prev, who, length, flags, state, importance] = places.map(place => from + place)
  return {
    at: new Float64Array(buffer, at, span),
    session: new Uint32Array(buffer, session, span),
    prev: new Uint32Array(buffer, prev, span),
    who: new Uint32Array(buffer, who, span),
    length: new Uint16Array(buffer, length, span),
    flags: new Uint16Array(buffer, flags, span),
    state: new Uint8Array(buffer, state, span),
    importance: new Uint8Array(buffer, importance, span),
  }
}

const corrupt = (why: string): RuntimeError =>
  new RuntimeError('store-corrupt', 'a part of the index of memories is not what was written', {
    why,
    fix: 'restore the store, or have its index made anew from its memories',
  })

const outdated = (why: string): RuntimeError =>
  new RuntimeError('store-corrupt', 'a part of the index of memories is of another version', {
    why,
    fix: 'have the index made anew from its memories',
    details: { outdated: true },
  })

/** The segment was refused only because it was written by another version of this software: nothing is damaged. */
export const isOutdated = (error: RuntimeError): boolean => error.details?.['outdated'] === true
