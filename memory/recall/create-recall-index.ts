/**
 * The index of one namespace, in memory: made by the store from the segments it kept, told of every memory that is
 * added or removed, asked by ranking. It touches no disk: what must be kept it hands out as bytes (`seal`,
 * `expunge`), and memories after the last segment (from `end` on, as it is after creation) the store adds again.
 */
import { scoredTerms } from './bm25-term.ts'
import {
  type Block,
  columnBytes,
  ENDED,
  importanceIn,
  isAlive,
  kindIn,
  stateOf,
  trustIn,
  WITHIN,
} from './columns.ts'
import { frequenciesIn, type Part } from './frequencies.ts'
import { addEntry, type IndexState, removeDoc, setEnded } from './index-state.ts'
import { type Kept, loadState } from './load-segments.ts'
import type { Analyse, QueryTerm, RecallIndex, Scored, Sealing } from './recall-index.ts'
import { expungeAll, sealTails } from './sealing.ts'
import { countIn, type Postings, postingsIn, segmentBytes } from './segment.ts'
import { neighbour } from './session-links.ts'
import { countInTail, postingsOf, tailBytes } from './tail.ts'
import { type BlockPostings, capacityOf, type Scratch, scratchFor, topOf } from './top-k.ts'

export interface RecallIndexOptions extends Kept {
  readonly analyse: Analyse
}

/** Throws `store-corrupt` when a segment is not what was written. */
export function createRecallIndex({ analyse, ...kept }: RecallIndexOptions): RecallIndex {
  const state = loadState(kept)
  const { blocks } = state
  let sealing: Promise<unknown> = Promise.resolve()
  /** One after the other, also after one that failed. */
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const done = sealing.then(work)
    sealing = done.catch(() => undefined)
    return done
  }
  return {
    get live() {
      return state.live
    },
    get averageLength() {
      return averageLength(state)
    },
    get end() {
      return state.end
    },
    get bytes() {
      return bytesOf(state)
    },
    get unsealed() {
      return state.tails.reduce((sum, { count }) => sum + count, 0)
    },
    add: entry => addEntry(state, entry, analyse(entry)),
    remove: (doc, replacedBy) => removeDoc(state, { doc, ...(replacedBy !== undefined && { replacedBy }) }),
    setEnded: (doc, ended) => setEnded(state, doc, ended),
    seal: ({ all = false } = {}): Promise<Sealing | undefined> => inTurn(() => sealTails(state, all)),
    expunge: (): Promise<Sealing> => inTurn(() => expungeAll(state)),
    documentFrequency: hash => documentFrequency(state, hash),
    top: searcher(state),
    frequencies: (terms, docs) =>
      frequenciesIn(
        partsOf(state),
        terms.map(({ hash }) => hash),
        docs,
      ),
    alive: doc => isAlive(stateOf(blocks, doc)),
    length: doc => blocks[doc >>> 16]?.columns.length[doc & WITHIN] ?? 0,
    who: doc => blocks[doc >>> 16]?.columns.who[doc & WITHIN] ?? 0,
    at: doc => blocks[doc >>> 16]?.columns.at[doc & WITHIN] ?? 0,
    session: doc => blocks[doc >>> 16]?.columns.session[doc & WITHIN] ?? doc,
    prev: doc => neighbour(state, 'prev', doc),
    next: doc => neighbour(state, 'next', doc),
    flags: doc => blocks[doc >>> 16]?.columns.flags[doc & WITHIN] ?? 0,
    kind: doc => kindIn(stateOf(blocks, doc)),
    trust: doc => trustIn(stateOf(blocks, doc)),
    importance: doc => importanceIn(blocks[doc >>> 16]?.columns.importance[doc & WITHIN] ?? 0),
    ended: doc => (stateOf(blocks, doc) & ENDED) !== 0,
  }
}

const averageLength = ({ live, totalLength }: IndexState): number => (live > 0 ? totalLength / live : 0)

function documentFrequency({ blocks, tails }: IndexState, hash: number): number {
  let count = 0
  for (const block of blocks) {
    for (const segment of block?.segments ?? []) count += countIn(segment, hash)
  }
  for (const tail of tails) count += countInTail(tail, hash)
  return count
}

const countOf = (postings: Postings | undefined): number => (postings ? postings.end - postings.start : 0)

/** All segments and tails, in the order of their numbers. */
function partsOf({ blocks, tails }: IndexState): Part[] {
  const parts: Part[] = []
  for (const block of blocks) {
    for (const segment of block?.segments ?? [])
      parts.push({ base: segment.base, end: segment.end, postings: hash => postingsIn(segment, hash) })
  }
  for (const tail of tails)
    parts.push({ base: tail.base, end: tail.end, postings: hash => postingsOf(tail, hash) })
  return parts
}

/** `top` of the index. The scratch is kept between searches; one within another gets its own. */
function searcher(state: IndexState): RecallIndex['top'] {
  let spare: Scratch | undefined
  return (terms, k, { bm25, accept, boost, maxBoost = 1 }): readonly Scored[] => {
    const { found, frequencies } = locate(state, terms)
    const collection = { live: state.live, averageLength: averageLength(state) }
    const scored = scoredTerms(terms, frequencies, collection, bm25)
    if (scored.length === 0 || !(k >= 1)) return []
    const capacity = capacityOf(found)
    const scratch = spare && spare.sums.length >= capacity ? spare : scratchFor(capacity)
    spare = undefined
    const choice = { k: Math.min(Math.floor(k), state.live), accept, boost, maxBoost }
    const best = topOf(found, scored, choice, scratch)
    spare = scratch
    return best
  }
}

/** Where the terms stand, block by block, and in how many memories in all. */
function locate(
  { blocks, tails }: IndexState,
  terms: readonly QueryTerm[],
): { readonly found: readonly BlockPostings[]; readonly frequencies: readonly number[] } {
  const frequencies = terms.map(() => 0)
  const found: BlockPostings[] = []
  for (const block of blocks) {
    if (!block) continue
    const own = tails.filter(({ base }) => base >>> 16 === block.base >>> 16)
    const inBlock = terms.map(({ hash }, nth) => {
      const lists: Postings[] = []
      for (const segment of block.segments) push(lists, postingsIn(segment, hash))
      for (const tail of own) push(lists, postingsOf(tail, hash))
      frequencies[nth] = lists.reduce((sum, list) => sum + countOf(list), frequencies[nth] ?? 0)
      return lists
    })
    found.push({ block, terms: inBlock })
  }
  return { found, frequencies }
}

function push(lists: Postings[], list: Postings | undefined): void {
  if (list) lists.push(list)
}

const bytesOf = (state: IndexState): number =>
  columnBytes(state.blocks) +
  state.tails.reduce((sum, tail) => sum + tailBytes(tail), 0) +
  state.blocks.reduce(
    (sum, block: Block | undefined) =>
      sum + (block?.segments ?? []).reduce((all, segment) => all + segmentBytes(segment), 0),
    0,
  )
