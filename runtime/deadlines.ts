/**
 * Many deadlines over one timer: those of asks and requests, of which nearly all are called off long before they are
 * due. A timer for each would cost more than the rest of an ask. Called by whoever waits for many answers.
 */
import type { Cancel, Clock } from '../actors/clock.ts'

/** Whatever waits: it is its own entry, so that waiting costs no object besides. */
export interface Deadline {
  /** Absolute ms. */
  readonly due: number
  /** Called once, when `due` is there. */
  late(): void
}

export interface Deadlines {
  /** As `Clock.at`. */
  open(one: Deadline): void
  /** Calls it off. Nothing happens when it is not open. */
  close(one: Deadline): void
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
    open(one) {
      open.add(one)
      if (one.due < armedFor) arm(one.due)
    },
    close(one) {
      if (!open.delete(one) || open.size > 0) return
      disarm()
      armedFor = Number.POSITIVE_INFINITY
    },
  }
}

/** One that throws is heard by the process, and keeps no other from being told. */
function tell(one: Deadline): void {
  try {
    one.late()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
