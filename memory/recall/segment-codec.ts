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
import { BLOCK, CLEAN, type Columns, columnsFor, PRESENT, REMOVED, WITHIN } from './columns.ts'
import { type PostingArrays, postingArrays, postingBytes, type Segment } from './segment.ts'
import { HASH_LIMIT } from './term-hash.ts'

const HEADER = 64
const MAGIC = 0x58494341
const VERSION = 1
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
}

/** In this order; `next` follows from `prev`. */
const STORED = ['at', 'session', 'prev', 'who', 'length', 'flags', 'state', 'importance'] as const
type Stored = Pick<Columns, (typeof STORED)[number]>

export interface Decoded {
  readonly segment: Segment
  /** Of the numbers from `segment.base` on. The `session` of a removed memory is what replaced it, plus one; 0: nothing. */
  readonly columns: Stored
}

/** `columns` are those of its block; `replacedBy` says what took the place of a removed memory. */
export function encodeSegment(
  segment: Segment,
  columns: Columns,
  replacedBy: (doc: number) => number | undefined,
): Uint8Array {
  const { base, end, hashes, docs } = segment
  const span = end - base
  const { places, postingsAt, size } = layout(span, hashes.length, docs.length)
  const bytes = new Uint8Array(size)
  const own = columnsAt(bytes.buffer, places, span)
  const first = base & WITHIN
  for (const name of STORED) own[name].set(columns[name].subarray(first, first + span))
  for (let i = 0; i < span; i++) {
    if (((own.state[i] as number) & REMOVED) !== 0) scrub(own, i, replacedBy(base + i))
  }
  bytes.set(new Uint8Array(hashes.buffer, hashes.byteOffset, size - postingsAt), postingsAt)
  const header = new Uint32Array(bytes.buffer, 0, HEADER / 4)
  header[FIELDS.magic] = MAGIC
  header[FIELDS.version] = VERSION
  header[FIELDS.order] = BYTE_ORDER
  header[FIELDS.bytes] = size
  header[FIELDS.base] = base
  header[FIELDS.span] = span
  header[FIELDS.terms] = hashes.length
  header[FIELDS.postings] = docs.length
  header[FIELDS.analysis] = ANALYSIS_VERSION
  header[FIELDS.crc] = crc32(bytes.subarray((FIELDS.crc + 1) * 4))
  return bytes
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
 * Throws `store-corrupt` for anything that `encodeSegment` did not write, or another machine's did. For one that is
 * whole, of texts that were analysed in another way, its `details.analysis` is that version (`isOutdated`).
 */
export function decodeSegment(given: Uint8Array): Decoded {
  const bytes = given.byteOffset % 8 === 0 ? given : Uint8Array.from(given)
  if (bytes.length < HEADER) throw corrupt(`it has only ${bytes.length} bytes`)
  const header = new Uint32Array(bytes.buffer, bytes.byteOffset, HEADER / 4)
  const word = (field: keyof typeof FIELDS): number => header[FIELDS[field]] as number
  if (word('order') !== BYTE_ORDER) throw corrupt('it was written by a machine of another byte order')
  if (word('magic') !== MAGIC) throw corrupt('it does not begin as one')
  if (word('version') !== VERSION) throw corrupt(`its format is "${word('version')}", not "${VERSION}"`)
  if (word('bytes') !== bytes.length)
    throw corrupt(`${word('bytes')} bytes were written, not ${bytes.length}`)
  if (word('crc') !== crc32(bytes.subarray((FIELDS.crc + 1) * 4))) throw corrupt('its checksum is another')
  if (word('analysis') !== ANALYSIS_VERSION) throw outdated(word('analysis'))
  const [base, span, terms, postings] = [word('base'), word('span'), word('terms'), word('postings')]
  const { places, postingsAt, size } = layout(span, terms, postings)
  if (span === 0 || (base & WITHIN) + span > BLOCK || size !== bytes.length)
    throw corrupt(`${span} memories from ${base} on do not fit it`)
  // Copied, so that the columns, and whatever else the store's buffer holds, can go.
  const from = bytes.byteOffset + postingsAt
  const buffer = bytes.buffer.slice(from, from + postingBytes(terms, postings))
  const arrays = postingArrays(buffer, 0, terms, postings)
  const columns = columnsAt(bytes.buffer, places, span, bytes.byteOffset)
  check(arrays)
  return { segment: { base, end: base + span, ...arrays }, columns }
}

/** A checksum proves no more than that nothing was lost: what looking a term up relies on is checked as well. */
function check({ hashes, offsets, docs }: PostingArrays): void {
  let right = offsets[0] === 0 && offsets[hashes.length] === docs.length
  let before = -1
  for (let term = 0; right && term < hashes.length; term++) {
    const hash = hashes[term] as number
    right = hash > before && hash < HASH_LIMIT && (offsets[term + 1] as number) > (offsets[term] as number)
    before = hash
  }
  if (!right) throw corrupt('its postings are in no order')
}

interface Layout {
  /** Byte at which each column begins. */
  readonly places: readonly number[]
  readonly postingsAt: number
  readonly size: number
}

function layout(span: number, terms: number, postings: number): Layout {
  const places: number[] = []
  let at = HEADER
  const sizes = columnsFor(0)
  for (const name of STORED) {
    places.push(at)
    at = aligned(at + span * sizes[name].BYTES_PER_ELEMENT)
  }
  return { places, postingsAt: at, size: at + postingBytes(terms, postings) }
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

const outdated = (analysis: number): RuntimeError =>
  new RuntimeError('store-corrupt', 'a part of the index of memories is of another version', {
    why: `its texts were analysed as version "${analysis}", not "${ANALYSIS_VERSION}"`,
    fix: 'have the index made anew from its memories',
    details: { analysis },
  })

/** The segment was refused only because words are read in another way now: nothing is damaged. */
export const isOutdated = (error: RuntimeError): boolean => error.details?.['analysis'] !== undefined
