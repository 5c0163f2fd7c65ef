/**
 * Messages that nobody will process, kept for people: what it was, why it ended here, and when. Bounded: the
 * oldest make room, and how many were lost that way is counted, never hidden.
 */
import type { Envelope } from './envelope.ts'
import type { WireError } from './errors.ts'

export interface DeadLetter {
  readonly at: number
  readonly envelope: Envelope
  readonly error: WireError
}

export class DeadLetters {
  readonly #capacity: number
  readonly #letters: DeadLetter[] = []
  #total = 0

  constructor(capacity = 1_000) {
    this.#capacity = capacity
  }

  /** Keeps a letter. Returns the oldest one when it had to make room. */
  add(at: number, envelope: Envelope, error: WireError): DeadLetter | undefined {
    this.#total++
    this.#letters.push({ at, envelope, error })
    return this.#letters.length > this.#capacity ? this.#letters.shift() : undefined
  }

  /** Takes out the letter with that message. */
  remove(id: string): DeadLetter | undefined {
    const i = this.#letters.findIndex(({ envelope }) => envelope.id === id)
    return i < 0 ? undefined : this.#letters.splice(i, 1)[0]
  }

  /** Oldest first. */
  list(): readonly DeadLetter[] {
    return [...this.#letters]
  }

  /** All there ever were, also those that made room. */
  get total(): number {
    return this.#total
  }
}
