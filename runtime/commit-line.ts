/**
 * All commits of a node in one line. A journal on disk stores them in the order of the calls, so that nothing is
 * there without what came before it: actors of one node may act on each other's commits while these are being
 * written, and only what leaves the node waits until all before it is stored. That is what lets a chain of commits
 * share one sync.
 *
 * When the disk fails, what is not stored stays in line and is tried again, in the same order, until it is: nothing
 * of it is done before, and nothing of it is lost. Used by `node.ts`; a journal in memory needs none of it.
 */
import type { Address } from '../actors/address.ts'
import type { Clock } from '../actors/clock.ts'
import { type RuntimeError, toRuntimeError, toWireError } from '../actors/errors.ts'
import type { EventSink } from '../actors/events.ts'
import type { AppendOptions, Commit, Journal, Records, StoredState } from '../actors/journal.ts'
import { sameData } from '../actors/plain.ts'

interface Entry {
  /** Whose it is: an address, or the id of a record. */
  readonly of: string
  readonly number: number
  /** Writes it. What it offers as a snapshot is of the first time only: later the actor has gone on. */
  write(first: boolean): Promise<void> | void
  /** Whether it was stored although it was refused. */
  isStored(): Promise<boolean>
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** The journal of a node whose commits stand in line. */
export const inLine = (journal: Journal, line: CommitLine): Journal => ({
  ...journal,
  append: (commit, state, options = {}) => line.append(commit, state, options),
  snapshot: (actor, seq, state, options = {}) => line.snapshot(actor, seq, state, options),
  remove: actor => line.remove(actor),
  records: { ...journal.records, put: (...args) => line.put(...args) },
  async read(actor) {
    await line.flushed()
    return journal.read(actor)
  },
})

/** Between two tries to write to a disk that fails, ms. */
const FIRST_PAUSE_MS = 100
const MAX_PAUSE_MS = 5_000

export interface CommitLineOptions {
  readonly journal: Journal
  readonly clock: Clock
  readonly events: EventSink
}

export class CommitLine {
  readonly #options: CommitLineOptions
  /** Not stored yet, oldest first. */
  #line: Entry[] = []
  #issued = 0
  #stored = 0
  #failing = false
  /** What waits until the commits up to a number are stored. */
  #waiting: { readonly after: number; readonly act: () => void }[] = []

  constructor(options: CommitLineOptions) {
    this.#options = options
  }

  append(commit: Commit, state: () => StoredState | undefined, options: AppendOptions): Promise<void> {
    const { journal } = this.#options
    const { actor, seq, taken } = commit
    return this.#enter(actor, {
      write: first => {
        let offers = first
        const stored = journal.append(commit, () => (offers ? state() : undefined), options)
        offers = false
        return stored
      },
      async isStored() {
        // Later ones of the same actor may have reached the disk with it.
        const recorded = await journal.read(actor)
        const stored = recorded?.commits.find(one => one.seq === seq)
        return stored ? sameData(stored.taken, taken) : (recorded?.snapshot?.seq ?? 0) >= seq
      },
    })
  }

  snapshot(actor: Address, seq: number, state: StoredState, options: AppendOptions): Promise<void> {
    const { journal } = this.#options
    return this.#enter(actor, {
      write: () => journal.snapshot(actor, seq, state, options),
      // One that was not stored costs a little time at the next start.
      isStored: async () => true,
    })
  }

  remove(actor: Address): Promise<void> {
    const { journal } = this.#options
    // Removing what is gone is no error, so it may be done again.
    return this.#enter(actor, { write: () => journal.remove(actor), isStored: async () => true })
  }

  put(...[kind, id, value, options]: Parameters<Records['put']>): Promise<void> {
    const { records } = this.#options.journal
    const write = (): Promise<void> => records.put(kind, id, value, options)
    return this.#enter(id, { write, isStored: async () => false })
  }

  /** Does `act` once everything in line is stored: at once when nothing is. */
  whenStored(act: () => void): void {
    if (this.#stored === this.#issued) act()
    else this.#waiting.push({ after: this.#issued, act })
  }

  /** Resolves when everything in line now is stored. */
  flushed(): Promise<void> {
    return new Promise(resolve => this.whenStored(resolve))
  }

  #enter(of: string, { write, isStored }: Pick<Entry, 'write' | 'isStored'>): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const entry: Entry = { of, number: ++this.#issued, write, isStored, resolve, reject }
      this.#line.push(entry)
      if (!this.#failing) this.#write(entry)
    })
  }

  #write(entry: Entry): void {
    try {
      const written = entry.write(true)
      if (!written) this.#leave(entry)
      written?.then(
        () => this.#leave(entry),
        error => this.#failed(entry, error),
      )
    } catch (error) {
      this.#failed(entry, error)
    }
  }

  #leave(entry: Entry): void {
    const at = this.#line.indexOf(entry)
    if (at < 0) return
    this.#line.splice(at, 1)
    entry.resolve()
    this.#advance()
  }

  #advance(): void {
    this.#stored = this.#line[0] ? this.#line[0].number - 1 : this.#issued
    while (this.#waiting[0] && this.#waiting[0].after <= this.#stored) this.#waiting.shift()?.act()
  }

  #failed(entry: Entry, thrown: unknown): void {
    if (!this.#line.includes(entry)) return
    const error = toRuntimeError(thrown, 'internal')
    // While it fails, the loop comes to each in its turn.
    if (this.#failing) return
    if (error.kind === 'store-failed') void this.#tryAgain(error)
    else this.#giveUp(entry, error)
  }

  /** Not a failure of the disk: its actor hears of it and crashes, and the others go on. */
  #giveUp(entry: Entry, error: RuntimeError): void {
    this.#line.splice(this.#line.indexOf(entry), 1)
    entry.reject(error)
    this.#advance()
  }

  async #tryAgain(first: RuntimeError): Promise<void> {
    this.#failing = true
    let failure: RuntimeError | undefined = first
    for (let attempt = 1; this.#line[0]; ) {
      const entry = this.#line[0]
      if (failure) await this.#pause(entry.of as Address, attempt++, failure)
      failure = await this.#once(entry)
      if (!failure) attempt = 1
    }
    this.#failing = false
  }

  /** One more try of one entry. Returns the failure when it is the disk's again. */
  async #once(entry: Entry): Promise<RuntimeError | undefined> {
    try {
      await entry.write(false)
      this.#leave(entry)
    } catch (thrown) {
      const error = toRuntimeError(thrown, 'internal')
      if (error.kind === 'store-failed') return error
      if (error.kind === 'journal-conflict' && (await entry.isStored().catch(() => false))) this.#leave(entry)
      else this.#giveUp(entry, error)
    }
    return undefined
  }

  #pause(actor: Address, attempt: number, error: RuntimeError): Promise<void> {
    const { clock, events } = this.#options
    const at = clock.now()
    const delayMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1))
    if (events.on) events.emit({ type: 'journal.failed', at, actor, error: toWireError(error), delayMs })
    return new Promise(resolve => clock.at(at + delayMs, resolve))
  }
}
