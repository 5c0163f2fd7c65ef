/**
 * Questions from other nodes that were accepted and whose askers have not been told yet: the answer tells it as well, if
 * it comes soon. As acknowledgements of TCP ride on data that goes the other way (RFC 1122, 4.2.3.2). Used by
 * `bus-inboxes.ts`.
 */
import type { Address } from '../actors/address.ts'
import type { Cancel, Clock } from '../actors/clock.ts'

type Reply = (data: Uint8Array) => void

interface Held {
  readonly reply: Reply
  /** Absolute ms. */
  readonly due: number
}

/** How long an asker is kept waiting for the word that its question was accepted, ms. */
const SOON_MS = 100

export class HeldAnswers {
  readonly #clock: Clock
  readonly #accepted: Uint8Array
  /** The first is due first. */
  readonly #held = new Map<string, Held>()
  #timer: Cancel | undefined

  /** `accepted`: what says that a question was accepted. */
  constructor(clock: Clock, accepted: Uint8Array) {
    this.#clock = clock
    this.#accepted = accepted
  }

  /** `reply` must not throw. */
  hold(asker: Address, correlation: string, reply: Reply): void {
    const key = keyOf(asker, correlation)
    // The same ask made again: there is one answer, and whoever asked last gets it.
    this.#accept(key)
    const due = this.#clock.now() + SOON_MS
    this.#held.set(key, { reply, due })
    this.#timer ??= this.#clock.at(due, () => this.#tell())
  }

  /** How to answer who waits for that question, if they have not been told anything. */
  take(asker: Address, correlation: string): Reply | undefined {
    const key = keyOf(asker, correlation)
    const held = this.#held.get(key)
    if (held) this.#held.delete(key)
    return held?.reply
  }

  acceptAll(): void {
    for (const key of [...this.#held.keys()]) this.#accept(key)
    this.#timer?.()
    this.#timer = undefined
  }

  #tell(): void {
    this.#timer = undefined
    const now = this.#clock.now()
    for (const [key, { due }] of this.#held) {
      if (due > now) {
        this.#timer = this.#clock.at(due, () => this.#tell())
        return
      }
      this.#accept(key)
    }
  }

  #accept(key: string): void {
    const held = this.#held.get(key)
    if (!held) return
    this.#held.delete(key)
    held.reply(this.#accepted)
  }
}

const keyOf = (asker: Address, correlation: string): string => `${asker} ${correlation}`
