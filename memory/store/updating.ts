/**
 * `update`. Words, trust and importance are in the index, so that a change of them gives the memory a new number
 * there; its place, its id and its order stay. What was derived from words that changed goes, and is derived again.
 */
import type { MemoryPatch, MemoryRecord } from '../memory.ts'
import { nextNumber, writeDraft } from './changing.ts'
import { draftOf, placeOfId, putRecord, recordIn } from './drafts.ts'
import { loadPairs, pairOfRecord, settlePair } from './fact-pairs.ts'
import { planRemoval, remove, setWaiting } from './forgetting.ts'
import { checkedEnd, checkedId, checkedPatch, refused } from './input.ts'
import { publicRecord, type StoredRecord } from './records.ts'
import { inTurn, type Space } from './space.ts'
import { unknownMemory } from './unknown.ts'

/** Throws `memory-unknown`, `input-invalid`, `store-corrupt`. */
export async function update(space: Space, id: string, patch: MemoryPatch): Promise<MemoryRecord> {
  const name = checkedId(id, 'id')
  const checked = checkedPatch(patch)
  return await inTurn(space, () => updated(space, name, checked))
}

async function updated(space: Space, id: string, patch: MemoryPatch): Promise<MemoryRecord> {
  const draft = draftOf(space)
  const place = placeOfId(space, id)
  const before = place === undefined ? undefined : recordIn(draft, place)
  if (place === undefined || !before) throw unknownMemory(space, id)
  const patched = { ...patchedRecord(before, patch), updatedAt: space.shared.clock() }
  const isOther =
    before.text !== patched.text || before.trust !== patched.trust || before.fact !== patched.fact
  const removal = isOther ? await planRemoval(draft, [place], { themselves: false }) : undefined
  await loadPairs(draft, [pairOfRecord(before), pairOfRecord(patched)])
  const isMoved = isOther || before.importance !== patched.importance
  const after = isMoved ? { ...patched, doc: nextNumber(space) } : patched
  draft.rewritten.add(place)
  putRecord(draft, after)
  if (removal) remove(draft, removal, { unsaid: new Set([place, ...removal.gone]) })
  if (isOther && after.kind === 'episode') setWaiting(draft, place, true)
  for (const pair of new Set([pairOfRecord(before), pairOfRecord(after)])) {
    if (pair !== undefined) settlePair(draft, pair)
  }
  const session = after.session === undefined ? undefined : space.sessions.find(after.session)
  if (session?.last === before.doc && after.session !== undefined) {
    session.last = after.doc
    draft.sessions.set(after.session, session)
  }
  const stored = recordIn(draft, place) ?? after
  await writeDraft(draft)
  return publicRecord(stored)
}

function patchedRecord(before: StoredRecord, patch: MemoryPatch): StoredRecord {
  const { source, meta, validFrom, validUntil, fact, ...members } = patch
  if (before.kind !== 'fact' && (fact ?? validFrom ?? validUntil) !== undefined) {
    throw refused(
      `"${before.id}" is of kind "${before.kind}": it has no fact, validFrom or validUntil`,
      'leave them out, or remember a fact',
    )
  }
  const from = validFrom ?? before.validFrom
  const until = validUntil === undefined ? before.saidUntil : (validUntil ?? undefined)
  if (until !== undefined && from !== undefined) checkedEnd(until, from)
  const { source: oldSource, meta: oldMeta, saidUntil: _s, ...rest } = before
  const newSource = source === undefined ? oldSource : (source ?? undefined)
  const newMeta = meta === undefined ? oldMeta : (meta ?? undefined)
  return {
    ...rest,
    ...members,
    ...(newSource !== undefined && { source: newSource }),
    ...(newMeta !== undefined && { meta: newMeta }),
    ...(from !== undefined && { validFrom: from }),
    ...(until !== undefined && { saidUntil: until }),
    ...(fact !== undefined && { fact }),
  }
}
