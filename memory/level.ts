/**
 * A directory of LevelDB as a store that does not lie: one owner, group commit, stopped by any error until it was
 * opened again, and told from outside how far it was written. Called by the journal on disk; the only import of
 * `level`. It knows bytes and keys; what they mean, and whether they are whole, is its caller's business.
 */
import { readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Level } from 'level'
import { RuntimeError } from '../actors/errors.ts'
import { groupCommit } from './group-commit.ts'
import { type HighWater, openHighWater } from './high-water.ts'
import { cutGap, findGap } from './level-gaps.ts'
import { type LevelLogs, levelLogs, syncFolder, WRITE_BUFFER } from './level-logs.ts'
import { type Owned, ownDirectory } from './owner.ts'
import { type QuietTimes, quietTimes } from './quiet-times.ts'

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
  /**
   * After an error: opens anew, as if the process had ended, and compares with what was acknowledged. Rejects with
   * `store-corrupt` when some of it is missing, `store-failed` when the disk still refuses. Absent: a store that
   * failed is of no use any more.
   */
  reopen?(): Promise<void>
  close(): Promise<void>
}

/** What else LevelDB can do, for a store that is asked often and has to forget. */
export interface CompactingStore extends LevelStore {
  /** In 4 microseconds when it is cached, during which nothing else happens. Throws as `get` rejects. */
  getSync(key: string): Uint8Array | undefined
  /** Ends the table in memory: what is written later stands in other files, above it. */
  flush(): Promise<void>
  /**
   * Takes what was deleted or replaced out of the files, where the deletion or a new value was written after a
   * `flush` of its own: LevelDB rewrites a file only when a younger one overlaps it, and keeps in one file what came
   * together. Waits for iterations under way, because they hold old files, and those begun meanwhile wait for it.
   */
  compact(): Promise<void>
}

/** On Node `level` is `classic-level`, which can compact; its types are those of all platforms. */
type Database = Level<string, Uint8Array> & { compactRange(from: string, to: string): Promise<void> }

/** Number of the last write. It sorts before all keys of callers, who may not use it. */
const COUNT_KEY = '\u0000writes'
const FIRST_KEY = '\u0001'
/** Sorts after all keys of callers. */
const LAST_KEY = '\uffff'

/** One opening of the database and its mark. */
interface Session {
  readonly db: Database
  readonly mark: HighWater
  readonly logs: LevelLogs
  /** Writes that were acknowledged; those of earlier openings too. */
  count: number
  synced: number
  readonly lostTail: number
  /** Writes before the first opening. */
  readonly startedAt: number
}

/**
 * Opens the store in `dir`, creating it if the directory is empty or absent. Throws `store-locked` when another
 * has it, `store-corrupt` when synced writes are missing, `store-failed` when the disk refuses.
 */
export async function openLevel(dir: string): Promise<CompactingStore> {
  const owned = await ownDirectory(dir)
  try {
    return storeOf(owned, await openSession(owned.dir))
  } catch (error) {
    await owned.release()
    throw storeError(owned.dir, error)
  }
}

/** Throws `store-corrupt` also when there is less than the `acknowledged` writes of an opening before. */
async function openSession(dir: string, acknowledged = 0): Promise<Session> {
  const mark = await markOf(dir)
  let db: Database | undefined
  try {
    const folder = join(dir, 'level')
    await ensureDatabase(dir, folder)
    const cutOff = await withoutGap(dir, mark, acknowledged)
    // Only now: LevelDB begins to open, and to change files, when it is made.
    db = databaseIn(folder)
    await db.open()
    await syncFolder(folder)
    const { count, lostTail } = await compare(dir, db, mark, { acknowledged, cutOff })
    return { db, mark, logs: await levelLogs(folder), count, synced: count, lostTail, startedAt: count }
  } catch (error) {
    await db?.close()
    await mark.close()
    throw error
  }
}

const databaseIn = (folder: string): Database =>
  new Level<string, Uint8Array>(folder, {
    keyEncoding: 'utf8',
    valueEncoding: 'view',
    writeBufferSize: WRITE_BUFFER,
  }) as Database

/**
 * A new database gets its name when all of it is on the disk. LevelDB does not sync the first manifest it makes:
 * a power cut could leave one that cannot be opened, and take the folder's name with synced writes in it.
 */
async function ensureDatabase(dir: string, folder: string): Promise<void> {
  if ((await readdir(dir)).includes(basename(folder))) return
  const fresh = `${folder}.new`
  await rm(fresh, { recursive: true, force: true })
  const db = databaseIn(fresh)
  await db.open()
  await db.close()
  for (const name of await readdir(fresh)) await syncFolder(join(fresh, name))
  await syncFolder(fresh)
  await rename(fresh, folder)
  await syncFolder(dir)
  await syncFolder(dirname(dir))
}

/** The mark is made before the first LevelDB file, so that a store without one has lost it. */
async function markOf(dir: string): Promise<HighWater> {
  const names = await readdir(dir)
  const create = !names.includes('high-water')
  if (create && names.includes('level')) throw corrupt(dir, 'its file "high-water" is missing')
  return openHighWater(join(dir, 'high-water'), { create })
}

/** Leaves a common tail of the writes to be lost. Returns the number of the last one cut off, 0 without any. */
async function withoutGap(dir: string, { found }: HighWater, acknowledged: number): Promise<number> {
  const gap = found && (await findGap(join(dir, 'level'), COUNT_KEY))
  if (!gap) return 0
  // Damage, of which nothing may be removed: what is behind it was synced, and so was what is missing.
  if (gap.first <= Math.max(found.synced, acknowledged))
    throw corrupt(dir, `writes before ${gap.first}, which was synced, are missing`)
  await cutGap(gap)
  return gap.last
}

/** What LevelDB has against what was acknowledged. LevelDB's recovery has put what it has into synced tables. */
async function compare(
  dir: string,
  db: Database,
  mark: HighWater,
  { acknowledged, cutOff }: { readonly acknowledged: number; readonly cutOff: number },
): Promise<{ readonly count: number; readonly lostTail: number }> {
  const stored = await db.get(COUNT_KEY)
  const count = stored === undefined ? 0 : Number(new TextDecoder().decode(stored))
  if (!Number.isSafeInteger(count)) throw corrupt(dir, 'the number of the last write is damaged')
  const { found } = mark
  if (!found) throw corrupt(dir, 'its file "high-water" is damaged')
  if (count < found.synced) throw corrupt(dir, `synced writes ${count + 1} to ${found.synced} are missing`)
  if (count < acknowledged)
    throw corrupt(dir, `acknowledged writes ${count + 1} to ${acknowledged} are missing`)
  mark.reset({ written: count, synced: count })
  return { count, lostTail: Math.max(found.written, cutOff, count) - count }
}

function storeOf(owned: Owned, first: Session): CompactingStore {
  const { dir } = owned
  let session = first
  let stopped: RuntimeError | undefined
  let reopening: Promise<void> | undefined
  let closing: Promise<void> | undefined

  /** After an error LevelDB acknowledges what it will lose: nothing is written or read until it is opened anew. */
  const stop = (error: unknown): RuntimeError => {
    stopped ??= storeError(dir, error)
    commits.refuse(stopped)
    return stopped
  }
  const guarded = async <T>(from: Session, work: (from: Session) => Promise<T>): Promise<T> => {
    if (stopped) throw stopped
    try {
      return await work(from)
    } catch (error) {
      // What is left of an opening before fails with it, and says nothing about this one.
      throw from === session ? stop(error) : storeError(dir, error)
    }
  }
  const commits = groupCommit<Op>((ops, sync) => write(session, ops, sync), stop)
  const readers = quietTimes()
  const openAgain = async (): Promise<void> => {
    await commits.idle()
    try {
      await closeSession(session)
      session = { ...(await openSession(dir, session.count)), startedAt: first.startedAt }
      stopped = undefined
    } catch (error) {
      stopped = storeError(dir, error)
      throw stopped
    } finally {
      reopening = undefined
    }
  }
  return {
    dir,
    lostTail: first.lostTail,
    get writes() {
      return session.count - first.startedAt
    },
    batch: (ops, { sync = false } = {}) =>
      stopped || closing ? Promise.reject(stopped ?? closedError(dir)) : commits.add(ops, sync),
    get: key => guarded(session, ({ db }) => db.get(key)),
    getSync(key) {
      if (stopped) throw stopped
      return attempted(() => session.db.getSync(key), stop)
    },
    range(range = {}) {
      const mine = session
      return readers.during(() => entriesOf(mine.db, range, work => guarded(mine, work)))
    },
    ...compactionsOf({
      compact: (from, to) => guarded(session, mine => compactSession(mine, from, to)),
      // Also while it closes, but not after an error: a write that failed leaves a gap before the next.
      write: ops => (stopped ? Promise.reject(stopped) : commits.add(ops, true)),
      readers,
    }),
    async reopen() {
      if (closing) throw closedError(dir)
      if (stopped) reopening ??= openAgain()
      await reopening
    },
    close() {
      closing ??= (async () => {
        await commits.idle()
        // Whoever asked for it is told how it ends.
        await reopening?.catch(() => undefined)
        await readers.quiet()
        stopped ??= closedError(dir)
        await closeSession(session)
        await owned.release()
      })()
      return closing
    },
  }
}

/** Again is no fault. */
async function closeSession({ db, mark }: Session): Promise<void> {
  await db.close()
  await mark.close()
}

function attempted<T>(work: () => T, failure: (error: unknown) => RuntimeError): T {
  try {
    return work()
  } catch (error) {
    throw failure(error)
  }
}

async function compactSession({ db, logs }: Session, from: string, to: string): Promise<void> {
  const begun = logs.beginning()
  try {
    await db.compactRange(from, to)
  } finally {
    begun()
  }
}

function compactionsOf({
  compact,
  write,
  readers,
}: {
  readonly compact: (from: string, to: string) => Promise<void>
  readonly write: (ops: readonly Op[]) => Promise<void>
  readonly readers: QuietTimes
}): Pick<CompactingStore, 'flush' | 'compact'> {
  return {
    flush: () => compact(LAST_KEY, LAST_KEY),
    compact: () =>
      readers.without(async () => {
        await compact(COUNT_KEY, LAST_KEY)
        // A file that was being read when it became obsolete is only removed after the next table; and LevelDB
        // says nothing of a compaction that failed until it is written to.
        await write([{ type: 'del', key: LAST_KEY }])
        await compact(LAST_KEY, LAST_KEY)
      }),
  }
}

async function* entriesOf(
  db: Database,
  { from = FIRST_KEY, to }: Range,
  guarded: <T>(work: () => Promise<T>) => Promise<T>,
): AsyncIterable<readonly [key: string, value: Uint8Array]> {
  // Made only now that it is asked for, and by then the database may be closed.
  const entries = await guarded(async () =>
    db.iterator({ gte: from, ...(to !== undefined && { lt: to }), highWaterMarkBytes: PAGE_BYTES }),
  )
  try {
    for (;;) {
      const page = await guarded(() => entries.nextv(PAGE))
      if (page.length === 0) return
      for (const entry of page) yield entry
    }
  } finally {
    await entries.close()
  }
}

/** Entries that one step of an iteration fetches, and their bytes: small enough not to hold up the event loop. */
const PAGE = 1_000
const PAGE_BYTES = 256 * 1024

async function write(session: Session, ops: readonly Op[], sync: boolean): Promise<void> {
  if (ops.length === 0) return
  const { db, mark, logs } = session
  if (sync && session.synced < session.count && logs.mayBeNew()) await logs.sync()
  const next = session.count + 1
  logs.writing(ops)
  // Chained: LevelDB takes each entry as it is added, at a fifth of what it costs to hand over an array.
  const batch = db.batch()
  for (const op of ops) {
    if (op.type === 'put') batch.put(op.key, op.value)
    else batch.del(op.key)
  }
  batch.put(COUNT_KEY, new TextEncoder().encode(String(next)))
  await batch.write({ sync })
  session.count = next
  if (sync) {
    // LevelDB names a new log and syncs what is in it, but not its name.
    if (logs.mayBeUnnamed()) await logs.syncNames()
    session.synced = next
  }
  mark.set({ written: next, synced: session.synced })
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
  return new RuntimeError(
    'store-failed',
    `the store in "${dir}" failed and is not used until it was opened again`,
    {
      why: text.slice(0, 300),
      fix: 'free space or repair the disk: what was acknowledged is there',
      cause: error,
      details: { dir },
    },
  )
}
