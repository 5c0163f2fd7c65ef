/**
 * `forget`: a memory, or all that a filter accepts, goes at once with all that was derived from it. What else that
 * came from waits for consolidation again, and facts are decided anew without those that are gone. Its bytes leave
 * the files with the next purge. Called by `namespace-on.ts`; the removal itself by `updating.ts` and growth, too.
 */
import type { Forgotten, MemoryFilter, RequestOptions } from '../memory.ts'
import { wholly, writeDraft } from './changing.ts'
import { removeDamaged } from './damaged-records.ts'
import { type Draft, draftOf, ENDS, placeOfId, putRecord, recordIn, removeRecord, STATES } from './drafts.ts'
import { loadPairs, pairOfRecord, settlePair } from './fact-pairs.ts'
import { acceptBy, checkedFilter, FILTER_MEMBERS, fits } from './filters.ts'
import { checkedId, checkedObject, refused } from './input.ts'
import { derivationsOf, unhex, waitingKey } from './keys.ts'
import { leaveSession } from './leaving.ts'
import { readableRecord } from './reading.ts'
import { checkedKey, keepProgress, progressOf } from './requests.ts'
import { inTurn, placeOf, type Space } from './space.ts'

/** Memories that one batch removes: each is atomic, and an answer comes after the last. */
const AT_ONCE = 500

/** Nothing is forgotten for an id that is unknown. Throws `input-invalid` for a filter that says nothing. */
export async function forget(
  space: Space,
  what: string | MemoryFilter,
  options: RequestOptions = {},
): Promise<Forgotten> {
  const given = checkedObject(options, 'options', new Set(['key']))['key']
  const key = given === undefined ? undefined : checkedKey(given)
  const places = placesFinder(space, what)
  return await inTurn(space, async () => {
    const before = key === undefined ? undefined : progressOf<Forgotten>(space, key)
    if (before?.isDone) return before.counts
    return await forgetPlaces(space, await places(), {
      ...(key !== undefined && { key }),
      before: before?.counts,
    })
  })
}

function placesFinder(space: Space, what: string | MemoryFilter): () => Promise<readonly number[]> {
  if (typeof what === 'string') {
    const id = checkedId(what, 'id')
    return async () => [placeOfId(space, id)].filter(place => place !== undefined)
  }
  const filter = checkedFilter(checkedObject(what, 'a filter', new Set(FILTER_MEMBERS)))
  if (Object.keys(filter).length === 0) {
    throw refused(
      'a filter that says nothing would forget everything',
      'say what, for example { until: now }',
    )
  }
  return () => placesBy(space, filter)
}

const NOTHING: Forgotten = { memories: 0, derived: 0 }

async function placesBy(space: Space, filter: MemoryFilter): Promise<readonly number[]> {
  const accept = acceptBy(space, filter)
  const places: number[] = []
  const readsRecords = filter.source !== undefined || filter.subject !== undefined
  for (let doc = 0; accept && doc < space.index.end; doc++) {
    if (doc % 10_000 === 9_999) await new Promise(resolve => setImmediate(resolve))
    if (!accept(doc)) continue
    const place = placeOf(space, doc)
    const record = readsRecords ? readableRecord(space, place) : undefined
    if (!readsRecords || (record && fits(record, filter))) places.push(place)
  }
  return places
}

interface Request {
  /** What is done is kept under it, so that the same request made again says what all of it did. */
  readonly key?: string
  /** What it did before it was cut short. */
  readonly before?: Forgotten | undefined
}

/** Within a turn. */
export async function forgetPlaces(
  space: Space,
  places: readonly number[],
  { key, before = NOTHING }: Request = {},
): Promise<Forgotten> {
  const asked = new Set(places)
  const gone = new Set<number>()
  const counts = (more: Iterable<number> = []): Forgotten => {
    const all = [...new Set([...gone, ...more])]
    const derived = all.filter(place => !asked.has(place)).length
    return { memories: before.memories + all.length - derived, derived: before.derived + derived }
  }
  for (let at = 0; at < places.length; at += AT_ONCE) {
    const some = places.slice(at, at + AT_ONCE).filter(place => !gone.has(place))
    const sound = await withoutDamaged(space, some, gone)
    const draft = draftOf(space)
    const removal = await planRemoval(draft, sound)
    wholly(space, () => remove(draft, removal))
    const isDone = at + AT_ONCE >= places.length
    if (key !== undefined) keepProgress(draft, key, { counts: counts(removal.gone), isDone })
    await writeDraft(draft)
    for (const place of removal.gone) gone.add(place)
  }
  return counts()
}

/** Removes what cannot be read on its own: nobody knows what it was, but it can be forgotten. */
async function withoutDamaged(
  space: Space,
  places: readonly number[],
  gone: Set<number>,
): Promise<readonly number[]> {
  const sound: number[] = []
  for (const place of places) {
    if (readableRecord(space, place)) sound.push(place)
    else if (await removeDamaged(space, place)) gone.add(place)
  }
  return sound
}

/** What goes, and what changes because of it. */
export interface Removal {
  readonly gone: ReadonlySet<number>
  /** Facts that one of `gone` had ended. */
  readonly endedByThem: readonly number[]
}

/**
 * Finds all that was derived from `places`, and with `themselves` (the default) those too. Reads it, with all facts
 * that may change, into the draft.
 */
export async function planRemoval(
  draft: Draft,
  places: readonly number[],
  { themselves = true }: { readonly themselves?: boolean } = {},
): Promise<Removal> {
  const gone = new Set<number>(themselves ? places : [])
  const ended = new Set<number>()
  const open = [...places]
  for (let source = open.pop(); source !== undefined; source = open.pop()) {
    for (const [derived, how] of await derivedFrom(draft.space, source)) {
      if ((how & ENDS) !== 0) ended.add(derived)
      if ((how & STATES) === 0 || gone.has(derived)) continue
      gone.add(derived)
      open.push(derived)
    }
  }
  const changed = [...gone, ...ended].flatMap(place => recordIn(draft, place) ?? [])
  await loadPairs(draft, changed.map(pairOfRecord))
  return { gone, endedByThem: [...ended].filter(place => !gone.has(place)) }
}

async function derivedFrom(space: Space, source: number): Promise<readonly (readonly [number, number])[]> {
  const found: [number, number][] = []
  for await (const [key, value] of space.shared.store.range(derivationsOf(space.number, source))) {
    found.push([unhex(key.slice(-8)), value[0] ?? 0])
  }
  return found
}

/** How a removal is meant. */
interface Meaning {
  /** Memories whose words do not count any more. Default: those that go. */
  readonly unsaid?: ReadonlySet<number>
  /** What else the removed came from waits for consolidation again. Default true. */
  readonly again?: boolean
}

/** Puts a planned removal into the draft. No pause between it and the write. */
export function remove(draft: Draft, { gone, endedByThem }: Removal, meaning: Meaning = {}): void {
  const { unsaid = gone, again = true } = meaning
  const pairs = new Set<string>()
  const waitAgain = (place: number): void => {
    if (again && !gone.has(place) && recordIn(draft, place)?.kind === 'episode')
      setWaiting(draft, place, true)
  }
  for (const place of gone) {
    const record = recordIn(draft, place)
    if (!record) continue
    const pair = pairOfRecord(record)
    if (pair !== undefined) pairs.add(pair)
    removeRecord(draft, place)
    setWaiting(draft, place, false)
    leaveSession(draft, record, gone)
    for (const source of record.sources ?? []) waitAgain(source)
    for (const { sources } of record.endings ?? []) sources.forEach(waitAgain)
  }
  for (const place of endedByThem) {
    const record = recordIn(draft, place)
    if (!record) continue
    const { endings = [], ...rest } = record
    const left = endings.filter(({ sources }) => !sources.some(source => unsaid.has(source)))
    for (const ending of endings) {
      if (!left.includes(ending)) ending.sources.forEach(waitAgain)
    }
    putRecord(draft, { ...rest, ...(left.length > 0 && { endings: left }) })
    const pair = pairOfRecord(record)
    if (pair !== undefined) pairs.add(pair)
  }
  for (const pair of pairs) settlePair(draft, pair)
}

/** Changes whether an episode waits for consolidation, when it is not so already. */
export function setWaiting(draft: Draft, place: number, waits: boolean): void {
  const { shared, number } = draft.space
  const now = draft.waiting.get(place) ?? shared.store.getSync(waitingKey(number, place)) !== undefined
  if (now !== waits) draft.waiting.set(place, waits)
}
