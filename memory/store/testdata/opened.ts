/** Stores for tests: a clock that a test sets, ids that count, plain BM25 for ranking, a consolidator of one rule. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCodec } from '../../../runtime/codec.ts'
import type { Consolidator, GrowthPolicy } from '../../consolidation/proposal.ts'
import type { Memory, Namespace } from '../../memory.ts'
import type { Analyse } from '../../recall/recall-index.ts'
import { termHash } from '../../recall/term-hash.ts'
import { openStore, type StoreOptions } from '../open-store.ts'
import type { Rank } from '../space.ts'

export const START = 1_750_000_000_000

const wordsOf = (text: string): readonly string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []

export const analyse: Analyse = ({ text, whoName = '' }) => {
  const words = [...wordsOf(text), ...wordsOf(whoName)]
  return { hashes: words.map(termHash), length: words.length, flags: text.endsWith('?') ? 1 : 0 }
}

export const plainRank: Rank = (reader, query, { limit, accept, explain }) =>
  reader
    .top(
      [...new Set(wordsOf(query))].map(word => ({ hash: termHash(word), weight: 1 })),
      limit,
      { bm25: { k1: 0.9, b: 0.4 }, ...(accept && { accept }) },
    )
    .map(({ doc, score }) => ({
      doc,
      score: score / (1 + score),
      ...(explain && { parts: { words: score / (1 + score) } }),
    }))

const STATES = /^(\w+) (lives in|likes|works at) (\w+)$/
const ENDS = /^(\w+) no longer (lives in|likes|works at) (\w+)$/

/** "Ana lives in Porto" is a fact, "Ana no longer likes tea" ends one, "Note: …" is an insight. */
export const oneRule: Consolidator = ({ episodes }) => ({
  by: 'extraction',
  drop: [],
  facts: episodes.flatMap(({ id, text, at }) => {
    const [, subject, predicate, object] = STATES.exec(text) ?? []
    if (!subject || !predicate || !object) return []
    const statement = { subject, predicate, object, single: predicate !== 'likes' }
    return [{ statement, text, from: [id], validFrom: at, confidence: 0.8 }]
  }),
  endings: episodes.flatMap(({ id, text, at }) => {
    const [, subject, predicate, object] = ENDS.exec(text) ?? []
    return subject && predicate && object ? [{ subject, predicate, object, at, from: [id] }] : []
  }),
  insights: episodes.flatMap(({ id, text }) =>
    text.startsWith('Note: ') ? [{ text: text.slice(6), from: [id], importance: 0.6 }] : [],
  ),
})

/** The least important go first, the older of equals. */
export const leastFirst: GrowthPolicy = (kept, most) =>
  kept
    .toSorted((a, b) => a.importance + a.uses - b.importance - b.uses || a.at - b.at)
    .slice(0, Math.max(0, kept.length - most))
    .map(({ id }) => id)

export interface Opened {
  readonly dir: string
  memory: Memory
  /** The namespace "main". */
  space: Namespace
  /** Absolute ms: what the store takes for now. */
  now: number
  readonly damage: Error[]
  /** Closes and opens again, with other options. */
  reopen(options?: Partial<StoreOptions>): Promise<void>
}

export async function openedIn(dir: string, options: Partial<StoreOptions> = {}): Promise<Opened> {
  let made = 0
  const life = Math.random().toString(36).slice(2, 8)
  const open = (more: Partial<StoreOptions>): Promise<Memory> =>
    openStore({
      dir,
      encoder: createCodec(),
      clock: () => opened.now,
      ids: () => `${life}-${++made}`,
      analyse,
      rank: plainRank,
      consolidator: oneRule,
      growth: leastFirst,
      onDamage: error => opened.damage.push(error),
      ...options,
      ...more,
    })
  const opened: Opened = {
    dir,
    memory: undefined as unknown as Memory,
    space: undefined as unknown as Namespace,
    now: START,
    damage: [],
    async reopen(more = {}) {
      await opened.memory.close()
      opened.memory = await open(more)
      opened.space = opened.memory.namespace('main')
    },
  }
  opened.memory = await open({})
  opened.space = opened.memory.namespace('main')
  return opened
}

/** The body of a test that is given an open store in a folder of its own. */
export const withStore =
  (body: (opened: Opened) => Promise<void>, options: Partial<StoreOptions> = {}) =>
  async (): Promise<void> => {
    const dir = await mkdtemp(join(tmpdir(), 'ac-memory-'))
    const opened = await openedIn(join(dir, 'memory'), options)
    try {
      await body(opened)
    } finally {
      await opened.memory.close()
      await rm(dir, { recursive: true, force: true })
    }
  }

export async function kindOf(work: () => unknown): Promise<string> {
  try {
    await work()
  } catch (error) {
    return (error as { readonly kind?: string }).kind ?? String(error)
  }
  return 'nothing thrown'
}

export async function linesOf(space: Namespace): Promise<string[]> {
  const lines: string[] = []
  for await (const line of space.export()) lines.push(line)
  return lines
}
