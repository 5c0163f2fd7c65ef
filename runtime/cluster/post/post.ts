/**
 * What a node whose actors are one partition of many needs for messages to and from the others, and what it gives for
 * it. Types only: `post-office.ts` is the one there is; `runtime/node.ts` calls it.
 */
import type { Address } from '../../../actors/address.ts'
import type { Host } from '../../../actors/clock.ts'
import type { Envelope } from '../../../actors/envelope.ts'
import type { RuntimeError } from '../../../actors/errors.ts'
import type { Journal } from '../../../actors/journal.ts'
import type { Codec } from '../../codec.ts'
import type { Transport } from '../../transport/transport.ts'

export interface Post {
  /** True for a message to an actor of another partition. Nodes' own addresses are in none. */
  isElsewhere(envelope: Envelope): boolean
  /** Sends a message of this partition to another one, once everything before it is stored. Messages of one sender to one receiver in order. */
  send(envelope: Envelope): void
  /**
   * A message that was sent here is its receiver's for good once everything so far is stored: then it goes from its
   * mailbox, and its sender has a receipt. If `refusal` is said about it, only when that is kept.
   */
  took(envelope: Envelope, refusal?: Envelope): void
  /** As `took`, of the answer that `sender` keeps under `key`. */
  receipt(sender: Address, key: string): void
  /** Nobody waits for the answer to that ask any more, or it is there. */
  over(ask: string): void
  /** There may be room for more messages to an actor of this node. */
  roomFor(actor: Address): void
  /** An actor has left memory: what it was handed over and has not taken is handed over again, when it can be. */
  again(actor: Address): void
  /** From now on messages are handed over. */
  open(): void
  /** Nothing is handed over, sent or done any more; what is not done stays where it is. Idempotent. */
  close(): void
}

/** The node, as its post sees it. */
export interface PostNode extends Host {
  readonly namespace: string
  readonly transport: Transport
  readonly codec: Codec
  readonly journal: Journal
  whenStored(act: () => void): void
  /** Hands over a message from elsewhere. False while its receiver has no room for it or is not in memory. */
  arrive(envelope: Envelope): boolean
  /** Gives up a message that could not be sent, and tells whoever asked. */
  bury(envelope: Envelope, error: RuntimeError): void
  /** What this sender keeps under `key` was committed by its receiver. */
  received(sender: Address, key: string): void
  /** Whether an actor has committed that message; undefined when it is not in memory. */
  hasTaken(actor: Address, from: Address, id: string): boolean | undefined
  report(error: unknown): void
}

export type OpenPost = (node: PostNode) => Post
