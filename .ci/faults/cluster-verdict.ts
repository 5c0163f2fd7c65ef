/**
 * What must be true of a cluster after it was broken: of the notes its actors kept and of the log on the broker. Pure;
 * used by `cluster-round.ts` beside `ledger-entries.ts`, which judges the effects.
 */
import type { Note } from './cluster-actors.ts'

/** An entry of the log of a partition. */
export interface LogRow {
  readonly partition: number
  readonly epoch: number
  readonly n: number
  readonly kind: 'ops' | 'seal' | 'mark'
  /** The process that wrote it: node and life. */
  readonly by: string
  /** Of a seal: the epoch that begins, and whether somebody owns it. */
  readonly begins?: number
  readonly isOwned?: boolean
}

/**
 * Commits by two owners (I3): what was written in an epoch behind the seal that ends it, and epochs in which two
 * processes wrote, or another one than the seal before names.
 */
export function commitsByTwo(rows: readonly LogRow[]): string[] {
  const problems: string[] = []
  const at = ({ partition, epoch }: Pick<LogRow, 'partition' | 'epoch'>) =>
    `partition ${partition}, epoch ${epoch}`
  const seals = new Map<string, LogRow>()
  const owners = new Map<string, string>()
  for (const row of rows) {
    if (row.kind !== 'seal') continue
    const known = seals.get(at(row))
    if (known)
      problems.push(`${at(row)} was sealed twice, at ${known.n} by ${known.by} and at ${row.n} by ${row.by}`)
    else seals.set(at(row), row)
    const begun = { partition: row.partition, epoch: row.begins ?? 0 }
    if (row.isOwned) owners.set(at(begun), row.by)
  }
  for (const row of rows) {
    if (row.kind !== 'ops') continue
    const seal = seals.get(at(row))
    if (seal && row.n > seal.n)
      problems.push(`${at(row)}: ${row.by} wrote ${row.n} behind the seal at ${seal.n} of ${seal.by}`)
    const owner = owners.get(at(row))
    if (owner === undefined) owners.set(at(row), row.by)
    else if (owner !== row.by) problems.push(`${at(row)} is of ${owner}, and ${row.by} wrote ${row.n}`)
  }
  return problems
}

export interface NotesVerdict {
  /** Messages that never came. */
  readonly lost: readonly string[]
  /** Messages that were taken twice. */
  readonly repeated: readonly string[]
  /** Messages of one sender to one receiver that came in another order. */
  readonly disordered: readonly string[]
  readonly messages: number
}

/**
 * What tallies and counters were told, against the jobs that were done: each worker numbers what it tells its tally, so
 * there must be 1, 2, 3 … in this order (I1, I4); every job must have been counted once.
 */
export function judgeNotes(
  done: readonly number[],
  tallies: readonly (readonly Note[])[],
  counters: readonly (readonly number[])[],
): NotesVerdict {
  const lost: string[] = []
  const repeated: string[] = []
  const disordered: string[] = []
  for (const notes of tallies) {
    const last = new Map<string, number>()
    for (const [worker, n, job, what] of notes) {
      const before = last.get(worker) ?? 0
      const name = `message ${n} of ${worker} (job ${job} ${what})`
      if (n <= before) {
        const isThere = notes.filter(note => note[0] === worker && note[1] === n).length
        if (isThere > 1) repeated.push(`${name} was taken ${isThere} times, again after ${before}`)
        else disordered.push(`${name} came after ${before}`)
      } else if (n > before + 1) {
        const missing = Array.from({ length: n - before - 1 }, (_, i) => before + 1 + i)
        const isLate = (one: number): boolean => notes.some(note => note[0] === worker && note[1] === one)
        lost.push(...missing.filter(one => !isLate(one)).map(one => `message ${one} of ${worker} never came`))
      }
      last.set(worker, Math.max(n, before))
    }
  }
  const told = new Map<string, number>()
  for (const [, , job, what] of tallies.flat())
    told.set(`${job} ${what}`, (told.get(`${job} ${what}`) ?? 0) + 1)
  const counted = new Map<number, number>()
  for (const job of counters.flat()) counted.set(job, (counted.get(job) ?? 0) + 1)
  for (const job of done) {
    for (const what of ['begun', 'done'])
      if (!told.has(`${job} ${what}`)) lost.push(`nobody was told that job ${job} was ${what}`)
    if (!counted.has(job)) lost.push(`job ${job} was never counted`)
  }
  for (const [job, times] of counted) if (times > 1) repeated.push(`job ${job} was counted ${times} times`)
  return { lost, repeated, disordered, messages: tallies.flat().length + counters.flat().length }
}
