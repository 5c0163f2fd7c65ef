/**
 * `purge`: the bytes of what was forgotten leave all files of the store. Deleting only writes a mark above them;
 * LevelDB drops what lies under a mark when it rewrites a file, and rewrites only what a younger file overlaps. So
 * the marks are written once more, into a file of their own, and pushed down through all levels. What is still owed
 * stands on disk until it was done: a purge that was cut short is made again by the next one.
 */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Op } from '../level.ts'
import type { Purged } from '../memory.ts'
import { countersOp, writeOps } from './changing.ts'
import {
  countersKey,
  FAMILIES,
  familyRange,
  marksRange,
  NAMESPACES,
  namespaceKey,
  segmentListKey,
  speakerKey,
} from './keys.ts'
import type { OpenSpaces } from './open-spaces.ts'
import { namespaceIn } from './opening.ts'
import { unsealed } from './records.ts'
import { sealingOps, withoutSealing } from './segments.ts'
import { inTurn, type Shared, type Space } from './space.ts'

const BATCH_BYTES = 1024 * 1024

/** What one namespace owed when the purge began: what comes later is left to the next. */
interface Debt {
  readonly name: string
  readonly forgotten: number
  /** Keys to be written again. */
  readonly keys: ReadonlySet<string>
  /** Keys of the marks that are not needed any more once that is done. */
  readonly settled: readonly string[]
}

/** One at a time for a directory. Rejects with `store-failed`; then it can be made again. */
export async function purge(shared: Shared, spaces: OpenSpaces): Promise<Purged> {
  const inSpace = <T>(name: string, work: (space: Space) => Promise<T>): Promise<T> =>
    spaces.use(name, space => inTurn(space, () => withoutSealing(space, () => work(space))))
  const before = await sizeOf(shared.store.dir)
  const debts: Debt[] = []
  for (const name of await namesOwing(shared)) debts.push(await inSpace(name, expunge))
  await shared.store.flush()
  for (const debt of debts) await inSpace(debt.name, space => writeAgain(space, debt))
  await shared.store.compact()
  for (const debt of debts) await inSpace(debt.name, space => settle(space, debt))
  const memories = debts.reduce((sum, { forgotten }) => sum + forgotten, 0)
  return { memories, before, after: await sizeOf(shared.store.dir) }
}

/** Names of the namespaces in this directory. */
export async function namesIn(shared: Shared): Promise<readonly string[]> {
  return (await entriesIn(shared)).map(({ name }) => name)
}

async function entriesIn(
  shared: Shared,
): Promise<readonly { readonly name: string; readonly number: number }[]> {
  const entries: { readonly name: string; readonly number: number }[] = []
  for await (const [, value] of shared.store.range(NAMESPACES)) {
    const entry = namespaceIn(shared, value)
    if (entry) entries.push(entry)
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1))
}

async function namesOwing(shared: Shared): Promise<readonly string[]> {
  const names: string[] = []
  for (const { name, number } of await entriesIn(shared)) {
    for await (const _ of shared.store.range(marksRange(number, 'owed'))) {
      names.push(name)
      break
    }
  }
  return names
}

/** Segments anew without the postings of what is gone, and what is owed then. */
async function expunge(space: Space): Promise<Debt> {
  const { shared, number: ns, name, counters } = space
  const { forgotten } = counters
  const settled: string[] = []
  for await (const [key, value] of shared.store.range(marksRange(ns, 'removed'))) {
    // From now on the segments know. What took another's place is still asked for it.
    if (value.every(byte => byte === 0xff)) settled.push(key)
  }
  const sealing = await space.index.expunge()
  await writeOps(space, sealingOps(space, sealing))
  const keys = new Set<string>()
  for await (const [key, value] of shared.store.range(marksRange(ns, 'owed'))) {
    settled.push(key)
    for (const one of owedIn(value)) keys.add(one)
  }
  return { name, forgotten, keys, settled }
}

/** Writes under every key that is owed what stands there now, or that nothing does. */
async function writeAgain(space: Space, { keys }: Debt): Promise<void> {
  const { shared } = space
  if (space.number < 0) return
  await dropUnusedSpeakers(space)
  if (await dropIfEmpty(space, keys)) return
  let ops: Op[] = []
  let bytes = 0
  const written: Promise<void>[] = []
  // Without a pause between reading and writing: what is read must be what stands there.
  for (const key of keys) {
    const value = shared.store.getSync(key)
    ops.push(value ? { type: 'put', key, value } : { type: 'del', key })
    bytes += key.length + (value?.length ?? 0)
    if (bytes < BATCH_BYTES) continue
    written.push(writeOps(space, ops))
    ops = []
    bytes = 0
  }
  written.push(writeOps(space, ops))
  await Promise.all(written)
}

function owedIn(value: Uint8Array): readonly string[] {
  const bytes = unsealed(value)
  return bytes ? (JSON.parse(new TextDecoder().decode(bytes)) as readonly string[]) : []
}

/** The names of those who have said nothing that is still there. */
async function dropUnusedSpeakers(space: Space): Promise<void> {
  // Names of memories that are being written are not in the index yet.
  while (space.writes > 0) await new Promise(resolve => setImmediate(resolve))
  const { index, speakerNames, speakers, number } = space
  const used = new Set<number>()
  for (let doc = 0; doc < index.end; doc++) if (index.alive(doc)) used.add(index.who(doc))
  const ops: Op[] = []
  for (const speaker of [...speakerNames.keys()].filter(one => !used.has(one))) {
    ops.push({ type: 'del', key: speakerKey(number, speaker) })
    speakerNames.delete(speaker)
  }
  for (const [form, speaker] of speakers) if (!used.has(speaker)) speakers.delete(form)
  await writeOps(space, ops)
}

/** A namespace without memories goes with its name. */
async function dropIfEmpty(space: Space, owed: ReadonlySet<string>): Promise<boolean> {
  const { counters, shared, number } = space
  const isEmpty = (): boolean => counters.episodes + counters.facts + counters.insights === 0
  if (!isEmpty()) return false
  const { next } = counters
  const keys = new Set([...owed, namespaceKey(space.name), countersKey(number), segmentListKey(number)])
  for (const family of FAMILIES) {
    for await (const [key] of shared.store.range(familyRange(family, number))) keys.add(key)
  }
  if (counters.next !== next || space.writes > 0) return false
  const writing = writeOps(
    space,
    [...keys].map(key => ({ type: 'del', key })),
  )
  space.isStale = true
  await writing
  return true
}

async function settle(space: Space, { forgotten, settled }: Debt): Promise<void> {
  if (space.number < 0) return
  space.counters.forgotten -= forgotten
  await writeOps(space, [...settled.map((key): Op => ({ type: 'del', key })), countersOp(space)])
}

/** Bytes of all files in a directory and its folders. */
export async function sizeOf(dir: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name)
    if (entry.isDirectory()) bytes += await sizeOf(path)
    // One that LevelDB removes meanwhile takes no space.
    else if (entry.isFile())
      bytes += await stat(path).then(
        ({ size }) => size,
        () => 0,
      )
  }
  return bytes
}
