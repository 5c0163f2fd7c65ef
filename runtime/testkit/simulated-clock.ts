/** A clock that stands still until a test moves it: timers fire in due order, and nobody sleeps. */
import type { Cancel, Clock } from '../../actors/clock.ts'

export interface SimulatedClock extends Clock {
  /** Moves time forward by `ms`, firing due timers in order and letting the work they cause settle. */
  advance(ms: number): Promise<void>
  /** Due times of the timers that wait, soonest first. */
  pending(): readonly number[]
}

interface Timer {
  readonly due: number
  readonly order: number
  readonly fire: () => void
}

/** A clock starting at `start` (ms since the epoch). */
export function simulatedClock(start = Date.UTC(2026, 0, 1)): SimulatedClock {
  let now = start
  let order = 0
  const timers = new Set<Timer>()
  const next = (): Timer | undefined => {
    let first: Timer | undefined
    for (const timer of timers)
      if (!first || (timer.due - first.due || timer.order - first.order) < 0) first = timer
    return first
  }

  return {
    now: () => now,
    at(due, fire): Cancel {
      const timer = { due, order: order++, fire }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    async advance(ms) {
      const until = now + ms
      await settle()
      for (let timer = next(); timer && timer.due <= until; timer = next()) {
        timers.delete(timer)
        now = Math.max(now, timer.due)
        timer.fire()
        await settle()
      }
      now = until
    },
    pending: () => [...timers].map(timer => timer.due).sort((a, b) => a - b),
  }
}

/** Lets promises and deferred tasks run until the event loop would go idle. */
export const settle = async (): Promise<void> => {
  for (let i = 0; i < 3; i++) await new Promise<void>(resolve => setImmediate(resolve))
}
