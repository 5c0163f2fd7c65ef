/**
 * Gaps in LevelDB's logs. A power cut may take unsynced writes in any order: the end of one log while the next one
 * keeps its beginning, or a page in the middle. LevelDB leaves out what is missing and goes on behind it, which
 * would make of an earlier moment one that never was. Called by `level.ts` before LevelDB opens: what comes after
 * the first gap is cut off, and a common tail of the writes is all that is lost.
 *
 * Entries are numbered, and a batch tells of the first and of how many they are: what is missing shows. Without a gap
 * nothing is changed. Cutting may be interrupted: what is left has the same gap, or nothing behind it.
 */
import { open, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type LogRecord, readBatch, readLog, readManifest, valueIn } from './level-records.ts'

export interface Gap {
  /** Numbers of the first and the last write behind it, which every batch puts under the key of the count. */
  readonly first: number
  readonly last: number
  /** What to cut, and to which size. */
  readonly cuts: readonly { readonly path: string; readonly size: number }[]
}

/**
 * The first gap in the logs of the database in `folder`, which nobody may have open. `countKey` sorts before all
 * other keys and ends every batch. Undefined when there is none, or when LevelDB itself will say what is damaged.
 */
export async function findGap(folder: string, countKey: string): Promise<Gap | undefined> {
  const key = Buffer.from(countKey)
  const from = await logsFrom(folder, key)
  if (!from) return undefined
  const behind: LogRecord[] = []
  const cuts: { path: string; size: number }[] = []
  let expected = from.sequence
  for (const { path } of await logsOf(folder, from.log)) {
    let size = 0
    for (const record of readLog(await readFile(path)).records) {
      const batch = readBatch(record.body)
      // LevelDB takes it for no batch either, and its number is missing.
      if (!batch) continue
      // A lower one was there already: of an entry that is there twice LevelDB ends the process.
      if (batch.sequence !== expected || behind.length > 0) {
        behind.push(record)
      } else {
        expected = batch.next
        size = record.end
      }
    }
    if (behind.length > 0) cuts.push({ path, size })
  }
  if (behind.length === 0) return undefined
  const numbers = behind.map(({ body }) => numberIn(body, key))
  return { first: Math.min(...numbers), last: Math.max(...numbers), cuts }
}

/** Cuts off what is behind a gap. Rejects with the system's errors. */
export async function cutGap({ cuts }: Gap): Promise<void> {
  for (const { path, size } of cuts) {
    const log = await open(path, 'r+')
    try {
      await log.truncate(size)
      await log.sync()
    } finally {
      await log.close()
    }
  }
}

async function logsFrom(folder: string, key: Buffer) {
  try {
    const current = await readFile(join(folder, 'CURRENT'), 'latin1')
    const name = /^(MANIFEST-\d+)\n$/.exec(current)?.[1]
    return name === undefined ? undefined : readManifest(await readFile(join(folder, name)), key)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** In the order in which LevelDB reads them. */
async function logsOf(folder: string, first: number) {
  const logs: { readonly number: number; readonly path: string }[] = []
  for (const name of await readdir(folder)) {
    const number = Number(/^(\d+)\.log$/.exec(name)?.[1] ?? -1)
    if (number >= first) logs.push({ number, path: join(folder, name) })
  }
  return logs.sort((a, b) => a.number - b.number)
}

/** 0 when it holds none: then it is not of ours, and before all that are. */
function numberIn(body: Buffer, key: Buffer): number {
  const number = Number(valueIn(body, key)?.toString('latin1') ?? 0)
  return Number.isSafeInteger(number) ? number : 0
}
