/**
 * `get`, `list` and `recent`. Which memories there are and which fit is known to the index; only those that are
 * given are read from the disk.
 */
import { RuntimeError } from '../../actors/errors.ts'
import type { ListOptions, MemoryRecord, Page, RecentOptions } from '../memory.ts'
import { placeOfId, readRecord } from './drafts.ts'
import { acceptBy, checkedFilter, FILTER_MEMBERS, fits } from './filters.ts'
import { checkedCount, checkedId, checkedObject, checkedText, MAX_NAME, refused } from './input.ts'
import { hex, idKey, unhex } from './keys.ts'
import { publicRecord, type StoredRecord } from './records.ts'
import { docAt, placeOf, type Space } from './space.ts'

/** Throws `store-corrupt` for a record that is damaged. */
export function get(space: Space, id: string): MemoryRecord | undefined {
  const record = recordOf(space, checkedId(id, 'id'))
  return record && publicRecord(record)
}

export function recordOf(space: Space, id: string): StoredRecord | undefined {
  const place = placeOfId(space, id)
  return place === undefined ? undefined : readRecord(space, place)
}

/** A record among many: one that is damaged is left out and told, so that the others can be given. */
export function readableRecord(space: Space, place: number): StoredRecord | undefined {
  try {
    return readRecord(space, place)
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.kind !== 'store-corrupt') throw error
    space.shared.onDamage(error)
    return undefined
  }
}

const LIST_MEMBERS = new Set<string>([...FILTER_MEMBERS, 'limit', 'after', 'idPrefix'])
/** Memories looked at between two turns of the event loop. */
const SLICE = 10_000

export async function list(space: Space, options: ListOptions = {}): Promise<Page> {
  const given = checkedObject(options, 'options', LIST_MEMBERS)
  const limit = checkedCount(given['limit'], 'limit', 50, 1_000)
  const filter = checkedFilter(given)
  const accept = acceptBy(space, filter)
  const memories: MemoryRecord[] = []
  if (!accept) return { memories }
  let last = 0
  let looked = 0
  const from = given['after'] === undefined ? 0 : placeAfter(given['after'])
  const { idPrefix } = given
  for (const place of idPrefix === undefined
    ? placesOf(space, from)
    : await placesWith(space, idPrefix, from)) {
    if (memories.length > limit) break
    if (++looked % SLICE === 0) await new Promise(resolve => setImmediate(resolve))
    if (!isAt(space, place) || !accept(docAt(space, place))) continue
    const record = readableRecord(space, place)
    if (!record || !fits(record, filter)) continue
    memories.push(publicRecord(record))
    if (memories.length === limit) last = place
  }
  if (memories.length <= limit) return { memories }
  memories.pop()
  return { memories, after: hex(last) }
}

function* placesOf(space: Space, from: number): Generator<number> {
  for (let place = from; place < space.index.end; place++) yield place
}

const SHORTEST_PREFIX = 4

/** Ascending, of the memories whose ids begin so. */
async function placesWith(space: Space, idPrefix: unknown, from: number): Promise<readonly number[]> {
  const prefix = checkedId(idPrefix, 'idPrefix')
  if (prefix.length < SHORTEST_PREFIX)
    throw refused(`idPrefix "${prefix}" is too short`, `pass at least ${SHORTEST_PREFIX} characters`)
  if (space.number < 0) return []
  const places: number[] = []
  const start = idKey(space.number, prefix)
  // The last of what an id is made of is "z".
  for await (const [, bytes] of space.shared.store.range({ from: start, to: `${start}{` })) {
    const place = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0)
    if (place >= from && place < space.index.end) places.push(place)
  }
  return places.sort((one, other) => one - other)
}

/** Whether a memory stands at `place`: the number may only be one that another has in the index. */
const isAt = (space: Space, place: number): boolean => !space.placeOfMoved.has(place)

/** A cursor is the place of the last memory of a page, which may be forgotten meanwhile. */
function placeAfter(after: unknown): number {
  if (typeof after === 'string' && /^[0-9a-f]{8}$/.test(after)) return unhex(after) + 1
  throw refused('after is not a cursor', 'pass what the last page gave as "after", or leave it out')
}

const RECENT_MEMBERS = new Set(['limit', 'session', 'maxTokens'])
const CHARACTERS_A_TOKEN = 4

export async function recent(space: Space, options: RecentOptions = {}): Promise<readonly MemoryRecord[]> {
  const given = checkedObject(options, 'options', RECENT_MEMBERS)
  const limit = checkedCount(given['limit'], 'limit', 10, 1_000)
  const maxTokens = checkedCount(
    given['maxTokens'],
    'maxTokens',
    Number.MAX_SAFE_INTEGER,
    Number.MAX_SAFE_INTEGER,
  )
  const session =
    given['session'] === undefined ? undefined : checkedText(given['session'], 'session', MAX_NAME)
  const found: MemoryRecord[] = []
  let tokens = 0
  for (const place of session === undefined ? newestFirst(space) : ofSession(space, session)) {
    if (space.index.kind(docAt(space, place)) !== 'episode') continue
    const record = readableRecord(space, place)
    if (!record) continue
    tokens += Math.ceil(((record.who?.length ?? 0) + record.text.length) / CHARACTERS_A_TOKEN)
    if (tokens > maxTokens) break
    found.push(publicRecord(record))
    if (found.length === limit) break
  }
  return found.reverse()
}

/** Places, from the last one stored. */
export function* newestFirst(space: Space): Generator<number> {
  for (let place = space.index.end - 1; place >= 0; place--) {
    if (isAt(space, place) && space.index.alive(docAt(space, place))) yield place
  }
}

function* ofSession(space: Space, name: string): Generator<number> {
  const session = space.sessions.find(name)
  if (!session) return
  const { index } = space
  const isOfIt = (doc: number): boolean => index.alive(doc) && index.session(doc) === session.first
  let { last } = session
  // The newest may be on its way to the disk and the index.
  while (last >= session.first && !isOfIt(last)) last--
  for (let doc = last; doc >= session.first; doc = index.prev(doc)) yield placeOf(space, doc)
}
