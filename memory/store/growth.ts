/**
 * What keeps a namespace from growing without end: facts and insights beyond their number go by the growth policy,
 * episodes only by an explicit retention, and not before consolidation has seen them. Called after consolidation.
 */
import type { Kept } from '../consolidation/proposal.ts'
import { writeDraft } from './changing.ts'
import { draftOf, putRecord, recordIn, removeRecord } from './drafts.ts'
import { planRemoval, remove, setWaiting } from './forgetting.ts'
import { hex, unhex, waitingKey } from './keys.ts'
import { leaveSession } from './leaving.ts'
import { newestFirst, readableRecord } from './reading.ts'
import type { Said, StoredRecord } from './records.ts'
import { docAt, placeOf, type Space } from './space.ts'

const MAX_FACTS = 100_000
const MAX_INSIGHTS = 20_000
const AT_ONCE = 500

/** How many were let go. Within a turn. */
export async function growthDropped(space: Space): Promise<number> {
  const { maxFacts = MAX_FACTS, maxInsights = MAX_INSIGHTS } = space.shared.retention
  const facts = await dropBeyond(space, 'fact', maxFacts)
  const insights = await dropBeyond(space, 'insight', maxInsights)
  return facts + insights + (await dropOldEpisodes(space))
}

async function dropBeyond(space: Space, kind: Kept['kind'], most: number): Promise<number> {
  if (space.counters[`${kind}s`] <= most) return 0
  const { growth, clock } = space.shared
  const places = growth(keptOf(space, kind), most, clock()).map(unhex)
  let dropped = 0
  for (let at = 0; at < places.length; at += AT_ONCE) {
    const draft = draftOf(space)
    const some = places.slice(at, at + AT_ONCE).filter(place => readableRecord(space, place)?.kind === kind)
    const removal = await planRemoval(draft, some)
    remove(draft, removal, { again: false })
    await writeDraft(draft)
    dropped += removal.gone.size
  }
  return dropped
}

/** As the policy sees them, under their places: their ids would have to be read. */
function keptOf(space: Space, kind: Kept['kind']): readonly Kept[] {
  const { index, uses } = space
  const kept: Kept[] = []
  for (const place of newestFirst(space)) {
    const doc = docAt(space, place)
    if (index.kind(doc) !== kind) continue
    const use = uses.get(place)
    kept.push({
      id: hex(place),
      kind,
      importance: index.importance(doc),
      at: index.at(doc),
      uses: use?.count ?? 0,
      ...(use && { usedAt: use.usedAt }),
      ended: index.ended(doc),
    })
  }
  return kept
}

/** What was derived from them stays, and says so no longer on disk than by their ids. */
async function dropOldEpisodes(space: Space): Promise<number> {
  const { episodesOlderThanMs } = space.shared.retention
  if (episodesOlderThanMs === undefined || space.number < 0) return 0
  const places = oldPlaces(space, space.shared.clock() - episodesOlderThanMs)
  for (let at = 0; at < places.length; at += AT_ONCE) {
    await dropEpisodes(space, new Set(places.slice(at, at + AT_ONCE)))
  }
  return places.length
}

function oldPlaces(space: Space, before: number): readonly number[] {
  const { index, shared, number } = space
  const places: number[] = []
  for (let doc = 0; doc < index.end; doc++) {
    if (!index.alive(doc) || index.kind(doc) !== 'episode' || index.at(doc) >= before) continue
    const place = placeOf(space, doc)
    if (shared.store.getSync(waitingKey(number, place)) === undefined && readableRecord(space, place)) {
      places.push(place)
    }
  }
  return places
}

async function dropEpisodes(space: Space, places: ReadonlySet<number>): Promise<void> {
  const draft = draftOf(space)
  const { gone, endedByThem } = await planRemoval(draft, [...places])
  for (const place of places) {
    const record = recordIn(draft, place)
    if (!record) continue
    removeRecord(draft, place)
    setWaiting(draft, place, false)
    leaveSession(draft, record, places)
  }
  for (const place of [...gone, ...endedByThem]) {
    const record = places.has(place) ? undefined : recordIn(draft, place)
    if (!record) continue
    putRecord(draft, withoutSources(record, places))
  }
  await writeDraft(draft)
}

/** The record with what it says of its sources, except where they stood. */
function withoutSources(record: StoredRecord, gone: ReadonlySet<number>): StoredRecord {
  const { sources = [], endings = [], confirmations = [], ...rest } = record
  const left = sources.filter(source => !gone.has(source))
  const without = (said: readonly Said[]): readonly Said[] =>
    said.map(one => ({ at: one.at, sources: one.sources.filter(source => !gone.has(source)) }))
  return {
    ...rest,
    ...(left.length > 0 && { sources: left }),
    ...(endings.length > 0 && { endings: without(endings) }),
    ...(confirmations.length > 0 && { confirmations: without(confirmations) }),
  }
}
