/** The bounds of sharing a memory between processes: everything that waits has an end, everything held has a size. */

export interface SharingLimits {
  /** Largest request or answer, encoded. */
  readonly frameBytes: number
  /** Requests of one client that its owner works on at a time; the client keeps the others. */
  readonly inFlight: number
  /** Calls a process holds that are not answered yet, and their bytes. More are refused with `mailbox-full`. */
  readonly waiting: number
  readonly waitingBytes: number
  /** Connections an owner serves. */
  readonly clients: number
  /** Exports that one client reads at a time. */
  readonly exports: number
  /** How many owners may end under a call before it is given up: it may be what ends them. */
  readonly strikes: number
  /** Until a new connection has said who it is. */
  readonly helloMs: number
  /** An owner that says nothing for so long is asked whether it is there; after twice as long it counts as gone. */
  readonly quietMs: number
  /** How long a client may leave its answers unread. */
  readonly unreadMs: number
  /** How long an owner that closes waits for what is under way for its clients. */
  readonly drainMs: number
  /** How long a call waits for an owner: for one to serve, or for the directory to be free. */
  readonly ownerMs: number
}

export const SHARING_LIMITS: SharingLimits = {
  frameBytes: 8 * 1024 * 1024,
  inFlight: 64,
  waiting: 1_024,
  waitingBytes: 64 * 1024 * 1024,
  clients: 128,
  exports: 8,
  strikes: 3,
  helloMs: 2_000,
  quietMs: 5_000,
  unreadMs: 30_000,
  drainMs: 10_000,
  ownerMs: 10_000,
}
