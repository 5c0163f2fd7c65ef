/** Which actor lives where on this node, and who supervises whom. One address, one actor. */
import type { Address } from './address.ts'
import type { Cell } from './cell.ts'
import { RuntimeError } from './errors.ts'

export class Registry {
  readonly #cells = new Map<Address, Cell>()
  /** Children of a supervisor, in start order. */
  readonly #children = new Map<Address, Set<Address>>()
  /** Who supervises those that are not in memory. */
  readonly #asleep = new Map<Address, Address>()

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
    this.#asleep.delete(address)
    const { supervisor } = cell.spec
    if (supervisor) {
      const siblings = this.#children.get(supervisor) ?? new Set()
      this.#children.set(supervisor, siblings.add(address))
    }
  }

  /** Takes an actor out of memory; its supervisor still counts it as a child. */
  sleep(address: Address): void {
    const supervisor = this.#cells.get(address)?.spec.supervisor
    if (supervisor) this.#asleep.set(address, supervisor)
    this.#cells.delete(address)
  }

  isAsleep(address: Address): boolean {
    return this.#asleep.has(address)
  }

  remove(address: Address): void {
    const supervisor = this.#cells.get(address)?.spec.supervisor ?? this.#asleep.get(address)
    this.#cells.delete(address)
    this.#asleep.delete(address)
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
