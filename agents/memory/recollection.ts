/**
 * What is known that bears on a task: hits of a recall, the past that the task names, and the last interactions of its
 * session. Called by an agent's recall effect. Everything is bounded, because it goes into a journal and a prompt.
 */
import type { Hit, MemoryKind, MemoryRecord, Trust } from '../../memory/memory.ts'
import { resolveContinuation } from './continuation.ts'
import { clipped } from './quoted.ts'
import type { NodeNamespace } from './spawn-memory.ts'

/** A memory as an agent gets it. Plain data. */
export interface Recollection {
  readonly id: string
  readonly kind: MemoryKind
  /** Long ones are shortened, and say so. */
  readonly text: string
  readonly who?: string
  /** Absolute ms when it happened. */
  readonly at: number
  readonly trust: Trust
  readonly source?: string
  /** Absolute ms until when a fact held. */
  readonly validUntil?: number
  /** 0 to 1, of a recall. */
  readonly score?: number
  /** It belongs to the interactions just before, in their order; all others come best first. */
  readonly recent?: true
}

export interface RecallLimits {
  /** Memories that a recall may find. */
  readonly limit: number
  /** Last interactions of the session. */
  readonly recent: number
  readonly minTrust?: Trust
  /** Nothing older, ms. */
  readonly maxAgeMs?: number
  /** For all of them together, at four characters a token. */
  readonly maxTokens: number
}

export interface Wanted extends RecallLimits {
  /** What the task is about, in its own words. */
  readonly text: string
  readonly session: string
  /** Absolute ms. */
  readonly now: number
}

type Space = Pick<NodeNamespace, 'recall' | 'recent' | 'list'>
type Found = Hit | MemoryRecord

const MOST_OF_ONE = 2_000
const LONGEST_QUERY = 2_000
/** A day of talk: the newest of them are taken. */
const MOST_LISTED = 500

/** Throws what the memory throws. */
export async function recollect(space: Space, wanted: Wanted): Promise<readonly Recollection[]> {
  const { text, session, now, recent, minTrust, maxAgeMs } = wanted
  const { query, since, until, continues } = resolveContinuation(text, now)
  const floor = maxAgeMs === undefined ? undefined : now - maxAgeMs
  const past =
    since !== undefined && until !== undefined ? { since: Math.max(since, floor ?? since), until } : undefined
  const filter = { ...(minTrust && { minTrust }), ...(floor !== undefined && { since: floor }) }
  const asked = query.slice(0, LONGEST_QUERY).toWellFormed()

  const [latest, named, known] = await Promise.all([
    latestOf(space, session, recent, continues && !past),
    past && wanted.limit > 0 ? inPast(space, asked, { ...filter, ...past }, wanted.limit) : [],
    asked !== '' && wanted.limit > 0 ? space.recall(asked, { limit: wanted.limit, ...filter }) : [],
  ])
  const short = latest.filter(one => isAllowed(one, minTrust, floor))
  const taken = new Set(short.map(one => one.id))
  const long = [...new Map([...named, ...known].map(one => [one.id, one])).values()]
    .filter(one => !taken.has(one.id))
    .slice(0, wanted.limit)
  return within(
    wanted.maxTokens,
    long.map(one => recollection(one)),
    short.map(one => recollection(one, true)),
  )
}

/** Short-term memory. Who goes on in a new session goes on with what was last, whatever session it was. */
async function latestOf(
  space: Space,
  session: string,
  limit: number,
  continues: boolean,
): Promise<readonly MemoryRecord[]> {
  if (limit <= 0) return []
  const own = await space.recent({ limit, session })
  return own.length === 0 && continues ? space.recent({ limit }) : own
}

async function inPast(
  space: Space,
  query: string,
  filter: { readonly since: number; readonly until: number },
  limit: number,
): Promise<readonly Found[]> {
  if (filter.since >= filter.until) return []
  const found = query === '' ? [] : await space.recall(query, { ...filter, limit })
  if (found.length > 0) return found
  // Nothing of that time has the words of the request: what was last said then is the best there is.
  const { memories } = await space.list({ ...filter, limit: MOST_LISTED })
  return memories.slice(-limit)
}

const TRUST: readonly Trust[] = ['untrusted', 'agent', 'trusted']

/** The lesser of two. */
export const leastTrust = (a: Trust, b: Trust): Trust => (TRUST.indexOf(a) < TRUST.indexOf(b) ? a : b)

const isAllowed = (
  { trust, at }: MemoryRecord,
  least: Trust | undefined,
  floor: number | undefined,
): boolean =>
  (least === undefined || leastTrust(trust, least) === least) && (floor === undefined || at >= floor)

const recollection = (one: Found, recent = false): Recollection => ({
  id: one.id,
  kind: one.kind,
  text: clipped(one.text, MOST_OF_ONE),
  ...(one.who !== undefined && { who: clipped(one.who, 200) }),
  at: one.at,
  trust: one.trust,
  ...(one.source !== undefined && { source: clipped(one.source, 500) }),
  ...(one.validUntil !== undefined && { validUntil: one.validUntil }),
  ...('score' in one && { score: one.score }),
  ...(recent && { recent: true }),
})

/** The newest of the short-term memory first, then the best; what does not fit is left out. */
function within(
  tokens: number,
  long: readonly Recollection[],
  short: readonly Recollection[],
): readonly Recollection[] {
  let left = tokens * 4
  const fits = ({ text, who = '', source = '' }: Recollection): boolean => {
    const size = text.length + who.length + source.length
    if (size > left) return false
    left -= size
    return true
  }
  // The best one is worth more than how far back the session is remembered.
  const best = long.slice(0, 1).filter(fits)
  const newest = short.toReversed().filter(fits).reverse()
  return [...best, ...long.slice(1).filter(fits), ...newest]
}
