/** The middle of some numbers: what a subject is reported by, as a neighbour on the machine spoils any mean. */

/** The median; of an even count, the mean of the two in the middle. Throws a `RangeError` when there are none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('the median of no values')
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] as number
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2
}

/** The smallest value that at least `share` (above 0, at most 1) of them do not exceed: nearest rank. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('a quantile of no values')
  if (!(share > 0 && share <= 1)) throw new RangeError(`${share} is not a share of the values`)
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1] as number
}
