/**
 * Messages that come by post from other partitions, and the node as its post sees it. Used by `node.ts`. Unlike what is
 * sent within a node, what has no room here is not refused: it waits at the post.
 */
import type { Address } from '../actors/address.ts'
import type { Cell } from '../actors/cell.ts'
import type { Host } from '../actors/clock.ts'
import type { Envelope } from '../actors/envelope.ts'
import { type RuntimeError, toRuntimeError } from '../actors/errors.ts'
import type { Journal } from '../actors/journal.ts'
import { CANCEL } from '../actors/protocol.ts'
import type { Registry } from '../actors/registry.ts'
import type { PostNode } from './cluster/post/post.ts'
import type { Leavers } from './leavers.ts'
import type { Sleepers } from './sleepers.ts'
import { buryUnknown, type Undertaker } from './undelivered.ts'

export interface Premises extends Undertaker {
  readonly registry: Registry
  readonly journal: Journal
  readonly leavers: Leavers
  readonly sleepers: Sleepers
  readonly whenStored: (act: () => void) => void
  /** The actor at an address, once it takes messages. */
  awake(actor: Address): Cell | undefined
  bury(envelope: Envelope, error: RuntimeError): void
  received(sender: Address, key: string): boolean
}

export const postNode = (
  node: Premises,
  options: Pick<PostNode, 'namespace' | 'transport' | 'codec' | 'report'> & { readonly host: Host },
): PostNode => {
  const { host, namespace, transport, codec, report } = options
  return {
    ...host,
    ...{ namespace, transport, codec, report },
    journal: node.journal,
    whenStored: act => node.whenStored(act),
    arrive: envelope => arrive(node, envelope),
    bury: (envelope, error) => node.bury(envelope, error),
    received: (sender, key) => void node.received(sender, key),
    hasTaken(actor, from, id) {
      const cell = node.registry.get(actor)
      return cell && (cell.acting.ledger.marks?.has(from, id) ?? false)
    },
  }
}

/** False while the receiver has no room for the message or is not in memory. */
function arrive(node: Premises, envelope: Envelope): boolean {
  const { to } = envelope
  const cell = node.awake(to)
  if (cell) return handOver(node, cell, envelope)
  if (node.leavers.answers(envelope)) {
    node.took(envelope)
    return true
  }
  const rest = node.leavers.has(to) ? 'gone' : node.sleepers.rouse(to)
  if (rest === 'there') return false
  if (rest === 'gone') buryUnknown(node, envelope)
  else node.bury(envelope, rest)
  return true
}

function handOver(node: Premises, cell: Cell, envelope: Envelope): boolean {
  try {
    cell.deliver(envelope)
  } catch (thrown) {
    const error = toRuntimeError(thrown, 'internal')
    if (error.kind === 'mailbox-full') return false
    node.bury(envelope, error)
    return true
  }
  // Nothing is committed of it but what the actor makes of it.
  if (envelope.type === CANCEL) node.took(envelope)
  return true
}
