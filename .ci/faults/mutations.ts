/**
 * Ways in which stored bytes go wrong: one bit, a lost tail, a page of zeros, pages that changed places, bytes
 * twice, rubbish at the end, a file that is gone. Pure: bytes in, bytes out. Used by `damaged-files.ts`.
 */
import type { Prng } from '../../runtime/testkit/simulation/prng.ts'

export const MUTATIONS = ['flip', 'cut', 'zero', 'swap', 'duplicate', 'append', 'delete'] as const
export type MutationKind = (typeof MUTATIONS)[number]

export interface Mutation {
  readonly kind: MutationKind
  /** What changed, in words: enough to find the place. */
  readonly what: string
  /** Undefined when the file is to be deleted. */
  readonly bytes: Uint8Array | undefined
}

/** LevelDB's log is made of blocks of this size, its tables of blocks of about this size before compression. */
const BLOCK = 4_096

/** One random mutation of a file's bytes that changes them. An empty file is appended to or deleted. */
export function mutate(bytes: Uint8Array, random: Prng): Mutation {
  for (;;) {
    const kind = bytes.length === 0 ? random.pick(['append', 'delete']) : random.pick(MUTATIONS)
    const mutation = MAKERS[kind](bytes, random)
    if (mutation.bytes === undefined || Buffer.compare(mutation.bytes, bytes) !== 0)
      return { kind, ...mutation }
  }
}

type Made = Omit<Mutation, 'kind'>

/** A range within the bytes, at least one long. */
function rangeIn(bytes: Uint8Array, random: Prng, longest: number): readonly [from: number, to: number] {
  const from = random.between(0, bytes.length - 1)
  return [from, Math.min(bytes.length, from + random.between(1, longest))]
}

const MAKERS: Readonly<Record<MutationKind, (bytes: Uint8Array, random: Prng) => Made>> = {
  flip(bytes, random) {
    const changed = Uint8Array.from(bytes)
    const places = Array.from({ length: random.pick([1, 1, 1, 2, 8]) }, () =>
      random.between(0, bytes.length - 1),
    )
    for (const at of places) changed[at] = (changed[at] ?? 0) ^ (1 << random.between(0, 7))
    return { what: `a bit flipped at ${places.join(', ')}`, bytes: changed }
  },
  cut(bytes, random) {
    const length = random.between(0, bytes.length - 1)
    return { what: `cut to ${length} of ${bytes.length} bytes`, bytes: bytes.slice(0, length) }
  },
  zero(bytes, random) {
    const [from, to] = rangeIn(bytes, random, random.pick([16, 512, BLOCK]))
    return { what: `zeros from ${from} to ${to}`, bytes: Uint8Array.from(bytes).fill(0, from, to) }
  },
  swap(bytes, random) {
    const size = Math.min(random.pick([64, 512, BLOCK]), Math.floor(bytes.length / 2))
    if (size === 0) return { what: 'nothing to swap', bytes }
    const first = random.between(0, bytes.length - 2 * size)
    const second = random.between(first + size, bytes.length - size)
    const changed = Uint8Array.from(bytes)
    changed.set(bytes.subarray(second, second + size), first)
    changed.set(bytes.subarray(first, first + size), second)
    return { what: `${size} bytes at ${first} and ${second} swapped`, bytes: changed }
  },
  duplicate(bytes, random) {
    const [from, to] = rangeIn(bytes, random, BLOCK)
    const changed = Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)])
    return { what: `bytes ${from} to ${to} twice`, bytes: changed }
  },
  append(bytes, random) {
    const rubbish = Buffer.from(Array.from({ length: random.between(1, 600) }, () => random.between(0, 255)))
    return { what: `${rubbish.length} bytes appended`, bytes: Buffer.concat([bytes, rubbish]) }
  },
  delete: () => ({ what: 'deleted', bytes: undefined }),
}
