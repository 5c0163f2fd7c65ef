/**
 * How the actors of a node are reached over a bus that others share: a subscription per actor, an answer that
 * says whether a message was accepted, and sending to actors of other nodes. Used by `node.ts` alone.
 */
import type { Address } from '../actors/address.ts'
import { type Envelope, parseEnvelope } from '../actors/envelope.ts'
import {
  fromWireError,
  type RuntimeError,
  toRuntimeError,
  toWireError,
  type WireError,
} from '../actors/errors.ts'
import type { Plain } from '../actors/plain.ts'
import { checkForeign } from '../actors/protocol.ts'
import { agentSubject } from '../actors/subject.ts'
import type { Codec } from './codec.ts'
import type { Subscription, Transport } from './transport/transport.ts'

/** How long a peer may take to accept a message, ms. Accepting is putting it in a mailbox. */
const ACCEPT_MS = 5_000

export interface BusInboxesOptions {
  readonly namespace: string
  readonly transport: Transport
  readonly codec: Codec
  /** Puts a message where it belongs on this node. Throws why it cannot. */
  readonly accept: (envelope: Envelope) => void
}

export class BusInboxes {
  readonly #options: BusInboxesOptions
  readonly #open = new Map<Address, Subscription>()

  constructor(options: BusInboxesOptions) {
    this.#options = options
  }

  /** Makes an actor reachable from other nodes of the bus. Accepting a message is acknowledged at once. */
  open(actor: Address): void {
    const { transport, codec, namespace } = this.#options
    const inbox = transport.subscribe(agentSubject(namespace, actor), message => {
      const refusal = this.#accept(message.data)
      message.reply?.(codec.encode(refusal ? { error: toWireError(refusal) as unknown as Plain } : {}))
    })
    this.#open.set(actor, inbox)
  }

  close(actor: Address): void {
    this.#open.get(actor)?.unsubscribe()
    this.#open.delete(actor)
  }

  closeAll(): void {
    for (const actor of [...this.#open.keys()]) this.close(actor)
  }

  /** Sends a message to another node and waits until it is accepted. Throws why it was not. */
  async send(envelope: Envelope): Promise<void> {
    const { transport, codec, namespace } = this.#options
    const data = codec.encode(envelope as unknown as Plain)
    const receipt = await transport.request(agentSubject(namespace, envelope.to), data, {
      timeoutMs: ACCEPT_MS,
    })
    const { error } = codec.decode(receipt) as unknown as { error?: WireError }
    if (error) throw fromWireError(error)
  }

  #accept(data: Uint8Array): RuntimeError | undefined {
    try {
      this.#options.accept(checkForeign(parseEnvelope(this.#options.codec.decode(data))))
      return undefined
    } catch (error) {
      return toRuntimeError(error, 'internal')
    }
  }
}
