/** Chance from a seed: the same set on every machine. Used by `generate.ts`. */

export interface Dice {
  /** In [0, 1). */
  next(): number
  /** From `low` to `high`, both inclusive. */
  between(low: number, high: number): number
  pick<Item>(items: readonly Item[]): Item
  shuffled<Item>(items: readonly Item[]): Item[]
}

/** Tommy Ettinger's mulberry32: 32 bits of state. */
export function dice(seed: number): Dice {
  let state = seed | 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const between = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1))
  return {
    next,
    between,
    pick: items => {
      const item = items[between(0, items.length - 1)]
      if (item === undefined) throw new RangeError('there is nothing to pick from')
      return item
    },
    shuffled: items => {
      const order = [...items]
      for (let at = order.length - 1; at > 0; at--) {
        const other = between(0, at)
        const [one, two] = [order[at] as (typeof order)[number], order[other] as (typeof order)[number]]
        order[at] = two
        order[other] = one
      }
      return order
    },
  }
}
