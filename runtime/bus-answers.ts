/**
 * Questions from other nodes that were accepted and whose askers have not been told yet: the answer tells it as well, if
 * it comes soon. As acknowledgements of TCP ride on data that goes the other way (RFC 1122, 4.2.3.2). Used by
 * `bus-inboxes.ts`.
 */
import type { Address } from '../actors/address.ts'
import type { Cancel, Clock } from '../actors/clock.ts'

type Reply = (data: Uint8Array) => void

interface Held {
  readonly asker: Address
  readonly reply: Reply
  /** Absolute ms. */
  readonly due: number
}

/** How long an asker is kept waiting for the word that its question was accepted, ms. */
const SOON_MS = 100

export class HeldAnswers {
  readonly #clock: Clock
  readonly #accepted: Uint8Array
  readonly #say: (reply: Reply, data: Uint8Array) => void
  /** By the correlation of the question. The first is due first. */
  readonly #held = new Map<string, Held>()
  #timer: Cancel | undefined

  /** `accepted`: what says that a question was accepted. `say` must not throw. */
  constructor(clock: Clock, accepted: Uint8Array, say: (reply: Reply, data: Uint8Array) => void) {
    this.#clock = clock
    this.#accepted = accepted
    this.#say = say
  }

  hold(asker: Address, correlation: string, reply: Reply): void {
    // The same ask made again: there is one answer, and whoever asked last gets it. Nodes begin correlations with their
    // names, so two askers of one are hardly ever two; if they are, the answer to the first is sent for itself.
    this.#accept(correlation)
    const due = this.#clock.now() + SOON_MS
    this.#held.set(correlation, { asker, reply, due })
    this.#timer ??= this.#clock.at(due, () => this.#tell())
  }

  /** How to answer who waits for that question, if they have not been told anything. */
  take(asker: Address, correlation: string): Reply | undefined {
    const held = this.#held.get(correlation)
    if (held?.asker !== asker) return undefined
    this.#held.delete(correlation)
    return held.reply
  }

  acceptAll(): void {
    for (const correlation of [...this.#held.keys()]) this.#accept(correlation)
    this.#timer?.()
    this.#timer = undefined
  }

  #tell(): void {
    this.#timer = undefined
    const now = this.#clock.now()
    for (const [correlation, { due }] of this.#held) {
      if (due > now) {
        this.#timer = this.#clock.at(due, () => this.#tell())
        return
      }
      this.#accept(correlation)
    }
  }

  #accept(correlation: string): void {
    const held = this.#held.get(correlation)
    if (!held) return
    this.#held.delete(correlation)
    this.#say(held.reply, this.#accepted)
  }
}
