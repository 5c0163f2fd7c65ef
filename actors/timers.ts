/**
 * The timers of one actor, by the id its machine may cancel them with. A timer that has fired stays until the
 * actor takes its event, so that one which is cancelled or set anew in between is recognised as stale. Set and
 * armed are two things: while an actor is recovered its timers are only set.
 */
import type { Cause } from './cause.ts'
import type { Cancel, Clock } from './clock.ts'
import type { Taken } from './journal.ts'
import type { StoredTimer } from './outstanding.ts'

export type Fired = Taken & { readonly kind: 'timer' }

interface Timer {
  readonly fired: Fired
  readonly due: number
  cancel: Cancel | undefined
}

export class Timers {
  readonly #set = new Map<string, Timer>()

  get size(): number {
    return this.#set.size
  }

  /** Notes a timer for `due` (absolute ms); one of the same id is replaced. */
  set(fired: Fired, due: number): void {
    this.disarm(fired.id)
    this.#set.set(fired.id, { fired, due, cancel: undefined })
  }

  /** Calls `fire` when a timer is due. */
  arm(id: string, clock: Clock, fire: (fired: Fired) => void): void {
    const timer = this.#set.get(id)
    if (timer && !timer.cancel) timer.cancel = clock.at(timer.due, () => fire(timer.fired))
  }

  /** Arms all that are set, the earliest first: what is late fires at once, in that order. */
  armAll(clock: Clock, fire: (fired: Fired) => void): void {
    for (const { fired } of [...this.#set.values()].sort((a, b) => a.due - b.due))
      this.arm(fired.id, clock, fire)
  }

  disarm(id: string): void {
    this.#set.get(id)?.cancel?.()
    this.#set.delete(id)
  }

  /** The event of a timer that fired, once; undefined when it was cancelled or replaced since. */
  take(fired: Fired): { readonly type: string } | undefined {
    if (this.#set.get(fired.id)?.fired !== fired) return undefined
    this.#set.delete(fired.id)
    return fired.event
  }

  /** True while a timer is set on behalf of `cause`. */
  hasFor(cause: Cause): boolean {
    for (const { fired } of this.#set.values()) if (fired.cause?.id === cause.id) return true
    return false
  }

  clear(): void {
    for (const { cancel } of this.#set.values()) cancel?.()
    this.#set.clear()
  }

  store(): StoredTimer[] {
    return [...this.#set.values()].map(({ fired: { id, event, cause }, due }) => ({
      id,
      due,
      event,
      ...(cause && { cause }),
    }))
  }

  load(timers: readonly StoredTimer[]): void {
    for (const { due, ...timer } of timers) this.set({ kind: 'timer', ...timer }, due)
  }
}
