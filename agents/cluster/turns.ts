/** So many at a time, the others in the order they came. Shared by the partitions of a node. */

export interface Turns {
  /** Resolves with how to end the turn. */
  take(): Promise<() => void>
}

export function takeTurns(atOnce: number): Turns {
  const waiting: (() => void)[] = []
  let taken = 0
  const release = (): void => {
    const next = waiting.shift()
    if (next) next()
    else taken--
  }
  const once = (): (() => void) => {
    let released = false
    return () => {
      if (!released) release()
      released = true
    }
  }
  return {
    async take() {
      if (taken < atOnce) taken++
      else await new Promise<void>(resolve => waiting.push(resolve))
      return once()
    },
  }
}
