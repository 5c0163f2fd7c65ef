/**
 * A recall index in the plainest form (lists, and every score computed), the store of a real one, and both moved by
 * the same steps: what the tests of the index compare.
 */
import { createRecallIndex } from '../create-recall-index.ts'
import type { Analyse, Bm25, IndexEntry, QueryTerm, RecallIndex, Removal, Scored } from '../recall-index.ts'

/** The text of an entry is its terms: numbers between spaces, one that comes twice counts twice. */
export const analyse: Analyse = ({ text }) => {
  const hashes = termsOf(text)
  return { hashes, length: hashes.length, flags: hashes.length & 7 }
}

export const termsOf = (text: string): number[] => text.split(' ').filter(Boolean).map(Number)

export interface Known {
  readonly entry: IndexEntry
  readonly terms: ReadonlyMap<number, number>
  readonly length: number
  alive: boolean
  ended: boolean
}

/** What a store keeps, and the index beside it. */
export interface Stored {
  index: RecallIndex
  readonly known: Map<number, Known>
  readonly segments: Map<number, Uint8Array>
  readonly removed: Removal[]
  readonly ended: Map<number, boolean>
  /** Memories of each session that are there, in order. */
  readonly sessions: Map<number, number[]>
}

export const emptyStore = (): Stored => ({
  index: createRecallIndex({ analyse }),
  known: new Map(),
  segments: new Map(),
  removed: [],
  ended: new Map(),
  sessions: new Map(),
})

export function add(stored: Stored, entry: IndexEntry): void {
  const terms = new Map<number, number>()
  for (const term of termsOf(entry.text)) terms.set(term, Math.min(255, (terms.get(term) ?? 0) + 1))
  const length = termsOf(entry.text).length
  stored.known.set(entry.doc, { entry, terms, length, alive: true, ended: false })
  const session = stored.sessions.get(entry.session) ?? []
  stored.sessions.set(entry.session, [...session, entry.doc])
  stored.index.add(entry)
}

export function remove(stored: Stored, doc: number, replacedBy?: number): void {
  const known = stored.known.get(doc)
  if (!known?.alive) return
  known.alive = false
  const session = (stored.sessions.get(known.entry.session) ?? []).filter(other => other !== replacedBy)
  stored.sessions.set(
    known.entry.session,
    session.flatMap(other => (other !== doc ? [other] : replacedBy === undefined ? [] : [replacedBy])),
  )
  stored.removed.push({ doc, ...(replacedBy !== undefined && { replacedBy }) })
  stored.index.remove(doc, replacedBy)
}

export function end(stored: Stored, doc: number, ended: boolean): void {
  const known = stored.known.get(doc)
  if (!known?.alive) return
  known.ended = ended
  stored.ended.set(doc, ended)
  stored.index.setEnded(doc, ended)
}

export async function seal(stored: Stored, all: boolean): Promise<void> {
  write(stored, await stored.index.seal({ all }))
}

export async function expunge(stored: Stored): Promise<void> {
  write(stored, await stored.index.expunge())
  stored.removed.length = 0
}

export function write(stored: Stored, sealing: Awaited<ReturnType<RecallIndex['seal']>>): void {
  for (const base of sealing?.del ?? []) stored.segments.delete(base)
  for (const { base, bytes } of sealing?.put ?? []) stored.segments.set(base, bytes)
}

/** A new index from what the store has, as at opening. Memories that are gone are not there to be added again. */
export function reopen(stored: Stored): RecallIndex {
  const { segments, removed, ended, known } = stored
  const bytes = Array.from(segments.values(), one => one.slice())
  const index = createRecallIndex({ analyse, segments: bytes, removed, ended })
  const sealed = index.end
  for (const [doc, { entry, alive }] of known) if (doc >= sealed && alive) index.add(entry)
  return index
}

export const living = ({ known }: Stored): Known[] => [...known.values()].filter(({ alive }) => alive)

/** Memories that have the term and have not been expunged. */
export const frequencyOf = (stored: Stored, hash: number): number =>
  [...stored.known.values()].filter(({ terms }) => terms.has(hash)).length

/** All scores, best first. `frequency` says in how many memories a term stands. */
export function bruteForce(
  stored: Stored,
  terms: readonly QueryTerm[],
  { k1, b }: Bm25,
  frequency: (hash: number) => number,
  accept: (doc: number) => boolean = () => true,
  boost: (doc: number) => number = () => 1,
): Scored[] {
  const alive = living(stored)
  const average = alive.reduce((sum, { length }) => sum + length, 0) / alive.length
  const idfs = terms.map(({ hash }) => {
    const df = frequency(hash)
    return Math.log(1 + (Math.max(0, alive.length - df) + 0.5) / (df + 0.5))
  })
  const scored: Scored[] = []
  for (const { entry, terms: own, length } of alive) {
    if (!accept(entry.doc)) continue
    let score = 0
    for (const [nth, { hash, weight }] of terms.entries()) {
      const tf = own.get(hash) ?? 0
      const norm = k1 * (1 - b + (b * length) / average)
      if (tf > 0) score += (weight * (idfs[nth] as number) * tf * (k1 + 1)) / (tf + norm)
    }
    if (score > 0) scored.push({ doc: entry.doc, score: score * boost(entry.doc) })
  }
  return scored.sort((one, other) => rounded(other.score) - rounded(one.score) || other.doc - one.doc)
}

/** Sums in another order differ in their last bits. */
export const rounded = (score: number): number => Math.round(score * 1e8)
