/**
 * How the actors of a node are reached over a bus that others share: a subscription per actor, an answer that
 * says whether a message was accepted, and sending to actors of other nodes. Used by `node.ts` alone.
 *
 * What is asked from outside any actor is accepted by its answer when that comes soon (`bus-answers.ts`), so that such
 * an ask is two messages and not four. An answer that comes later is sent for itself, and nobody says that it came:
 * whoever waits for it has a deadline.
 *
 * Hot path: bench/scenarios/remote-ask.ts
 */
import { type Address, addressType } from '../actors/address.ts'
import type { Clock } from '../actors/clock.ts'
import { type Envelope, parseEnvelope } from '../actors/envelope.ts'
import { fromWireError, RuntimeError, toRuntimeError, toWireError, type WireError } from '../actors/errors.ts'
import type { Plain } from '../actors/plain.ts'
import { checkForeign, ERROR, isAnswer, REPLY } from '../actors/protocol.ts'
import { agentSubject } from '../actors/subject.ts'
import { HeldAnswers } from './bus-answers.ts'
import type { Codec } from './codec.ts'
import type { Subscription, Transport } from './transport/transport.ts'

/** How long a peer may take to accept a message, ms. Accepting is putting it in a mailbox. */
const WITHIN = { timeoutMs: 5_000 }

/** How many addresses have their subjects remembered. */
const SUBJECTS = 1_024

/** The type of the addresses by which nodes ask. */
export const NODE = 'node'

export interface BusInboxesOptions {
  readonly namespace: string
  readonly transport: Transport
  readonly codec: Codec
  readonly clock: Clock
  /** Puts a message where it belongs on this node. Throws why it cannot. */
  readonly accept: (envelope: Envelope) => void
  /** Another node accepted what was sent to it. */
  readonly took: (envelope: Envelope) => void
  readonly notSent: (envelope: Envelope, thrown: unknown) => void
  readonly report: (error: unknown) => void
}

type Reply = (data: Uint8Array) => void

/** What is said to a message: that it was accepted (nothing), that it was not, or at once what came of it. */
interface Receipt {
  readonly error?: WireError
  /** The body of an answer, with its type. */
  readonly answer?: Plain
  readonly type?: Plain
}

export class BusInboxes {
  readonly #options: BusInboxesOptions
  readonly #open = new Map<Address, Subscription>()
  readonly #subjects = new Map<Address, string>()
  readonly #held: HeldAnswers
  readonly #accepted: Uint8Array

  constructor(options: BusInboxesOptions) {
    this.#options = options
    this.#accepted = options.codec.encode({})
    this.#held = new HeldAnswers(options.clock, this.#accepted, (reply, data) => this.#say(reply, data))
  }

  /** Makes an actor reachable from other nodes of the bus. Accepting a message is acknowledged soon. */
  open(actor: Address): void {
    const { transport, namespace } = this.#options
    const inbox = transport.subscribe(agentSubject(namespace, actor), ({ data, reply }) =>
      this.#receive(data, reply),
    )
    this.#open.set(actor, inbox)
  }

  close(actor: Address): void {
    this.#open.get(actor)?.unsubscribe()
    this.#open.delete(actor)
  }

  closeAll(): void {
    for (const actor of [...this.#open.keys()]) this.close(actor)
    this.#held.acceptAll()
  }

  /** Sends a message to another node. Tells `took` when it is accepted, `notSent` why it was not. */
  send(envelope: Envelope): void {
    this.#request(envelope).then(
      received => this.#heard(envelope, received),
      thrown => this.#options.notSent(envelope, thrown),
    )
  }

  #request(envelope: Envelope): Promise<Uint8Array> {
    const { transport, codec } = this.#options
    try {
      const data = codec.lend(envelope as unknown as Plain)
      return transport.request(this.#subjectOf(envelope.to), data, WITHIN)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #heard(envelope: Envelope, received: Uint8Array): void {
    const { took, notSent } = this.#options
    try {
      this.#takeReceipt(envelope, received)
      took(envelope)
    } catch (thrown) {
      notSent(envelope, thrown)
    }
  }

  /** Throws why a message was not accepted. */
  #takeReceipt({ to, replyTo, correlation }: Envelope, received: Uint8Array): void {
    if (sameBytes(received, this.#accepted)) return
    const { codec, accept } = this.#options
    const { error, answer, type } = Object(codec.decode(received)) as Receipt
    if (error) throw fromWireError(error)
    if (answer === undefined) return
    if (replyTo === undefined || correlation === undefined || !isAnswer({ type: String(type) }))
      throw unasked(to)
    const kind = type === ERROR ? ERROR : REPLY
    accept(
      checkForeign({ v: 1, id: `${correlation}.answer`, type: kind, to: replyTo, correlation, body: answer }),
    )
  }

  /** Sends an answer to who asked from outside any actor: as the acceptance of the question, or for itself. */
  answer({ to, correlation = '', type, body, ...rest }: Envelope): void {
    const { transport, codec } = this.#options
    const reply = this.#held.take(to, correlation)
    if (reply) this.#say(reply, this.#packed({ answer: body, type }))
    else {
      const envelope = { ...rest, to, correlation, type, body }
      transport.publish(this.#subjectOf(to), codec.lend(envelope as unknown as Plain))
    }
  }

  /** Remembered for those written to again: checking its parts costs as much as packing a message. */
  #subjectOf(actor: Address): string {
    const known = this.#subjects.get(actor)
    if (known !== undefined) return known
    const subject = agentSubject(this.#options.namespace, actor)
    if (this.#subjects.size >= SUBJECTS) this.#subjects.clear()
    this.#subjects.set(actor, subject)
    return subject
  }

  #receive(data: Uint8Array, reply: Reply | undefined): void {
    const { codec, accept } = this.#options
    try {
      const envelope = checkForeign(parseEnvelope(codec.decode(data)))
      const { replyTo, correlation } = envelope
      accept(envelope)
      if (!reply) return
      if (replyTo === undefined || correlation === undefined || addressType(replyTo) !== NODE)
        reply(this.#accepted)
      else this.#held.hold(replyTo, correlation, reply)
    } catch (thrown) {
      reply?.(this.#refusal(thrown))
    }
  }

  #packed(receipt: { readonly [key: string]: Plain }): Uint8Array {
    try {
      return this.#options.codec.lend(receipt)
    } catch (thrown) {
      return this.#refusal(thrown)
    }
  }

  #refusal(thrown: unknown): Uint8Array {
    const error = toWireError(toRuntimeError(thrown, 'internal'))
    return this.#options.codec.encode({ error: error as unknown as Plain })
  }

  /** Later, when no handler of the transport is there to throw to. */
  #say(reply: Reply, receipt: Uint8Array): void {
    const { transport, report } = this.#options
    try {
      if (transport.status !== 'closed') reply(receipt)
    } catch (error) {
      report(error)
    }
  }
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i])

const unasked = (to: Address): RuntimeError =>
  new RuntimeError('envelope-invalid', `${to} accepted a message with an answer that fits no question`, {
    details: { field: 'answer' },
  })
