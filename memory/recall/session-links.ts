/**
 * The order of the memories of a session, as a list linked through the columns `prev` and `next`. Only memories
 * that are there are in it, in the order of their keys: a memory's own number, or that of the one whose place it
 * took. The same whether an index grew in memory or was loaded. Does not decide who is removed.
 */
import { type Blocks, type Columns, isAlive, PRESENT, stateOf, WITHIN } from './columns.ts'

export interface SessionLinks {
  readonly blocks: Blocks
  /** What took the place of a removed memory, also when that one is not there yet. Always a higher number. */
  readonly replacements: Map<number, number>
  /** The same the other way round. */
  readonly places: Map<number, number>
}

/** How far the end of a session is looked for, and an earlier memory of it. */
const STEPS = 65_536
const BACK = 1_048_576

/** What was stored as `prev` may be removed; then it leads to what was before it. -1: none. */
function linkOf({ blocks }: SessionLinks, side: 'prev' | 'next', doc: number): number {
  return (blocks[doc >>> 16]?.columns[side][doc & WITHIN] ?? 0) - 1
}

function setLink({ blocks }: SessionLinks, side: 'prev' | 'next', doc: number, to: number): void {
  const block = blocks[doc >>> 16]
  if (block) block.columns[side][doc & WITHIN] = to + 1
}

/** The memory beside it in its session; -1: there is none, or it is not there itself. */
export const neighbour = (links: SessionLinks, side: 'prev' | 'next', doc: number): number =>
  isAlive(stateOf(links.blocks, doc)) ? linkOf(links, side, doc) : -1

/** Puts a new memory at the end of the session that `prev` is in, or where the one was that it replaces. */
export function append(links: SessionLinks, doc: number, session: number, prev: number): void {
  const before = knownBefore(links, doc, session, prev)
  const end = before < 0 ? -1 : endFrom(links, before)
  insert(links, end, doc, -1)
  if (links.places.has(doc)) moveBack(links, doc)
}

/** `prev`, or what stands for it; when it was forgotten before it was sealed, the nearest before `doc` in the session. */
function knownBefore(links: SessionLinks, doc: number, session: number, prev: number): number {
  const known = standingFor(links, prev)
  if (known >= 0 && known !== doc) return known
  return earlierOf(links, doc, session)
}

/** The nearest memory before `doc` in its session. */
function earlierOf({ blocks }: SessionLinks, doc: number, session: number): number {
  const least = Math.max(session, doc - BACK)
  for (let before = doc - 1; before >= least; ) {
    const columns = blocks[before >>> 16]?.columns
    const base = before - (before & WITHIN)
    const room = columns?.state.length ?? 0
    for (before = Math.min(before, base + room - 1); columns && before >= base && before >= least; before--) {
      const within = before & WITHIN
      if (columns.session[within] === session && isAlive(columns.state[within] as number)) return before
    }
    before = Math.min(before, base - 1)
  }
  return -1
}

/** What stands where `doc` stood: itself, what replaced it, or what was before it. -1: nobody knows. */
function standingFor(links: SessionLinks, doc: number): number {
  let found = doc
  // What was before one that was replaced, in case nobody knows that of what replaced it.
  let spare = -1
  for (let steps = 0; found >= 0 && steps < 1_000_000; steps++) {
    const state = stateOf(links.blocks, found)
    if (isAlive(state)) return found
    const by = links.replacements.get(found) ?? -1
    const before = (state & PRESENT) !== 0 ? linkOf(links, 'prev', found) : -1
    if (by >= 0 && (stateOf(links.blocks, by) & PRESENT) !== 0) {
      if (before >= 0) spare = before
      found = by
    } else if (before >= 0) found = before
    else {
      found = spare
      spare = -1
    }
  }
  return -1
}

/** The end of the list that `from` is in; -1 when the way is too long. */
function endFrom(links: SessionLinks, from: number): number {
  let end = from
  for (let steps = 0; steps < STEPS; steps++) {
    const next = linkOf(links, 'next', end)
    if (next < 0) return end
    end = next
  }
  return -1
}

/** Takes `doc` out of its list. It keeps saying what was before it: what is stored elsewhere may lead to it. */
export function unlink(links: SessionLinks, doc: number): void {
  const prev = linkOf(links, 'prev', doc)
  const next = linkOf(links, 'next', doc)
  if (prev >= 0) setLink(links, 'next', prev, next)
  if (next >= 0) setLink(links, 'prev', next, prev)
  setLink(links, 'next', doc, -1)
}

/** Puts `doc`, which may be in the list already, where `old` is, and takes that out. */
export function takePlace(links: SessionLinks, doc: number, old: number): void {
  unlink(links, doc)
  const prev = linkOf(links, 'prev', old)
  const next = linkOf(links, 'next', old)
  unlink(links, old)
  insert(links, prev, doc, next)
}

/** Moves `doc` before all whose keys are higher than its own. */
export function moveBack(links: SessionLinks, doc: number): void {
  const key = keyOf(links, doc)
  let prev = linkOf(links, 'prev', doc)
  if (prev < 0 || keyOf(links, prev) < key) return
  let next = prev
  unlink(links, doc)
  while (prev >= 0 && keyOf(links, prev) > key) {
    next = prev
    prev = linkOf(links, 'prev', prev)
  }
  insert(links, prev, doc, next)
}

/** The number whose place a memory has. */
function keyOf({ places }: SessionLinks, doc: number): number {
  let key = doc
  for (let old = places.get(key); old !== undefined; old = places.get(key)) key = old
  return key
}

function insert(links: SessionLinks, prev: number, doc: number, next: number): void {
  setLink(links, 'prev', doc, prev)
  setLink(links, 'next', doc, next)
  if (prev >= 0) setLink(links, 'next', prev, doc)
  if (next >= 0) setLink(links, 'prev', next, doc)
}

/**
 * Makes the lists from what was stored as `prev`, at different times, once all removals are known. In the order of
 * the keys, each at the end of a list that is there already: no circle can come of it, whatever was stored.
 */
export function linkAll(links: SessionLinks): void {
  const { blocks, places } = links
  const moved = [...places.keys()]
    .filter(doc => isAlive(stateOf(blocks, doc)))
    .map(doc => ({ doc, key: keyOf(links, doc) }))
    .sort((one, other) => one.key - other.key)
  let nth = 0
  for (const block of blocks) {
    if (!block) continue
    const { base, columns } = block
    const { state, prev } = columns
    for (let i = 0; i < state.length; i++) {
      if (moved.length === 0) i = linkPlain(columns, base, i)
      if (i === state.length) break
      const doc = base + i
      for (; nth < moved.length && (moved[nth]?.key ?? 0) <= doc; nth++)
        linkMoved(links, moved[nth]?.doc ?? 0)
      if (prev[i] === 0 || !isAlive(state[i] as number)) continue
      if (!places.has(doc)) linkStored(links, doc, [doc], doc)
    }
  }
  for (; nth < moved.length; nth++) linkMoved(links, moved[nth]?.doc ?? 0)
}

/**
 * Nearly always what was stored is so: it is of the same block, and nothing follows it yet. Links from place `from`
 * on as long as that holds, and returns the place where it does not, or the end.
 */
function linkPlain({ state, prev, next }: Columns, base: number, from: number): number {
  for (let i = from; i < state.length; i++) {
    if (prev[i] === 0) continue
    const before = (prev[i] as number) - 1 - base
    if (before < 0 || before >= i || next[before] !== 0) return i
    if (!isAlive(state[i] as number) || !isAlive(state[before] as number)) return i
    next[before] = base + i + 1
  }
  return state.length
}

/** What it replaced knows better what was before it: its own `prev` may come after it. */
function linkMoved(links: SessionLinks, doc: number): void {
  const sources = [doc]
  for (let old = links.places.get(doc); old !== undefined; old = links.places.get(old)) sources.unshift(old)
  linkStored(links, doc, sources, sources[0] ?? doc)
}

/** Links `doc` by what is stored as the `prev` of one of `sources`, after a memory whose key is below `key`. */
function linkStored(links: SessionLinks, doc: number, sources: readonly number[], key: number): void {
  const stored = sources.map(source => linkOf(links, 'prev', source)).filter(prev => prev >= 0)
  if (stored.length === 0) return
  const known = stored
    .map(prev => standingFor(links, prev))
    .find(prev => prev >= 0 && prev !== doc && keyOf(links, prev) < key)
  const session = links.blocks[doc >>> 16]?.columns.session[doc & WITHIN] ?? doc
  const before = known ?? knownBefore(links, key, session, -1)
  insert(links, before < 0 ? -1 : endFrom(links, before), doc, -1)
}
