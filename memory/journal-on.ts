/**
 * The journal on a store of keys and bytes. Opened by `level-journal.ts` on a directory, and by simulations on a
 * store of theirs: here are neither timers nor randomness. It finds damage and says so; it repairs nothing.
 *
 * After an error of the disk, what is under way and waiting is refused with `store-failed`. The next operation
 * opens the store again, and goes on only if it holds what was acknowledged. A commit that was refused may have
 * reached the disk: then the actor that made it is behind, and its next append throws `journal-conflict`; whoever
 * runs the actor reads it again and goes on from there.
 */
import type { Address } from '../actors/address.ts'
import type { AppendOptions, Commit, Journal, StoredState } from '../actors/journal.ts'
import { readActor, readActors, readHistory } from './actor-reader.ts'
import { hashOf, NO_HASH, sealRecord, UNCHAINED } from './chained-record.ts'
import { corruption } from './damage.ts'
import { type Encoder, encodeCommit, encodeState } from './encoder.ts'
import { type Head, knownOf, moveActor, NO_HEAD } from './heads.ts'
import { copyStore, requireEmpty } from './journal-backup.ts'
import { checkJournal, type JournalReport } from './journal-check.ts'
import { commitKey, runKey, snapshotKey } from './journal-keys.ts'
import { recordsOf } from './journal-records.ts'
import { type JournalState, openState } from './journal-state.ts'
import { type LevelStore, type Op, openLevel } from './level.ts'
import { checkAppend, checkedInterval, checkSnapshot } from './refusals.ts'

export interface JournalSettings {
  /** Its limits are those of a commit, a state and a record. */
  readonly encoder: Encoder
  /** Commits after which a snapshot is taken. Default 32. */
  readonly snapshotEvery?: number
  /** `asked` (default) syncs what its caller wants synced; `always` everything. */
  readonly sync?: 'asked' | 'always'
}

export interface LevelJournal extends Journal {
  /** Acknowledged writes, none of them synced, that a crash of the machine took before this opening. */
  readonly lostTail: number
  /** Writes made to the store since opening: fewer than commits when commits were grouped. */
  readonly writes: number
  /** Conflicts are thrown at once; while the store is opened again they reject. */
  append(commit: Commit, state: () => StoredState | undefined, options?: AppendOptions): Promise<void>
  snapshot(actor: Address, seq: number, state: StoredState, options?: AppendOptions): Promise<void>
  /** Reads and decodes everything as it is on disk. Problems are reported, not thrown. */
  verify(): Promise<JournalReport>
  /** Copies a moment of this journal, while it is used, into a new directory, and verifies the copy. */
  backup(toDir: string): Promise<JournalReport>
}

/** Checks all of a store, without decoding it, and goes on from there. Throws `store-corrupt`, `store-failed`. */
export async function journalOn(store: LevelStore, settings: JournalSettings): Promise<LevelJournal> {
  const snapshotEvery = checkedInterval(settings.snapshotEvery)
  const always = settings.sync === 'always'
  const state = await openState(store, settings.encoder)
  /** Does `work` at once, in the order of the calls, unless the store has to be opened again first. */
  const when = <T>(work: () => Promise<T>): Promise<T> => state.ready()?.then(work) ?? work()

  return {
    durable: true,
    ordered: true,
    lostTail: store.lostTail,
    get writes() {
      return store.writes
    },
    append: (commit, before, options = {}) =>
      when(() => {
        const ops = append(state, commit, before, options, snapshotEvery)
        return state.write(ops, always || options.sync === true)
      }),
    snapshot: (actor, seq, now, options = {}) =>
      when(() => {
        const ops = snapshot(state, actor, seq, now, options)
        return state.write(ops, always || options.sync === true)
      }),
    read: async actor => when(() => readActor(state, actor)),
    async *readAll(wanted) {
      await state.ready()
      yield* readActors(state, wanted)
    },
    async *history(actor) {
      await state.ready()
      yield* readHistory(state, actor)
    },
    known(actor) {
      const head = state.heads.actors.get(actor)
      return head && knownOf(actor, head)
    },
    async *actors(run) {
      await state.ready()
      const entries = [...state.heads.actors].filter(([, head]) => run === undefined || head.run === run)
      for (const [actor, head] of entries.sort(([a], [b]) => (a < b ? -1 : 1))) yield knownOf(actor, head)
    },
    remove: async actor =>
      when(async () => {
        if (state.heads.actors.has(actor)) await state.write(remove(state, actor), true)
      }),
    records: recordsOf(state),
    verify: async () => when(async () => (await checkJournal(store, state.encoder)).report),
    backup: async toDir => when(() => backUp(state, toDir)),
    close: () => state.close(),
  }
}

/** What to write for a commit; the heads are moved already. Throws before anything is moved. */
function append(
  state: JournalState,
  commit: Commit,
  before: () => StoredState | undefined,
  options: AppendOptions,
  snapshotEvery: number,
): Op[] {
  const { heads, encoder } = state
  const { actor, seq } = commit
  const head = heads.actors.get(actor) ?? NO_HEAD
  checkAppend(commit, head, options)
  const run = head.run ?? options.run
  const now = head.seq - head.covered >= snapshotEvery ? before() : undefined
  const [based, ops] = now ? covered(actor, head, run, undefined, encoder, now) : [head, [] as Op[]]
  const key = commitKey(actor, seq)
  const number = heads.order + 1
  const header = { rest: options.rest, ofRun: run !== undefined, number, seq, previous: head.hash }
  const value = sealRecord(key, header, encodeCommit(encoder, commit))
  ops.push({ type: 'put', key, value })
  if (run !== undefined && head.run === undefined) ops.push(runOp(run, actor))
  heads.order = number
  moveActor(heads, actor, { ...based, seq, hash: hashOf(value), rest: options.rest, run })
  return ops
}

function snapshot(
  state: JournalState,
  actor: Address,
  seq: number,
  now: StoredState,
  options: AppendOptions,
): Op[] {
  const { heads, encoder } = state
  const head = heads.actors.get(actor) ?? NO_HEAD
  checkSnapshot(actor, seq, head, options)
  const run = head.run ?? options.run
  const [next, ops] = covered(actor, head, run, options.rest ?? head.rest, encoder, now)
  if (run !== undefined && head.run === undefined) ops.push(runOp(run, actor))
  moveActor(heads, actor, next)
  return ops
}

/** A head with a snapshot of all its commits, which go unless they are of a run, and what to write for it. */
function covered(
  actor: Address,
  head: Head,
  run: string | undefined,
  rest: Head['rest'],
  encoder: Encoder,
  now: StoredState,
): [Head, Op[]] {
  const { seq, hash } = head
  const from = run === undefined ? seq + 1 : head.from
  const key = snapshotKey(actor)
  const header = { rest, ofRun: run !== undefined, number: from, seq, previous: hash }
  const value = sealRecord(key, header, encodeState(encoder, now))
  const ops: Op[] = [{ type: 'put', key, value }]
  if (run === undefined) ops.push(...commitDeletes(actor, head))
  return [{ seq, hash, from, covered: seq, snapshot: hashOf(value), rest, run }, ops]
}

function remove(state: JournalState, actor: Address): Op[] {
  const head = state.heads.actors.get(actor) ?? NO_HEAD
  // The keys follow from the head, also those still on their way to the disk: nothing can come between.
  const ops = commitDeletes(actor, head)
  if (head.snapshot !== NO_HASH) ops.push({ type: 'del', key: snapshotKey(actor) })
  if (head.run !== undefined) ops.push({ type: 'del', key: runKey(head.run, actor) })
  moveActor(state.heads, actor, undefined)
  return ops
}

function commitDeletes(actor: Address, { from, seq }: Head): Op[] {
  const ops: Op[] = []
  for (let at = from; at <= seq; at++) ops.push({ type: 'del', key: commitKey(actor, at) })
  return ops
}

function runOp(run: string, actor: Address): Op {
  const key = runKey(run, actor)
  return { type: 'put', key, value: sealRecord(key, UNCHAINED, new Uint8Array()) }
}

async function backUp({ store, encoder }: JournalState, toDir: string): Promise<JournalReport> {
  await requireEmpty(toDir)
  await store.batch([])
  await copyStore(store, toDir)
  const copy = await openLevel(toDir)
  try {
    const { report } = await checkJournal(copy, encoder)
    if (report.problems.length > 0) throw corruption(toDir, report.problems)
    return report
  } finally {
    await copy.close()
  }
}
