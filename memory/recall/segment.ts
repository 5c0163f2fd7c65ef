/**
 * The postings of a run of memories of one block, which do not change any more: for each term, in which memories
 * it stands and how often, in 3 bytes each. Typed arrays over one buffer, which is also what the store gets.
 */

/** Where one term stands, within a segment or the tail: `docs` ascend from `start` to before `end`. */
export interface Postings {
  /** Numbers within the block. */
  readonly docs: Uint16Array
  /** How often it stands in each, up to 255. */
  readonly tfs: Uint8Array
  readonly start: number
  readonly end: number
  /** The most often it stands in any of them, and the length of the shortest: they bound every score. */
  readonly maxTf: number
  readonly minLength: number
}

/**
 * The arrays of the postings, all over one buffer. Terms that stand in the same memories as often share a list: a
 * rare stem and its family, and the words of one memory that are in no other. In talk that is half of the terms.
 */
export interface PostingArrays {
  /** Ascending; each term once. */
  readonly hashes: Float64Array
  /** By term, the number of its list. */
  readonly lists: Uint32Array
  /** Of list i: from `offsets[i]` to before `offsets[i + 1]`. */
  readonly offsets: Uint32Array
  /** By list, the bounds of `Postings`. */
  readonly minLengths: Uint16Array
  readonly docs: Uint16Array
  readonly maxTfs: Uint8Array
  readonly tfs: Uint8Array
}

export interface Segment extends PostingArrays {
  /** The first number it covers, and one more than the last. */
  readonly base: number
  readonly end: number
}

export interface PostingCounts {
  readonly terms: number
  readonly lists: number
  readonly postings: number
}

/** Bytes of so many postings. */
export const postingBytes = ({ terms, lists, postings }: PostingCounts): number =>
  4 + terms * 12 + lists * 7 + postings * 3

/** The arrays over `buffer`, whose byte `at` must be a multiple of 8. */
export function postingArrays(
  buffer: ArrayBufferLike,
  at: number,
  { terms, lists, postings }: PostingCounts,
): PostingArrays {
  const listsAt = at + terms * 8
  const offsets = listsAt + terms * 4
  const minLengths = offsets + (lists + 1) * 4
  const docs = minLengths + lists * 2
  const maxTfs = docs + postings * 2
  return {
    hashes: new Float64Array(buffer, at, terms),
    lists: new Uint32Array(buffer, listsAt, terms),
    offsets: new Uint32Array(buffer, offsets, lists + 1),
    minLengths: new Uint16Array(buffer, minLengths, lists),
    docs: new Uint16Array(buffer, docs, postings),
    maxTfs: new Uint8Array(buffer, maxTfs, lists),
    tfs: new Uint8Array(buffer, maxTfs + lists, postings),
  }
}

/** Where the term stands in the segment, if it does. */
export function postingsIn(segment: Segment, hash: number): Postings | undefined {
  const term = termIn(segment.hashes, hash)
  if (term < 0) return undefined
  const list = segment.lists[term] as number
  return {
    docs: segment.docs,
    tfs: segment.tfs,
    start: segment.offsets[list] as number,
    end: segment.offsets[list + 1] as number,
    maxTf: segment.maxTfs[list] as number,
    minLength: segment.minLengths[list] as number,
  }
}

/** In how many memories of the segment it stands. */
export function countIn({ hashes, lists, offsets }: Segment, hash: number): number {
  const term = termIn(hashes, hash)
  if (term < 0) return 0
  const list = lists[term] as number
  return (offsets[list + 1] as number) - (offsets[list] as number)
}

/** Place of `hash` in the ascending `hashes`, or -1, by interpolation: hashes are spread evenly. */
export function termIn(hashes: Float64Array, hash: number): number {
  let low = 0
  let high = hashes.length - 1
  while (low <= high) {
    const least = hashes[low] as number
    const most = hashes[high] as number
    if (hash < least || hash > most) return -1
    const share = most > least ? (hash - least) / (most - least) : 0
    const guess = low + Math.floor(share * (high - low))
    const found = hashes[guess] as number
    if (found === hash) return guess
    if (found < hash) low = guess + 1
    else high = guess - 1
  }
  return -1
}

export const countsOf = ({ hashes, maxTfs, docs }: PostingArrays): PostingCounts => ({
  terms: hashes.length,
  lists: maxTfs.length,
  postings: docs.length,
})

export const segmentBytes = (segment: Segment): number => postingBytes(countsOf(segment))
