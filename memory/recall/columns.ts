/**
 * What the index knows of each memory besides its words, as one typed array per property. A block holds the
 * memories of 65,536 numbers, so that a number within it takes two bytes. Used by every file of the index.
 */
import type { MemoryKind, Trust } from '../memory.ts'
import type { Segment } from './segment.ts'

/** Numbers in a block, and the bits of a number that say where in its block it is. */
export const BLOCK = 65_536
export const WITHIN = BLOCK - 1
/** The highest number a memory may have: the columns keep a number plus one, so that 0 is nobody. */
export const LAST_DOC = 0xffff_fffe

/** Bits of `state`; kind and trust lie above them. */
export const PRESENT = 1
export const REMOVED = 2
/** Removed, and no segment holds postings of it any more. */
export const CLEAN = 4
export const ENDED = 8
const KIND_SHIFT = 4
const TRUST_SHIFT = 6

const KINDS: readonly MemoryKind[] = ['episode', 'fact', 'insight']
const TRUSTS: readonly Trust[] = ['untrusted', 'agent', 'trusted']

export interface Columns {
  readonly at: Float64Array
  readonly session: Uint32Array
  /** Number plus one of the memory before it in its session; 0: none. */
  readonly prev: Uint32Array
  /** As `prev`, of the one after it. Not stored: it follows from `prev`. */
  readonly next: Uint32Array
  readonly who: Uint32Array
  readonly length: Uint16Array
  readonly flags: Uint16Array
  readonly state: Uint8Array
  readonly importance: Uint8Array
}

export interface Block {
  /** Its first number. */
  readonly base: number
  /** Replaced by larger ones as the block fills. */
  columns: Columns
  /** Those whose postings do not change any more, in the order of their numbers. */
  segments: readonly Segment[]
}

/** By the number of a memory without its lower 16 bits. */
export type Blocks = (Block | undefined)[]

const FIRST_CAPACITY = 128

export const columnsFor = (capacity: number): Columns => ({
  at: new Float64Array(capacity),
  session: new Uint32Array(capacity),
  prev: new Uint32Array(capacity),
  next: new Uint32Array(capacity),
  who: new Uint32Array(capacity),
  length: new Uint16Array(capacity),
  flags: new Uint16Array(capacity),
  state: new Uint8Array(capacity),
  importance: new Uint8Array(capacity),
})

/** The block of `doc`, with room for it: made, or made larger, if need be. */
export function blockWithRoom(blocks: Blocks, doc: number): Block {
  const base = doc - (doc & WITHIN)
  const needed = (doc & WITHIN) + 1
  const known = blocks[doc >>> 16]
  if (known && known.columns.state.length >= needed) return known
  let capacity = FIRST_CAPACITY
  while (capacity < needed) capacity *= 2
  const columns = columnsFor(capacity)
  if (!known) {
    const block: Block = { base, columns, segments: [] }
    blocks[doc >>> 16] = block
    return block
  }
  for (const name of Object.keys(columns) as (keyof Columns)[]) columns[name].set(known.columns[name])
  known.columns = columns
  return known
}

/** Columns that lie in `buffer` are copied, so that it can go. */
export function ownColumns(block: Block, buffer: ArrayBufferLike): void {
  if (block.columns.state.buffer !== buffer) return
  const columns = columnsFor(block.columns.state.length)
  for (const name of Object.keys(columns) as (keyof Columns)[]) columns[name].set(block.columns[name])
  block.columns = columns
}

/** The bits of `state` of a memory; 0 when nobody knows its number. */
export const stateOf = (blocks: Blocks, doc: number): number =>
  blocks[doc >>> 16]?.columns.state[doc & WITHIN] ?? 0

export const isAlive = (state: number): boolean => (state & (PRESENT | REMOVED)) === PRESENT

export const stateFor = (kind: MemoryKind, trust: Trust): number =>
  PRESENT | (KINDS.indexOf(kind) << KIND_SHIFT) | (TRUSTS.indexOf(trust) << TRUST_SHIFT)

export const kindIn = (state: number): MemoryKind => KINDS[(state >>> KIND_SHIFT) & 3] ?? 'episode'

export const trustIn = (state: number): Trust => TRUSTS[(state >>> TRUST_SHIFT) & 3] ?? 'untrusted'

/** The middle, which is the default, is kept exactly, so that it counts for nothing in ranking; so are 0 and 1. */
const MIDDLE = 128

/** `importance`, 0 to 1, as its column keeps it: 128 steps below the middle, and 127 above. */
export const importanceByte = (importance: number): number =>
  importance <= 0.5
    ? Math.round(importance * 2 * MIDDLE)
    : MIDDLE + Math.round((importance * 2 - 1) * (255 - MIDDLE))

export const importanceIn = (byte: number): number =>
  byte <= MIDDLE ? byte / (2 * MIDDLE) : (1 + (byte - MIDDLE) / (255 - MIDDLE)) / 2

/** Bytes of the columns of all blocks. */
export const columnBytes = (blocks: Blocks): number =>
  blocks.reduce(
    (sum, block) =>
      sum + Object.values(block?.columns ?? {}).reduce((all, { byteLength }) => all + byteLength, 0),
    0,
  )
