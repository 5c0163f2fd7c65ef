/**
 * A checked memory into a draft: its number, its place in the session, its speaker, and for a fact what it means for
 * the others of its kind. Called by `writing.ts`, `consolidating.ts` and `importing.ts`, without a pause before the write.
 */

import { nextNumber } from './changing.ts'
import type { Draft } from './drafts.ts'
import { putRecord } from './drafts.ts'
import { settleNew } from './fact-pairs.ts'
import type { CheckedMemory } from './input.ts'
import { nameForm } from './keys.ts'
import type { Said, StoredRecord } from './records.ts'
import type { Space } from './space.ts'

export interface Origin {
  readonly id: string
  readonly storedAt: number
  readonly updatedAt?: number
  /** Places of `from`. */
  readonly sources?: readonly number[]
  readonly endings?: readonly Said[]
  readonly confirmations?: readonly Said[]
  /** An episode that consolidation has to see. Default: every episode. */
  readonly waits?: boolean
}

/** Its pair has to be loaded before (`loadPairs`) when it is a fact. Returns the record as it will stand. */
export function addMemory(draft: Draft, memory: CheckedMemory, origin: Origin): StoredRecord {
  const { space } = draft
  const {
    id,
    storedAt,
    updatedAt,
    sources,
    endings,
    confirmations,
    waits = memory.kind === 'episode',
  } = origin
  const place = nextNumber(space)
  const { from, ...members } = memory
  const record: StoredRecord = {
    place,
    doc: place,
    id,
    ...members,
    storedAt,
    ...(updatedAt !== undefined && { updatedAt }),
    speaker: members.who === undefined ? 0 : speakerNumber(draft, members.who),
    ...sessionMembers(draft, members.session, place),
    ...(memory.saidUntil !== undefined && { validUntil: memory.saidUntil }),
    ...(endings && endings.length > 0 && { endings }),
    ...(confirmations && confirmations.length > 0 && { confirmations }),
    ...(from && from.length > 0 && { from }),
    ...(sources && sources.length > 0 && { sources }),
  }
  if (waits) draft.waiting.set(place, true)
  if (record.fact) return settleNew(draft, record)
  putNew(draft, record)
  return record
}

/** As `putRecord`, for what is known to be new: nothing is read. */
function putNew(draft: Draft, record: StoredRecord): void {
  draft.before.set(record.place, undefined)
  putRecord(draft, record)
}

function sessionMembers(
  draft: Draft,
  name: string | undefined,
  place: number,
): Pick<StoredRecord, 'first' | 'prev'> {
  if (name === undefined) return { first: place }
  const { sessions, counters } = draft.space
  const known = sessions.find(name)
  const session = known ?? sessions.begin(name, place)
  const prev = known?.last
  if (!known) counters.sessions++
  session.last = place
  session.count++
  draft.sessions.set(name, session)
  return { first: session.first, ...(prev !== undefined && { prev }) }
}

/** The number of a speaker, given with the first memory. Names are the same without regard to case and width. */
function speakerNumber(draft: Draft, name: string): number {
  const { space } = draft
  const form = nameForm(name)
  const known = space.speakers.get(form)
  if (known !== undefined) return known
  const number = ++space.counters.speakers
  space.speakers.set(form, number)
  space.speakerNames.set(number, name)
  draft.speakers.set(number, name)
  return number
}

export const speakerOf = (space: Space, name: string): number | undefined =>
  space.speakers.get(nameForm(name))
