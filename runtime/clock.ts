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

/** How long a timer that was due, and is not since the clock was set back, waits until it looks again, ms. */
export const LOOK_AGAIN_MS = 60_000

/** A clock over `timers` that keeps the contract of `at` where setTimeout alone would not. */
export function clockOver<Handle>({ now, set, clear }: Timers<Handle>): Clock {
  return {
    now,
    at(due, fire) {
      let handle: Handle
      const arm = (most: number): void => {
        const left = Math.max(0, Math.ceil(due - now()))
        handle = set(() => ring(left > LONGEST_MS), Math.min(left, most))
      }
      // Too early after a capped wait, by up to a millisecond when timer and wall clock round differently, and by as much
      // as the clock was set back meanwhile: then it may be set right at any moment.
      const ring = (isCapped: boolean): void => {
        if (now() < due) arm(isCapped ? LONGEST_MS : LOOK_AGAIN_MS)
        else fire()
      }
      arm(LONGEST_MS)
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
