/**
 * Iterations over a store, and times without any. Called by `level.ts`: a compaction cannot remove a file that an
 * iteration holds. Whoever iterates must not begin another iteration inside, or both would wait for ever.
 */

export interface QuietTimes {
  /** The entries, once nothing that wants quiet is under way. */
  during<T>(entries: () => AsyncIterable<T>): AsyncIterable<T>
  /** Does `work` when no iteration is under way, and lets none begin meanwhile. */
  without(work: () => Promise<void>): Promise<void>
  /** Resolves when no `without` is under way. */
  quiet(): Promise<void>
}

export function quietTimes(): QuietTimes {
  let iterations = 0
  let noneLeft: (() => void) | undefined
  let working: Promise<void> = Promise.resolve()
  let waiting = 0

  async function* counted<T>(entries: () => AsyncIterable<T>): AsyncIterable<T> {
    while (waiting > 0) await working
    iterations++
    try {
      yield* entries()
    } finally {
      iterations--
      if (iterations === 0) noneLeft?.()
    }
  }
  const alone = async (before: Promise<void>, work: () => Promise<void>): Promise<void> => {
    await before
    try {
      if (iterations > 0) {
        await new Promise<void>(resolve => {
          noneLeft = resolve
        })
      }
      await work()
    } finally {
      noneLeft = undefined
      waiting--
    }
  }
  return {
    during: counted,
    without(work) {
      waiting++
      const mine = alone(working, work)
      working = mine.catch(() => undefined)
      return mine
    },
    quiet: () => working,
  }
}
