/**
 * `export` and `import`: a header, then one memory a line, with all that is known of it except numbers. What is
 * imported is checked like everything from outside; under the same ids the same content is known already.
 */
import { RuntimeError } from '../../actors/errors.ts'
import { sameData } from '../../actors/plain.ts'
import type { Imported, MemoryRecord, NewMemory, RequestOptions } from '../memory.ts'
import { addMemory } from './adding.ts'
import { wholly, writeDraft } from './changing.ts'
import { type Draft, draftOf, placeIn, placeOfId, putRecord, readRecord, recordIn } from './drafts.ts'
import { loadPairs } from './fact-pairs.ts'
import {
  type CheckedMemory,
  checkedId,
  checkedIds,
  checkedMemory,
  checkedObject,
  checkedTime,
  refused,
} from './input.ts'
import { pairOf, waitingKey } from './keys.ts'
import { readableRecord } from './reading.ts'
import { publicRecord, type Said, type StoredRecord } from './records.ts'
import { checkedKey, keepProgress, progressOf } from './requests.ts'
import { inTurn, type Space } from './space.ts'

const FORMAT = 'agenticraft.memory'
const VERSION = 1
const HEADER = JSON.stringify({ format: FORMAT, version: VERSION })
const AT_ONCE = 200
const MAX_LINE = 2 * 1024 * 1024

/** What a line has besides the members of a record. */
interface Exported extends Omit<MemoryRecord, 'validUntil' | 'endedBy'> {
  /** Until when a fact holds as it was stated. */
  readonly validUntil?: number
  /** Negations that ended it, and when it was said again. */
  readonly endings?: readonly ExportedSaid[]
  readonly confirmations?: readonly ExportedSaid[]
  /** Consolidation has not seen it. */
  readonly waits?: true
}

interface ExportedSaid {
  readonly at: number
  readonly from: readonly string[]
}

export type UseSpace = <T>(work: (space: Space) => Promise<T> | T) => Promise<T>

/** In the order of storing; memories that come meanwhile are in it, or not. */
export async function* exportLines(use: UseSpace): AsyncIterable<string> {
  yield HEADER
  for (let place = 0, more = true; more; ) {
    const page = await use(space => pageFrom(space, place))
    yield* page.lines
    place = page.next
    more = page.more
  }
}

interface ExportPage {
  readonly lines: readonly string[]
  readonly next: number
  readonly more: boolean
}

function pageFrom(space: Space, from: number): ExportPage {
  const lines: string[] = []
  let place = from
  const end = space.index.end
  for (; place < end && lines.length < AT_ONCE; place++) {
    const record = space.placeOfMoved.has(place) ? undefined : readableRecord(space, place)
    if (record) lines.push(JSON.stringify(exported(space, record)))
  }
  return { lines, next: place, more: place < end }
}

function exported(space: Space, record: StoredRecord): Exported {
  const { validUntil: _until, endedBy: _by, ...members } = publicRecord(record)
  const { saidUntil, endings, confirmations, place } = record
  const ids = ({ at, sources }: Said): ExportedSaid => ({
    at,
    from: sources.flatMap(one => idAt(space, one)),
  })
  const waits = space.shared.store.getSync(waitingKey(space.number, place)) !== undefined
  return {
    ...members,
    ...(saidUntil !== undefined && { validUntil: saidUntil }),
    ...(endings && { endings: endings.map(ids) }),
    ...(confirmations && { confirmations: confirmations.map(ids) }),
    ...(waits && { waits: true }),
  }
}

const idAt = (space: Space, place: number): readonly string[] => {
  const record = readableRecord(space, place)
  return record ? [record.id] : []
}

/** In batches: what came before a line that is refused is there. Throws `input-invalid` that names the line. */
export async function importLines(
  use: UseSpace,
  lines: AsyncIterable<string> | Iterable<string>,
  options: RequestOptions = {},
): Promise<Imported> {
  const given = checkedObject(options, 'options', new Set(['key']))['key']
  const key = given === undefined ? undefined : checkedKey(given)
  let batches = 0
  let number = 0
  let imported = 0
  let known = 0
  let some: Line[] = []
  const open: Line[] = []
  const flush = async (): Promise<void> => {
    const batch = some
    some = []
    const own = key === undefined ? undefined : `${++batches} ${key}`
    const done = await use(space => inTurn(space, () => importSome(space, batch, own)))
    imported += done.imported
    known += done.known
    open.push(...done.open)
  }
  for await (const text of lines) {
    number++
    if (number === 1) checkHeader(text)
    else if (text.trim() !== '') some.push(parsedLine(text, number))
    if (some.length === AT_ONCE) await flush()
  }
  if (number === 0) throw refused('nothing was imported: there is no header', 'pass the lines of an export')
  await flush()
  for (let at = 0; at < open.length; at += AT_ONCE) {
    const batch = open.slice(at, at + AT_ONCE)
    await use(space => inTurn(space, () => joinSources(space, batch)))
  }
  return { imported, known }
}

function checkHeader(text: string): void {
  const header = parsedJson(text, 1)
  if (header['format'] !== FORMAT) {
    throw refused(`line 1 is not the header of an export`, `it has to say "format": "${FORMAT}"`)
  }
  if (header['version'] !== VERSION) {
    throw refused(
      `the export is of version "${String(header['version']).slice(0, 20)}"`,
      `this software reads version ${VERSION}: update it`,
    )
  }
}

interface Line {
  readonly number: number
  readonly memory: CheckedMemory
  readonly record: Exported
}

function parsedJson(text: string, number: number): Readonly<Record<string, unknown>> {
  try {
    if (text.length > MAX_LINE) throw new Error(`it has ${text.length} characters`)
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>
    throw new Error('it is no object')
  } catch (cause) {
    throw new RuntimeError('input-invalid', `line ${number} cannot be read`, {
      why: cause instanceof Error ? cause.message.slice(0, 100) : 'it is not JSON',
      fix: 'pass the lines of an export as they were written',
      details: { line: number },
    })
  }
}

function parsedLine(text: string, number: number): Line {
  const { id, storedAt, updatedAt, endings, confirmations, waits, ...members } = parsedJson(text, number)
  try {
    const memory = checkedMemory(members as unknown as NewMemory, 0)
    const record: Exported = {
      ...(members as unknown as Exported),
      id: checkedId(id, 'id'),
      at: checkedTime(members['at'], 'at'),
      storedAt: checkedTime(storedAt, 'storedAt'),
      ...(updatedAt !== undefined && { updatedAt: checkedTime(updatedAt, 'updatedAt') }),
      ...(endings !== undefined && { endings: checkedSaid(endings) }),
      ...(confirmations !== undefined && { confirmations: checkedSaid(confirmations) }),
      ...(waits === true && { waits: true }),
    }
    return { number, memory, record }
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error
    throw new RuntimeError('input-invalid', `line ${number}: ${error.message}`, {
      ...(error.fix !== undefined && { fix: error.fix }),
      cause: error,
      details: { line: number },
    })
  }
}

function checkedSaid(value: unknown): readonly ExportedSaid[] {
  if (!Array.isArray(value) || value.length > 10_000) {
    throw refused('endings and confirmations are lists', 'leave them out')
  }
  return value.map(one => {
    const said = checkedObject(one, 'an ending', new Set(['at', 'from']))
    return { at: checkedTime(said['at'], 'at'), from: checkedIds(said['from'], 'from') }
  })
}

async function importSome(
  space: Space,
  lines: readonly Line[],
  key: string | undefined,
): Promise<Imported & { readonly open: readonly Line[] }> {
  const draft = draftOf(space)
  const before = key === undefined ? undefined : progressOf<Imported>(space, key)
  // What came of its sources may not have been joined yet.
  if (before) return { ...before.counts, open: lines.filter(({ record }) => namesLater(draft, record)) }
  await loadPairs(
    draft,
    lines.map(({ memory: { fact } }) => fact && pairOf(fact.subject, fact.predicate)),
  )
  const isKnown = lines.map(line => isSame(space, line))
  const seen = new Set<string>()
  const open: Line[] = []
  let known = 0
  for (const [at, line] of lines.entries()) {
    if (seen.has(line.record.id)) throw twice(line)
    seen.add(line.record.id)
    if (namesLater(draft, line.record)) open.push(line)
    if (isKnown[at]) known++
    else wholly(space, () => addLine(draft, line))
  }
  const counts: Imported = { imported: lines.length - known, known }
  if (draft.after.size > 0) {
    if (key !== undefined) keepProgress(draft, key, { counts, isDone: true })
    await writeDraft(draft)
  }
  return { ...counts, open }
}

/** A source can be younger than what came from it: a sentence that says a known fact again. */
const namesLater = (draft: Draft, record: Exported): boolean =>
  [record, ...(record.endings ?? []), ...(record.confirmations ?? [])].some(({ from = [] }) =>
    from.some(id => placeIn(draft, id) === undefined),
  )

/** Says of memories where their sources stand, now that all are there. */
async function joinSources(space: Space, lines: readonly Line[]): Promise<void> {
  const draft = draftOf(space)
  for (const { record } of lines) {
    const place = placeIn(draft, record.id)
    const stored = place === undefined ? undefined : recordIn(draft, place)
    if (stored) putRecord(draft, withPlaces(stored, saidIn(draft, record)))
  }
  if (draft.after.size > 0) await writeDraft(draft)
}

const withPlaces = (record: StoredRecord, { sources, endings, confirmations }: SaidPlaces): StoredRecord => ({
  ...record,
  ...(sources.length > 0 && { sources }),
  ...(endings.length > 0 && { endings }),
  ...(confirmations.length > 0 && { confirmations }),
})

interface SaidPlaces {
  readonly sources: readonly number[]
  readonly endings: readonly Said[]
  readonly confirmations: readonly Said[]
}

/** What a line says of its sources, by where they stand; those that are not there are left out. */
function saidIn(draft: Draft, { from, endings = [], confirmations = [] }: Exported): SaidPlaces {
  const places = (ids: readonly string[] = []): readonly number[] =>
    ids.flatMap(id => {
      const place = placeIn(draft, id)
      return place !== undefined && recordIn(draft, place) ? [place] : []
    })
  const said = (one: ExportedSaid): Said => ({ at: one.at, sources: places(one.from) })
  return { sources: places(from), endings: endings.map(said), confirmations: confirmations.map(said) }
}

/** Whether it is there with the same content. Throws when it is there with another. */
function isSame(space: Space, { record, number }: Line): boolean {
  const place = placeOfId(space, record.id)
  const there = place === undefined ? undefined : readRecord(space, place)
  if (!there) return false
  const { waits: _w, ...mine } = record
  const { waits: _v, ...other } = exported(space, there)
  if (sameData(mine, other)) return true
  throw new RuntimeError(
    'input-invalid',
    `line ${number}: memory "${record.id}" is there with other content`,
    {
      why: 'it was changed here or there since the export',
      fix: 'forget the one that is there, or import into another namespace',
      details: { line: number, id: record.id },
    },
  )
}

const twice = ({ number, record }: Line): RuntimeError =>
  refused(`line ${number}: memory "${record.id}" is in it twice`, 'pass the lines of an export as they were')

function addLine(draft: Draft, { memory, record }: Line): void {
  addMemory(draft, memory, {
    id: record.id,
    storedAt: record.storedAt,
    ...(record.updatedAt !== undefined && { updatedAt: record.updatedAt }),
    ...saidIn(draft, record),
    waits: record.waits === true,
  })
}
