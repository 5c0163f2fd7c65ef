/**
 * The signs of a vector's values, one bit a dimension, and how near a query is to them: what a search over many
 * vectors looks at first. The query keeps its values and only the stored side is bits ("asymmetric"), which finds
 * more than comparing bits with bits: measured on 50,000 vectors of 384 dimensions with little structure, .87 against
 * .56 of the ten nearest are among the best 400, for 3.3 against 1.6 ms. After Jégou, Douze, Schmid, "Product
 * quantization for nearest neighbor search" (2011), with one dimension per sub-quantizer. Called by `vector-index.ts`.
 */

export const signBytes = (dimensions: number): number => Math.ceil(dimensions / 8)

/** Writes the signs of `values` into `bits` from `at`. */
export function writeSigns(values: Int8Array, bits: Uint8Array, at: number): void {
  bits.fill(0, at, at + signBytes(values.length))
  for (let i = 0; i < values.length; i++) {
    if ((values[i] as number) > 0) bits[at + (i >> 3)] = (bits[at + (i >> 3)] as number) | (1 << (i & 7))
  }
}

/** For each byte of signs and each value it may have, what it adds to the score: 256 numbers per byte. */
export function signTable(query: Float32Array): Float32Array {
  const bytes = signBytes(query.length)
  const table = new Float32Array(bytes * 256)
  for (let byte = 0; byte < bytes; byte++) {
    for (let value = 0; value < 256; value++) {
      let sum = 0
      for (let bit = 0; bit < 8; bit++) {
        const part = query[byte * 8 + bit] ?? 0
        sum += (value >> bit) & 1 ? part : -part
      }
      table[byte * 256 + value] = sum
    }
  }
  return table
}

/** Larger is nearer; only the order means something. */
export function signScore(table: Float32Array, bits: Uint8Array, at: number, bytes: number): number {
  let sum = 0
  for (let byte = 0; byte < bytes; byte++) sum += table[byte * 256 + (bits[at + byte] as number)] as number
  return sum
}
