/** Which actor lives where on this node, and who supervises whom. One address, one actor. */
import type { Address } from './address.ts'
import type { Cell } from './cell.ts'
import { RuntimeError } from './errors.ts'

export class Registry {
  readonly #cells = new Map<Address, Cell>()
  /** Children of a supervisor, in start order. */
  readonly #children = new Map<Address, Set<Address>>()

  get size(): number {
    return this.#cells.size
  }

  get(address: Address): Cell | undefined {
    return this.#cells.get(address)
  }

  /** Throws `address-taken`. */
  add(cell: Cell): void {
    const { address } = cell
    if (this.#cells.has(address)) {
      throw new RuntimeError('address-taken', `an actor already lives at ${address}`, {
        fix: 'choose another id, or stop that actor first',
        details: { address },
      })
    }
    this.#cells.set(address, cell)
    const { supervisor } = cell.spec
    if (supervisor) {
      const siblings = this.#children.get(supervisor) ?? new Set()
      this.#children.set(supervisor, siblings.add(address))
    }
  }

  remove(address: Address): void {
    const supervisor = this.#cells.get(address)?.spec.supervisor
    this.#cells.delete(address)
    if (!supervisor) return
    const siblings = this.#children.get(supervisor)
    siblings?.delete(address)
    if (siblings?.size === 0) this.#children.delete(supervisor)
  }

  /** In start order. */
  children(supervisor: Address): readonly Address[] {
    return [...(this.#children.get(supervisor) ?? [])]
  }

  all(): IterableIterator<Cell> {
    return this.#cells.values()
  }
}
