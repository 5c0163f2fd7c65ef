/**
 * `recall`: ranking chooses among what the filter accepts, by numbers; here the chosen are read from the disk, what
 * does not hold at the asked time is left out, and those around a hit are brought along.
 */
import type { Hit, MemoryFilter, MemoryRecord, RecallOptions } from '../memory.ts'
import type { RankedMemory } from '../recall/ranking.ts'
import type { VectorScores } from '../vectors/vector-scores.ts'
import { acceptBy, checkedFilter, FILTER_MEMBERS } from './filters.ts'
import { checkedCount, checkedObject, checkedTime, refused } from './input.ts'
import { readableRecord } from './reading.ts'
import { holdsAt, publicRecord, type StoredRecord } from './records.ts'
import { placeOf, type Space } from './space.ts'
import { noteUse } from './uses.ts'

const MEMBERS = new Set<string>([
  ...FILTER_MEMBERS.filter(name => name !== 'source' && name !== 'subject'),
  ...(['limit', 'at', 'neighbours', 'explain'] as const),
])
const MAX_QUERY = 65_536
const MOST = 200

interface Asked {
  readonly limit: number
  readonly neighbours: number
  readonly explain: boolean
  /** Absolute ms; undefined: now. */
  readonly at: number | undefined
  readonly filter: MemoryFilter
}

export async function recall(
  space: Space,
  query: string,
  options: RecallOptions = {},
): Promise<readonly Hit[]> {
  if (typeof query !== 'string' || query.length > MAX_QUERY) {
    throw refused('the query is not a text', `pass a text of at most ${MAX_QUERY} characters`)
  }
  const asked = checkedRecall(options)
  const accept = acceptBy(space, asked.filter)
  if (!accept || query.trim() === '') return []
  const now = asked.at ?? space.shared.clock()
  const fit = acceptAt(space, asked.at, accept)
  const vectors = await space.vectors?.scores(query, { accept: fit })
  const hits = chosen(space, query, { asked, now, accept: fit, vectors })
  for (const { place } of hits) noteUse(space, place, now)
  return hits.map(({ record, ranked }) => hitOf(space, record, ranked, asked))
}

function checkedRecall(options: RecallOptions): Asked {
  const given = checkedObject(options, 'options', MEMBERS)
  const neighbours = given['neighbours'] === 0 ? 0 : checkedCount(given['neighbours'], 'neighbours', 0, 5)
  return {
    limit: checkedCount(given['limit'], 'limit', 10, MOST),
    neighbours,
    explain: given['explain'] === true,
    at: given['at'] === undefined ? undefined : checkedTime(given['at'], 'at'),
    filter: checkedFilter(given),
  }
}

/** Nothing younger than `at`; without it, no fact that ended. Whether a fact held then, its record says. */
function acceptAt(
  { index }: Space,
  at: number | undefined,
  accept: (doc: number) => boolean,
): (doc: number) => boolean {
  if (at === undefined) return doc => !index.ended(doc) && accept(doc)
  return doc => index.at(doc) <= at && accept(doc)
}

interface Chosen {
  readonly record: StoredRecord
  readonly place: number
  readonly ranked: RankedMemory
}

interface Choice {
  readonly asked: Asked
  readonly now: number
  readonly accept: (doc: number) => boolean
  readonly vectors: VectorScores | undefined
}

/** Asks ranking for more as long as too many of those it gave do not hold. */
function chosen(space: Space, query: string, { asked, now, accept, vectors }: Choice): readonly Chosen[] {
  const { rank } = space.shared
  for (let limit = asked.limit + (asked.at === undefined ? 4 : asked.limit); ; limit *= 4) {
    const ranked = rank(space.index, query, {
      limit,
      now,
      accept,
      explain: asked.explain,
      ...(vectors && { vectors }),
    })
    const found: Chosen[] = []
    for (const one of ranked) {
      const place = placeOf(space, one.doc)
      const record = readableRecord(space, place)
      if (record && holdsAt(record, now)) found.push({ record, place, ranked: one })
      if (found.length === asked.limit) return found
    }
    if (ranked.length < limit || limit > 64 * MOST) return found
  }
}

function hitOf(space: Space, record: StoredRecord, { score, parts, doc }: RankedMemory, asked: Asked): Hit {
  const { importance: _i, storedAt: _s, updatedAt: _u, endedBy: _e, by: _b, ...seen } = publicRecord(record)
  return {
    ...seen,
    score,
    ...(asked.explain && parts && { parts }),
    ...(asked.neighbours > 0 && { neighbours: neighboursOf(space, doc, asked) }),
  }
}

/** Those before and after it in its session, in their order, without itself. */
function neighboursOf(space: Space, doc: number, { neighbours, at, filter }: Asked): readonly MemoryRecord[] {
  const accept = acceptBy(space, filter.minTrust === undefined ? {} : { minTrust: filter.minTrust })
  const walk = (step: (from: number) => number): readonly MemoryRecord[] => {
    const found: MemoryRecord[] = []
    for (let next = step(doc), left = neighbours; next >= 0 && left > 0; next = step(next), left--) {
      if (!accept?.(next) || (at !== undefined && space.index.at(next) > at)) continue
      const record = readableRecord(space, placeOf(space, next))
      if (record) found.push(publicRecord(record))
    }
    return found
  }
  return [...walk(one => space.index.prev(one)).toReversed(), ...walk(one => space.index.next(one))]
}
