/** `facts` and `history`: what holds, what ever held, and the sentences it is known from. */

import { normalName } from '../facts/names.ts'
import type { ExplainedFact, FactsOptions, MemoryRecord } from '../memory.ts'
import { factsOfPair, pairOfRecord } from './fact-pairs.ts'
import { checkedCount, checkedId, checkedObject, checkedText, checkedTime, MAX_NAME } from './input.ts'
import { pairOf, pairRange, subjectRange, unhex } from './keys.ts'
import { newestFirst, readableRecord, recordOf } from './reading.ts'
import { holdsAt, publicRecord, type StoredRecord } from './records.ts'
import { docAt, type Space } from './space.ts'
import { unknownMemory } from './unknown.ts'

const MEMBERS = new Set(['at', 'predicate', 'limit'])

/** Those that hold, the newest first. Throws `input-invalid`. */
export async function facts(
  space: Space,
  subject?: string,
  options: FactsOptions = {},
): Promise<readonly MemoryRecord[]> {
  const given = checkedObject(options, 'options', MEMBERS)
  const limit = checkedCount(given['limit'], 'limit', 100, 10_000)
  const at = given['at'] === undefined ? space.shared.clock() : checkedTime(given['at'], 'at')
  const predicate =
    given['predicate'] === undefined
      ? undefined
      : normalName(checkedText(given['predicate'], 'predicate', MAX_NAME))
  const of = subject === undefined ? undefined : checkedText(subject, 'subject', MAX_NAME)
  const found: MemoryRecord[] = []
  const stated = new Set<string>()
  for (const place of await candidates(space, of, predicate)) {
    const record = readableRecord(space, place)
    if (record?.kind !== 'fact' || !holdsAt(record, at)) continue
    if (predicate !== undefined && normalName(record.fact?.predicate ?? '') !== predicate) continue
    // Two who say the same, neither of whom ends the other.
    if (stated.size === stated.add(statementOf(record)).size) continue
    found.push(publicRecord(record))
    if (found.length === limit) break
  }
  return found
}

const statementOf = ({ fact }: StoredRecord): string =>
  JSON.stringify([fact?.subject, fact?.predicate, fact?.object].map(part => normalName(part ?? '')))

async function candidates(
  space: Space,
  subject: string | undefined,
  predicate: string | undefined,
): Promise<Iterable<number>> {
  if (space.number < 0) return []
  if (subject === undefined) return factPlaces(space)
  const range =
    predicate === undefined
      ? subjectRange(space.number, subject)
      : pairRange(space.number, pairOf(subject, predicate))
  const places: number[] = []
  for await (const [key] of space.shared.store.range(range)) places.push(unhex(key.slice(-8)))
  return places.sort((a, b) => b - a)
}

/** Places of all facts, the newest first. */
export function* factPlaces(space: Space): Generator<number> {
  for (const place of newestFirst(space)) if (space.index.kind(docAt(space, place)) === 'fact') yield place
}

/** Throws `memory-unknown`, also for the id of what is no fact. */
export async function history(space: Space, factId: string): Promise<readonly ExplainedFact[]> {
  const id = checkedId(factId, 'factId')
  const record = recordOf(space, id)
  const pair = record && pairOfRecord(record)
  if (pair === undefined) throw unknownMemory(space, id)
  const all = [...(await factsOfPair(space, pair))].sort(
    (a, b) => (a.validFrom ?? a.at) - (b.validFrom ?? b.at) || a.place - b.place,
  )
  return all.map(fact => ({ fact: publicRecord(fact), evidence: evidenceOf(space, fact) }))
}

/** What says so, and what says that it does not hold any more, by time of storing. */
function evidenceOf(space: Space, { sources = [], endings = [] }: StoredRecord): readonly MemoryRecord[] {
  const places = [...new Set([...sources, ...endings.flatMap(ending => ending.sources)])]
  return places
    .sort((a, b) => a - b)
    .flatMap(place => {
      const record = readableRecord(space, place)
      return record ? [publicRecord(record)] : []
    })
}
