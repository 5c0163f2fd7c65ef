/** The seat a process has now, and the next one when its owner is gone. Called by `shared-calls.ts`. */
import type { Seat } from './take-seat.ts'

export interface Seats {
  now(): Seat
  /** Rejects with what taking the next one rejects with; the call after that tries again. */
  taken(): Promise<Seat>
  /** Owner: what clients have under way is answered, they are sent away. */
  stopServing(): Promise<void>
  /** Gives the directory free, or ends the connection. */
  leave(): Promise<void>
}

export function seatsFrom(first: Seat, takeNext: () => Promise<Seat>): Seats {
  let seat = first
  let taking: Promise<Seat> | undefined

  const take = async (): Promise<Seat> => {
    try {
      seat = await takeNext()
      return seat
    } finally {
      taking = undefined
    }
  }
  return {
    now: () => seat,
    async taken() {
      if (seat.role === 'owner' || !seat.connection.isEnding()) return seat
      taking ??= take()
      return taking
    },
    async stopServing() {
      if (seat.role === 'owner') await seat.server.close()
    },
    async leave() {
      // A seat that is being taken would otherwise be held for ever. Whoever asked for it is told how it ended.
      await taking?.catch(() => undefined)
      if (seat.role === 'client') return seat.connection.close()
      await seat.server.close()
      await seat.memory.close()
    },
  }
}
