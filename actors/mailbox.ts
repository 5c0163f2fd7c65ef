/**
 * A bounded queue in front of one actor. XState's own mailbox is unbounded and runs inline; this one says no.
 * Control messages (results of the actor's own work, its supervisor, cancellation) have a lane of their own
 * that is always taken first and is not bounded by the user lane's capacity: each of them answers something
 * the actor itself started, so their number is bounded by that.
 *
 * Hot path: bench/scenarios/local-ask.ts
 */
import { RuntimeError } from './errors.ts'

export interface MailboxOptions {
  /** User messages that may wait. Default 1,000. */
  readonly capacity?: number
  /** What happens to a message that does not fit: refuse it, or make room by giving up the oldest. Default `reject`. */
  readonly overflow?: 'reject' | 'drop-oldest'
}

export const DEFAULT_CAPACITY = 1_000

/** A first-in first-out queue over one array; the head moves, so that taking is O(1). */
interface Lane<T> {
  items: (T | undefined)[]
  head: number
}

export class Mailbox<Control, User> {
  readonly #capacity: number
  readonly #overflow: 'reject' | 'drop-oldest'
  #control: Lane<Control> | undefined
  #user: Lane<User> | undefined

  /** Throws `definition-invalid` for a capacity that is not a positive whole number or an unknown `overflow`. */
  constructor({ capacity = DEFAULT_CAPACITY, overflow = 'reject' }: MailboxOptions = {}) {
    if (!Number.isSafeInteger(capacity) || capacity < 1) {
      throw new RuntimeError(
        'definition-invalid',
        `mailbox capacity ${capacity} is not a positive whole number`,
      )
    }
    if (overflow !== 'reject' && overflow !== 'drop-oldest') {
      throw new RuntimeError('definition-invalid', `mailbox overflow "${String(overflow)}" is not known`, {
        fix: 'use reject or drop-oldest',
      })
    }
    this.#capacity = capacity
    this.#overflow = overflow
  }

  /** User messages that wait. */
  get size(): number {
    return length(this.#user)
  }

  get isEmpty(): boolean {
    return length(this.#control) === 0 && length(this.#user) === 0
  }

  pushControl(message: Control): void {
    this.#control ??= { items: [], head: 0 }
    this.#control.items.push(message)
  }

  /** Queues a user message. Returns the message that was given up for it, if any. Throws `mailbox-full`. */
  push(message: User): User | undefined {
    this.#user ??= { items: [], head: 0 }
    let given: User | undefined
    if (length(this.#user) >= this.#capacity) {
      if (this.#overflow === 'reject') throw full(this.#capacity)
      given = take(this.#user)
    }
    this.#user.items.push(message)
    return given
  }

  /** Puts a message back in front: the one a crash interrupted. Never refused, it had its place already. */
  pushFront(message: User): void {
    this.#user ??= { items: [], head: 0 }
    this.#user.items.splice(this.#user.head, 0, message)
  }

  takeControl(): Control | undefined {
    return this.#control && take(this.#control)
  }

  takeUser(): User | undefined {
    return this.#user && take(this.#user)
  }

  /** Puts what `next` makes of a waiting message that fits in its place. False when none does. */
  replace(fits: (message: User) => boolean, next: (message: User) => User): boolean {
    const lane = this.#user
    for (let i = lane?.head ?? 0; lane && i < lane.items.length; i++) {
      const item = lane.items[i] as User
      if (!fits(item)) continue
      lane.items[i] = next(item)
      return true
    }
    return false
  }

  /** Removes and returns the first waiting user message that fits. */
  remove(fits: (message: User) => boolean): User | undefined {
    const lane = this.#user
    if (!lane) return undefined
    for (let i = lane.head; i < lane.items.length; i++) {
      const item = lane.items[i] as User
      if (fits(item)) {
        lane.items.splice(i, 1)
        return item
      }
    }
    return undefined
  }

  /** Empties both lanes and returns the user messages, oldest first. */
  clear(): User[] {
    const rest = this.#user ? (this.#user.items.slice(this.#user.head) as User[]) : []
    this.#user = undefined
    this.#control = undefined
    return rest
  }
}

const length = (lane: Lane<unknown> | undefined): number => (lane ? lane.items.length - lane.head : 0)

function take<T>(lane: Lane<T>): T | undefined {
  if (lane.head >= lane.items.length) return undefined
  const item = lane.items[lane.head]
  lane.items[lane.head++] = undefined
  if (lane.head === lane.items.length) {
    lane.items.length = 0
    lane.head = 0
  } else if (lane.head > 64 && lane.head * 2 > lane.items.length) {
    lane.items.splice(0, lane.head)
    lane.head = 0
  }
  return item
}

const full = (capacity: number): RuntimeError =>
  new RuntimeError('mailbox-full', `the mailbox already holds ${capacity} messages`, {
    fix: 'send more slowly, raise the capacity, or spread the work over more actors',
    details: { capacity },
  })
