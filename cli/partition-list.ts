/** Numbers of partitions as people read them. */

/** For example `0-5, 9, 12-20`; `none` when there are none. */
export function partitionList(partitions: Iterable<number>): string {
  const ranges: [from: number, to: number][] = []
  for (const one of [...partitions].sort((a, b) => a - b)) {
    const last = ranges.at(-1)
    if (last && one === last[1] + 1) last[1] = one
    else ranges.push([one, one])
  }
  const parts = ranges.map(([from, to]) =>
    from === to ? `${from}` : to === from + 1 ? `${from}, ${to}` : `${from}-${to}`,
  )
  return parts.join(', ') || 'none'
}
