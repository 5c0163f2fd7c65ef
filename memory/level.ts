/**
 * A directory of LevelDB as a store that does not lie: one owner, group commit, stopped by its first error, and
 * told from outside how far it was written. Called by the journal on disk; the only import of `level`. It knows
 * bytes and keys; what they mean, and whether they are whole, is its caller's business.
 */
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Level } from 'level'
import { RuntimeError } from '../actors/errors.ts'
import { groupCommit } from './group-commit.ts'
import { type HighWater, openHighWater } from './high-water.ts'
import { type Owned, ownDirectory } from './owner.ts'

export type Op =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string }

export interface Range {
  /** First key, inclusive. */
  readonly from?: string
  /** Last key, exclusive. */
  readonly to?: string
}

export interface LevelStore {
  /** The directory under its real name. */
  readonly dir: string
  /** Acknowledged but unsynced writes that a crash of the machine took, found when this store was opened. */
  readonly lostTail: number
  /** Writes made so far. Fewer than the batches asked for, when batches were merged. */
  readonly writes: number
  /** Writes `ops` atomically and in order of the calls; an empty batch waits for those before it. */
  batch(ops: readonly Op[], options?: { readonly sync?: boolean }): Promise<void>
  get(key: string): Promise<Uint8Array | undefined>
  /** Entries in the order of their keys' bytes, all as they were when the iteration began. */
  range(range?: Range): AsyncIterable<readonly [key: string, value: Uint8Array]>
  close(): Promise<void>
}

type Database = Level<string, Uint8Array>

/** Number of the last write. It sorts before all keys of callers, who may not use it. */
const COUNT_KEY = '\u0000writes'
const FIRST_KEY = '\u0001'
/**
 * Opens the store in `dir`, creating it if the directory is empty or absent. Throws `store-locked` when another
 * has it, `store-corrupt` when synced writes are missing, `store-failed` when the disk refuses.
 */
export async function openLevel(dir: string): Promise<LevelStore> {
  const owned = await ownDirectory(dir)
  const opened: { db?: Database; mark?: HighWater } = {}
  try {
    opened.mark = await markOf(owned.dir)
    opened.db = new Level(join(owned.dir, 'level'), { keyEncoding: 'utf8', valueEncoding: 'view' })
    await opened.db.open()
    const { count, lostTail } = await compare(owned.dir, opened.db, opened.mark)
    return storeOf(owned, opened.db, opened.mark, count, lostTail)
  } catch (error) {
    await opened.db?.close()
    await opened.mark?.close()
    await owned.release()
    throw storeError(owned.dir, error)
  }
}

/** The mark is made before the first LevelDB file, so that a store without one has lost it. */
async function markOf(dir: string): Promise<HighWater> {
  const names = await readdir(dir)
  const create = !names.includes('high-water')
  if (create && names.includes('level')) throw corrupt(dir, 'its file "high-water" is missing')
  return openHighWater(join(dir, 'high-water'), { create })
}

/** What LevelDB has against what was acknowledged. LevelDB's recovery has put what it has into synced tables. */
async function compare(
  dir: string,
  db: Database,
  mark: HighWater,
): Promise<{ readonly count: number; readonly lostTail: number }> {
  const stored = await db.get(COUNT_KEY)
  const count = stored === undefined ? 0 : Number(new TextDecoder().decode(stored))
  if (!Number.isSafeInteger(count)) throw corrupt(dir, 'the number of the last write is damaged')
  const { found } = mark
  if (!found) throw corrupt(dir, 'its file "high-water" is damaged')
  if (count < found.synced) throw corrupt(dir, `synced writes ${count + 1} to ${found.synced} are missing`)
  await mark.reset({ written: count, synced: count })
  return { count, lostTail: Math.max(0, found.written - count) }
}

function storeOf(
  owned: Owned,
  db: Database,
  mark: HighWater,
  startedAt: number,
  lostTail: number,
): LevelStore {
  let count = startedAt
  let synced = startedAt
  let stopped: RuntimeError | undefined
  let closing: Promise<void> | undefined

  /** The first error is the last thing this store does: after it LevelDB acknowledges what it will lose. */
  const stop = (error: unknown): RuntimeError => {
    stopped ??= storeError(owned.dir, error)
    commits.refuse(stopped)
    return stopped
  }
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    if (stopped) throw stopped
    try {
      return await work()
    } catch (error) {
      throw stop(error)
    }
  }

  const write = async (ops: readonly Op[], sync: boolean): Promise<void> => {
    if (ops.length === 0) return
    if (sync && synced < count) await syncLogs(join(owned.dir, 'level'))
    const next = count + 1
    const counted: Op = { type: 'put', key: COUNT_KEY, value: new TextEncoder().encode(String(next)) }
    await db.batch([...ops, counted], { sync })
    count = next
    if (sync) synced = next
    await mark.set({ written: count, synced })
  }
  const commits = groupCommit(write, stop)

  return {
    dir: owned.dir,
    lostTail,
    get writes() {
      return count - startedAt
    },
    async batch(ops, { sync = false } = {}) {
      if (stopped || closing) throw stopped ?? closedError(owned.dir)
      await commits.add(ops, sync)
    },
    get: key => guarded(() => db.get(key)),
    async *range({ from = FIRST_KEY, to } = {}) {
      if (stopped) throw stopped
      const entries = db.iterator({ gte: from, ...(to !== undefined && { lt: to }) })
      try {
        for (;;) {
          const page = await guarded(() => entries.nextv(256))
          if (page.length === 0) return
          yield* page
        }
      } finally {
        await entries.close()
      }
    },
    close() {
      closing ??= (async () => {
        await commits.idle()
        stopped ??= closedError(owned.dir)
        await db.close()
        await mark.close()
        await owned.release()
      })()
      return closing
    },
  }
}

/**
 * Syncs LevelDB's logs. LevelDB syncs only the log it writes to: when unsynced writes are followed by a synced
 * one that starts a new log, a power cut could keep the later and lose the earlier ones.
 */
async function syncLogs(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.log')) continue
    // One that is gone was turned into a table, which LevelDB has synced.
    const log = await open(join(folder, name), 'r').catch(error => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    try {
      await log?.datasync()
    } finally {
      await log?.close()
    }
  }
}

const closedError = (dir: string): RuntimeError =>
  new RuntimeError('journal-closed', `the store in "${dir}" is closed`, { fix: 'open it again' })

const corrupt = (dir: string, what: string): RuntimeError =>
  new RuntimeError('store-corrupt', `"${dir}" is damaged: ${what}`, {
    why: 'less is stored than was acknowledged, or something else wrote there',
    fix: 'keep a copy for examination and restore the last backup into a new directory',
    details: { dir, what },
  })

/** What LevelDB and the system throw, by what it means. The cause of a failed open says more than its wrapper. */
function storeError(dir: string, error: unknown): RuntimeError {
  if (error instanceof RuntimeError) return error
  const chain = [error, error instanceof Error ? error.cause : undefined]
  const codes = chain.map(one => (one instanceof Error && 'code' in one ? one.code : undefined))
  if (codes.includes('LEVEL_LOCKED')) {
    return new RuntimeError('store-locked', `LevelDB in "${dir}" is locked by another program`, {
      fix: 'stop the program that has it open',
      cause: error,
      details: { dir },
    })
  }
  const text = chain.map(one => (one instanceof Error ? one.message : '')).join('; ')
  // LevelDB calls a lost file (ENOENT) and a table that was cut off (EINVAL) failures of the disk.
  const cut = codes.includes('LEVEL_IO_ERROR') && /No such file or directory|Invalid argument/.test(text)
  if (cut || codes.includes('LEVEL_CORRUPTION')) return corrupt(dir, `LevelDB says: ${text.slice(0, 300)}`)
  return new RuntimeError('store-failed', `the store in "${dir}" failed and is not used any more`, {
    why: text.slice(0, 300),
    fix: 'free space or repair the disk, then open it again: what was acknowledged is there',
    cause: error,
    details: { dir },
  })
}
