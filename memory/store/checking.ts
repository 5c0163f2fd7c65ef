/**
 * `verify`: every record is read and analysed again, and compared with all that points at it: ids, sessions, facts,
 * sources, what waits, counters, and the postings of the index. Reads everything once; changes nothing.
 */
import { RuntimeError } from '../../actors/errors.ts'
import type { MemoryCheck } from '../memory.ts'
import { checkPostings, type PostingsCheck, postingsCheck } from './checking-postings.ts'
import type { Counters } from './counters.ts'
import { entriesOf } from './drafts.ts'
import { pairOfRecord, settledPair } from './fact-pairs.ts'
import { type Family, familyRange, nameForm, sessionKey, unhex } from './keys.ts'
import { decodeRecord, type StoredRecord } from './records.ts'
import { decodeSession } from './sessions.ts'
import { inTurn, type Space } from './space.ts'

const MOST_PROBLEMS = 100

interface Check {
  readonly space: Space
  readonly problems: string[]
  /** What should point at records, by key, and the bytes there; what is left at the end is missing. */
  readonly expected: Map<string, Uint8Array>
  readonly sessions: Map<string, { first: number; last: number; count: number }>
  readonly counted: Record<'episodes' | 'facts' | 'insights' | 'waiting' | 'sessions', number>
  readonly kinds: Map<number, StoredRecord['kind']>
  readonly pairs: Map<string, StoredRecord[]>
  readonly postings: PostingsCheck
  memories: number
}

export function verify(space: Space): Promise<MemoryCheck> {
  return inTurn(space, async () => {
    // What is being written is on the disk before it is in the index.
    const check: Check = {
      space,
      problems: [],
      expected: new Map(),
      sessions: new Map(),
      counted: { episodes: 0, facts: 0, insights: 0, waiting: 0, sessions: 0 },
      kinds: new Map(),
      pairs: new Map(),
      postings: postingsCheck(),
      memories: 0,
    }
    if (space.number >= 0) await checkAll(check)
    return { memories: check.memories, problems: check.problems.slice(0, MOST_PROBLEMS) }
  })
}

async function checkAll(check: Check): Promise<void> {
  const { space } = check
  const until = await quietEnd(space)
  const counters = structuredClone(space.counters)
  await checkRecords(check, until)
  for (const family of ['i', 'f', 'd'] as const) await checkEntries(check, family, until)
  for (const key of check.expected.keys()) say(check, `${entryName(key)} is missing: ${key}`)
  await checkSessions(check, until)
  await checkWaiting(check, until)
  for (const [pair, records] of check.pairs) checkPair(check, pair, records)
  await checkVectors(check, until)
  checkPostings(check, until)
  if (space.counters.next === until) checkCounters(check, counters)
}

/** The number up to which everything is in the index, at a moment at which nothing is being written if there is one. */
async function quietEnd(space: Space): Promise<number> {
  for (let tries = 0; space.writes > 0 && tries < 1_000; tries++) {
    await new Promise(resolve => setImmediate(resolve))
  }
  return space.writes > 0 ? space.index.end : space.counters.next
}

const say = ({ problems }: { readonly problems: string[] }, problem: string): void => {
  if (problems.length < MOST_PROBLEMS) problems.push(problem)
}

async function checkRecords(check: Check, until: number): Promise<void> {
  const { space } = check
  for await (const [key, bytes] of space.shared.store.range(familyRange('e', space.number))) {
    const place = unhex(key.slice(-8))
    if (place >= until) continue
    check.memories++
    const record = readable(check, place, bytes)
    if (record) checkRecord(check, record)
  }
}

function readable(check: Check, place: number, bytes: Uint8Array): StoredRecord | undefined {
  const { space } = check
  try {
    return decodeRecord(space.shared.encoder, bytes, { namespace: space.name, place })
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error
    say(check, error.message)
    return undefined
  }
}

function checkRecord(check: Check, record: StoredRecord): void {
  const { space, expected, sessions, counted } = check
  counted[`${record.kind}s`]++
  check.kinds.set(record.place, record.kind)
  for (const { key, value } of entriesOf(space.number, record)) expected.set(key, value)
  const pair = pairOfRecord(record)
  if (pair !== undefined) check.pairs.set(pair, [...(check.pairs.get(pair) ?? []), record])
  if (record.session !== undefined) {
    const session = sessions.get(record.session) ?? { first: record.first, last: -1, count: 0 }
    if (session.first !== record.first)
      say(check, `memory ${record.place} names another start of its session`)
    sessions.set(record.session, { ...session, last: record.place, count: session.count + 1 })
  }
  const { who, speaker } = record
  const known = who === undefined ? 0 : space.speakers.get(nameForm(who))
  if (known !== speaker) say(check, `memory ${record.place} has speaker ${speaker}, whose number is ${known}`)
  check.postings.add(space, check, record)
}

const ENTRIES: Readonly<Partial<Record<string, string>>> = { i: 'an id', f: 'a fact key', d: 'a derivation' }
const entryName = (key: string): string => ENTRIES[key[0] ?? ''] ?? 'an entry'

async function checkEntries(check: Check, family: Family, until: number): Promise<void> {
  const { space, expected } = check
  for await (const [key, value] of space.shared.store.range(familyRange(family, space.number))) {
    const should = expected.get(key)
    expected.delete(key)
    const place = family === 'i' ? unhex(Buffer.from(value).toString('hex')) : unhex(key.slice(-8))
    if (should === undefined) {
      if (place < until)
        say(check, `${entryName(key)} points at memory ${place}, which does not say so: ${key}`)
    } else if (Buffer.compare(should, value) !== 0) say(check, `${entryName(key)} has another value: ${key}`)
  }
}

async function checkSessions(check: Check, until: number): Promise<void> {
  const { space, sessions } = check
  const names = new Map([...sessions.keys()].map(name => [sessionKey(space.number, name), name]))
  for await (const [key, value] of space.shared.store.range(familyRange('s', space.number))) {
    const name = names.get(key)
    names.delete(key)
    check.counted.sessions++
    const stored = decodeSession(value)
    const found = name === undefined ? undefined : sessions.get(name)
    if (!stored) say(check, `a session is damaged: ${key}`)
    else if (!found) {
      if (stored.first < until) say(check, `a session has no memories: ${key}`)
    } else if (stored.last < until && (stored.first !== found.first || stored.count !== found.count)) {
      say(
        check,
        `a session says ${stored.count} memories from ${stored.first}, and there are ${found.count}: ${key}`,
      )
    } else if (stored.last < until && !space.index.alive(stored.last)) {
      say(check, `a session ends with memory ${stored.last}, which is gone: ${key}`)
    }
  }
  for (const key of names.keys()) say(check, `a session is missing: ${key}`)
}

async function checkWaiting(check: Check, until: number): Promise<void> {
  const { space, kinds } = check
  for await (const [key] of space.shared.store.range(familyRange('q', space.number))) {
    const place = unhex(key.slice(-8))
    check.counted.waiting++
    if (place < until && kinds.get(place) !== 'episode') {
      say(check, `memory ${place} waits for consolidation, and is no episode that is there`)
    }
  }
}

async function checkVectors(check: Check, until: number): Promise<void> {
  const { space, postings } = check
  for await (const [key] of space.shared.store.range(familyRange('b', space.number))) {
    const doc = unhex(key.slice(-8))
    if (doc < until && !postings.docs.has(doc)) say(check, `a vector has no memory: ${key}`)
  }
}

/** Facts of one subject and predicate must be as deciding them anew says. */
function checkPair(check: Check, pair: string, records: readonly StoredRecord[]): void {
  const { decided } = settledPair(records)
  for (const record of records) {
    const should = decided.get(record.id)
    if (should?.validUntil === record.validUntil && should?.endedBy === record.endedBy) continue
    say(
      check,
      `fact ${record.place} ends at ${record.validUntil}, and by the others at ${should?.validUntil}: ${pair}`,
    )
  }
}

function checkCounters(check: Check, counters: Counters): void {
  for (const [name, count] of Object.entries(check.counted)) {
    const said = counters[name as keyof typeof check.counted]
    if (said !== count) say(check, `the number of ${name} is ${count}, and the counters say ${said}`)
  }
}
