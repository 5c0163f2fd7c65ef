/**
 * The timers of one actor, by the id its machine may cancel them with. A timer that has fired stays until the
 * actor takes its event, so that one which is cancelled or set anew in between is recognised as stale.
 */
import type { Cancel, Clock } from './clock.ts'
import type { Cause, Taken } from './journal.ts'

type Fired = Taken & { readonly kind: 'timer' }

interface Timer {
  readonly fired: Fired
  readonly cancel: Cancel
}

export class Timers {
  readonly #clock: Clock
  readonly #armed = new Map<string, Timer>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Calls `fire` at `due` (absolute ms); a timer of the same id is replaced. */
  arm(fired: Fired, due: number, fire: (fired: Fired) => void): void {
    this.disarm(fired.id)
    this.#armed.set(fired.id, { fired, cancel: this.#clock.at(due, () => fire(fired)) })
  }

  disarm(id: string): void {
    this.#armed.get(id)?.cancel()
    this.#armed.delete(id)
  }

  /** The event of a timer that fired, once; undefined when it was cancelled or replaced since. */
  take(fired: Fired): { readonly type: string } | undefined {
    if (this.#armed.get(fired.id)?.fired !== fired) return undefined
    this.#armed.delete(fired.id)
    return fired.event
  }

  /** True while a timer is set on behalf of `cause`. */
  hasFor(cause: Cause): boolean {
    for (const { fired } of this.#armed.values()) if (fired.cause?.id === cause.id) return true
    return false
  }

  clear(): void {
    for (const { cancel } of this.#armed.values()) cancel()
    this.#armed.clear()
  }
}
