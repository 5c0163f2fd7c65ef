/**
 * Several segments of one block as one, and one without what was removed from it. Called by `sealing.ts`; the
 * segments themselves do not change, and are searched until the new one takes their place.
 */
import type { Columns } from './columns.ts'
import type { Segment } from './segment.ts'
import { drafted, draftFor, draftPostings, draftTerm } from './segment-draft.ts'

/** Postings copied, or terms looked at, between two yields. */
const STEP = 4_096

/**
 * `parts` ascend and do not overlap; memories that `removed` says (not 0, by number within the block) are left out.
 * Yields after each few thousand postings.
 */
export function* mergedSegment(
  parts: readonly Segment[],
  removed: Uint8Array,
  { length }: Columns,
): Generator<undefined, Segment> {
  let [terms, postings] = [0, 0]
  for (const part of parts) {
    terms += part.hashes.length
    postings += writtenOut(part)
    yield
  }
  const draft = draftFor(terms, postings)
  const cursors = new Uint32Array(parts.length)
  let work = 0
  for (let hash = least(parts, cursors); hash < Infinity; hash = least(parts, cursors)) {
    const before = draft.postings
    for (let nth = 0; nth < parts.length; nth++) {
      const { hashes, lists, offsets, docs, tfs } = parts[nth] as Segment
      const cursor = cursors[nth] as number
      if (hashes[cursor] !== hash) continue
      cursors[nth] = cursor + 1
      const list = lists[cursor] as number
      draftPostings(draft, docs, tfs, offsets[list] as number, offsets[list + 1] as number, removed)
    }
    work += 2 * parts.length + draft.postings - before
    draftTerm(draft, hash, length)
    if (work > STEP) {
      work = 0
      yield
    }
  }
  return yield* drafted(parts[0]?.base ?? 0, parts.at(-1)?.end ?? 0, draft)
}

/** Its postings when no two terms share a list: those that share one here may not in what is made of it. */
function writtenOut({ lists, offsets }: Segment): number {
  let postings = 0
  for (let term = 0; term < lists.length; term++) {
    const list = lists[term] as number
    postings += (offsets[list + 1] as number) - (offsets[list] as number)
  }
  return postings
}

/** The least hash that no cursor has passed; `Infinity` at the end. */
function least(parts: readonly Segment[], cursors: Uint32Array): number {
  let lowest = Infinity
  for (let nth = 0; nth < parts.length; nth++) {
    const hash = parts[nth]?.hashes[cursors[nth] as number] ?? Infinity
    if (hash < lowest) lowest = hash
  }
  return lowest
}
