/**
 * The contract of a transport: bytes to whoever subscribed to a subject, at most once. `in-process.ts`
 * implements it within a process; NATS core can implement it between processes. Every implementation passes
 * `transport.conformance.ts`. It knows neither envelopes nor actors, and never retries.
 *
 * Delivery: a handler never runs inside the call that published. Messages of one transport reach one
 * subscription in the order published. Handlers are started in that order and not waited for: a promise
 * they return holds up `drain` only. Who is subscribed is settled when a message is published.
 */

/** The largest message a transport must take. It is NATS' own default. */
export const MAX_PAYLOAD = 1024 * 1024

/** Bytes are the receiver's own: neither the sender nor another receiver sees what it writes into them. */
export interface Message {
  readonly subject: string
  readonly data: Uint8Array
  /**
   * Answers whoever waits; absent when nobody does. Works while the transport drains. The first answer
   * counts, later ones are dropped. Throws `codec-too-large` or, after the end, `transport-closed`.
   */
  readonly reply?: (data: Uint8Array) => void
}

export type MessageHandler = (message: Message) => unknown

export interface Subscription {
  /** No message is handed over after this call, also none that is already on its way. */
  unsubscribe(): void
}

export interface Listening extends Subscription {
  /**
   * Takes nothing new; what was sent before the other side knew still reaches the handler. Resolves when all of that has
   * been handed over, or the transport is closed. Does not reject.
   */
  drain(): Promise<void>
}

export type TransportStatus = 'open' | 'draining' | 'closed'

/** Told when a handler throws or its promise rejects: the transport goes on, the message is gone. */
export type HandlerErrorListener = (error: unknown, subject: string) => void

/** Every method but `close` refuses with `transport-closed` once draining has begun. */
export interface Transport {
  readonly status: TransportStatus
  /**
   * Sends `data` to the subscribers of `subject`, if any; answers go to `replyTo`, a subject. The bytes are
   * copied. Throws `subject-invalid`, `codec-too-large`, `transport-closed`.
   */
  publish(subject: string, data: Uint8Array, options?: { readonly replyTo?: string }): void
  /**
   * Hands over messages whose subject matches `pattern`. Of the subscriptions with the same `queue` name
   * that match, exactly one gets each message; the name follows the rule of subjects. Throws `subject-invalid`, `transport-closed`.
   */
  subscribe(pattern: string, handler: MessageHandler, options?: { readonly queue?: string }): Listening
  /**
   * The first answer. Rejects with `no-responders` at once when nobody is subscribed, `request-timeout`,
   * `cancelled` when `signal` aborts, `transport-closed`, or as `publish` throws.
   */
  request(subject: string, data: Uint8Array, options: RequestOptions): Promise<Uint8Array>
  /** Resolves when the other side has seen all that was published, subscribed and unsubscribed before. */
  flush(): Promise<void>
  /**
   * Takes no new messages, hands over those already received, waits for their handlers and for requests
   * under way, then closes. `close` ends the waiting. Does not reject, and may be called again.
   */
  drain(): Promise<void>
  /** At once: drops what was not handed over and rejects open requests with `transport-closed`. */
  close(): Promise<void>
}

export interface RequestOptions {
  /** How long to wait for an answer, ms. Zero or less times out at once, without sending. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}
