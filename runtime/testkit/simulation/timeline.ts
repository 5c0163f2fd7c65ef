/** What is due later, soonest first; of the same time, first come first served. A binary heap, used by the scheduler. */

export interface Timed {
  /** Milliseconds since the epoch. */
  readonly due: number
  /** Unique, growing. */
  readonly order: number
}

export interface Timeline<T extends Timed> {
  some(test: (item: T) => boolean): boolean
  add(item: T): void
  first(): T | undefined
  removeFirst(): void
}

const before = (a: Timed, b: Timed): boolean => a.due < b.due || (a.due === b.due && a.order < b.order)

export function timeline<T extends Timed>(): Timeline<T> {
  const heap: T[] = []
  const at = (index: number): T => heap[index] as T

  const rise = (item: T): void => {
    let index = heap.push(item) - 1
    for (let parent = (index - 1) >> 1; index > 0 && before(item, at(parent)); parent = (index - 1) >> 1) {
      heap[index] = at(parent)
      index = parent
    }
    heap[index] = item
  }
  const sink = (item: T): void => {
    let index = 0
    for (let child = 1; child < heap.length; child = 2 * index + 1) {
      if (child + 1 < heap.length && before(at(child + 1), at(child))) child++
      if (!before(at(child), item)) break
      heap[index] = at(child)
      index = child
    }
    heap[index] = item
  }
  return {
    some: test => heap.some(test),
    add: rise,
    first: () => heap[0],
    removeFirst() {
      const last = heap.pop()
      if (last && heap.length > 0) sink(last)
    },
  }
}
