/**
 * `remember` and `rememberAll`. Episodes are numbered and on their way before the call returns its promise, so that
 * many callers share one write; what has sources or contradicts others waits for its turn first.
 */
import type { NewMemory, RememberOptions } from '../memory.ts'
import { addMemory } from './adding.ts'
import { wholly, writeDraft } from './changing.ts'
import { type Draft, draftOf, placeIn, recordIn } from './drafts.ts'
import { loadPairs } from './fact-pairs.ts'
import { type CheckedMemory, checkedMemory, checkedObject, refused } from './input.ts'
import { hashed, pairOf } from './keys.ts'
import { leastTrust } from './records.ts'
import { answered, checkedKey, keepAnswer } from './requests.ts'
import { inTurn, type Space } from './space.ts'
import { unknownMemory } from './unknown.ts'

const MOST_AT_ONCE = 1_000
const OPTIONS = new Set(['key', 'sync'])

/** Returns their ids, in order. Throws `input-invalid`, `memory-unknown` for a source, `store-failed`. */
export async function rememberAll(
  space: Space,
  memories: readonly NewMemory[],
  options: RememberOptions = {},
): Promise<readonly string[]> {
  const given = checkedObject(options, 'options', OPTIONS)
  const sync = given['sync'] === true
  const key = given['key'] === undefined ? undefined : checkedKey(given['key'])
  if (!Array.isArray(memories) || memories.length > MOST_AT_ONCE) {
    throw refused(
      `${Array.isArray(memories) ? memories.length : 'no'} memories cannot be stored at once`,
      `pass a list of at most ${MOST_AT_ONCE}`,
    )
  }
  const now = space.shared.clock()
  const checked = memories.map(memory => checkedMemory(memory, now))
  if (key === undefined) return await stored(space, checked, { now, sync })
  return await once(space, key, () => stored(space, checked, { now, sync, key }))
}

interface Storing {
  readonly now: number
  readonly sync: boolean
  readonly key?: string
}

/** Answers a repeated request as the first one, also one that is still under way. */
async function once(
  space: Space,
  key: string,
  store: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const name = hashed(key)
  const known = space.requests.get(name) ?? answered(space, key)
  if (known) return await known
  const mine = store()
  space.requests.set(name, mine)
  try {
    return await mine
  } finally {
    space.requests.delete(name)
  }
}

function stored(
  space: Space,
  memories: readonly CheckedMemory[],
  storing: Storing,
): Promise<readonly string[]> {
  if (memories.length === 0) return Promise.resolve([])
  const isPlain = memories.every(({ fact, from }) => fact === undefined && from === undefined)
  if (isPlain) return written(draftOf(space), memories, storing)
  return inTurn(space, async () => {
    const draft = draftOf(space)
    await loadPairs(
      draft,
      memories.map(({ fact }) => fact && pairOf(fact.subject, fact.predicate)),
    )
    return await written(draft, withTrustOfSources(draft, memories), storing)
  })
}

async function written(
  draft: Draft,
  memories: readonly (CheckedMemory & { readonly sources?: readonly number[] })[],
  { now, sync, key }: Storing,
): Promise<readonly string[]> {
  const ids = wholly(draft.space, () =>
    memories.map(({ sources, ...memory }) => {
      const id = draft.space.shared.ids()
      addMemory(draft, memory, { id, storedAt: now, ...(sources && { sources }) })
      return id
    }),
  )
  if (key !== undefined) keepAnswer(draft, key, ids)
  await writeDraft(draft, { sync })
  return ids
}

/** What is derived is never trusted more than the least of its sources. */
function withTrustOfSources(
  draft: Draft,
  memories: readonly CheckedMemory[],
): readonly (CheckedMemory & { readonly sources?: readonly number[] })[] {
  return memories.map(memory => {
    if (!memory.from) return memory
    const records = memory.from.map(id => {
      const place = placeIn(draft, id)
      const record = place === undefined ? undefined : recordIn(draft, place)
      if (!record) throw unknownMemory(draft.space, id)
      return record
    })
    const trust = leastTrust(
      records.map(record => record.trust),
      memory.trust,
    )
    return { ...memory, trust, sources: records.map(({ place }) => place) }
  })
}
