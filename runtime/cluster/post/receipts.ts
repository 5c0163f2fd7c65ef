/**
 * Receipts between partitions: which messages are committed and stored by their receivers, told to the partitions of
 * their senders. Those of one turn travel together. A receipt may be lost: its message comes again, is recognised, and
 * is receipted again. Used by `post-office.ts`.
 */
import { type Address, isToken } from '../../../actors/address.ts'
import { RuntimeError } from '../../../actors/errors.ts'
import type { Plain } from '../../../actors/plain.ts'
import { partitionSubject } from '../../../actors/subject.ts'
import type { Codec } from '../../codec.ts'
import type { Subscription } from '../../transport/transport.ts'
import type { PostNode } from './post.ts'

/** Who sent it, if that is known, and what it is kept under. */
export type Receipt = readonly [sender: Address | null, key: string]

/** Fits in the smallest message that a codec takes, whatever the names. */
const MAX_AT_ONCE = 200
const MAX_KEY = 300

export interface ReceiptsOptions {
  readonly node: Pick<PostNode, 'namespace' | 'transport' | 'codec' | 'defer' | 'report'>
  readonly partition: number
  /** A receiver elsewhere has that message. */
  readonly received: (receipt: Receipt) => void
}

export class Receipts {
  readonly #options: ReceiptsOptions
  readonly #heard: Subscription
  /** What is to be told at the end of this turn, by partition. */
  readonly #pending = new Map<number, Receipt[]>()
  #closed = false

  constructor(options: ReceiptsOptions) {
    this.#options = options
    const { node, partition } = options
    const subject = subjectOf(node.namespace, partition)
    this.#heard = node.transport.subscribe(subject, ({ data }) => this.#hear(data))
  }

  add(partition: number, receipt: Receipt): void {
    if (partition === this.#options.partition || this.#closed) return
    if (this.#pending.size === 0) this.#options.node.defer(() => this.#flush())
    const pending = this.#pending.get(partition)
    if (pending) pending.push(receipt)
    else this.#pending.set(partition, [receipt])
  }

  close(): void {
    this.#flush()
    this.#closed = true
    this.#heard.unsubscribe()
  }

  #hear(data: Uint8Array): void {
    const { node, received } = this.#options
    try {
      for (const receipt of readReceipts(node.codec, data)) received(receipt)
    } catch (error) {
      node.report(error)
    }
  }

  #flush(): void {
    const { transport, codec, namespace, report } = this.#options.node
    const pending = [...this.#pending]
    this.#pending.clear()
    if (transport.status !== 'open') return
    for (const [partition, receipts] of pending) {
      for (let i = 0; i < receipts.length; i += MAX_AT_ONCE) {
        try {
          const data = codec.encode({ receipts: receipts.slice(i, i + MAX_AT_ONCE) } as unknown as Plain)
          transport.publish(subjectOf(namespace, partition), data)
        } catch (error) {
          report(error)
        }
      }
    }
  }
}

const subjectOf = (namespace: string, partition: number): string =>
  partitionSubject(namespace, partition, 'receipt')

/** Throws `envelope-invalid`, `codec-malformed`. */
function readReceipts(codec: Codec, data: Uint8Array): readonly Receipt[] {
  const { receipts } = (codec.decode(data) ?? {}) as { readonly receipts?: unknown }
  if (Array.isArray(receipts) && receipts.every(isReceipt)) return receipts
  throw new RuntimeError('envelope-invalid', 'a message is not a list of receipts')
}

const isReceipt = (value: unknown): value is Receipt =>
  Array.isArray(value) &&
  value.length === 2 &&
  (value[0] === null || isAddress(value[0])) &&
  typeof value[1] === 'string' &&
  value[1].length <= MAX_KEY

const isAddress = (value: unknown): boolean =>
  typeof value === 'string' && value.split('/').length === 2 && value.split('/').every(isToken)
