/**
 * Turns what is new into segments that do not change: a tail into a run, the runs of a full block into one segment,
 * a segment with removed memories into one without. Each step is prepared beside what is searched, in slices
 * between which the event loop goes on, and then put in its place at once.
 */
import { type Block, CLEAN, ownColumns, REMOVED, WITHIN } from './columns.ts'
import { type IndexState, isUnclean } from './index-state.ts'
import type { SealedSegment, Sealing } from './recall-index.ts'
import type { Segment } from './segment.ts'
import { encodeSegment } from './segment-codec.ts'
import { mergedSegment } from './segment-merge.ts'
import { isFull, RUN, type Tail, tailSegment } from './tail.ts'

/** Sealed at once, of those that wait, so that what the store has to write in one batch stays small. */
const MOST_TAILS = 32

/** Tails that are full, or `all`; undefined when there is none. */
export async function sealTails(state: IndexState, all: boolean): Promise<Sealing | undefined> {
  const before = segmentsOf(state)
  const last = state.tails.at(-1)
  if (last && (all || isFull(last, state.end))) state.tailClosed = true
  const full = state.tailClosed ? state.tails : state.tails.slice(0, -1)
  const ready = all ? full : full.slice(0, MOST_TAILS)
  if (ready.length === 0) return undefined
  for (const tail of ready) await sealTail(state, tail)
  for (const block of new Set(ready.map(({ base }) => state.blocks[base >>> 16]))) {
    if (block) await mergeRuns(state, block)
  }
  return sealingSince(state, before)
}

/** All tails, and all segments with postings of removed memories. */
export async function expungeAll(state: IndexState): Promise<Sealing> {
  const before = segmentsOf(state)
  await sealTails(state, true)
  for (const block of state.blocks) {
    for (const segment of block?.segments ?? []) {
      if (block && isDirty(block, segment)) await rebuild(state, block, [segment])
    }
  }
  return sealingSince(state, before)
}

async function sealTail(state: IndexState, tail: Tail): Promise<void> {
  const block = state.blocks[tail.base >>> 16] as Block
  const removed = removedIn(block)
  const segment = await inSlices(state, tailSegment(tail, removed, block.columns))
  block.segments = [...block.segments, segment]
  state.tails = state.tails.filter(other => other !== tail)
  setClean(block, segment, removed)
}

/** Runs that become one segment, and the numbers from which on a segment is none of them any more. */
const RUNS_AT_ONCE = 8
const LARGE = RUN * RUNS_AT_ONCE

/**
 * All segments of a block that takes no more. Of one that does, the last two while one of them is small, and eight
 * runs, so that few places are to be looked at and few words stand in many.
 */
async function mergeRuns(state: IndexState, block: Block): Promise<void> {
  const isClosed = block.base >>> 16 < state.end >>> 16
  if (isClosed && state.tails.every(({ base }) => base >>> 16 !== block.base >>> 16)) {
    if (block.segments.length > 1) await rebuild(state, block, block.segments)
    return
  }
  for (let few = smallAtEnd(block); few.length > 1; few = smallAtEnd(block)) await rebuild(state, block, few)
  const runs = block.segments.filter(({ base, end }) => end - base < LARGE)
  if (runs.length >= RUNS_AT_ONCE) await rebuild(state, block, runs)
}

/** Sealing `all` often must not leave many small runs. */
function smallAtEnd({ segments }: Block): readonly Segment[] {
  const nth = segments.findIndex(({ base, end }) => end - base < RUN)
  return nth < 0 || nth === segments.length - 1 ? [] : segments.slice(nth, nth + 2)
}

/** Neighbouring segments of a block as one, without what was removed. */
async function rebuild(state: IndexState, block: Block, parts: readonly Segment[]): Promise<void> {
  const removed = removedIn(block)
  const segment = await inSlices(state, mergedSegment(parts, removed, block.columns))
  block.segments = [...block.segments.filter(part => !parts.includes(part)), segment].sort(
    (one, other) => one.base - other.base,
  )
  for (const { hashes } of parts) ownColumns(block, hashes.buffer)
  setClean(block, segment, removed)
}

/** As of now: what is removed while a segment is made has postings in it, and is not clean. */
function removedIn({ columns: { state } }: Block): Uint8Array {
  const removed = new Uint8Array(state.length)
  for (let i = 0; i < state.length; i++) removed[i] = (state[i] as number) & REMOVED
  return removed
}

function setClean({ columns }: Block, { base, end }: Segment, removed: Uint8Array): void {
  const first = base & WITHIN
  for (let i = first; i < first + end - base; i++) {
    if (removed[i] !== 0) columns.state[i] = (columns.state[i] as number) | CLEAN
  }
}

function isDirty({ columns }: Block, { base, end }: Segment): boolean {
  const first = base & WITHIN
  return columns.state.subarray(first, first + end - base).some(isUnclean)
}

interface Placed {
  readonly block: Block
  readonly segment: Segment
}

const segmentsOf = ({ blocks }: IndexState): readonly Placed[] =>
  blocks.flatMap(block => (block ? block.segments.map(segment => ({ block, segment })) : []))

async function sealingSince(state: IndexState, before: readonly Placed[]): Promise<Sealing> {
  const after = segmentsOf(state)
  const known = new Set(before.map(({ segment }) => segment))
  const bases = new Set(after.map(({ segment }) => segment.base))
  const put: SealedSegment[] = []
  for (const { block, segment } of after) {
    if (known.has(segment)) continue
    const encoding = encodeSegment(segment, block.columns, doc => state.replacements.get(doc))
    put.push({ base: segment.base, bytes: await inSlices(state, encoding) })
  }
  return {
    put,
    del: before.map(({ segment }) => segment.base).filter(base => !bases.has(base)),
  }
}

/**
 * Work between two pauses, in ms, for each memory that came since the last one: about twice what a memory's own share
 * of all this takes, so that sealing keeps up with writing and ends soon after it; at least, and at most, so much. A
 * write that is waited for is held up by no more than the least.
 */
const MS_PER_MEMORY = 0.03
const LEAST_MS = 0.2
const MOST_MS = 20

/** Runs to the end, letting the event loop go on from time to time. */
async function inSlices<Result>(state: IndexState, steps: Generator<undefined, Result>): Promise<Result> {
  let [end, slice] = [state.end, LEAST_MS]
  for (let began = performance.now(); ; ) {
    const { done, value } = steps.next()
    if (done) return value
    if (performance.now() - began < slice) continue
    await pause()
    slice = Math.min(MOST_MS, Math.max(LEAST_MS, (state.end - end) * MS_PER_MEMORY))
    end = state.end
    began = performance.now()
  }
}

const pause = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
