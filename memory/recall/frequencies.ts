/**
 * How often each word of a query stands in each of some memories: the lists of each segment are walked along with
 * the numbers, in leaps that double (Bentley and Yao, "An almost optimal algorithm for unbounded searching", 1976).
 */
import { WITHIN } from './columns.ts'
import type { Postings } from './segment.ts'

/** A segment or a tail, for this purpose. */
export interface Part {
  readonly base: number
  readonly end: number
  postings(hash: number): Postings | undefined
}

/** Row by row, `docs.length` x `hashes.length`. `docs` ascend; `parts` ascend and do not overlap. */
export function frequenciesIn(
  parts: readonly Part[],
  hashes: readonly number[],
  docs: Uint32Array,
): Uint8Array {
  const table = new Uint8Array(docs.length * hashes.length)
  let from = 0
  for (const part of parts) {
    while (from < docs.length && (docs[from] as number) < part.base) from++
    let to = from
    while (to < docs.length && (docs[to] as number) < part.end) to++
    if (to > from) {
      for (let column = 0; column < hashes.length; column++) {
        const postings = part.postings(hashes[column] as number)
        if (postings) fill(table, column, hashes.length, docs, from, to, postings)
      }
    }
    from = to
    if (from === docs.length) break
  }
  return table
}

function fill(
  table: Uint8Array,
  column: number,
  width: number,
  docs: Uint32Array,
  from: number,
  to: number,
  { docs: list, tfs, start, end }: Postings,
): void {
  let at = start
  for (let row = from; row < to && at < end; row++) {
    const doc = (docs[row] as number) & WITHIN
    if ((list[at] as number) < doc) at = leap(list, at, end, doc)
    if (at < end && list[at] === doc) table[row * width + column] = tfs[at] as number
  }
}

/** The first place after `from` whose number is not below `doc`; `end` if there is none. */
function leap(list: Uint16Array, from: number, end: number, doc: number): number {
  let low = from
  let step = 1
  while (low + step < end && (list[low + step] as number) < doc) {
    low += step
    step *= 2
  }
  let high = Math.min(low + step, end)
  low++
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((list[middle] as number) < doc) low = middle + 1
    else high = middle
  }
  return low
}
