/**
 * What an actor has sent and its receiver has not yet committed, as far as it knows; and the answers it gave to
 * asks that came under a key, which may be asked for again. A message leaves when its receiver has committed it.
 */
import type { Envelope } from './envelope.ts'
import { isAnswer } from './protocol.ts'

/** Answers to keyed asks that are kept; the oldest make room. */
const MAX_ANSWERS = 64

type Kept = readonly (readonly [key: string, envelope: Envelope])[]

/** Ids of messages that somebody outside chose, so that the same ask can be made again after a crash. */
export const KEY_PREFIX = 'key:'
export const isKeyed = (id: string): boolean => id.startsWith(KEY_PREFIX)

/** The key of an answer in its sender's outbox: the ask it answers. */
export const answerKey = (ask: string): string => `re:${ask}`

/** What a message is kept under by its sender, and known by when its receiver has it. */
export const keyOf = (envelope: Envelope): string =>
  isAnswer(envelope) ? answerKey(envelope.correlation ?? '') : envelope.id

export class Outbox {
  readonly #sent = new Map<string, Envelope>()
  readonly #answers = new Map<string, Envelope>()

  get size(): number {
    return this.#sent.size
  }

  keep(key: string, envelope: Envelope): void {
    this.#sent.set(key, envelope)
  }

  settle(key: string): void {
    this.#sent.delete(key)
  }

  get(key: string): Envelope | undefined {
    return this.#sent.get(key)
  }

  all(): readonly Envelope[] {
    return [...this.#sent.values()]
  }

  keepAnswer(ask: string, envelope: Envelope): void {
    this.#answers.set(ask, envelope)
    const [oldest] = this.#answers.keys()
    if (this.#answers.size > MAX_ANSWERS && oldest !== undefined) this.#answers.delete(oldest)
  }

  answerTo(ask: string): Envelope | undefined {
    return this.#answers.get(ask)
  }

  store(): { readonly outbox: Kept; readonly answers: Kept } {
    return { outbox: [...this.#sent], answers: [...this.#answers] }
  }

  load(outbox: Kept, answers: Kept): void {
    for (const [key, envelope] of outbox) this.#sent.set(key, envelope)
    for (const [ask, envelope] of answers) this.#answers.set(ask, envelope)
  }
}
