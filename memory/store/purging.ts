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
import { countersOp, noted, owedOp, writeOps } from './changing.ts'
import {
  type Debt,
  dropIfEmpty,
  type Emptied,
  emptiedIn,
  owedOf,
  settleEmptied,
  writeEmptiedAgain,
  writeKeysAgain,
} from './emptied-namespaces.ts'
import { marksRange, NAMESPACES, speakerKey } from './keys.ts'
import type { OpenSpaces } from './open-spaces.ts'
import { namespaceIn } from './opening.ts'
import { sealingOps, withoutSealing } from './segments.ts'
import { inTurn, type Shared, type Space } from './space.ts'

interface SpaceDebt extends Debt {
  readonly name: string
  /** Number of the next memory. */
  readonly next: number
}

/** One at a time for a directory. Rejects with `store-failed`; then it can be made again. */
export async function purge(shared: Shared, spaces: OpenSpaces): Promise<Purged> {
  const { store } = shared
  const inSpace = <T>(name: string, work: (space: Space) => Promise<T>): Promise<T> =>
    spaces.use(name, space => inTurn(space, () => withoutSealing(space, () => work(space))))
  await spaces.recover()
  const before = await sizeOf(store.dir)
  const emptied: Emptied[] = [...(await emptiedIn(shared))]
  const debts: SpaceDebt[] = []
  for (const name of await namesOwing(shared)) debts.push(await inSpace(name, expunge))
  const memories = [...emptied, ...debts].reduce((sum, { forgotten }) => sum + forgotten, 0)
  await noted(shared, () => store.flush())
  for (const one of emptied) await writeEmptiedAgain(shared, one)
  for (const debt of debts) {
    const gone = await inSpace(debt.name, space => writeAgain(space, debt))
    if (gone) emptied.push(gone)
  }
  await noted(shared, () => store.compact())
  for (const one of emptied) await settleEmptied(shared, one)
  for (const debt of debts) await inSpace(debt.name, space => settle(space, debt))
  return { memories, before, after: await sizeOf(store.dir) }
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
async function expunge(space: Space): Promise<SpaceDebt> {
  const { shared, number, name, counters } = space
  const { forgotten, next } = counters
  await dropUnusedSpeakers(space)
  const known: string[] = []
  for await (const [key, value] of shared.store.range(marksRange(number, 'removed'))) {
    // From now on the segments know. What took another's place is still asked for it.
    if (value.every(byte => byte === 0xff)) known.push(key)
  }
  const sealing = await space.index.expunge()
  await writeOps(space, sealingOps(space, sealing))
  const { keys, settled } = await owedOf(shared, number)
  return { name, number, next, forgotten, keys, settled: [...known, ...settled] }
}

/** Undefined: the namespace is there. */
async function writeAgain(space: Space, debt: SpaceDebt): Promise<Emptied | undefined> {
  if (space.number !== debt.number) return undefined
  const emptied = await dropIfEmpty(space, debt)
  if (!emptied) await writeKeysAgain(space.shared, debt.keys, ops => writeOps(space, ops))
  return emptied
}

/** The names of those who have said nothing that is still there. */
async function dropUnusedSpeakers(space: Space): Promise<void> {
  // Names of memories that are being written are not in the index yet.
  while (space.writes > 0) await new Promise(resolve => setImmediate(resolve))
  const { index, speakerNames, speakers, number } = space
  const used = new Set<number>()
  for (let doc = 0; doc < index.end; doc++) if (index.alive(doc)) used.add(index.who(doc))
  const unused = [...speakerNames.keys()].filter(one => !used.has(one))
  if (unused.length === 0) return
  const keys = unused.map(speaker => speakerKey(number, speaker))
  for (const speaker of unused) speakerNames.delete(speaker)
  for (const [form, speaker] of speakers) if (!used.has(speaker)) speakers.delete(form)
  const ops = keys.map((key): Op => ({ type: 'del', key }))
  await writeOps(space, [...ops, owedOp(space, keys), countersOp(space)])
}

/** A namespace of the same name that began meanwhile owes nothing. */
async function settle(space: Space, { number, forgotten, settled }: SpaceDebt): Promise<void> {
  if (space.number !== number) return
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
