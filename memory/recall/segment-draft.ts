/**
 * A segment in the making: terms come in the order of their hashes, each with its postings in the order of the
 * numbers. Used to make one of a tail and of other segments; what was removed is left out on the way.
 */
import { postingArrays, postingBytes, type Segment } from './segment.ts'

export interface SegmentDraft {
  readonly hashes: Float64Array
  readonly offsets: Uint32Array
  readonly minLengths: Uint16Array
  readonly maxTfs: Uint8Array
  readonly docs: Uint16Array
  readonly tfs: Uint8Array
  terms: number
  postings: number
}

/** With room for so many terms and postings. */
export const draftFor = (terms: number, postings: number): SegmentDraft => ({
  hashes: new Float64Array(terms),
  offsets: new Uint32Array(terms + 1),
  minLengths: new Uint16Array(terms),
  maxTfs: new Uint8Array(terms),
  docs: new Uint16Array(postings),
  tfs: new Uint8Array(postings),
  terms: 0,
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
  const { terms, postings, docs, tfs } = draft
  const start = draft.offsets[terms] as number
  if (postings === start) return
  let maxTf = 0
  let minLength = 0xffff
  for (let i = start; i < postings; i++) {
    const tf = tfs[i] as number
    const length = lengths[docs[i] as number] as number
    if (tf > maxTf) maxTf = tf
    if (length < minLength) minLength = length
  }
  draft.hashes[terms] = hash
  draft.maxTfs[terms] = maxTf
  draft.minLengths[terms] = minLength
  draft.offsets[terms + 1] = postings
  draft.terms++
}

/** The numbers it covers, and all that was drafted, without the room that is left. */
export function drafted(base: number, end: number, draft: SegmentDraft): Segment {
  const { terms, postings } = draft
  const arrays = postingArrays(new ArrayBuffer(postingBytes(terms, postings)), 0, terms, postings)
  arrays.offsets.set(draft.offsets.subarray(0, terms + 1))
  for (const name of ['hashes', 'minLengths', 'maxTfs'] as const)
    arrays[name].set(draft[name].subarray(0, terms))
  for (const name of ['docs', 'tfs'] as const) arrays[name].set(draft[name].subarray(0, postings))
  return { base, end, ...arrays }
}
