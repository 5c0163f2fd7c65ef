/**
 * Many deadlines over one timer: those of asks and requests, of which nearly all are called off long before they are
 * due. A timer for each would cost more than the rest of an ask. Called by whoever waits for many answers.
 */
import type { Cancel, Clock } from '../actors/clock.ts'

export interface Deadlines {
  /** Calls `late` once, when `due` (absolute ms) is there. Returns how to call it off. As `Clock.at`. */
  at(due: number, late: () => void): Cancel
}

interface Deadline {
  readonly due: number
  readonly late: () => void
}

/** While none is open no timer is, so that it keeps no process alive. */
export function deadlinesOn(clock: Clock): Deadlines {
  const open = new Set<Deadline>()
  let armedFor = Number.POSITIVE_INFINITY
  let disarm: Cancel = () => {}

  const arm = (due: number): void => {
    disarm()
    armedFor = due
    disarm = clock.at(due, ring)
  }
  const ring = (): void => {
    const now = clock.now()
    armedFor = Number.POSITIVE_INFINITY
    const due = [...open].filter(one => one.due <= now).sort((a, b) => a.due - b.due)
    for (const one of due) if (open.delete(one)) tell(one)
    let next = armedFor
    for (const one of open) next = Math.min(next, one.due)
    if (next < armedFor) arm(next)
  }
  return {
    at(due, late) {
      const deadline = { due, late }
      open.add(deadline)
      if (due < armedFor) arm(due)
      return () => {
        if (!open.delete(deadline) || open.size > 0) return
        disarm()
        armedFor = Number.POSITIVE_INFINITY
      }
    },
  }
}

/** One that throws is heard by the process, and keeps no other from being told. */
function tell({ late }: Deadline): void {
  try {
    late()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
