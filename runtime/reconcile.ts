/**
 * Withdraws asks that nobody waits for, after an actor came back: the cancellation may have been lost with the
 * process that sent it, and the work would be done, and paid, for nothing.
 */
import { type Address, parseAddress } from '../actors/address.ts'
import type { Cell } from '../actors/cell.ts'
import type { Envelope } from '../actors/envelope.ts'
import { CANCEL } from '../actors/protocol.ts'
import type { Registry } from '../actors/registry.ts'

export interface Neighbours {
  readonly registry: Registry
  /** True for an actor that is nowhere any more. */
  isGone(actor: Address): boolean
}

/** Looks at what `cell` owes to others, and at what others owe to it. */
export function reconcile(node: Neighbours, cell: Cell): void {
  withdrawUnwanted(node, cell)
  for (const other of node.registry.all()) if (other !== cell) withdrawUnwanted(node, other, cell.address)
}

/** `only`: looks at what is owed to that one alone. */
export function withdrawUnwanted(node: Neighbours, cell: Cell, only?: Address): void {
  for (const { replyTo, correlation = '', home } of cell.acting.owed()) {
    // Of askers elsewhere nobody here knows anything.
    if (!replyTo || home !== undefined || (only && replyTo !== only) || parseAddress(replyTo).type === 'node')
      continue
    const asker = node.registry.get(replyTo)
    // Straight to the cell: it must know before it goes on with the work.
    if (node.isGone(replyTo) || (asker && !asker.acting.awaits(correlation)))
      cell.deliver(withdrawal(cell.address, replyTo, correlation))
  }
}

/** As if the asker had sent it. */
const withdrawal = (to: Address, from: Address, correlation: string): Envelope => ({
  v: 1,
  id: `${correlation}.cancel`,
  type: CANCEL,
  to,
  from,
  body: { correlation },
})
