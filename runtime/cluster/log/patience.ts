/**
 * What is done again as long as the broker is not there, or refuses: it waits longer each time, and says so at first and
 * then now and then. What is refused for good (not allowed, no JetStream, no room) is waited for as well: whether an entry
 * was stored before that is not known, so the partition can neither go on nor be given up, until somebody mends it.
 */
import type { Clock } from '../../../actors/clock.ts'
import { RuntimeError, toRuntimeError } from '../../../actors/errors.ts'

const FIRST_MS = 50
const LONGEST_MS = 2_000
/** How often a trouble that lasts is told of, and one that comes again and again, ms. */
const TELL_MS = { lasting: 30_000, again: 5_000 } as const

export interface Patience {
  /** For one loop: waits after each failure. Rejects with what is no trouble of the broker's. */
  waits(): (error: unknown) => Promise<undefined>
  /** The next failure is another trouble. */
  over(): void
}

export function patience(clock: Clock, report: (error: unknown) => void): Patience {
  let toldAt: number | undefined
  let isOver = false
  const tell = (error: RuntimeError): void => {
    if (toldAt !== undefined && clock.now() - toldAt < TELL_MS[isOver ? 'again' : 'lasting']) return
    isOver = false
    toldAt = clock.now()
    report(error)
  }
  return {
    waits() {
      let ms = FIRST_MS
      return async thrown => {
        const error = toRuntimeError(thrown, 'internal')
        if (error.kind !== 'broker-unavailable') throw thrown
        tell(error)
        if (!error.retryable) ms = LONGEST_MS
        const due = clock.now() + ms
        ms = Math.min(2 * ms, LONGEST_MS)
        await new Promise<void>(resolve => void clock.at(due, resolve))
        return undefined
      }
    },
    over() {
      isOver = true
    },
  }
}

/** What is left is for snapshots. */
export const noRoom = (subject: string): RuntimeError =>
  new RuntimeError('broker-unavailable', `the write to ${subject} waits until the log has room`, {
    why: 'what room is left is kept for snapshots, which free what they cover',
    fix: 'raise maxBytes of the broker or the storage limit of the server if it stays so',
    details: { isFull: true },
  })

/** The log takes nothing more: a snapshot may make room. */
export const isFull = (thrown: unknown): boolean =>
  toRuntimeError(thrown, 'internal').details?.['isFull'] === true
