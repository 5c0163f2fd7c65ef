/**
 * The stores of a partition that this node owns: every write goes to the log on the broker first, where nobody can
 * write any more once another node has taken over, and then to the copy on this node's disk, from which is read.
 * One entry is under way at a time, and all that is asked for meanwhile shares the next.
 *
 * A write that finds its place taken never settles, and neither does any after it: what would follow from it must
 * not happen. Its owner is told by `onLost` and calls `abandon`, after which writes are swallowed.
 */
import type { Cancel } from '../../../actors/clock.ts'
import { RuntimeError, toRuntimeError } from '../../../actors/errors.ts'
import { type GroupCommit, groupCommit } from '../../../memory/group-commit.ts'
import type { CompactingStore, LevelStore, Op, Range } from '../../../memory/level.ts'
import { type CaughtUp, catchUp, pinned } from './catch-up.ts'
import { opsEntries } from './entry.ts'
import { heldOp, pastOf } from './held-place.ts'
import { isFull } from './patience.ts'
import type { Place } from './place.ts'
import { purgeBefore, purgeEpochs } from './purge.ts'
import { clearPlace, writeSnapshot } from './snapshot.ts'
import { LogWriter, type LogWriterOptions } from './writer.ts'

export interface ReplicatedOptions extends LogWriterOptions {
  /** Bytes in the log that no snapshot covers. */
  readonly uncovered: number
  /** Bytes of entries after which a snapshot is written, at least. Default 8 MiB. */
  readonly snapshotBytes?: number
}

const SNAPSHOT_BYTES = 8 * 1024 * 1024
/** After one that failed, the next snapshot that nobody asked for is not begun before, ms. */
const AGAIN_MS = 10_000

export class ReplicatedStores {
  readonly #options: ReplicatedOptions
  readonly #log: LogWriter
  readonly #commits: GroupCommit<Op>
  /** Of earlier epochs nothing but their seals is in the log. */
  #isSwept = false
  #uncovered: number
  /** Bytes of the last snapshot. */
  #covered = 0
  /** When a snapshot may be begun that nobody asked for, monotonic ms. */
  #notBefore = Number.NEGATIVE_INFINITY
  #snapshotting: Promise<void> | undefined
  /** Who waits for a snapshot, however small the log is. */
  readonly #wanted: Waiting[] = []
  #stopped: RuntimeError | undefined
  #abandoned = false
  #reopening: Promise<void> | undefined
  readonly #stopListening: Cancel
  #leave = (): void => {}
  readonly #left = new Promise<void>(resolve => {
    this.#leave = resolve
  })

  constructor(options: ReplicatedOptions) {
    this.#options = options
    this.#uncovered = options.uncovered
    this.#log = new LogWriter({ ...options, onFull: () => this.#makeRoom() })
    this.#commits = groupCommit<Op>(
      (ops, sync) => this.#write(ops, sync),
      error => {
        this.#stopped ??= toRuntimeError(error, 'internal')
        return this.#stopped
      },
    )
    this.#stopListening = options.log.broker.onReset(() => this.#forgotten())
  }

  #forgotten(): void {
    if (!this.#log.owned) return
    this.#log.forgot()
    // Also when nothing is to be written: others may have to take over from what is there.
    this.#giveBack().catch(this.#options.report)
  }

  /** A disk that fails meanwhile is opened again: nobody else has what the broker has lost. */
  async #giveBack(): Promise<void> {
    try {
      await this.#commits.add([], false)
    } catch (error) {
      this.#options.report(error)
      await this.#reopen()
      await this.#commits.add([], false)
    }
  }

  get epoch(): number {
    return this.#log.place.epoch
  }

  /** The last entry that was written. */
  get place(): Place {
    return this.#log.place
  }

  /**
   * One of the partition's stores; `compacting` says whether it is a `CompactingStore`. Closing it does nothing: see
   * `close`.
   */
  store(name: string): LevelStore {
    return storeView(this.#options.copy, `s!${name}!`, `s!${name}"`, {
      reopen: () => this.#reopen(),
      cover: () => this.cover(),
      write: (ops, sync) => (this.#abandoned ? Promise.resolve() : this.#commits.add(ops, sync)),
    })
  }

  /**
   * Writes a snapshot now and purges all of the log that it covers, so that nothing is left there of what was deleted
   * or replaced. Throws what the broker throws: then some of it may be left.
   */
  async cover(): Promise<void> {
    if (this.#abandoned) return
    const covered = new Promise<void>((resolve, reject) => this.#wanted.push({ resolve, reject }))
    // Only between two writes does the copy hold what the log holds up to its place.
    await Promise.all([covered, this.#commits.add([], false)])
  }

  /** Whether this node owned the partition a moment ago: what it says of it otherwise may be long over. */
  isOwned(): Promise<boolean> {
    return this.#log.isOwner(() => this.#commits.add([], false))
  }

  /** Ends the epoch in order, when all that was asked for is written. Nothing may be asked for afterwards. */
  async giveUp(to: string | undefined): Promise<void> {
    // What is under way when the partition is lost never settles.
    await Promise.race([this.#commits.idle(), this.#left])
    if (!this.#log.owned) return
    this.#log.end()
    await this.#snapshotting
    const { log, writer } = this.#options
    const tip = { epoch: this.epoch, place: this.place, origin: writer.origin }
    await log.seal(tip, writer, to === undefined ? {} : { to })
  }

  /** Writes are swallowed from now on: for the parts of a runtime that has lost its partition, on their way out. */
  abandon(): void {
    this.#abandoned = true
    this.#log.end()
    this.#leave()
    for (const { resolve } of this.#wanted.splice(0)) resolve()
  }

  /** Closes the copy. */
  async close(): Promise<void> {
    this.#stopListening()
    // What still writes, after a runtime that did not stop in order, writes for nobody.
    this.#log.end()
    await this.#snapshotting
    await this.#options.copy.close()
  }

  async #write(ops: readonly Op[], sync: boolean): Promise<void> {
    const { snapshotBytes = SNAPSHOT_BYTES } = this.#options
    await this.#log.remind()
    if (ops.length > 0) await this.#append(ops, sync)
    const isLong = this.#uncovered >= Math.max(snapshotBytes, this.#covered) && this.#now() >= this.#notBefore
    if (this.#wanted.length > 0 || isLong) this.#beginCover()
  }

  /** Only where the copy holds what the log holds up to its place: between two writes, or while one is refused. */
  #beginCover(): void {
    if (this.#log.owned) this.#snapshotting ??= this.#coverFor(this.#wanted.splice(0))
  }

  /** The log is full: what a snapshot covers can go. It may fit where a larger entry does not. */
  #makeRoom(): void {
    if ((this.#uncovered > 0 || !this.#isSwept) && this.#now() >= this.#notBefore) this.#beginCover()
  }

  #now(): number {
    return (this.#options.now ?? (() => performance.now()))()
  }

  async #append(ops: readonly Op[], sync: boolean): Promise<void> {
    const { copy, writer, begun } = this.#options
    if (this.#stopped) throw this.#stopped
    const entries = opsEntries(writer, ops)
    await this.#log.write(entries)
    for (const { length } of entries) this.#uncovered += length
    await copy.batch([...ops, heldOp({ place: this.place, origin: writer.origin, begun })], { sync })
    await this.#log.confirm()
  }

  /** Does not reject: those who wait are told, or else it is reported. */
  async #coverFor(waiting: readonly Waiting[]): Promise<void> {
    try {
      await this.#cover()
      for (const { resolve } of waiting) resolve()
    } catch (error) {
      this.#notBefore = this.#now() + AGAIN_MS
      // Of no concern any more to who has lost the partition, as with what is written then.
      for (const { resolve, reject } of waiting) this.#abandoned ? resolve() : reject(error)
      if (waiting.length === 0 && this.#log.owned) this.#options.report(error)
    } finally {
      this.#snapshotting = undefined
    }
    if (this.#wanted.length > 0) await this.#commits.add([], false).catch(this.#options.report)
  }

  /**
   * Writes a snapshot beside the writes that go on, and purges what it covers. Stops, and rejects, when the partition is
   * another's: what there is then is its owner's to purge.
   */
  async #cover(): Promise<void> {
    const { log, copy, begun } = this.#options
    const { place } = this
    const { broker, subjects } = log
    const { resets } = this.#log
    const mayGoOn = async (): Promise<void> => {
      if (!(await this.#log.isOwner()))
        throw brokenOff(place, 'this node does not own the partition any more')
      // Parts of it are gone, and all of the copy is uploaded anyway.
      if (this.#log.resets !== resets) throw brokenOff(place, 'the broker has forgotten what it had')
    }
    const uncovered = this.#uncovered
    this.#uncovered = 0
    let isEnding = false
    try {
      let isClear = false
      const written = await writeSnapshot(broker, subjects, { place, begun }, pinned(copy), async part => {
        await mayGoOn()
        if (!isClear) await clearPlace(broker, subjects, place, begun)
        isClear = true
        isEnding = part === 'end'
      })
      this.#covered = written.bytes
    } catch (error) {
      this.#uncovered += uncovered
      // What is left of it would take what room there is. An end that may still be stored needs its parts.
      if (isFull(error) && !isEnding) await broker.purge(subjects.snapshotParts(place))
      throw error
    }
    await purgeBefore(log, place, mayGoOn)
    if (!this.#isSwept) await purgeEpochs(log, place.epoch, await pastOf(copy), mayGoOn)
    this.#isSwept = true
  }

  /** After the disk refused something: what was written to the log meanwhile is read from there. */
  #reopen(): Promise<void> {
    this.#reopening ??= this.#openAgain().finally(() => {
      this.#reopening = undefined
    })
    return this.#reopening
  }

  async #openAgain(): Promise<void> {
    const { log, copy, writer, report } = this.#options
    await this.#commits.idle()
    await copy.reopen?.()
    const wait = this.#log.waits()
    let caught: CaughtUp | undefined
    while (!caught && this.#log.owned)
      caught = await catchUp(log, copy, writer.origin, { report }).catch(wait)
    // What stands behind the end of this epoch is another's: nothing of it may be taken for what was written here.
    if (caught?.place.epoch !== this.epoch) return this.#log.lose()
    this.#stopped = undefined
  }
}

const brokenOff = ({ epoch, n }: Place, why: string): RuntimeError =>
  new RuntimeError('broker-unavailable', `the snapshot of ${epoch}.${n} was broken off`, { why })

interface Waiting {
  resolve(): void
  reject(error: unknown): void
}

interface Behind {
  reopen(): Promise<void>
  cover(): Promise<void>
  write(ops: readonly Op[], sync: boolean): Promise<void>
}

/** `store`, if it can be asked without waiting and can forget for good. */
export const compacting = (store: LevelStore): CompactingStore | undefined =>
  'getSync' in store && 'compact' in store ? (store as CompactingStore) : undefined

/** A part of the copy as a store of its own. */
function storeView(copy: LevelStore, prefix: string, end: string, behind: Behind): LevelStore {
  const { reopen, write } = behind
  let writes = 0
  return {
    dir: copy.dir,
    lostTail: 0,
    get writes() {
      return writes
    },
    batch(ops, { sync = false } = {}) {
      if (ops.length > 0) writes++
      const named = ops.map(op => ({ ...op, key: `${prefix}${op.key}` }))
      return write(named, sync)
    },
    get: key => copy.get(`${prefix}${key}`),
    async *range({ from = '', to }: Range = {}) {
      const within = { from: `${prefix}${from}`, to: to === undefined ? end : `${prefix}${to}` }
      for await (const [key, value] of copy.range(within)) yield [key.slice(prefix.length), value]
    },
    ...compactionOf(copy, prefix, behind),
    reopen,
    close: async () => {},
  }
}

/** What was deleted has to leave the log too: it is one of the files in which it stands. */
function compactionOf(copy: LevelStore, prefix: string, { cover }: Behind): Partial<CompactingStore> {
  const whole = compacting(copy)
  if (!whole) return {}
  return {
    getSync: key => whole.getSync(`${prefix}${key}`),
    flush: () => whole.flush(),
    async compact() {
      await whole.compact()
      await cover()
    },
  }
}
