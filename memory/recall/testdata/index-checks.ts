/** Whether an index says what the plain lists beside it say: used by the tests of the index. */
import * as assert from 'uvu/assert'
import type { IndexEntry, QueryTerm, RecallIndex } from '../recall-index.ts'
import { bruteForce, living, rounded, type Stored } from './index-model.ts'

export const BM25 = { k1: 0.9, b: 0.4 }

export const entry = (doc: number, text: string, more: Partial<IndexEntry> = {}): IndexEntry => ({
  doc,
  text,
  who: 0,
  at: 1_000 + doc,
  session: doc,
  kind: 'episode',
  trust: 'untrusted',
  importance: 0.5,
  ...more,
})

export interface Search {
  readonly terms: readonly QueryTerm[]
  readonly k: number
  readonly modulus: number
  readonly maxBoost: number
}

export function sameColumns(index: RecallIndex, stored: Stored): void {
  assert.is(index.live, living(stored).length)
  for (const { entry, length, alive, ended } of stored.known.values()) {
    const { doc } = entry
    assert.is(index.alive(doc), alive)
    if (!alive) continue
    assert.equal(
      {
        at: index.at(doc),
        who: index.who(doc),
        session: index.session(doc),
        kind: index.kind(doc),
        trust: index.trust(doc),
        flags: index.flags(doc),
        length: index.length(doc),
        ended: index.ended(doc),
      },
      {
        at: entry.at,
        who: entry.who,
        session: entry.session,
        kind: entry.kind,
        trust: entry.trust,
        flags: length & 7,
        length,
        ended,
      },
    )
    assert.ok(Math.abs(index.importance(doc) - entry.importance) <= 0.5 / 254 + 1e-12)
  }
}

export function sameSessions(index: RecallIndex, stored: Stored): void {
  for (const order of stored.sessions.values()) {
    for (const [nth, doc] of order.entries()) {
      assert.is(index.prev(doc), order[nth - 1] ?? -1, `before ${doc} in ${order}`)
      assert.is(index.next(doc), order[nth + 1] ?? -1, `after ${doc} in ${order}`)
    }
  }
}

/** Returns how many ranks were compared. */
export function sameTop(index: RecallIndex, stored: Stored, { terms, k, modulus, maxBoost }: Search): number {
  const accept = (doc: number): boolean => doc % modulus === 0
  const boost = (doc: number): number => (doc % 5 === 1 ? maxBoost : 1)
  const options = { bm25: BM25, ...(modulus > 1 && { accept }), ...(maxBoost > 1 && { boost, maxBoost }) }
  const all = bruteForce(stored, terms, BM25, hash => index.documentFrequency(hash), accept, boost)
  const found = index.top(terms, k, options)
  assert.equal(
    found.map(({ doc }) => doc),
    all.slice(0, k).map(({ doc }) => doc),
  )
  for (const [rank, { score }] of found.entries())
    assert.ok(Math.abs(rounded(score) - rounded(all[rank]?.score ?? 0)) <= 1)
  return found.length
}

export function sameFrequencies(index: RecallIndex, stored: Stored, { terms, modulus }: Search): void {
  const docs = Uint32Array.from(
    living(stored)
      .map(({ entry }) => entry.doc)
      .filter(doc => doc % modulus === 0),
  )
  const table = index.frequencies(terms, docs)
  assert.is(table.length, docs.length * terms.length)
  for (const [row, doc] of docs.entries()) {
    for (const [column, { hash }] of terms.entries())
      assert.is(table[row * terms.length + column], stored.known.get(doc)?.terms.get(hash) ?? 0)
  }
}
