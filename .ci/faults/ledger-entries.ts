/**
 * What the effect ledger notes, and what must be true of it after a run that was killed again and again. Pure;
 * used by the ledger, the process that is killed, and `kills.ts`.
 */

export type LedgerClass = 'pure' | 'idempotent' | 'verifiable' | 'compensable'
export const LEDGER_CLASSES: readonly LedgerClass[] = ['pure', 'idempotent', 'verifiable', 'compensable']

export interface LedgerCall {
  readonly run: string
  readonly key: string
  readonly job: number
  readonly class: LedgerClass
  readonly attempt: number
  readonly slowMs: number
  /** When its caller began it, ms on the machine's clock. */
  readonly begun?: number
}

/**
 * started: a call came · happened: it changed the world · lost: its caller was gone before · completed: its caller
 * was answered · checked: somebody asked whether it stands · undone: it was taken back, if it stood.
 */
export interface LedgerEntry {
  /** Place among all entries of all runs. */
  readonly order: number
  readonly what: 'started' | 'happened' | 'lost' | 'completed' | 'checked' | 'undone'
  readonly key: string
  readonly job?: number
  readonly class?: LedgerClass
  readonly attempt?: number
  /** When it was noted, ms on the machine's clock. */
  readonly at?: number
  /** Of `started`: when its caller began it. */
  readonly begun?: number
  /** Of `checked` and `undone`: whether it stood. */
  readonly done?: boolean
}

/** One effect as the subject saw it: `completion` is the number of the ledger's answer whose result was committed. */
export interface SeenEffect {
  readonly key: string
  readonly class: LedgerClass
  readonly completion: number
}

/** What the subject says of a job when it is done. */
export interface JobReport {
  readonly job: number
  readonly seen: readonly SeenEffect[]
}

export interface Verdict {
  /** Jobs or effects that are missing, in words. */
  readonly lost: readonly string[]
  /** Committed effects that were made again. */
  readonly repeated: readonly string[]
  /** Whatever else a class does not allow. */
  readonly forbidden: readonly string[]
  /**
   * What would be among the two before, were it not for a call that was on its way: begun before anything newer was asked
   * for under its key, and there only afterwards. Only the world itself can refuse it, by the key and the attempt.
   */
  readonly late: readonly string[]
  readonly calls: number
  /** Calls made again because their outcome was not known, as their class allows. */
  readonly againAllowed: number
}

/** Compares the ledger of a run with its jobs; `tallied` are the jobs that an actor beside the workers was told of. */
export function judgeRun(
  jobs: readonly number[],
  reports: readonly JobReport[],
  tallied: readonly number[],
  entries: readonly LedgerEntry[],
): Verdict {
  const byKey = new Map<string, LedgerEntry[]>()
  for (const entry of entries) add(byKey, entry.key, entry)
  const lost: string[] = []
  const forbidden: string[] = []
  const repeated: string[] = []
  const late: string[] = []
  const byJob = new Map<number | undefined, LedgerEntry[]>()
  for (const entry of entries) add(byJob, entry.job, entry)
  for (const job of jobs) {
    const told = tallied.filter(one => one === job).length
    if (told === 0) lost.push(`job ${job} was never told of`)
    if (told > 1) forbidden.push(`job ${job} was told of ${told} times`)
    const seen = reports.find(report => report.job === job)?.seen ?? []
    for (const kind of LEDGER_CLASSES) {
      const keys = new Set((byJob.get(job) ?? []).filter(entry => entry.class === kind).map(({ key }) => key))
      if (keys.size > 1) repeated.push(`job ${job}: ${kind} was begun under ${[...keys].join(' and ')}`)
      const mine = seen.filter(effect => effect.class === kind)
      const [effect] = mine
      if (!effect || mine.length > 1) lost.push(`job ${job}: ${mine.length} results of class ${kind}`)
      else {
        const known = byKey.get(effect.key) ?? []
        const isLate = known.some(entry => wasOnItsWay(entry, known))
        judgeEffect(
          effect,
          known,
          isLate ? { lost, repeated: late, forbidden: late } : { lost, repeated, forbidden },
        )
      }
    }
  }
  const calls = entries.filter(({ what }) => what === 'started').length
  return { lost, repeated, forbidden, late, calls, againAllowed: calls - new Set(byKey.keys()).size }
}

function add<K>(lists: Map<K, LedgerEntry[]>, key: K, entry: LedgerEntry): void {
  const list = lists.get(key)
  if (list) list.push(entry)
  else lists.set(key, [entry])
}

/** Whether a later attempt, a check or an undoing overtook a call. */
const wasOnItsWay = (call: LedgerEntry, entries: readonly LedgerEntry[]): boolean =>
  call.begun !== undefined &&
  entries.some(
    ({ order, what, at = 0, attempt = 0 }) =>
      order < call.order &&
      at > (call.begun ?? 0) &&
      (what === 'checked' || what === 'undone' || (what === 'started' && attempt > (call.attempt ?? 0))),
  )

type Faults = { readonly lost: string[]; readonly repeated: string[]; readonly forbidden: string[] }

/** All that the ledger knows of one key, against what its actor committed. */
function judgeEffect(
  { key, class: kind, completion }: SeenEffect,
  entries: readonly LedgerEntry[],
  { lost, repeated, forbidden }: Faults,
): void {
  const count = (what: LedgerEntry['what']) => entries.filter(entry => entry.what === what).length
  const isAnswer = ({ order, what }: LedgerEntry): boolean =>
    order === completion && (what === 'completed' || what === 'checked')
  if (!entries.some(isAnswer)) {
    lost.push(`${key}: its result names ${completion}, which the ledger did not answer`)
    return
  }
  const after = entries.filter(
    ({ order, what }) => order > completion && what !== 'completed' && what !== 'lost',
  )
  if (after.length > 0)
    repeated.push(
      `${key} (${kind}): ${after[0]?.what} at ${after[0]?.order}, result committed from ${completion}`,
    )
  const stands = count('happened') - entries.filter(({ what, done }) => what === 'undone' && done).length
  if (stands < 1) lost.push(`${key} (${kind}) did not happen`)
  if (kind !== 'pure' && stands > 1) repeated.push(`${key} (${kind}) happened ${stands} times`)
  if (kind === 'verifiable') forbidden.push(...unasked(key, entries, 'checked'))
  if (kind === 'compensable') forbidden.push(...unasked(key, entries, 'undone'))
}

/** Calls of a key that were made again without what its class demands first. */
function unasked(key: string, entries: readonly LedgerEntry[], first: 'checked' | 'undone'): string[] {
  const steps = entries.filter(({ what }) => what === 'started' || what === first)
  return steps.flatMap((entry, at) =>
    at > 0 && entry.what === 'started' && steps[at - 1]?.what === 'started'
      ? [`${key} was called again at ${entry.order} and not ${first} before`]
      : [],
  )
}
