/**
 * Time, chance and identity as parameters. Nothing in `actors/` reads a clock, rolls a die or makes an id
 * by itself: the host hands these in, so that a simulation can own them and a replay can repeat them.
 */

/** Cancels what it was returned for; calling it again does nothing. */
export type Cancel = () => void

export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Calls `fire` once at or after `due` (absolute, same scale as `now`). A past `due` fires as soon as possible. */
  at(due: number, fire: () => void): Cancel
}

export interface Host {
  readonly clock: Clock
  /** Uniform in [0, 1). */
  random(): number
  /** A new unique token matching the address grammar. */
  id(): string
  /** Runs `task` after the current one, before any timer: the actors' scheduler. */
  defer(task: () => void): void
}
