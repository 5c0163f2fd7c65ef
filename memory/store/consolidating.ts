/**
 * Consolidation: what waits is shown to a consolidator, and what that proposes is applied in one batch with the end of
 * the waiting. A crash before the batch loses nothing; after it, the ids of what was derived are found again.
 */
import type { ConsolidationInput, Proposal, ProposedEnding, ProposedFact } from '../consolidation/proposal.ts'
import { ends, resolve } from '../facts/resolve.ts'
import type { Consolidated, MemoryKind } from '../memory.ts'
import { addMemory } from './adding.ts'
import { wholly, writeDraft } from './changing.ts'
import { derivedId } from './derived-id.ts'
import { type Draft, draftOf, placeIn, putRecord, recordIn } from './drafts.ts'
import { held, loadPairs, settlePair } from './fact-pairs.ts'
import { planRemoval, type Removal, remove, setWaiting } from './forgetting.ts'
import { growthDropped } from './growth.ts'
import { checkedCount, checkedIds, checkedObject, refused } from './input.ts'
import { familyRange, pairOf, unhex } from './keys.ts'
import { checkedProposal } from './proposals.ts'
import { newestFirst, readableRecord } from './reading.ts'
import { holdsAt, leastTrust, publicRecord, type StoredRecord } from './records.ts'
import { docAt, inTurn, type Space } from './space.ts'

const DEFAULT_EPISODES = 500
const MOST_EPISODES = 5_000
const MOST_KNOWN = 1_000

/** Undefined: nothing waits. */
export async function pending(
  space: Space,
  options: { readonly limit?: number } = {},
): Promise<ConsolidationInput | undefined> {
  const given = checkedObject(options, 'options', new Set(['limit']))
  const limit = checkedCount(given['limit'], 'limit', DEFAULT_EPISODES, MOST_EPISODES)
  const episodes: StoredRecord[] = []
  if (space.number < 0) return undefined
  for await (const [key] of space.shared.store.range(familyRange('q', space.number))) {
    const record = readableRecord(space, unhex(key.slice(-8)))
    if (record) episodes.push(record)
    if (episodes.length === limit) break
  }
  if (episodes.length === 0) return undefined
  for (const { place, doc } of episodes) space.shown.set(place, doc)
  const now = space.shared.clock()
  return {
    episodes: episodes.map(publicRecord),
    facts: knownOf(space, 'fact', now),
    insights: knownOf(space, 'insight', now),
    now,
  }
}

function knownOf(space: Space, kind: MemoryKind, now: number): ConsolidationInput['facts'] {
  const found: ConsolidationInput['facts'][number][] = []
  for (const place of newestFirst(space)) {
    const doc = docAt(space, place)
    if (space.index.kind(doc) !== kind || space.index.ended(doc)) continue
    const record = readableRecord(space, place)
    if (record && holdsAt(record, now)) found.push(publicRecord(record))
    if (found.length === MOST_KNOWN) break
  }
  return found
}

/** Throws what the consolidator throws, and then nothing has changed. */
export function consolidate(space: Space, options: { readonly limit?: number } = {}): Promise<Consolidated> {
  const mine = space.consolidation.then(async () => {
    const input = await pending(space, options)
    if (!input) return await settledGrowth(space, { ...NOTHING, waiting: space.counters.waiting })
    const proposal = await space.shared.consolidator(input)
    return await apply(
      space,
      proposal,
      input.episodes.map(({ id }) => id),
    )
  })
  space.consolidation = mine.catch(() => undefined)
  return mine
}

const NOTHING = { episodes: 0, facts: 0, insights: 0, ended: 0, dropped: 0, by: 'none' }

/** Throws `input-invalid` for what is no proposal. */
export async function apply(
  space: Space,
  proposal: Proposal,
  seen: readonly string[],
): Promise<Consolidated> {
  const checked = checkedProposal(proposal)
  const ids = checkedIds(seen, 'seen')
  const done = await inTurn(space, () => applied(space, checked, ids))
  return await settledGrowth(space, { ...done, by: checked.by, waiting: space.counters.waiting })
}

async function settledGrowth(space: Space, done: Consolidated): Promise<Consolidated> {
  const dropped = await inTurn(space, () => growthDropped(space))
  return { ...done, dropped: done.dropped + dropped, waiting: space.counters.waiting }
}

async function applied(
  space: Space,
  { facts, endings, insights, drop, by }: Proposal,
  seen: readonly string[],
): Promise<Omit<Consolidated, 'by' | 'waiting'>> {
  const draft = draftOf(space)
  await loadPairs(draft, [
    ...facts.map(({ statement }) => pairOf(statement.subject, statement.predicate)),
    ...endings.map(({ subject, predicate }) => pairOf(subject, predicate)),
  ])
  const removal = await planRemoval(
    draft,
    drop.flatMap(id => droppedPlace(draft, id)),
  )
  const done = wholly(space, () => put(draft, { facts, endings, insights, by }, removal, seen))
  if (draft.after.size > 0 || draft.waiting.size > 0) await writeDraft(draft)
  return done
}

/** Puts all of a proposal into the draft. No pause between it and the write. */
function put(
  draft: Draft,
  { facts, endings, insights, by }: Omit<Proposal, 'drop'>,
  removal: Removal,
  seen: readonly string[],
): Omit<Consolidated, 'by' | 'waiting'> {
  remove(draft, removal, { again: false })
  const added = facts.filter(fact => addFact(draft, fact, by)).length
  const pairs = new Set(endings.flatMap(ending => addEnding(draft, ending)))
  for (const pair of pairs) settlePair(draft, pair)
  const concluded = insights.filter(({ text, from, importance, who }) =>
    addDerived(draft, from, sources => ({
      kind: 'insight',
      content: text,
      at: Math.max(...sources.map(({ at }) => at)),
      memory: { text, importance, by, ...(who !== undefined && { who }) },
    })),
  ).length
  const episodes = endWaiting(draft, seen)
  const ended = endedIn(draft)
  return { episodes, facts: added, insights: concluded, ended, dropped: removal.gone.size }
}

function droppedPlace(draft: Draft, id: string): readonly number[] {
  const place = placeIn(draft, id)
  const record = place === undefined ? undefined : recordIn(draft, place)
  if (record?.kind === 'episode') {
    throw refused(
      `a proposal drops the episode "${id}"`,
      'drop facts and insights only: episodes are what was said',
    )
  }
  return record ? [record.place] : []
}

interface Derived {
  readonly kind: 'fact' | 'insight'
  /** What its id is made of, with its sources. */
  readonly content: unknown
  readonly at: number
  readonly memory: Pick<
    StoredRecord,
    'text' | 'importance' | 'fact' | 'validFrom' | 'saidUntil' | 'who' | 'by'
  >
}

/** Whether it is new: it has a source that is still there, and was not derived before. */
function addDerived(
  draft: Draft,
  from: readonly string[],
  derive: (sources: readonly StoredRecord[]) => Derived | undefined,
): boolean {
  const { space } = draft
  const sources = sourcesOf(draft, from)
  const derived = sources && derive(sources)
  if (!derived) return false
  const ids = sources.map(({ id }) => id)
  const id = derivedId(space.name, derived.kind, ids, derived.content)
  if (placeIn(draft, id) !== undefined) return false
  const { kind, at, memory } = derived
  addMemory(
    draft,
    { ...memory, kind, at, trust: derivedTrust(sources), from: ids },
    { id, storedAt: space.shared.clock(), sources: sources.map(({ place }) => place) },
  )
  return true
}

/**
 * Undefined when one of them is gone or says something else by now: what was derived may quote it. The others wait on.
 */
function sourcesOf(draft: Draft, from: readonly string[]): readonly StoredRecord[] | undefined {
  const found = from.flatMap(id => {
    const place = placeIn(draft, id)
    const record = place === undefined ? undefined : recordIn(draft, place)
    return record ? [record] : []
  })
  const { shown } = draft.space
  const sound = found.filter(({ place, doc }) => (shown.get(place) ?? doc) === doc)
  if (sound.length === from.length) return found
  for (const { place } of found) draft.waitOn.add(place)
  return undefined
}

/** The least of its sources', and never more than what an agent concludes. */
const derivedTrust = (sources: readonly StoredRecord[]) =>
  leastTrust(
    sources.map(({ trust }) => trust),
    'agent',
  )

function addFact(draft: Draft, proposed: ProposedFact, by: string): boolean {
  const { statement, text, from, validUntil, confidence, importance = confidence, who } = proposed
  return addDerived(draft, from, sources => {
    const at = Math.min(...sources.map(source => source.at))
    const validFrom = proposed.validFrom ?? at
    if (addsEvidence(draft, { ...proposed, validFrom }, sources)) return undefined
    return {
      kind: 'fact',
      content: [statement.subject, statement.predicate, statement.object],
      at,
      memory: {
        text,
        importance,
        fact: statement,
        validFrom,
        by,
        ...(validUntil !== undefined && validUntil >= validFrom && { saidUntil: validUntil }),
        ...(who !== undefined && { who }),
      },
    }
  })
}

/** Whether the same was derived before with the same trust: then its sources are added to it. */
function addsEvidence(
  draft: Draft,
  { statement, validFrom = 0, validUntil }: ProposedFact,
  sources: readonly StoredRecord[],
): boolean {
  const facts = [...(draft.pairs.get(pairOf(statement.subject, statement.predicate))?.values() ?? [])]
  const trust = derivedTrust(sources)
  const derived = facts.filter(fact => fact.sources !== undefined && fact.trust === trust)
  const { same } = resolve(derived.map(held), {
    id: '',
    object: statement.object,
    single: statement.single ?? false,
    trust,
    validFrom,
    ...(validUntil !== undefined && { saidUntil: validUntil }),
  })
  const known = derived.find(({ id }) => id === same)
  if (!known) return false
  const added = sources.filter(({ place }) => !known.sources?.includes(place))
  if (added.length === 0) return true
  const places = added.map(({ place }) => place)
  putRecord(draft, {
    ...known,
    from: [...(known.from ?? []), ...added.map(({ id }) => id)],
    sources: [...(known.sources ?? []), ...places],
    confirmations: [...(known.confirmations ?? []), { at: validFrom, sources: places }],
  })
  return true
}

/** The pairs of facts that a negation ends. */
function addEnding(
  draft: Draft,
  { subject, predicate, object, at, from }: ProposedEnding,
): readonly string[] {
  const sources = sourcesOf(draft, from)
  if (!sources) return []
  const trust = leastTrust(
    sources.map(source => source.trust),
    'trusted',
  )
  const pair = pairOf(subject, predicate)
  const facts = [...(draft.pairs.get(pair)?.values() ?? [])]
  const ending = { at, trust, ...(object !== undefined && { object }) }
  for (const id of ends(facts.map(held), ending)) {
    const fact = facts.find(one => one.id === id)
    if (!fact) continue
    const places = sources.map(({ place }) => place)
    putRecord(draft, { ...fact, endings: [...(fact.endings ?? []), { at, sources: places }] })
  }
  return [pair]
}

function endWaiting(draft: Draft, seen: readonly string[]): number {
  let count = 0
  for (const id of seen) {
    const place = placeIn(draft, id)
    const record = place === undefined ? undefined : recordIn(draft, place)
    if (place === undefined || !record) continue
    const isChanged = (draft.space.shown.get(place) ?? record.doc) !== record.doc
    draft.space.shown.delete(place)
    if (isChanged || draft.waitOn.has(place)) continue
    setWaiting(draft, place, false)
    if (draft.waiting.get(place) === false) count++
  }
  return count
}

/** Facts that were there, held, and do not any more, and those that came with what ends them. */
function endedIn(draft: Draft): number {
  let count = 0
  for (const [place, after] of draft.after) {
    if (!after?.fact) continue
    const before = draft.before.get(place)
    const isEnded = before ? endsNow(before, after) : cameEnded(draft, after)
    if (isEnded) count++
  }
  return count
}

const endsNow = (before: StoredRecord, after: StoredRecord): boolean =>
  before.validUntil === undefined && after.validUntil !== undefined

/** A new fact that a newer one or a negation cut short. One that an older fact keeps out never held. */
function cameEnded(draft: Draft, fact: StoredRecord): boolean {
  const { validUntil, saidUntil, endedBy } = fact
  if (validUntil === undefined || validUntil === saidUntil) return false
  if (endedBy === undefined) return true
  const place = placeIn(draft, endedBy)
  const by = place === undefined ? undefined : recordIn(draft, place)
  const later = by ? since(by) - since(fact) || by.place - fact.place : 0
  return later > 0
}

const since = ({ validFrom, at }: StoredRecord): number => validFrom ?? at
