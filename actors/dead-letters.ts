/**
 * Messages that nobody will process, kept for people: what it was, why it ended here, and when. Bounded: the
 * oldest make room, and how many were lost that way is counted, never hidden.
 */
import type { Envelope } from './envelope.ts'
import { type RuntimeError, toWireError, type WireError } from './errors.ts'

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

  add(at: number, envelope: Envelope, error: RuntimeError): DeadLetter {
    const letter = { at, envelope, error: toWireError(error) }
    this.#total++
    this.#letters.push(letter)
    if (this.#letters.length > this.#capacity) this.#letters.shift()
    return letter
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
