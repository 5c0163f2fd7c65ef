/** The middle of some numbers: what a subject is reported by, as a neighbour on the machine spoils any mean. */

/** The median; of an even count, the mean of the two in the middle. Throws a `RangeError` when there are none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('the median of no values')
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] as number
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2
}
