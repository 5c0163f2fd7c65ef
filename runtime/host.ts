/** The real world, as the actors' kernel sees it: wall clock, chance, ids, and the order of deferred work. */
import { randomUUID } from 'node:crypto'
import type { Host } from '../actors/clock.ts'
import { systemClock } from './clock.ts'

/** Deferred tasks run in one microtask until this many have run; then timers and I/O get their turn. */
const BATCH = 1_024

/** A scheduler that keeps order and cannot starve the event loop, however busy actors keep each other. */
export function fairScheduler(): (task: () => void) => void {
  let queue: (() => void)[] = []
  let head = 0
  let awake = false

  const run = (): void => {
    const end = head + BATCH
    // Tasks deferred meanwhile are appended to the same queue; a task that throws must not stop the others.
    while (head < queue.length && head < end) {
      const task = queue[head++] as () => void
      try {
        task()
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
    if (head < queue.length) {
      // Actors that keep each other busy never empty the queue: what is done must not pile up before it.
      if (head * 2 >= queue.length) {
        queue = queue.slice(head)
        head = 0
      }
      setImmediate(run)
      return
    }
    queue = []
    head = 0
    awake = false
  }

  return task => {
    queue.push(task)
    if (awake) return
    awake = true
    queueMicrotask(run)
  }
}

export const systemHost = (): Host => ({
  clock: systemClock,
  random: Math.random,
  id: () => randomUUID(),
  defer: fairScheduler(),
})
