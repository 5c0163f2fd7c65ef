/**
 * The best memories for the words of a query, exactly, without scoring all of them. Block by block, newest first:
 * terms that together cannot lift a memory to the best so far are not scanned but only looked up for memories that
 * the other terms brought (MaxScore: Turtle and Flood, "Query evaluation: strategies and optimizations", 1995),
 * and memories are dropped as soon as what is left cannot lift them either. Term by term with sums in an array,
 * which for typed arrays is faster than memory by memory.
 */
import { type Best, bestOf, offer, ranked, threshold } from './best.ts'
import { contribution, type ScoredTerm } from './bm25-term.ts'
import { BLOCK, type Block, isAlive } from './columns.ts'
import type { Scored } from './recall-index.ts'
import type { Postings } from './segment.ts'

/** Where the terms of a query stand in one block. */
export interface BlockPostings {
  readonly block: Block
  /** By place in the query, and then by segment. */
  readonly terms: readonly (readonly Postings[])[]
}

export interface Choice {
  readonly k: number
  readonly accept: ((doc: number) => boolean) | undefined
  readonly boost: ((doc: number) => number) | undefined
  /** The most that `boost` says. */
  readonly maxBoost: number
}

/** What a search writes in and leaves as it was: sums by number within the block, all 0, and lists of such numbers. */
export interface Scratch {
  readonly sums: Float64Array
  readonly touched: Uint16Array
  readonly candidates: Uint16Array
}

interface TermInBlock {
  readonly term: ScoredTerm
  readonly postings: readonly Postings[]
  readonly count: number
  /** The most it adds to any memory of the block. */
  readonly bound: number
}

export const scratchFor = (capacity: number): Scratch => ({
  sums: new Float64Array(capacity),
  touched: new Uint16Array(capacity),
  candidates: new Uint16Array(capacity),
})

/** `blocks` ascend. `scratch` holds the largest of them, and is lost when `accept` or `boost` throws. */
export function topOf(
  blocks: readonly BlockPostings[],
  terms: readonly ScoredTerm[],
  choice: Choice,
  scratch: Scratch,
): Scored[] {
  const best = bestOf(choice.k)
  for (let nth = blocks.length - 1; nth >= 0; nth--) {
    const { block, terms: found } = blocks[nth] as BlockPostings
    searchBlock(block, termsIn(terms, found), choice, scratch, best)
  }
  return ranked(best)
}

/** Those that stand in the block, the least first. */
function termsIn(terms: readonly ScoredTerm[], found: BlockPostings['terms']): TermInBlock[] {
  const inBlock: TermInBlock[] = []
  for (const term of terms) {
    const postings = found[term.nth] ?? []
    let count = 0
    let bound = 0
    for (const { start, end, maxTf, minLength } of postings) {
      count += end - start
      bound = Math.max(bound, contribution(term, maxTf, minLength))
    }
    if (count > 0) inBlock.push({ term, postings, count, bound })
  }
  return inBlock.sort((one, other) => one.bound - other.bound)
}

function searchBlock(
  block: Block,
  terms: readonly TermInBlock[],
  choice: Choice,
  scratch: Scratch,
  best: Best,
): void {
  const { maxBoost } = choice
  const needed = threshold(best)
  let optional = 0
  let rest = 0
  for (; optional < terms.length; optional++) {
    const more = rest + (terms[optional]?.bound ?? 0)
    if (more * maxBoost >= needed) break
    rest = more
  }
  const { sums, touched, candidates } = scratch
  const { length } = block.columns
  let reached = 0
  for (let nth = terms.length - 1; nth >= optional; nth--) {
    const { term, postings } = terms[nth] as TermInBlock
    for (const part of postings) reached = scan(part, term, length, sums, touched, reached)
  }
  let left = kept(touched, reached, candidates, sums, rest, maxBoost, needed)
  for (let nth = optional - 1; nth >= 0 && left > 0; nth--) {
    const { term, postings, count, bound } = terms[nth] as TermInBlock
    const isFew = left * PROBE_COST < count
    for (const part of postings) {
      if (isFew) probe(part, term, length, sums, candidates, left)
      else addTo(part, term, length, sums)
    }
    rest -= bound
    left = kept(candidates, left, candidates, sums, rest, maxBoost, needed)
  }
  for (let i = 0; i < left; i++) take(block, candidates[i] as number, sums, choice, best)
  for (let i = 0; i < reached; i++) sums[touched[i] as number] = 0
}

/** Looking a number up costs about as much as adding so many postings. */
const PROBE_COST = 24

/** Adds a term to the sums of all memories it stands in, and lists those that had none. */
function scan(
  { docs, tfs, start, end }: Postings,
  { scale, fixed, perLength, magic }: ScoredTerm,
  lengths: Uint16Array,
  sums: Float64Array,
  touched: Uint16Array,
  reached: number,
): number {
  let size = reached
  for (let i = start; i < end; i++) {
    const doc = docs[i] as number
    const tf = tfs[i] as number
    const sum = sums[doc] as number
    if (sum === 0) touched[size++] = doc
    sums[doc] = sum + ((scale * tf) / (tf + fixed + perLength * (lengths[doc] as number)) + magic - magic)
  }
  return size
}

/** Adds a term to the sums of those memories only that have one. */
function addTo(
  { docs, tfs, start, end }: Postings,
  { scale, fixed, perLength, magic }: ScoredTerm,
  lengths: Uint16Array,
  sums: Float64Array,
): void {
  for (let i = start; i < end; i++) {
    const doc = docs[i] as number
    const sum = sums[doc] as number
    if (sum === 0) continue
    const tf = tfs[i] as number
    sums[doc] = sum + ((scale * tf) / (tf + fixed + perLength * (lengths[doc] as number)) + magic - magic)
  }
}

/** The same for a few memories, each looked up. */
function probe(
  { docs, tfs, start, end }: Postings,
  term: ScoredTerm,
  lengths: Uint16Array,
  sums: Float64Array,
  candidates: Uint16Array,
  left: number,
): void {
  for (let nth = 0; nth < left; nth++) {
    const doc = candidates[nth] as number
    let low = start
    let high = end
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((docs[middle] as number) < doc) low = middle + 1
      else high = middle
    }
    if (low === end || docs[low] !== doc) continue
    sums[doc] = (sums[doc] as number) + contribution(term, tfs[low] as number, lengths[doc] as number)
  }
}

/** Copies those whose sum and `rest` may still be enough; returns how many. `to` may be `from`. */
function kept(
  from: Uint16Array,
  size: number,
  to: Uint16Array,
  sums: Float64Array,
  rest: number,
  maxBoost: number,
  needed: number,
): number {
  let left = 0
  for (let i = 0; i < size; i++) {
    const doc = from[i] as number
    to[left] = doc
    if (((sums[doc] as number) + rest) * maxBoost >= needed) left++
  }
  return left
}

function take(block: Block, within: number, sums: Float64Array, choice: Choice, best: Best): void {
  const { accept, boost, maxBoost } = choice
  const sum = sums[within] as number
  if (sum * maxBoost < threshold(best)) return
  if (!isAlive(block.columns.state[within] as number)) return
  const doc = block.base + within
  if (accept && !accept(doc)) return
  offer(best, boost ? sum * boost(doc) : sum, doc)
}

/** The scratch that the blocks need. */
export const capacityOf = (blocks: readonly BlockPostings[]): number =>
  Math.min(
    BLOCK,
    blocks.reduce((most, { block }) => Math.max(most, block.columns.state.length), 1),
  )
