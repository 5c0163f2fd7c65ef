/**
 * Writes the log of a partition for its owner, one entry behind the other. Finding a place taken is how an owner
 * learns that it is one no more: from then on nothing it writes settles, because nothing may follow from it. After the
 * broker has forgotten what it had, all of it is uploaded before anything new is written. Used by `replicated-store.ts`.
 */
import type { Clock } from '../../../actors/clock.ts'
import type { LevelStore } from '../../../memory/level.ts'
import { systemClock } from '../../clock.ts'
import { pinned } from './catch-up.ts'
import { isReadable, readEntry, type Writer } from './entry.ts'
import { beginningOf } from './epochs.ts'
import { heldOp } from './held-place.ts'
import type { PartitionLog } from './partition-log.ts'
import { isFull, noRoom, type Patience, patience } from './patience.ts'
import { compare, next, type Place } from './place.ts'
import { uploadSnapshot } from './snapshot.ts'

export interface LogWriterOptions {
  readonly log: PartitionLog
  /** This node's copy: all that was written, except what is being written. */
  readonly copy: LevelStore
  readonly writer: Writer
  /** The last entry there is. */
  readonly place: Place
  /** The id of its epoch. */
  readonly begun: string
  /**
   * Asked when the broker has forgotten: whether this node still owns the partition since `epoch`, as far as the members tell. Takes
   * as long as it takes to hear of all of them. Default: it does.
   */
  readonly mayRestore?: (epoch: number) => Promise<boolean>
  /** For how long after it was asked for a write says who owns the partition, ms. Well below a TTL. Default 1,000. */
  readonly trustMs?: number
  /** Monotonic ms. */
  readonly now?: () => number
  /** By it is waited before something is tried again. Default: the system's. */
  readonly monotonic?: Clock
  readonly onLost: () => void
  /** The log takes nothing more. */
  readonly onFull?: () => void
  readonly report: (error: unknown) => void
}

const TRUST_MS = 1_000

const monotonicNow = (): number => performance.now()
const never = (): Promise<never> => new Promise(() => {})

export class LogWriter {
  readonly #options: LogWriterOptions
  #place: Place
  #owned = true
  /** When what last said that this node is the owner was asked for, monotonic ms. */
  #trusted = Number.NEGATIVE_INFINITY
  #forgotten = false
  #resets = 0
  readonly #patience: Patience

  constructor(options: LogWriterOptions) {
    this.#options = options
    this.#place = options.place
    this.#patience = patience(options.monotonic ?? systemClock, options.report)
  }

  /** The last entry that was written. */
  get place(): Place {
    return this.#place
  }

  /** False once another node has taken over, or the partition was given up. */
  get owned(): boolean {
    return this.#owned
  }

  /** The broker has forgotten: before anything is written, it is given what it had. */
  forgot(): void {
    this.#resets++
    this.#forgotten = true
  }

  /** How often the broker has forgotten. */
  get resets(): number {
    return this.#resets
  }

  /** For a loop that tries again what the broker refuses. */
  waits(): ReturnType<Patience['waits']> {
    return this.#patience.waits()
  }

  /** Nothing is written from now on. */
  end(): void {
    this.#owned = false
  }

  /** Writes entries that belong together. Never settles when the partition is lost. One call at a time. */
  async write(entries: readonly Uint8Array[]): Promise<void> {
    if (!this.#owned) return never()
    const began = this.#now()
    for (let at = await this.#append(entries); ; at = await this.#append(entries)) {
      if (at) {
        this.#place = at
        this.#trusted = Math.max(this.#trusted, began)
        return
      }
      await this.remind()
    }
  }

  /**
   * Makes sure, when all of the last write is done, that it still counts. One that took long, because the process stood
   * still or the broker was out of reach, may be stored and sealed behind: nothing may follow from it. Never settles then.
   */
  async confirm(): Promise<void> {
    if (!(await this.isOwner(() => this.remind()))) return never()
  }

  /**
   * Whether this node was the owner a moment ago (`trustMs`): it has written since, or finds nothing of another's behind
   * what it wrote. `before` is done before each look. Does not reject.
   */
  async isOwner(before = async (): Promise<void> => {}): Promise<boolean> {
    const { trustMs = TRUST_MS } = this.#options
    const wait = this.waits()
    while (this.#owned && this.#now() - this.#trusted > trustMs) {
      await before()
      const asked = this.#now()
      const isFree = await this.#isFreeBehind(this.#place).catch(wait)
      if (isFree) this.#trusted = Math.max(this.#trusted, asked)
      else if (isFree === false) void this.#lose()
    }
    return this.#owned
  }

  /** Whether nobody else has written behind `place`; something of this process may be on its way there. */
  async #isFreeBehind(place: Place): Promise<boolean> {
    const { log, writer } = this.#options
    for (let at = next(place); ; at = next(at)) {
      const stored = await log.broker.get(log.subjects.entry(at))
      if (!stored) return true
      // What a later version wrote is not this process's.
      if (!isReadable(stored.data)) return false
      const { by, kind } = readEntry(stored.data)
      if (kind === 'seal' || by.node !== writer.node || by.life !== writer.life) return false
    }
  }

  get #now(): () => number {
    return this.#options.now ?? monotonicNow
  }

  /** Undefined when the broker forgot meanwhile, or had: some of the entries may stand there, or none. */
  async #append(entries: readonly Uint8Array[]): Promise<Place | undefined> {
    const { onFull = () => {}, log } = this.#options
    const { subjects } = log
    const wait = this.waits()
    const refused = (error: unknown): Promise<undefined> => {
      if (isFull(error)) onFull()
      return wait(error)
    }
    let at = this.#place
    for (const data of entries) {
      let written: 'created' | 'taken' | undefined
      while (!written && !this.#forgotten) {
        if (!this.#owned) return never()
        written = await this.#create(subjects.entry(next(at)), data).catch(refused)
      }
      if (this.#forgotten) return undefined
      if (written === 'taken') return this.#lose()
      this.#patience.over()
      at = next(at)
    }
    return at
  }

  /** Seals, marks and snapshots may take what room is left; what is to be kept for long may not. */
  async #create(subject: string, data: Uint8Array): Promise<'created' | 'taken'> {
    const { broker } = this.#options.log
    if (broker.hasRoom && !(await broker.hasRoom(data.length))) throw noRoom(subject)
    return broker.create(subject, data)
  }

  /** Uploads what the broker has forgotten. The log goes on at a place that was never written. */
  async remind(): Promise<void> {
    const wait = this.waits()
    while (this.#forgotten && this.#owned) {
      this.#forgotten = false
      try {
        await this.#upload()
      } catch (error) {
        // Also when it is the disk that fails: nothing may be written before it is done.
        this.#forgotten = true
        await wait(error)
      }
    }
  }

  async #upload(): Promise<void> {
    const { log, copy, writer, begun, mayRestore = async () => true } = this.#options
    const place = this.#place
    const { epoch } = place
    const tip = await log.tip()
    if (tip.epoch > epoch) return this.#lose()
    // The same place of another history is none of this one: somebody began anew on what the broker forgot.
    const isOurs = tip.origin === writer.origin
    if (isOurs && tip.epoch === epoch && (await this.#isAnother(begun))) return this.#lose()
    if (isOurs && compare(tip.place, place) === 0) return
    // What it has forgotten may be that another node has taken over.
    if (!(await mayRestore(epoch))) return this.#lose()
    const behind = { epoch, n: 2 + Math.max(place.n, tip.epoch === epoch ? tip.place.n : 0) }
    const restored = await uploadSnapshot(log.broker, log.subjects, { place: behind, begun }, () =>
      pinned(copy),
    )
    if (await log.mark(tip, writer, restored, begun)) {
      // From now on the log goes on there, whatever the disk says.
      this.#place = restored
      await copy.batch([heldOp({ place: restored, origin: writer.origin, begun })])
      return
    }
    this.#forgotten = true
    // Nobody goes on there, and nobody else writes at a place of this epoch.
    await log.broker.purge(log.subjects.snapshotParts(restored))
  }

  /** Somebody began this epoch anew, on a broker that had lost its beginning. */
  async #isAnother(begun: string): Promise<boolean> {
    const { broker, subjects } = this.#options.log
    const beginning = await beginningOf(broker, subjects, this.#place.epoch)
    return beginning?.id !== undefined && beginning.id !== begun
  }

  /** Another node has written behind this one's last entry. Never settles. */
  lose(): Promise<never> {
    return this.#lose()
  }

  #lose(): Promise<never> {
    if (this.#owned) {
      this.#owned = false
      this.#options.onLost()
    }
    return never()
  }
}
