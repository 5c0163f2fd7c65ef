/** A memory that goes leaves its session: called by all that removes records. */
import type { Draft } from './drafts.ts'
import type { StoredRecord } from './records.ts'
import { placeOf } from './space.ts'

/** `gone`: places of all that go with it. */
export function leaveSession(draft: Draft, record: StoredRecord, gone: ReadonlySet<number>): void {
  const { space } = draft
  const session = record.session === undefined ? undefined : space.sessions.find(record.session)
  if (!session || record.session === undefined) return
  session.count--
  let { last } = session
  while (last >= 0 && gone.has(placeOf(space, last))) last = space.index.prev(last)
  if (session.count <= 0 || last < 0) {
    space.sessions.end(record.session)
    space.counters.sessions--
  } else session.last = last
  draft.sessions.set(record.session, session)
}
