/** A journal whose commits wait for the test: it lets them through one by one, or lets them fail. */
import type { Address } from '../../actors/address.ts'
import type { Commit, Journal } from '../../actors/journal.ts'
import { inMemoryJournal } from '../../memory/in-memory-journal.ts'

interface Held {
  readonly commit: Commit
  readonly through: () => void
  readonly fail: (error: Error) => void
}

export interface HeldJournal extends Journal {
  /** Commits that wait, oldest first. */
  readonly waiting: readonly Commit[]
  /** Every commit that was tried, as `address.seq`. */
  readonly tried: readonly string[]
  /** From now on commits wait, of every actor or of one alone. */
  hold(actor?: Address): void
  /** Lets the oldest commit through. */
  release(): void
  /** Lets the oldest commit fail: nothing of it is recorded. */
  reject(error?: Error): void
}

/** Commits at once until `hold` is called. */
export function heldJournal(): HeldJournal {
  const inner = inMemoryJournal()
  const held: Held[] = []
  const tried: string[] = []
  let holds: (actor: Address) => boolean = () => false
  return {
    ...inner,
    tried,
    get waiting() {
      return held.map(({ commit }) => commit)
    },
    hold(actor) {
      holds = each => actor === undefined || each === actor
    },
    release: () => held.shift()?.through(),
    reject: (error = new Error('the disk is full')) => held.shift()?.fail(error),
    append(commit, state) {
      tried.push(`${commit.actor}.${commit.seq}`)
      if (!holds(commit.actor)) return inner.append(commit, state)
      return new Promise<void>((resolve, reject) => {
        const through = (): void => {
          try {
            inner.append(commit, state)
            resolve()
          } catch (error) {
            reject(error)
          }
        }
        held.push({ commit, through, fail: reject })
      })
    },
  }
}
