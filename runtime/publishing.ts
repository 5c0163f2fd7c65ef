/**
 * What actors publish and whoever listens, on the subjects of the bus. Nothing here is kept: who is not there
 * does not hear it. Used by `node.ts`.
 */
import type { Address } from '../actors/address.ts'
import type { Cause } from '../actors/cause.ts'
import type { Clock } from '../actors/clock.ts'
import type { EventSink } from '../actors/events.ts'
import type { Plain } from '../actors/plain.ts'
import { eventSubject } from '../actors/subject.ts'
import type { Codec } from './codec.ts'
import type { Subscription, Transport } from './transport/transport.ts'

export interface PublishingOptions {
  readonly namespace: string
  readonly transport: Transport
  readonly codec: Codec
  readonly clock: Clock
  readonly events: EventSink
  /** Others share the bus: everything published leaves the node. */
  readonly shared: boolean
  readonly report: (error: unknown) => void
}

export class Publishing {
  readonly #options: PublishingOptions
  #listeners = 0

  constructor(options: PublishingOptions) {
    this.#options = options
  }

  /** What an actor publishes. Never throws: it was committed, and those who listen are not waited for. */
  publish(from: Address, kind: string, body: Plain, cause: Cause | undefined): void {
    const { events, clock, shared, namespace, report } = this.#options
    if (events.on) {
      const run = cause?.run
      events.emit({
        type: 'actor.published',
        at: clock.now(),
        actor: from,
        kind,
        body,
        ...(run && { run }),
      })
    }
    if (this.#listeners === 0 && !shared) return
    try {
      this.broadcast(eventSubject(namespace, from, kind), body)
    } catch (error) {
      report(error)
    }
  }

  /** Publishes `body` to every node of the bus. Throws `subject-invalid`, `codec-too-large`, `not-plain-data`. */
  broadcast(subject: string, body: Plain): void {
    const { transport, codec } = this.#options
    transport.publish(subject, codec.encode(body))
  }

  listen(pattern: string, handler: (body: Plain, subject: string) => unknown): Subscription {
    const { transport, codec } = this.#options
    const subscription = transport.subscribe(pattern, message =>
      handler(codec.decode(message.data), message.subject),
    )
    this.#listeners++
    let ended = false
    return {
      unsubscribe: () => {
        if (!ended) this.#listeners--
        ended = true
        subscription.unsubscribe()
      },
    }
  }
}
