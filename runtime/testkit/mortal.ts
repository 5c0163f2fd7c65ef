/**
 * Runtimes that die: one after the other on the same journal and the same simulated clock. Death comes with the
 * commit of a given number, just before or just after it is stored, and from then on nothing of that runtime runs.
 */
import type { Host } from '../../actors/clock.ts'
import type { Journal } from '../../actors/journal.ts'
import { inMemoryJournal } from '../../memory/in-memory-journal.ts'
import { createRuntime, type Runtime, type RuntimeOptions } from '../create-runtime.ts'
import { fairScheduler } from '../host.ts'
import { type SimulatedClock, simulatedClock } from './simulated-clock.ts'

export interface Mortal {
  readonly clock: SimulatedClock
  /** What the lives leave behind. */
  readonly journal: Journal
  /** Appends so far, over all lives. */
  readonly commits: number
  /** Effects whose results are stored: none of them may ever be started again. */
  readonly results: ReadonlySet<string>
  /** Starts the next life; the one before is dead from now on. */
  live(options?: RuntimeOptions): Runtime
  /** The life of now ends with the append that makes `commits` this number. */
  dieAt(commits: number, stored: boolean): void
  /** The life of now ends at once. */
  die(): void
  readonly isDead: boolean
}

const never = new Promise<never>(() => {})

export interface MortalOptions {
  readonly snapshotEvery?: number
  /** As a journal on one disk is; else each commit is waited for before it is acted on. Default true. */
  readonly ordered?: boolean
  /** A clock shared with others. */
  readonly clock?: SimulatedClock
}

export function mortal(options: MortalOptions = {}): Mortal {
  const { snapshotEvery = 4, ordered = true, clock = simulatedClock() } = options
  // It outlives the runtimes, if not the process.
  const journal: Journal = { ...inMemoryJournal({ snapshotEvery }), durable: true, ordered }
  const queue = fairScheduler()
  let life = 0
  let dead = false
  let commits = 0
  let ids = 0
  const results = new Set<string>()
  let fatal: { readonly at: number; readonly stored: boolean } | undefined

  const hostOf = (mine: number): Host => {
    const alive = (): boolean => mine === life && !dead
    const whileAlive = (act: () => void) => (): void => {
      if (alive()) act()
    }
    return {
      clock: { now: clock.now, at: (due, fire) => clock.at(due, whileAlive(fire)) },
      random: () => 0.5,
      id: () => `id-${++ids}`,
      defer: task => queue(whileAlive(task)),
    }
  }

  const journalOf = (mine: number): Journal => {
    const alive = (): boolean => mine === life && !dead
    return {
      ...journal,
      append(commit, state, options) {
        if (!alive()) return never
        commits++
        const dies = fatal?.at === commits
        if (!dies || fatal?.stored) {
          journal.append(commit, state, options)
          if (commit.taken.kind === 'result') results.add(commit.taken.intent)
        }
        if (!dies) return Promise.resolve().then(() => (alive() ? undefined : never))
        dead = true
        return never
      },
      snapshot: (...args) => (alive() ? journal.snapshot(...args) : never),
      remove: actor => (alive() ? journal.remove(actor) : never),
      records: {
        ...journal.records,
        put: (...args) => (alive() ? journal.records.put(...args) : never),
        remove: (...args) => (alive() ? journal.records.remove(...args) : never),
      },
      close: async () => {},
    }
  }

  return {
    clock,
    journal,
    results,
    get commits() {
      return commits
    },
    get isDead() {
      return dead
    },
    live(options) {
      life++
      dead = false
      fatal = undefined
      return createRuntime({ name: `life-${life}`, ...options, host: hostOf(life), journal: journalOf(life) })
    },
    dieAt(at, stored) {
      fatal = { at, stored }
    },
    die() {
      dead = true
    },
  }
}
