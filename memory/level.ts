/**
 * A directory of LevelDB as a store that does not lie: one owner, group commit, stopped by its first error, and
 * told from outside how far it was written. Called by the journal on disk; the only import of `level`. It knows
 * bytes and keys; what they mean, and whether they are whole, is its caller's business.
 */
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Level } from 'level'
import { RuntimeError } from '../actors/errors.ts'
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

interface Waiting {
  readonly ops: readonly Op[]
  readonly sync: boolean
  resolve(): void
  reject(error: unknown): void
}

type Database = Level<string, Uint8Array>

/** Number of the last write. It sorts before all keys of callers, who may not use it. */
const COUNT_KEY = '\u0000writes'
const FIRST_KEY = '\u0001'
/** Bytes merged into one write: enough to share an fsync, too few to make the first caller wait. */
const MAX_MERGED = 1024 * 1024

/**
 * Opens the store in `dir`, creating it if the directory is empty or absent. Throws `store-locked` when another
 * has it, `store-corrupt` when synced writes are missing, `store-failed` when the disk refuses.
 */
export async function openLevel(dir: string): Promise<LevelStore> {
  const owned = await ownDirectory(dir)
  const opened: { db?: Database; mark?: HighWater } = {}
  try {
    opened.mark = await openHighWater(join(owned.dir, 'high-water'))
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

/** What LevelDB has against what was acknowledged. LevelDB's recovery has put what it has into synced tables. */
async function compare(
  dir: string,
  db: Database,
  mark: HighWater,
): Promise<{ readonly count: number; readonly lostTail: number }> {
  const stored = await db.get(COUNT_KEY)
  const count = stored === undefined ? 0 : Number(new TextDecoder().decode(stored))
  if (!Number.isSafeInteger(count)) throw corrupt(dir, 'the number of the last write is damaged')
  if (mark.created && count > 0) throw corrupt(dir, 'its file "high-water" is missing')
  const { found } = mark
  if (!found) throw corrupt(dir, 'its file "high-water" is damaged')
  if (count < found.synced) throw corrupt(dir, `synced writes ${count + 1} to ${found.synced} are missing`)
  await mark.set({ written: count, synced: count })
  return { count, lostTail: Math.max(0, found.written - count) }
}

function storeOf(
  owned: Owned,
  db: Database,
  mark: HighWater,
  startedAt: number,
  lostTail: number,
): LevelStore {
  const waiting: Waiting[] = []
  let count = startedAt
  let synced = startedAt
  let stopped: RuntimeError | undefined
  let writer: Promise<void> | undefined
  let closing: Promise<void> | undefined

  /** The first error is the last thing this store does: after it LevelDB acknowledges what it will lose. */
  const stop = (error: unknown): RuntimeError => {
    stopped ??= storeError(owned.dir, error)
    for (const { reject } of waiting.splice(0)) reject(stopped)
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

  const write = async (group: readonly Waiting[]): Promise<void> => {
    const ops = group.flatMap(({ ops }) => ops)
    if (ops.length === 0) return
    const sync = group.some(({ sync }) => sync)
    if (sync && synced < count) await syncLogs(join(owned.dir, 'level'))
    const next = count + 1
    const counted: Op = { type: 'put', key: COUNT_KEY, value: new TextEncoder().encode(String(next)) }
    await db.batch([...ops, counted], { sync })
    count = next
    if (sync) synced = next
    await mark.set({ written: count, synced })
  }

  const writeAll = async (): Promise<void> => {
    // Callers of the same turn share the first write, those who come during a write share the next one.
    await Promise.resolve()
    while (waiting.length > 0) {
      const group = takeGroup(waiting)
      try {
        await write(group)
        for (const { resolve } of group) resolve()
      } catch (error) {
        const failure = stop(error)
        for (const { reject } of group) reject(failure)
      }
    }
    writer = undefined
  }

  return {
    dir: owned.dir,
    lostTail,
    get writes() {
      return count - startedAt
    },
    batch(ops, { sync = false } = {}) {
      if (stopped) return Promise.reject(stopped)
      return new Promise<void>((resolve, reject) => {
        waiting.push({ ops, sync, resolve, reject })
        writer ??= writeAll()
      })
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
        await writer
        stopped ??= new RuntimeError('journal-closed', `the store in "${owned.dir}" is closed`, {
          fix: 'open it again',
        })
        await db.close()
        await mark.close()
        await owned.release()
      })()
      return closing
    },
  }
}

function takeGroup(waiting: Waiting[]): Waiting[] {
  let bytes = 0
  let taken = 0
  for (const { ops } of waiting) {
    for (const op of ops) bytes += op.key.length + (op.type === 'put' ? op.value.length : 0)
    if (taken > 0 && bytes > MAX_MERGED) break
    taken++
  }
  return waiting.splice(0, taken)
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
  if (codes.includes('LEVEL_CORRUPTION')) return corrupt(dir, `LevelDB says: ${text.slice(0, 300)}`)
  return new RuntimeError('store-failed', `the store in "${dir}" failed and is not used any more`, {
    why: text.slice(0, 300),
    fix: 'free space or repair the disk, then open it again: what was acknowledged is there',
    cause: error,
    details: { dir },
  })
}
