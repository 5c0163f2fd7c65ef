/**
 * A journal's memory of its store, and the way back after a failure. Used by the parts of the journal on disk,
 * all of which write and read through it: every write takes the stamp of all that should be stored with it.
 */
import { type ErrorKind, RuntimeError } from '../actors/errors.ts'
import { corruption } from './damage.ts'
import type { Encoder } from './encoder.ts'
import { type Heads, sameBytes, stampOf } from './heads.ts'
import { checkJournal } from './journal-check.ts'
import { HEADS_KEY, type KeyRange } from './journal-keys.ts'
import type { LevelStore, Op } from './level.ts'
import { closedJournal } from './refusals.ts'

export interface JournalState {
  readonly store: LevelStore
  readonly encoder: Encoder
  /** As of the last write that was asked for. Replaced when the store was opened again. */
  readonly heads: Heads
  /**
   * Undefined when the store may be used at once; else it is opened again first, or stays failed and this rejects.
   * Throws `journal-closed` after `close`.
   */
  ready(): Promise<void> | undefined
  /** Writes `ops` with the stamp of the heads, which were moved already. */
  write(ops: Op[], sync: boolean): Promise<void>
  /** As the store's own, after all writes asked for so far. */
  get(key: string): Promise<Uint8Array | undefined>
  entries(range: KeyRange): AsyncIterable<readonly [key: string, value: Uint8Array]>
  close(): Promise<void>
}

/** Reads and checks all of a store. Throws `store-corrupt`, `store-failed`. */
export async function openState(store: LevelStore, encoder: Encoder): Promise<JournalState> {
  let heads = await soundHeads(store)
  let stamps = stampsFrom(heads)
  let failure: RuntimeError | undefined
  let reviving: Promise<void> | undefined
  let closed = false

  /** What is left of a time before the store was opened again says nothing about it now. */
  const failed = (error: unknown, during: Heads): unknown => {
    const isStores = error instanceof RuntimeError && STORE_FAILURES.has(error.kind)
    if (isStores && during === heads && !closed) failure ??= error
    return error
  }
  const revive = async (): Promise<void> => {
    try {
      // Damage does not go away by looking again; a store without `reopen` has to be opened anew.
      if (!store.reopen || failure?.kind === 'store-corrupt') throw failure
      await store.reopen()
      const found = await soundHeads(store)
      if (!stamps.include(stampOf(found))) throw corruption(store.dir, [{ what: 'heads' }])
      heads = found
      stamps = stampsFrom(found)
      failure = undefined
    } catch (error) {
      if (error instanceof RuntimeError) failure = error
      throw error
    }
  }

  return {
    store,
    encoder,
    get heads() {
      return heads
    },
    ready() {
      if (closed) throw closedJournal()
      if (!failure) return undefined
      reviving ??= revive().finally(() => {
        reviving = undefined
      })
      return reviving
    },
    write(ops, sync) {
      const during = heads
      const stamp = stampOf(during)
      ops.push({ type: 'put', key: HEADS_KEY, value: stamp })
      const sent = stamps
      sent.issue(stamp)
      return store.batch(ops, { sync }).then(
        () => sent.acknowledge(stamp),
        error => {
          throw failed(error, during)
        },
      )
    },
    async get(key) {
      const during = heads
      try {
        await store.batch([])
        return await store.get(key)
      } catch (error) {
        throw failed(error, during)
      }
    },
    async *entries(range) {
      const during = heads
      try {
        await store.batch([])
        for await (const entry of store.range(range)) yield entry
      } catch (error) {
        throw failed(error, during)
      }
    },
    close() {
      closed = true
      return store.close()
    },
  }
}

/**
 * The stamp of the last write that was acknowledged, and those of the later ones. After a failure the store holds
 * what was acknowledged, or what one of those that were refused would have made of it: the one that was under
 * way may have reached the disk.
 */
function stampsFrom(heads: Heads) {
  let acknowledged = stampOf(heads)
  const issued: Uint8Array[] = []
  return {
    issue: (stamp: Uint8Array): number => issued.push(stamp),
    acknowledge(stamp: Uint8Array): void {
      acknowledged = stamp
      // They are acknowledged in the order of the calls.
      while (issued.length > 0 && issued.shift() !== stamp);
    },
    include: (stamp: Uint8Array): boolean => [acknowledged, ...issued].some(one => sameBytes(one, stamp)),
  }
}

/** What the store itself says. A damaged record is found by its reader, and the others can still be read. */
const STORE_FAILURES: ReadonlySet<ErrorKind> = new Set(['store-failed', 'store-corrupt'])

async function soundHeads(store: LevelStore): Promise<Heads> {
  const { report, heads } = await checkJournal(store)
  if (report.problems.length > 0) throw corruption(store.dir, report.problems)
  return heads
}
