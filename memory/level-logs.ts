/**
 * LevelDB's logs, as far as a sync must know them. LevelDB syncs only the log it writes to: when unsynced writes
 * are followed by a synced one that begins a new log, a power cut could keep the later and lose the earlier ones.
 * Called by `level.ts` before each synced write that follows unsynced ones.
 */
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Given to LevelDB: it begins a new log with the first write after this much memory is in use. */
export const WRITE_BUFFER = 4 * 1024 * 1024

interface Sized {
  readonly key: string
  readonly value?: Uint8Array
}

export interface LevelLogs {
  /** Notes what goes into the next write. */
  writing(ops: readonly Sized[]): void
  /** Notes that LevelDB is told to begin a log, which it does at some time before the result is called. */
  beginning(): () => void
  /** Whether a log may have been begun since the last one that is known. */
  mayBeNew(): boolean
  /** Syncs every log there is. */
  sync(): Promise<void>
  /** Whether there may be a log whose name is not synced. */
  mayBeUnnamed(): boolean
  /** Syncs the names of logs that were begun since this was last done, after a synced write. */
  syncNames(): Promise<void>
}

/**
 * What an entry takes at most in LevelDB's memory (db/memtable.cc, db/skiplist.h, util/arena.cc of 1.20): lengths
 * and sequence number 18, a node of its list 19 on average, rounded up here, in blocks of 4096 bytes of which
 * less than a quarter is left over; larger ones take a block of their own.
 */
const memoryOf = ({ key, value }: Sized): number =>
  ((Buffer.byteLength(key) + (value?.length ?? 0) + 64) * 4) / 3

/** For a database in `folder` that was just opened, which begins a log. */
export async function levelLogs(folder: string): Promise<LevelLogs> {
  const names = async (): Promise<string[]> =>
    (await readdir(folder)).filter(name => name.endsWith('.log')).sort(byNumber)
  let newest = (await names()).at(-1)
  let named = newest
  /** At most what is in memory of the newest log, and what was written since the logs were last listed. */
  let inMemory = EMPTY
  let sinceListed = 0
  /** Logs that are being begun, and whether one was since the logs were last listed. */
  let underWay = 0
  let wasBegun = false
  const list = async (): Promise<string[]> => {
    // One that is begun after the listing is not in it.
    wasBegun = underWay > 0
    const logs = await names()
    if (logs.at(-1) !== newest) inMemory = EMPTY + sinceListed
    newest = logs.at(-1)
    sinceListed = 0
    return logs
  }
  const mayBeNew = (): boolean => wasBegun || inMemory > WRITE_BUFFER
  return {
    async syncNames() {
      await list()
      if (newest !== named) await syncFolder(folder)
      named = newest
    },
    writing(ops) {
      let bytes = 0
      for (const op of ops) bytes += memoryOf(op)
      inMemory += bytes
      sinceListed += bytes
    },
    beginning() {
      underWay++
      wasBegun = true
      return () => {
        underWay--
      }
    },
    mayBeNew,
    mayBeUnnamed: () => newest !== named || mayBeNew(),
    async sync() {
      for (const name of await list()) await syncFile(join(folder, name))
    },
  }
}

/** Names have six digits, until there are more. */
const byNumber = (a: string, b: string): number => Number.parseInt(a, 10) - Number.parseInt(b, 10)

/** What LevelDB has in memory of an empty log. */
const EMPTY = 4_104

/** Syncs a folder, or a file. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

async function syncFile(path: string): Promise<void> {
  // One that is gone was turned into a table, which LevelDB has synced.
  const log = await open(path, 'r').catch(error => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  try {
    await log?.datasync()
  } finally {
    await log?.close()
  }
}
