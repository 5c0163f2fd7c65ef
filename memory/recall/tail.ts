/**
 * The postings of the newest memories, which no segment holds yet. Each term has a list from its newest posting to
 * its oldest in one growing arena, so that adding a term takes a few array writes. At most `RUN` memories: then
 * the next tail begins and `sealing.ts` makes a segment of this one.
 */
import { type Columns, WITHIN } from './columns.ts'
import type { Postings, Segment } from './segment.ts'
import { drafted, draftFor, draftPostings, draftTerm } from './segment-draft.ts'

/** Memories of a full tail, and so of the first segment they are in. */
export const RUN = 2_048

export interface Tail {
  /** The first number in it, and one more than the last. All are of one block. */
  readonly base: number
  end: number
  count: number
  /** Terms by their hash. */
  readonly terms: Map<number, number>
  /** By term: index plus one of its newest posting, how many there are, and their bounds. */
  heads: Uint32Array
  counts: Uint32Array
  maxTfs: Uint8Array
  minLengths: Uint16Array
  /** By posting: number within the block and, in the lower 8 bits, how often; and index plus one of the one before. */
  entries: Uint32Array
  olders: Uint32Array
  postings: number
}

export const tailFrom = (base: number): Tail => ({
  base,
  end: base,
  count: 0,
  terms: new Map(),
  heads: new Uint32Array(64),
  counts: new Uint32Array(64),
  maxTfs: new Uint8Array(64),
  minLengths: new Uint16Array(64),
  entries: new Uint32Array(256),
  olders: new Uint32Array(256),
  postings: 0,
})

/** Whether `doc` must begin a new tail. */
export const isFull = ({ base, count }: Tail, doc: number): boolean =>
  count >= RUN || doc >>> 16 !== base >>> 16

export function addDoc(tail: Tail, doc: number): void {
  tail.count++
  tail.end = doc + 1
}

/** One term of the memory that was added last, which is `length` terms long. A term that comes twice counts twice. */
export function addTerm(tail: Tail, hash: number, tf: number, length: number): void {
  const within = (tail.end - 1) & WITHIN
  const term = tail.terms.get(hash) ?? newTerm(tail, hash)
  const head = tail.heads[term] as number
  const newest = head === 0 ? -1 : (tail.entries[head - 1] as number)
  const before = newest >>> 8 === within ? newest & 255 : 0
  const times = Math.min(255, before + tf)
  if (times > (tail.maxTfs[term] as number)) tail.maxTfs[term] = times
  if (length < (tail.minLengths[term] as number)) tail.minLengths[term] = length
  if (before > 0) {
    tail.entries[head - 1] = (within << 8) | times
    return
  }
  if (tail.postings === tail.entries.length) {
    tail.entries = doubled(tail.entries, new Uint32Array(tail.postings * 2))
    tail.olders = doubled(tail.olders, new Uint32Array(tail.postings * 2))
  }
  tail.entries[tail.postings] = (within << 8) | times
  tail.olders[tail.postings] = head
  tail.heads[term] = ++tail.postings
  tail.counts[term] = (tail.counts[term] as number) + 1
}

function newTerm(tail: Tail, hash: number): number {
  const term = tail.terms.size
  if (term === tail.heads.length) {
    tail.heads = doubled(tail.heads, new Uint32Array(term * 2))
    tail.counts = doubled(tail.counts, new Uint32Array(term * 2))
    tail.maxTfs = doubled(tail.maxTfs, new Uint8Array(term * 2))
    tail.minLengths = doubled(tail.minLengths, new Uint16Array(term * 2))
  }
  tail.terms.set(hash, term)
  tail.minLengths[term] = 0xffff
  return term
}

function doubled<Numbers extends Uint8Array | Uint16Array | Uint32Array>(
  old: Numbers,
  larger: Numbers,
): Numbers {
  larger.set(old)
  return larger
}

/** Where the term stands in the tail: a copy, in the order of the numbers. */
export function postingsOf(tail: Tail, hash: number): Postings | undefined {
  const term = tail.terms.get(hash)
  if (term === undefined) return undefined
  const end = tail.counts[term] as number
  const docs = new Uint16Array(end)
  const tfs = new Uint8Array(end)
  copyPostings(tail, term, docs, tfs)
  return {
    docs,
    tfs,
    start: 0,
    end,
    maxTf: tail.maxTfs[term] as number,
    minLength: tail.minLengths[term] as number,
  }
}

/** Terms drafted between two yields. */
const TERMS_AT_ONCE = 256

/**
 * The tail as a segment, without the memories that `removed` says (not 0, by number within the block). Yields after
 * each few hundred terms; the tail must not change meanwhile.
 */
export function* tailSegment(
  tail: Tail,
  removed: Uint8Array,
  { length }: Columns,
): Generator<undefined, Segment> {
  const hashes = Float64Array.from(tail.terms.keys())
  yield
  hashes.sort()
  yield
  const draft = draftFor(hashes.length, tail.postings)
  const docs = new Uint16Array(tail.count)
  const tfs = new Uint8Array(tail.count)
  for (let nth = 0; nth < hashes.length; nth++) {
    const hash = hashes[nth] as number
    const start = copyPostings(tail, tail.terms.get(hash) as number, docs, tfs)
    draftPostings(draft, docs, tfs, start, docs.length, removed)
    draftTerm(draft, hash, length)
    if (nth % TERMS_AT_ONCE === TERMS_AT_ONCE - 1) yield
  }
  return yield* drafted(tail.base, tail.end, draft)
}

/** Writes the postings of a term at the end of `docs` and `tfs`, and returns where they begin. */
function copyPostings(tail: Tail, term: number, docs: Uint16Array, tfs: Uint8Array): number {
  let at = docs.length
  for (let i = tail.heads[term] as number; i > 0; i = tail.olders[i - 1] as number) {
    const entry = tail.entries[i - 1] as number
    docs[--at] = entry >>> 8
    tfs[at] = entry & 255
  }
  return at
}

/** In how many memories of the tail it stands. */
export function countInTail({ terms, counts }: Tail, hash: number): number {
  const term = terms.get(hash)
  return term === undefined ? 0 : (counts[term] as number)
}

/** About: a map takes some 40 bytes for each of its terms. */
export const tailBytes = ({ terms, heads, entries }: Tail): number =>
  terms.size * 40 + heads.length * 11 + entries.length * 8
