/**
 * Chance for a simulation: sfc32 (Chris Doty-Humphrey, PractRand; 128 bits of state), seeded from text by FNV-1a
 * and splitmix32. Every part forks a stream of its own by name, so that one that draws more often does not
 * change what the others draw. Not for secrets. The numbers of a seed are part of the promise of a regression.
 */

export interface Prng {
  /** Uniform in [0, 1), 32 bits. */
  next(): number
  /** A whole number from 0 to `n` - 1. */
  below(n: number): number
  /** A whole number from `from` to `to`, both possible. */
  between(from: number, to: number): number
  /** True with probability `p`. Draws also when `p` is 0 or 1. */
  chance(p: number): boolean
  pick<T>(items: readonly [T, ...T[]]): T
  /** Another stream, fixed by the seed and the names up to here, however much was drawn before. */
  fork(name: string): Prng
}

/** The stream of `seed`; seeds are told apart by their text. */
export function prng(seed: number | string): Prng {
  const draw = sfc32(String(seed))
  const next = (): number => draw() / 2 ** 32
  const below = (n: number): number => Math.floor(next() * n)
  return {
    next,
    below,
    between: (from, to) => from + below(to - from + 1),
    chance: p => next() < p,
    pick: items => items[below(items.length)] as (typeof items)[number],
    fork: name => prng(`${seed}/${name}`),
  }
}

function sfc32(text: string): () => number {
  const mix = splitmix32(fnv1a(text))
  let [a, b, c, counter] = [mix(), mix(), mix(), 1]
  const draw = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    c |= 0
    return sum >>> 0
  }
  // The author's own warm-up: the first outputs still show the seed.
  for (let i = 0; i < 12; i++) draw()
  return draw
}

/** FNV-1a, 32 bits (Fowler, Noll, Vo), over UTF-16 units. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

/** splitmix32: Steele, Lea and Flood's SplitMix with the finalizer of MurmurHash3. */
function splitmix32(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let z = state
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
    return (z ^ (z >>> 16)) | 0
  }
}
