/**
 * Facts of one subject and predicate, and what each means for the others. The decision is `resolve` of `facts/`; here
 * what is stored is brought to it and what it says is put into the draft. Called by all that adds or removes facts.
 */
import type { Again, HeldFact, Validity } from '../facts/resolution.ts'
import { resolve } from '../facts/resolve.ts'
import { nextNumber } from './changing.ts'
import { derivedId } from './derived-id.ts'
import { type Draft, placeIn, putRecord, readRecord, recordIn } from './drafts.ts'
import { pairOf, pairRange, unhex } from './keys.ts'
import type { Said, StoredRecord } from './records.ts'
import type { Space } from './space.ts'

/** The key of the pair of a fact. */
export const pairOfRecord = ({ fact }: StoredRecord): string | undefined =>
  fact && pairOf(fact.subject, fact.predicate)

/** Reads all facts of these pairs into the draft: before anything is decided, because it takes time. */
export async function loadPairs(draft: Draft, pairs: Iterable<string | undefined>): Promise<void> {
  for (const pair of pairs) {
    if (pair === undefined || draft.pairs.has(pair)) continue
    const facts = new Map<number, StoredRecord>()
    for (const place of await placesOfPair(draft.space, pair)) {
      const record = recordIn(draft, place)
      if (record?.fact) facts.set(place, record)
    }
    draft.pairs.set(pair, facts)
  }
}

async function placesOfPair(space: Space, pair: string): Promise<readonly number[]> {
  const places: number[] = []
  if (space.number < 0) return places
  for await (const [key] of space.shared.store.range(pairRange(space.number, pair))) {
    places.push(unhex(key.slice(-8)))
  }
  return places
}

/** Puts a new fact, and changes those that it contradicts. */
export function settleNew(draft: Draft, record: StoredRecord): StoredRecord {
  const existing = inOrder(draft, record)
  const { validUntil, endedBy, changes, again } = resolve(existing.map(held), asSaid(record))
  const settled = withValidity(record, { id: record.id, ...optional(validUntil, endedBy) })
  draft.before.set(record.place, undefined)
  putRecord(draft, settled)
  applyChanges(draft, changes)
  if (again && splitFact(draft, again)) settlePair(draft, pairOfRecord(record) ?? '')
  return recordIn(draft, record.place) ?? settled
}

/** Splits that follow from one another: more than facts can be confirmed is a fault, and must end. */
const MOST_SPLITS = 1_000

/** Decides all facts of a pair anew, each as it was said, in the order in which they were stored. */
export function settlePair(draft: Draft, pair: string): void {
  for (let splits = 0; splits < MOST_SPLITS; splits++) {
    const records = [...(draft.pairs.get(pair)?.values() ?? [])]
    const { decided, again } = settledPair(records)
    if (again && splitFact(draft, again)) continue
    applyChanges(draft, [...decided.values()])
    return
  }
}

/** What deciding anew says, by id, and the first fact that another splits. */
export function settledPair(records: readonly StoredRecord[]): {
  readonly decided: ReadonlyMap<string, HeldFact>
  readonly again: Again | undefined
} {
  const decided = new Map<string, HeldFact>()
  let first: Again | undefined
  for (const record of records.toSorted((a, b) => a.place - b.place)) {
    const said = asSaid(record)
    const { validUntil, endedBy, changes, again } = resolve([...decided.values()], said)
    first ??= again
    decided.set(record.id, withHeld(said, { id: record.id, ...optional(validUntil, endedBy) }))
    for (const change of changes) {
      const old = decided.get(change.id)
      if (old) decided.set(change.id, withHeld(old, change))
    }
  }
  return { decided, again: first }
}

/**
 * What was said again after a contradiction becomes a fact of its own, with the evidence from then on. False when
 * there is nothing to split.
 */
function splitFact(draft: Draft, { of, validFrom }: Again): boolean {
  const place = placeAmong(draft, of)
  const record = place === undefined ? undefined : recordIn(draft, place)
  const later = record?.confirmations?.filter(({ at }) => at >= validFrom) ?? []
  if (!record || later.length === 0) return false
  const earlier = record.confirmations?.filter(({ at }) => at < validFrom) ?? []
  const moved = new Set(later.flatMap(({ sources }) => sources))
  const stays = new Set(earlier.flatMap(({ sources }) => sources))
  const left = (record.sources ?? []).filter(source => !moved.has(source) || stays.has(source))
  putRecord(draft, withEvidence(draft, record, left, earlier))
  const { updatedAt: _u, validUntil: _v, endedBy: _e, endings: _n, prev: _p, ...rest } = record
  const repeated = withEvidence(
    draft,
    rest,
    [...moved],
    later.filter(({ at }) => at > validFrom),
  )
  const content = [record.fact?.subject, record.fact?.predicate, record.fact?.object]
  const id = derivedId(draft.space.name, 'fact', repeated.from ?? [], content)
  if (placeIn(draft, id) !== undefined) return true
  const own = nextNumber(draft.space)
  draft.before.set(own, undefined)
  putRecord(draft, {
    ...repeated,
    id,
    place: own,
    doc: own,
    first: own,
    at: validFrom,
    validFrom,
    storedAt: draft.space.shared.clock(),
  })
  return true
}

function withEvidence(
  draft: Draft,
  record: StoredRecord,
  sources: readonly number[],
  confirmations: readonly Said[],
): StoredRecord {
  const { confirmations: _c, from: _f, sources: _s, ...rest } = record
  const from = sources.flatMap(source => recordIn(draft, source)?.id ?? [])
  return {
    ...rest,
    ...(from.length > 0 && { from, sources }),
    ...(confirmations.length > 0 && { confirmations }),
  }
}

function applyChanges(draft: Draft, changes: readonly Validity[]): void {
  for (const change of changes) {
    const place = draft.ids.get(change.id) ?? placeAmong(draft, change.id)
    const record = place === undefined ? undefined : recordIn(draft, place)
    if (!record) continue
    const changed = withValidity(record, change)
    if (changed.validUntil !== record.validUntil || changed.endedBy !== record.endedBy)
      putRecord(draft, changed)
  }
}

function placeAmong(draft: Draft, id: string): number | undefined {
  for (const facts of draft.pairs.values()) {
    for (const record of facts.values()) if (record.id === id) return record.place
  }
  return undefined
}

function inOrder(draft: Draft, { place, fact }: StoredRecord): readonly StoredRecord[] {
  const facts = fact && draft.pairs.get(pairOf(fact.subject, fact.predicate))
  return [...(facts?.values() ?? [])].filter(one => one.place !== place).sort((a, b) => a.place - b.place)
}

/** Until when, by what was said of it alone: the earlier of its stated end and of what sentences ended. */
export function saidEnd({ saidUntil, endings = [] }: StoredRecord): number | undefined {
  const ends = [...(saidUntil === undefined ? [] : [saidUntil]), ...endings.map(({ at }) => at)]
  return ends.length > 0 ? Math.min(...ends) : undefined
}

/** A fact as it was said, whatever others mean for it. */
function asSaid(record: StoredRecord): HeldFact {
  const { id, fact, trust, validFrom, at, confirmations } = record
  const saidUntil = saidEnd(record)
  return {
    id,
    object: fact?.object ?? '',
    single: fact?.single ?? false,
    trust,
    validFrom: validFrom ?? at,
    ...(saidUntil !== undefined && { saidUntil, validUntil: saidUntil }),
    ...(confirmations && { confirmed: confirmations.map(one => one.at) }),
  }
}

export const held = (record: StoredRecord): HeldFact =>
  withHeld(asSaid(record), { id: record.id, ...optional(record.validUntil, record.endedBy) })

const optional = (validUntil: number | undefined, endedBy: string | undefined) => ({
  ...(validUntil !== undefined && { validUntil }),
  ...(endedBy !== undefined && { endedBy }),
})

function withHeld(fact: HeldFact, { validUntil, endedBy }: Validity): HeldFact {
  const { validUntil: _until, endedBy: _by, ...rest } = fact
  return { ...rest, ...optional(validUntil, endedBy) }
}

function withValidity(record: StoredRecord, { validUntil, endedBy }: Validity): StoredRecord {
  const { validUntil: _until, endedBy: _by, ...rest } = record
  return { ...rest, ...optional(validUntil, endedBy) }
}

/** Facts of a pair, or the rest of what has them on disk, by place. Throws `store-corrupt`. */
export async function factsOfPair(space: Space, pair: string): Promise<readonly StoredRecord[]> {
  const records: StoredRecord[] = []
  for (const place of await placesOfPair(space, pair)) {
    const record = readRecord(space, place)
    if (record) records.push(record)
  }
  return records
}
