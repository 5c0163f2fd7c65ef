/** Brings the segments that the store kept back into an index. Called once, when it is created. */
import { RuntimeError } from '../../actors/errors.ts'
import { BLOCK, type Block, blockWithRoom, CLEAN, REMOVED, WITHIN } from './columns.ts'
import { emptyState, type IndexState, markRemoved, setEnded } from './index-state.ts'
import type { Removal } from './recall-index.ts'
import type { Segment } from './segment.ts'
import { type Decoded, decodeSegment } from './segment-codec.ts'
import { linkAll } from './session-links.ts'

export interface Kept {
  /** In any order. Their bytes are the index's from then on. */
  readonly segments?: Iterable<Uint8Array>
  /** Removals since the segments were written, or all; those of memories that come later by `add`, too. */
  readonly removed?: Iterable<Removal>
  /** Whether a fact ended, where it is not as it was when its segment was written; or of all. */
  readonly ended?: Iterable<readonly [doc: number, ended: boolean]>
}

/** Throws `store-corrupt`. */
export function loadState({ segments = [], removed = [], ended = [] }: Kept): IndexState {
  const state = emptyState()
  const removals: Removal[] = []
  for (const bytes of segments) loadSegment(state, bytes, removals)
  for (const block of state.blocks) {
    if (block) block.segments = inOrder(block.segments)
  }
  for (const removal of removals) markRemoved(state, removal)
  for (const removal of removed) markRemoved(state, removal)
  linkAll(state)
  for (const [doc, hasEnded] of ended) setEnded(state, doc, hasEnded)
  return state
}

function loadSegment(state: IndexState, bytes: Uint8Array, removals: Removal[]): void {
  const { segment, columns: stored, live, totalLength } = decodeSegment(bytes)
  const { base, end } = segment
  const block = blockWith(state, segment, stored)
  block.segments = [...block.segments, segment]
  state.end = Math.max(state.end, end)
  state.live += live
  state.totalLength += totalLength
  // What is stored of a removed memory is another thing than what its columns hold.
  const { columns } = block
  const first = base & WITHIN
  for (let i = live < end - base ? 0 : end - base; i < end - base; i++) {
    const bits = columns.state[first + i] as number
    if ((bits & REMOVED) === 0) continue
    columns.state[first + i] = bits | CLEAN
    const by = columns.session[first + i] as number
    columns.session[first + i] = base + i
    removals.push({ doc: base + i, ...(by > 0 && { replacedBy: by - 1 }) })
  }
}

/** The columns of a segment that fills its block are those of the block, without a copy. */
function blockWith({ blocks }: IndexState, { base, end }: Segment, stored: Decoded['columns']): Block {
  if (end - base === BLOCK && !blocks[base >>> 16]) {
    const block: Block = { base, columns: { ...stored, next: new Uint32Array(BLOCK) }, segments: [] }
    blocks[base >>> 16] = block
    return block
  }
  const block = blockWithRoom(blocks, end - 1)
  for (const name of Object.keys(stored) as (keyof typeof stored)[])
    block.columns[name].set(stored[name], base & WITHIN)
  return block
}

/** Those of one block, which must not overlap. */
function inOrder(segments: readonly Segment[]): readonly Segment[] {
  const sorted = segments.toSorted((one, other) => one.base - other.base)
  for (let i = 1; i < sorted.length; i++) {
    const [one, other] = [sorted[i - 1], sorted[i]]
    if (one && other && one.end > other.base)
      throw new RuntimeError('store-corrupt', `two parts of the index both hold memory "${other.base}"`, {
        fix: 'restore the store, or have its index made anew from its memories',
      })
  }
  return sorted
}
