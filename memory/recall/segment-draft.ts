/**
 * A segment in the making: terms come in the order of their hashes, each with its postings in the order of the
 * numbers; one whose postings are those of a term before it shares its list. Used to make one of a tail and of other
 * segments; what was removed is left out on the way.
 */
import { postingArrays, postingBytes, type Segment } from './segment.ts'

export interface SegmentDraft {
  readonly hashes: Float64Array
  readonly lists: Uint32Array
  readonly offsets: Uint32Array
  readonly minLengths: Uint16Array
  readonly maxTfs: Uint8Array
  readonly docs: Uint16Array
  readonly tfs: Uint8Array
  /** Of each list, a hash of its postings; and a table of lists plus one by that hash, with linear probing. */
  readonly prints: Uint32Array
  readonly table: Uint32Array
  terms: number
  listCount: number
  postings: number
}

/** With room for so many terms and postings. */
export const draftFor = (terms: number, postings: number): SegmentDraft => ({
  hashes: new Float64Array(terms),
  lists: new Uint32Array(terms),
  offsets: new Uint32Array(terms + 1),
  minLengths: new Uint16Array(terms),
  maxTfs: new Uint8Array(terms),
  docs: new Uint16Array(postings),
  tfs: new Uint8Array(postings),
  prints: new Uint32Array(terms),
  table: new Uint32Array(2 ** Math.ceil(Math.log2(2 * terms + 2))),
  terms: 0,
  listCount: 0,
  postings: 0,
})

/** Adds the postings from `start` to before `end` to the term that is under way. */
export function draftPostings(
  draft: SegmentDraft,
  docs: Uint16Array,
  tfs: Uint8Array,
  start: number,
  end: number,
  removed: Uint8Array,
): void {
  let size = draft.postings
  for (let i = start; i < end; i++) {
    const doc = docs[i] as number
    if (removed[doc] !== 0) continue
    draft.docs[size] = doc
    draft.tfs[size++] = tfs[i] as number
  }
  draft.postings = size
}

/** Ends the term that is under way; nothing is left of one without postings. `lengths` are those of the block. */
export function draftTerm(draft: SegmentDraft, hash: number, lengths: Uint16Array): void {
  const { listCount, postings, table } = draft
  const start = draft.offsets[listCount] as number
  if (postings === start) return
  const print = printOf(draft, start)
  const slot = slotOf(draft, start, print)
  draft.hashes[draft.terms] = hash
  if (table[slot] === 0) {
    table[slot] = listCount + 1
    draft.prints[listCount] = print
    endList(draft, start, lengths)
  } else draft.postings = start
  draft.lists[draft.terms++] = (table[slot] as number) - 1
}

function endList(draft: SegmentDraft, start: number, lengths: Uint16Array): void {
  const { postings, docs, tfs, listCount } = draft
  let maxTf = 0
  let minLength = 0xffff
  for (let i = start; i < postings; i++) {
    const tf = tfs[i] as number
    const length = lengths[docs[i] as number] as number
    if (tf > maxTf) maxTf = tf
    if (length < minLength) minLength = length
  }
  draft.maxTfs[listCount] = maxTf
  draft.minLengths[listCount] = minLength
  draft.offsets[listCount + 1] = postings
  draft.listCount++
}

/** A hash of the postings under way: multiply and fold, enough to tell lists apart that are then compared. */
function printOf({ docs, tfs, postings }: SegmentDraft, start: number): number {
  let print = postings - start
  for (let i = start; i < postings; i++) {
    print = Math.imul(print ^ (((docs[i] as number) << 8) | (tfs[i] as number)), 0x9e3779b1)
    print ^= print >>> 15
  }
  return print >>> 0
}

/** Where in the table the list stands that has the postings under way, or will. */
function slotOf(
  { table, prints, docs, tfs, offsets, postings }: SegmentDraft,
  start: number,
  print: number,
): number {
  const size = postings - start
  const mask = table.length - 1
  for (let slot = print & mask; ; slot = (slot + 1) & mask) {
    const list = (table[slot] as number) - 1
    if (list < 0) return slot
    if (prints[list] !== print) continue
    const from = offsets[list] as number
    if ((offsets[list + 1] as number) - from !== size) continue
    let at = 0
    while (at < size && docs[from + at] === docs[start + at] && tfs[from + at] === tfs[start + at]) at++
    if (at === size) return slot
  }
}

/** The numbers it covers, and all that was drafted, without the room that is left. Yields while it copies. */
export function* drafted(base: number, end: number, draft: SegmentDraft): Generator<undefined, Segment> {
  const { terms, listCount: lists, postings } = draft
  const counts = { terms, lists, postings }
  const arrays = postingArrays(new ArrayBuffer(postingBytes(counts)), 0, counts)
  for (const name of ['hashes', 'lists', 'offsets', 'minLengths', 'maxTfs', 'docs', 'tfs'] as const)
    yield* copied(draft[name], arrays[name])
  return { base, end, ...arrays }
}

const COPIED_AT_ONCE = 32_768

function* copied<Numbers extends Float64Array | Uint32Array | Uint16Array | Uint8Array>(
  from: Numbers,
  to: Numbers,
): Generator<undefined, void> {
  for (let at = 0; at < to.length; at += COPIED_AT_ONCE) {
    to.set(from.subarray(at, Math.min(at + COPIED_AT_ONCE, to.length)), at)
    yield
  }
}
