/**
 * The journal on disk: rungs D1 and D2 of the durability ladder. One atomic write per commit, shared with the
 * commits of others that come at the same time; synced where an effect's intent or result is committed.
 * Opened by whoever owns a data directory. It finds damage and says so; it neither repairs nor recovers actors.
 */
import type { Address } from '../actors/address.ts'
import { RuntimeError } from '../actors/errors.ts'
import type { Commit, Journal, Recorded, StoredState, Taken } from '../actors/journal.ts'
import type { Plain } from '../actors/plain.ts'
import {
  commitKey,
  type Hash,
  hashRecord,
  NO_HASH,
  sameHash,
  sealRecord,
  snapshotKey,
  xor,
} from './chained-record.ts'
import { copyStore, requireEmpty } from './journal-backup.ts'
import {
  checkJournal,
  corruption,
  type Encoder,
  HEADS_KEY,
  type Head,
  type JournalReport,
  readActor,
} from './journal-check.ts'
import { type LevelStore, type Op, openLevel } from './level.ts'

export interface LevelJournalOptions {
  readonly dir: string
  /** The runtime's codec. Its limits are those of a commit and of a snapshot. */
  readonly encoder: Encoder
  /** Commits kept per actor before a snapshot replaces them. Default 64. */
  readonly snapshotEvery?: number
  /** `effects` (default) syncs commits with an effect's intent or result; `always` every commit. */
  readonly sync?: 'effects' | 'always'
}

export interface LevelJournal extends Journal {
  /** Acknowledged writes, none of them synced, that a crash of the machine took before this opening. */
  readonly lostTail: number
  /** Writes made to LevelDB since opening: fewer than commits when commits were grouped. */
  readonly writes: number
  append(commit: Commit, state: () => StoredState): Promise<void>
  /** Follows every chain as it is on disk. Problems are reported, not thrown. */
  verify(): Promise<JournalReport>
  /** Copies a moment of this journal, while it is used, into a new directory, and verifies the copy. */
  backup(toDir: string): Promise<JournalReport>
}

/**
 * Opens the journal in a directory and verifies all of it: reading time grows with what is stored, which
 * snapshots bound. Throws `store-locked`, `store-corrupt`, `store-failed`.
 */
export async function openLevelJournal(options: LevelJournalOptions): Promise<LevelJournal> {
  const { dir, encoder, snapshotEvery = 64, sync = 'effects' } = options
  if (!(Number.isSafeInteger(snapshotEvery) && snapshotEvery > 0)) {
    throw new RuntimeError('usage', `snapshotEvery ${snapshotEvery} is not a whole number above zero`, {
      fix: 'leave it out, or pass for example 64',
    })
  }
  const store = await openLevel(dir)
  try {
    const { report, heads, digest } = await checkJournal(store, encoder)
    if (report.problems.length > 0) throw corruption(store.dir, report.problems)
    return journalOf(store, heads, digest, { encoder, snapshotEvery, sync })
  } catch (error) {
    await store.close()
    throw error
  }
}

/** What is wrong with the journal in a directory, without opening it for work. Throws as opening LevelDB does. */
export async function verifyLevelJournal({ dir, encoder }: LevelJournalOptions): Promise<JournalReport> {
  const store = await openLevel(dir)
  try {
    return (await checkJournal(store, encoder)).report
  } finally {
    await store.close()
  }
}

/** Copies a sound backup into a new directory and verifies the copy. Throws as opening and `backup` do. */
export async function restoreLevelJournal(
  fromDir: string,
  toDir: string,
  encoder: Encoder,
): Promise<JournalReport> {
  const from = await openLevelJournal({ dir: fromDir, encoder })
  try {
    return await from.backup(toDir)
  } finally {
    await from.close()
  }
}

type Settings = Required<Omit<LevelJournalOptions, 'dir'>>

function journalOf(
  store: LevelStore,
  heads: Map<Address, Head>,
  startDigest: Hash,
  { encoder, snapshotEvery, sync }: Settings,
): LevelJournal {
  let digest = startDigest
  let removals = 0
  let closed = false

  const refuseClosed = (): void => {
    if (closed)
      throw new RuntimeError('journal-closed', 'the journal is closed', { fix: 'start a new runtime' })
  }
  /** Moves an actor's head, and with it what the store says all heads are. */
  const move = (actor: Address, next: Head | undefined): Op => {
    digest = xor(digest, xor(heads.get(actor)?.hash ?? NO_HASH, next?.hash ?? NO_HASH))
    if (next) heads.set(actor, next)
    else heads.delete(actor)
    return { type: 'put', key: HEADS_KEY, value: digest }
  }

  return {
    lostTail: store.lostTail,
    get writes() {
      return store.writes
    },
    append(commit, state) {
      refuseClosed()
      const { actor, seq } = commit
      const head = heads.get(actor) ?? { seq: 0, hash: NO_HASH, tail: 0 }
      if (seq !== head.seq + 1) throw conflict(commit, head.seq)
      const { ops, next } =
        head.tail >= snapshotEvery
          ? snapshotOps(commit, state(), head, encoder)
          : commitOps(commit, head, encoder)
      return store.batch([...ops, move(actor, next)], { sync: sync === 'always' || concernsEffect(commit) })
    },
    async read(actor): Promise<Recorded | undefined> {
      refuseClosed()
      const before = heads.get(actor)
      const removed = removals
      await store.batch([])
      const found = await readActor(store, encoder, actor)
      // Every chain that is found is sound in itself; it must also be as long as what was acknowledged.
      if (before && removed === removals && !reaches(found?.head, before)) {
        throw corruption(store.dir, [{ what: 'hole', actor, seq: before.seq }])
      }
      return found?.recorded
    },
    async *actors() {
      refuseClosed()
      yield* [...heads.keys()].sort()
    },
    async remove(actor) {
      refuseClosed()
      const head = heads.get(actor)
      if (!head) return
      removals++
      // The keys follow from the head, also those still on their way to the disk: nothing can come between.
      const gone: Op[] = [{ type: 'del', key: snapshotKey(actor) }, ...tailDeletes(actor, head)]
      await store.batch([...gone, move(actor, undefined)], { sync: true })
    },
    async verify() {
      refuseClosed()
      return (await checkJournal(store, encoder)).report
    },
    async backup(toDir) {
      refuseClosed()
      return backUp(store, toDir, encoder)
    },
    close() {
      closed = true
      return store.close()
    },
  }
}

async function backUp(store: LevelStore, toDir: string, encoder: Encoder): Promise<JournalReport> {
  await requireEmpty(toDir)
  await store.batch([])
  await copyStore(store, toDir)
  const report = await verifyLevelJournal({ dir: toDir, encoder })
  if (report.problems.length > 0) throw corruption(toDir, report.problems)
  return report
}

interface Written {
  readonly ops: readonly Op[]
  readonly next: Head
}

function commitOps(commit: Commit, head: Head, encoder: Encoder): Written {
  const key = commitKey(commit.actor, commit.seq)
  const value = sealRecord(key, head.hash, encoder.encode(commit as unknown as Plain))
  return {
    ops: [{ type: 'put', key, value }],
    next: { seq: commit.seq, hash: hashRecord(key, value), tail: head.tail + 1 },
  }
}

/** The state after this commit, which with those since the last snapshot it replaces. */
function snapshotOps(commit: Commit, state: StoredState, head: Head, encoder: Encoder): Written {
  const { actor, seq, at } = commit
  const key = snapshotKey(actor)
  const body = encoder.encode({ actor, seq, at, state } as unknown as Plain)
  const value = sealRecord(key, head.hash, body)
  return {
    ops: [{ type: 'put', key, value }, ...tailDeletes(actor, head)],
    next: { seq, hash: hashRecord(key, value), tail: 0 },
  }
}

const tailDeletes = (actor: Address, { seq, tail }: Head): Op[] =>
  Array.from({ length: tail }, (_, at) => ({ type: 'del', key: commitKey(actor, seq - at) }))

const EFFECT_NEWS: ReadonlySet<Taken['kind']> = new Set(['result', 'failure', 'attempt-failed', 'retry'])

/** Whether a crash of the machine must not undo it: an effect is about to start, or its outcome is known. */
const concernsEffect = ({ taken, acts }: Commit): boolean =>
  EFFECT_NEWS.has(taken.kind) || acts.some(({ act }) => act === 'start')

const reaches = (found: Head | undefined, before: Head): boolean =>
  found !== undefined &&
  (found.seq > before.seq || (found.seq === before.seq && sameHash(found.hash, before.hash)))

const conflict = ({ actor, seq }: Commit, last: number): RuntimeError =>
  new RuntimeError('journal-conflict', `commit ${seq} of ${actor} does not follow commit ${last}`, {
    why: 'two writers would share one actor, or a commit was lost',
    details: { actor, seq, last },
  })
