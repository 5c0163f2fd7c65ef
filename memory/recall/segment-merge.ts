/**
 * Several segments of one block as one, and one without what was removed from it. Called by `sealing.ts`; the
 * segments themselves do not change, and are searched until the new one takes their place.
 */
import type { Columns } from './columns.ts'
import type { Segment } from './segment.ts'
import { drafted, draftFor, draftPostings, draftTerm } from './segment-draft.ts'

/** Postings copied, or terms looked at, between two yields. */
const STEP = 32_768

/**
 * `parts` ascend and do not overlap; memories that `removed` says (not 0, by number within the block) are left out.
 * Yields after each few thousand postings.
 */
export function* mergedSegment(
  parts: readonly Segment[],
  removed: Uint8Array,
  { length }: Columns,
): Generator<undefined, Segment> {
  const draft = draftFor(
    parts.reduce((sum, { hashes }) => sum + hashes.length, 0),
    parts.reduce((sum, { docs }) => sum + docs.length, 0),
  )
  const cursors = new Uint32Array(parts.length)
  let work = 0
  for (let hash = least(parts, cursors); hash < Infinity; hash = least(parts, cursors)) {
    const before = draft.postings
    for (let nth = 0; nth < parts.length; nth++) {
      const { hashes, offsets, docs, tfs } = parts[nth] as Segment
      const cursor = cursors[nth] as number
      if (hashes[cursor] !== hash) continue
      cursors[nth] = cursor + 1
      draftPostings(draft, docs, tfs, offsets[cursor] as number, offsets[cursor + 1] as number, removed)
    }
    draftTerm(draft, hash, length)
    work += 2 * parts.length + draft.postings - before
    if (work > STEP) {
      work = 0
      yield
    }
  }
  yield
  return drafted(parts[0]?.base ?? 0, parts.at(-1)?.end ?? 0, draft)
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
