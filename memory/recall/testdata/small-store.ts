/** A few memories in a real index, for the tests of the ranking. */
import type { MemoryKind } from '../../memory.ts'
import { analyseEntry } from '../analyse-entry.ts'
import { createRecallIndex } from '../create-recall-index.ts'
import { type RankingOptions, rank } from '../ranking.ts'
import type { RecallIndex } from '../recall-index.ts'

export const DAY = 86_400_000
/** Sunday, 1 March 2026, noon UTC: when the memories were stored, unless they say otherwise. */
export const STORED = Date.UTC(2026, 2, 1, 12)

export interface Line {
  readonly who?: string
  readonly text: string
  /** Memories of the same name in a row are one session; none: it stands alone. */
  readonly session?: string
  /** Days before `STORED`. */
  readonly daysAgo?: number
  readonly importance?: number
  readonly kind?: MemoryKind
}

/** The lines get the numbers 0, 1, 2 … */
export function storeOf(lines: readonly Line[]): RecallIndex {
  const index = createRecallIndex({ analyse: analyseEntry })
  const names = new Map<string, number>()
  const sessions = new Map<string, { first: number; last: number }>()
  for (const [
    doc,
    { who, text, session, daysAgo = 0, importance = 0.5, kind = 'episode' },
  ] of lines.entries()) {
    if (who !== undefined && !names.has(who)) names.set(who, names.size + 1)
    const open = session === undefined ? undefined : sessions.get(session)
    if (session !== undefined) sessions.set(session, { first: open?.first ?? doc, last: doc })
    index.add({
      ...{ doc, text, kind, importance, trust: 'untrusted', at: STORED - daysAgo * DAY },
      who: names.get(who ?? '') ?? 0,
      ...(who !== undefined && { whoName: who }),
      session: open?.first ?? doc,
      ...(open && { prev: open.last }),
    })
  }
  return index
}

export const ask = (store: RecallIndex, query: string, options: Partial<RankingOptions> = {}) =>
  rank(store, query, { now: STORED + DAY, limit: 10, explain: true, ...options })

/** Numbers, best first. */
export const found = (store: RecallIndex, query: string, options: Partial<RankingOptions> = {}) =>
  ask(store, query, options).map(({ doc }) => doc)
