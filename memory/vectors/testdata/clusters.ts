/** Vectors as embedding models give them: many near few centres, all with a common part. Seeded. For tests. */
import { toUnit } from '../vector-bytes.ts'

export interface ClusterOptions {
  readonly seed: number
  readonly count: number
  readonly dimensions: number
  readonly queries: number
  /** Default 1: a vector is as far from its centre as centres are from each other. */
  readonly spread?: number
}

export interface Clusters {
  readonly rows: readonly Float32Array[]
  readonly queries: readonly Float32Array[]
}

export function clusters({ seed, count, dimensions, queries, spread = 1 }: ClusterOptions): Clusters {
  const random = mulberry32(seed)
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const vector = (of: (at: number) => number): Float32Array =>
    Float32Array.from({ length: dimensions }, (_, at) => of(at))
  const common = vector(() => normal() / 2)
  const centres = Array.from({ length: 200 }, () => vector(normal))
  const drawn = (): Float32Array => {
    const centre = centres[Math.floor(random() * centres.length)] ?? common
    return toUnit(vector(at => (common[at] ?? 0) + (centre[at] ?? 0) + spread * normal()))
  }
  return {
    rows: Array.from({ length: count }, drawn),
    queries: Array.from({ length: queries }, drawn),
  }
}

/** Tommy Ettinger's mulberry32: 32 bits of state, in [0, 1). */
export function mulberry32(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
