/**
 * Actors that are done and stay on disk until what they said has been committed by its receivers: a crash before
 * that must not lose an answer. They take nothing any more but receipts, and asks that they have answered.
 */
import type { Address } from '../actors/address.ts'
import type { Cell } from '../actors/cell.ts'
import type { Envelope } from '../actors/envelope.ts'

interface Leaver {
  readonly cell: Cell
  /** Ends its record. */
  readonly leave: () => void
}

export class Leavers {
  readonly #leavers = new Map<Address, Leaver>()

  add(cell: Cell, leave: () => void): void {
    if (isHeard(cell)) leave()
    else this.#leavers.set(cell.address, { cell, leave })
  }

  has(actor: Address): boolean {
    return this.#leavers.has(actor)
  }

  /** Ends a record without waiting any longer. */
  leave(actor: Address): void {
    const leaver = this.#leavers.get(actor)
    this.#leavers.delete(actor)
    leaver?.leave()
  }

  /** Notes that what `sender` keeps under `key` was committed. False when it is none of these. */
  receipt(sender: Address, key: string): boolean {
    const leaver = this.#leavers.get(sender)
    leaver?.cell.acting.receipt(key)
    if (leaver && isHeard(leaver.cell)) this.leave(sender)
    return leaver !== undefined
  }

  /** Says again what was said about a message before. False when its receiver is none of these, or never took it. */
  answers(envelope: Envelope): boolean {
    return this.#leavers.get(envelope.to)?.cell.acting.isRepeated(envelope) ?? false
  }
}

const isHeard = ({ acting }: Cell): boolean => (acting.ledger.outbox?.size ?? 0) === 0
