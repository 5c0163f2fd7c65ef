/**
 * Namespaces that became empty, and go with their names. What a purge owes of one stays on disk under its number,
 * which nobody is given again, until a compaction has taken the bytes out: a purge that is cut short in between is
 * finished by the next. Called by `purging.ts`.
 */
import type { Op } from '../level.ts'
import { noted, owedOp, writeOps } from './changing.ts'
import { uint32 } from './drafts.ts'
import {
  countersKey,
  EMPTIED,
  emptiedKey,
  FAMILIES,
  familyRange,
  lastPart,
  marksRange,
  namespaceKey,
  segmentListKey,
  unhex,
} from './keys.ts'
import { unsealed } from './records.ts'
import type { Shared, Space } from './space.ts'

/** What a namespace owed when the purge began: what comes later is left to the next. */
export interface Debt {
  readonly number: number
  readonly forgotten: number
  /** Keys to be written again. */
  readonly keys: ReadonlySet<string>
  /** Keys of the marks that are not needed any more once that is done. */
  readonly settled: readonly string[]
}

export interface Emptied extends Debt {
  /** Memories that were forgotten after the purge had begun. */
  readonly later: number
}

const BATCH_BYTES = 1024 * 1024
/** Keys of one mark. */
const OWED_AT_ONCE = 10_000

/** Those of earlier purges that were not finished. */
export async function emptiedIn(shared: Shared): Promise<readonly Emptied[]> {
  const emptied: Emptied[] = []
  for await (const [key, value] of shared.store.range(EMPTIED)) {
    const number = unhex(lastPart(key))
    const forgotten = value.length === 4 ? new DataView(value.buffer, value.byteOffset, 4).getUint32(0) : 0
    emptied.push({ number, forgotten, later: 0, ...(await owedOf(shared, number)) })
  }
  return emptied
}

/** Which keys are owed, and the marks that say so. */
export async function owedOf(
  { store }: Shared,
  number: number,
): Promise<{ readonly keys: ReadonlySet<string>; readonly settled: readonly string[] }> {
  const keys = new Set<string>()
  const settled: string[] = []
  for await (const [mark, value] of store.range(marksRange(number, 'owed'))) {
    settled.push(mark)
    for (const key of keysIn(value)) keys.add(key)
  }
  return { keys, settled }
}

function keysIn(value: Uint8Array): readonly string[] {
  const bytes = unsealed(value)
  return bytes ? (JSON.parse(new TextDecoder().decode(bytes)) as readonly string[]) : []
}

/** Writes under every key what stands there now, or that nothing does. */
export async function writeKeysAgain(
  { store }: Shared,
  keys: Iterable<string>,
  write: (ops: readonly Op[]) => Promise<void>,
): Promise<void> {
  let ops: Op[] = []
  let bytes = 0
  const written: Promise<void>[] = []
  // Without a pause between reading and writing: what is read must be what stands there.
  for (const key of keys) {
    const value = store.getSync(key)
    ops.push(value ? { type: 'put', key, value } : { type: 'del', key })
    bytes += key.length + (value?.length ?? 0)
    if (bytes < BATCH_BYTES) continue
    written.push(write(ops))
    ops = []
    bytes = 0
  }
  written.push(write(ops))
  await Promise.all(written)
}

export const writeEmptiedAgain = (shared: Shared, { keys }: Emptied): Promise<void> =>
  writeKeysAgain(shared, keys, ops => noted(shared, () => shared.store.batch(ops)))

/** Takes a namespace without memories away, all but the marks of what is owed. `next`: its next number at the debt's time. */
export async function dropIfEmpty(
  space: Space,
  { number, forgotten, keys, settled, next }: Debt & { readonly next: number },
): Promise<Emptied | undefined> {
  const { counters, shared, name } = space
  if (counters.episodes + counters.facts + counters.insights > 0) return undefined
  const now = counters.next
  const rest = new Set([namespaceKey(name), countersKey(number), segmentListKey(number)])
  const isMark = isOwedMark(number)
  for (const family of FAMILIES) {
    for await (const [key] of shared.store.range(familyRange(family, number))) if (!isMark(key)) rest.add(key)
  }
  if (counters.next !== now || space.writes > 0) return undefined
  for (const key of keys) rest.delete(key)
  const marks = owedOps(space, [...rest])
  const writing = writeOps(space, [
    ...[...keys, ...rest].map((key): Op => ({ type: 'del', key })),
    ...marks,
    { type: 'put', key: emptiedKey(number), value: uint32(counters.forgotten) },
  ])
  space.isStale = true
  await writing
  // What was written since then may lie in one file with its deletion, which has to be written once more.
  const own = next === now ? marks.map(({ key }) => key) : []
  const later = counters.forgotten - forgotten
  return { number, forgotten, later, keys, settled: [...settled, ...own] }
}

function owedOps(space: Space, keys: readonly string[]): readonly Op[] {
  const ops: Op[] = []
  for (let at = 0; at < keys.length; at += OWED_AT_ONCE)
    ops.push(owedOp(space, keys.slice(at, at + OWED_AT_ONCE)))
  return ops
}

/** Its bytes are gone; what was forgotten later is left to the next purge. */
export async function settleEmptied(shared: Shared, { number, settled, later }: Emptied): Promise<void> {
  const isSettled = new Set(settled)
  const marks = (await owedOf(shared, number)).settled
  const key = emptiedKey(number)
  const entry: Op = marks.every(mark => isSettled.has(mark))
    ? { type: 'del', key }
    : { type: 'put', key, value: uint32(later) }
  const ops = settled.map((mark): Op => ({ type: 'del', key: mark }))
  await noted(shared, () => shared.store.batch([...ops, entry]))
}

const isOwedMark = (number: number) => {
  const { from = '', to = '' } = marksRange(number, 'owed')
  return (key: string): boolean => from <= key && key < to
}
