/**
 * The machine's own clock, for everything that runs outside a simulation. The host hands it to the actors;
 * the wrappers of `resilience/` use it unless they are given another.
 */
import type { Clock } from '../actors/clock.ts'

/** What a clock is made of, so that a test can drive the long waits. */
export interface Timers<Handle> {
  now(): number
  set(fire: () => void, ms: number): Handle
  clear(handle: Handle): void
}

/** The longest wait setTimeout knows; more makes it fire at once. */
const LONGEST_MS = 2 ** 31 - 1

/** A clock over `timers` that keeps the contract of `at` where setTimeout alone would not. */
export function clockOver<Handle>({ now, set, clear }: Timers<Handle>): Clock {
  return {
    now,
    at(due, fire) {
      let handle: Handle
      const arm = (): void => {
        handle = set(ring, Math.min(Math.max(0, Math.ceil(due - now())), LONGEST_MS))
      }
      // Too early after a capped wait, and by up to a millisecond when timer and wall clock round differently.
      const ring = (): void => {
        if (now() < due) arm()
        else fire()
      }
      arm()
      return () => clear(handle)
    },
  }
}

/** Wall-clock time and setTimeout. A waiting timer keeps the process alive. */
export const systemClock: Clock = clockOver<NodeJS.Timeout>({
  now: () => Date.now(),
  set: (fire, ms) => setTimeout(fire, ms),
  clear: handle => clearTimeout(handle),
})

/** Time since the process began, which no correction of the wall clock moves. For judging silence. */
export const monotonicClock: Clock = clockOver<NodeJS.Timeout>({
  now: () => performance.now(),
  set: (fire, ms) => setTimeout(fire, ms),
  clear: handle => clearTimeout(handle),
})
