/**
 * A filter as a test of a memory's number: what the index knows is tested there, the rest on the record. Called by
 * `reading.ts`, `recalling.ts` and `forgetting.ts`.
 */
import { normalName } from '../facts/names.ts'
import type { MemoryFilter } from '../memory.ts'
import type { RecallReader } from '../recall/recall-index.ts'
import { speakerOf } from './adding.ts'
import { checkedKind, checkedText, checkedTime, checkedTrust, MAX_NAME, refused } from './input.ts'
import { type StoredRecord, trustLevel } from './records.ts'
import type { Space } from './space.ts'

export const FILTER_MEMBERS = [
  'kinds',
  'who',
  'session',
  'since',
  'until',
  'minTrust',
  'source',
  'subject',
] as const satisfies (keyof MemoryFilter)[]

/** Throws `input-invalid`. */
export function checkedFilter(given: Readonly<Record<string, unknown>>): MemoryFilter {
  const { kinds, who, session, since, until, minTrust, source, subject } = given
  if (kinds !== undefined && !Array.isArray(kinds)) throw refused('kinds is not a list', 'pass ["fact"]')
  return {
    ...(kinds !== undefined && { kinds: kinds.map((one: unknown) => checkedKind(one, 'kinds')) }),
    ...(who !== undefined && { who: checkedText(who, 'who', MAX_NAME) }),
    ...(session !== undefined && { session: checkedText(session, 'session', MAX_NAME) }),
    ...(since !== undefined && { since: checkedTime(since, 'since') }),
    ...(until !== undefined && { until: checkedTime(until, 'until') }),
    ...(minTrust !== undefined && { minTrust: checkedTrust(minTrust, 'minTrust') }),
    ...(source !== undefined && { source: checkedText(source, 'source', 8 * MAX_NAME) }),
    ...(subject !== undefined && { subject: checkedText(subject, 'subject', MAX_NAME) }),
  }
}

/** What the index can say of `filter`; undefined when nothing can fit it. */
export function acceptBy(space: Space, filter: MemoryFilter): ((doc: number) => boolean) | undefined {
  const { index } = space
  const tests: ((doc: number, reader: RecallReader) => boolean)[] = []
  const { kinds, who, session, since, until, minTrust } = filter
  if (kinds) tests.push((doc, reader) => kinds.includes(reader.kind(doc)))
  if (who !== undefined) {
    const speaker = speakerOf(space, who)
    if (speaker === undefined) return undefined
    tests.push((doc, reader) => reader.who(doc) === speaker)
  }
  if (session !== undefined) {
    const first = space.sessions.find(session)?.first
    if (first === undefined) return undefined
    tests.push((doc, reader) => reader.session(doc) === first)
  }
  if (since !== undefined) tests.push((doc, reader) => reader.at(doc) >= since)
  if (until !== undefined) tests.push((doc, reader) => reader.at(doc) < until)
  if (minTrust !== undefined && minTrust !== 'untrusted') {
    const least = trustLevel(minTrust)
    tests.push((doc, reader) => trustLevel(reader.trust(doc)) >= least)
  }
  if (filter.subject !== undefined) tests.push((doc, reader) => reader.kind(doc) === 'fact')
  return doc => index.alive(doc) && tests.every(test => test(doc, index))
}

/** What only the record can say: `source` and `subject`. */
export function fits(record: StoredRecord, { source, subject }: MemoryFilter): boolean {
  if (source !== undefined && record.source !== source) return false
  return (
    subject === undefined ||
    (record.fact !== undefined && normalName(record.fact.subject) === normalName(subject))
  )
}
