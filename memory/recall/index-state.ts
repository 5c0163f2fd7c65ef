/**
 * All that an index holds, and what changes it: memories added, removed and ended. Loaded by `load-segments.ts`,
 * read by `create-recall-index.ts`, its tails turned into segments by `sealing.ts`.
 */
import { RuntimeError } from '../../actors/errors.ts'
import {
  type Block,
  type Blocks,
  blockWithRoom,
  CLEAN,
  ENDED,
  importanceByte,
  isAlive,
  LAST_DOC,
  PRESENT,
  REMOVED,
  stateFor,
  stateOf,
  WITHIN,
} from './columns.ts'
import type { Analysis, IndexEntry, Removal } from './recall-index.ts'
import { append, moveBack, type SessionLinks, takePlace, unlink } from './session-links.ts'
import { addDoc, addTerm, isFull, type Tail, tailFrom } from './tail.ts'
import { HASH_LIMIT } from './term-hash.ts'

export interface IndexState extends SessionLinks {
  readonly blocks: Blocks
  /** Oldest first; only the last may take more. */
  tails: readonly Tail[]
  /** The next memory begins a new tail. */
  tailClosed: boolean
  live: number
  /** Of those that are live. */
  totalLength: number
  end: number
  /** Told before the memory was added: it is removed, it ended. */
  readonly removedBefore: Set<number>
  readonly endedBefore: Map<number, boolean>
}

export const emptyState = (): IndexState => ({
  blocks: [],
  replacements: new Map(),
  places: new Map(),
  tails: [],
  tailClosed: true,
  live: 0,
  totalLength: 0,
  end: 0,
  removedBefore: new Set(),
  endedBefore: new Map(),
})

/** Throws `internal` for a number that does not ascend, or an analysis that is none. */
export function addEntry(state: IndexState, entry: IndexEntry, analysis: Analysis): void {
  const { doc } = entry
  if (!Number.isInteger(doc) || doc < state.end || doc > LAST_DOC)
    throw new RuntimeError('internal', `memory "${doc}" cannot follow ${state.end - 1} in the index`)
  for (let i = 0; i < analysis.hashes.length; i++) {
    const hash = analysis.hashes[i] as number
    if (!Number.isInteger(hash) || hash < 0 || hash >= HASH_LIMIT)
      throw new RuntimeError('internal', `"${hash}" is not the hash of a term`)
  }
  for (const gone of [...state.removedBefore].sort((one, other) => one - other)) {
    if (gone < doc) addGone(state, gone)
  }
  const length = clamped(analysis.length, 0, 0xffff)
  const block = blockWithRoom(state.blocks, doc)
  setColumns(block, entry, length, analysis.flags)
  state.end = doc + 1
  state.live++
  state.totalLength += length
  addPostings(tailFor(state, doc), doc, analysis, length)
  link(state, entry)
  const ended = state.endedBefore.get(doc)
  if (ended !== undefined) setEnded(state, doc, ended)
  if (state.removedBefore.delete(doc)) removeDoc(state, { doc })
}

/** What was removed before it was sealed keeps its number, so that a segment will know what replaced it. */
function addGone(state: IndexState, doc: number): void {
  state.removedBefore.delete(doc)
  const { columns } = blockWithRoom(state.blocks, doc)
  columns.state[doc & WITHIN] = PRESENT | REMOVED
  columns.session[doc & WITHIN] = doc
  addDoc(tailFor(state, doc), doc)
  state.end = doc + 1
}

function setColumns({ columns }: Block, entry: IndexEntry, length: number, flags: number): void {
  const at = entry.doc & WITHIN
  columns.at[at] = entry.at
  columns.session[at] = entry.session
  columns.who[at] = entry.who
  columns.length[at] = length
  columns.flags[at] = flags
  columns.state[at] = stateFor(entry.kind, entry.trust)
  columns.importance[at] = importanceByte(clamped(entry.importance, 0, 1))
}

const clamped = (value: number, least: number, most: number): number =>
  Math.max(least, Math.min(most, value || 0))

function tailFor(state: IndexState, doc: number): Tail {
  const last = state.tails.at(-1)
  if (last && !state.tailClosed && !isFull(last, doc)) return last
  const tail = tailFrom(doc)
  state.tails = [...state.tails, tail]
  state.tailClosed = false
  return tail
}

function addPostings(tail: Tail, doc: number, { hashes, counts }: Analysis, length: number): void {
  addDoc(tail, doc)
  for (let i = 0; i < hashes.length; i++) {
    const tf = clamped(counts?.[i] ?? 1, 1, 255)
    addTerm(tail, hashes[i] as number, tf, length)
  }
}

function link(state: IndexState, { doc, session, prev }: IndexEntry): void {
  if (prev !== undefined) append(state, doc, session, prev)
}

/** A memory that is not there yet will be removed as soon as it comes. Again is no fault. */
export function removeDoc(state: IndexState, { doc, replacedBy }: Removal): void {
  const wasAlive = markRemoved(state, { doc, ...(replacedBy !== undefined && { replacedBy }) })
  const by = state.replacements.get(doc) ?? -1
  const isThere = isAlive(stateOf(state.blocks, by))
  if (wasAlive && isThere) takePlace(state, by, doc)
  else if (wasAlive) unlink(state, doc)
  else if (isThere) moveBack(state, by)
}

/** All of a removal but the order of its session, which `linkAll` makes. Returns whether it was there. */
export function markRemoved(state: IndexState, { doc, replacedBy }: Removal): boolean {
  if (replacedBy !== undefined && replacedBy > doc && !state.replacements.has(doc)) {
    state.replacements.set(doc, replacedBy)
    state.places.set(replacedBy, doc)
  }
  const bits = stateOf(state.blocks, doc)
  if (doc >= state.end) state.removedBefore.add(doc)
  if (!isAlive(bits)) return false
  const { columns } = blockWithRoom(state.blocks, doc)
  columns.state[doc & WITHIN] = bits | REMOVED
  state.live--
  state.totalLength -= columns.length[doc & WITHIN] as number
  return true
}

export function setEnded(state: IndexState, doc: number, ended: boolean): void {
  const bits = stateOf(state.blocks, doc)
  if ((bits & PRESENT) === 0) {
    state.endedBefore.set(doc, ended)
    return
  }
  blockWithRoom(state.blocks, doc).columns.state[doc & WITHIN] = ended ? bits | ENDED : bits & ~ENDED
}

/** Postings of it are still somewhere. */
export const isUnclean = (bits: number): boolean => (bits & (REMOVED | CLEAN)) === REMOVED
