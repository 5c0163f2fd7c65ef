/**
 * A program with effects under way is killed without warning, again and again, and started again until its work
 * is done. What the effect ledger saw is compared with what the program says. A fault case of `cases.ts`.
 */
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Prng, prng } from '../../runtime/testkit/simulation/prng.ts'
import { type BundledProgram, bundleProgram } from './bundled-program.ts'
import { type RunningChild, startProgram } from './child-process.ts'
import { type FaultCase, type FaultOptions, progressOf, type Tally } from './fault-case.ts'
import { type JobReport, judgeRun, type LedgerEntry } from './ledger-entries.ts'

export interface KillOptions extends FaultOptions {
  /** Jobs per run, of four effects each. Default 80. */
  readonly jobs?: number
  /** The program loses its data directory with every kill: what must be found then, a test asks for. */
  readonly forgets?: boolean
}

/** A run that was killed so often is left alone, and must come to its end: it shows whether it still can. */
const KILLS_PER_RUN = 40
/** A life that nobody kills must end by itself. */
const PATIENCE_MS = 60_000

interface Counts {
  kills: number
  beforeReady: number
  runs: number
  effects: number
  again: number
  lost: number
  repeated: number
  readonly problems: string[]
}

interface Bench {
  readonly work: string
  readonly subject: string
  readonly ledger: string
  readonly random: Prng
  readonly counts: Counts
  readonly options: KillOptions
}

export async function runKills(options: KillOptions): Promise<Tally> {
  const work = await realpath(await mkdtemp(join(tmpdir(), 'ac-kills-')))
  const programs: BundledProgram[] = []
  const counts: Counts = {
    kills: 0,
    beforeReady: 0,
    runs: 0,
    effects: 0,
    again: 0,
    lost: 0,
    repeated: 0,
    problems: [],
  }
  let ledger: RunningChild | undefined
  try {
    for (const entry of ['./effect-ledger.ts', './kill-subject.ts']) programs.push(await bundleProgram(entry))
    const [ledgerProgram, subject] = programs.map(({ path }) => path)
    ledger = startProgram(ledgerProgram ?? '', [])
    const port = (await ledger.said('ledger'))?.split(' ')[1]
    if (port === undefined) throw new Error(`the effect ledger did not start: ${ledger.errors()}`)
    const url = `http://127.0.0.1:${port}`
    const bench = { work, subject: subject ?? '', ledger: url, random: prng(options.seed), counts, options }
    while (counts.kills < options.count && counts.problems.length < 20) await oneRun(bench)
    return tallyOf(counts)
  } finally {
    await ledger?.kill()
    for (const program of programs) await program.remove()
    await rm(work, { recursive: true, force: true })
  }
}

/** Jobs from the beginning to the end, with as many kills in between as are left to do. */
async function oneRun({ work, subject, ledger, random, counts, options }: Bench): Promise<void> {
  const run = `run-${++counts.runs}`
  const dir = join(work, run)
  const { jobs = 80, forgets = false } = options
  const progress = progressOf(options, 'kills')
  const args = [dir, ledger, run, String(jobs)]
  for (let life = 0; ; life++) {
    const child = startProgram(subject, [...args, random.chance(0.5) ? 'auto' : 'manual'])
    const isLeft = life === KILLS_PER_RUN || counts.kills === options.count
    if (!isLeft && (await killed(child, random, counts))) {
      progress(counts.kills)
      if (forgets) await rm(dir, { recursive: true, force: true })
      continue
    }
    const answer = await lastWord(child)
    const entries = (await (await fetch(`${ledger}/entries?run=${run}`)).json()) as LedgerEntry[]
    if (answer === undefined) counts.problems.push(`${run}, life ${life}: not done: ${lastLines(child)}`)
    else judge(counts, run, jobs, answer, entries)
    await fetch(`${ledger}/entries?run=${run}`, { method: 'DELETE' })
    await rm(dir, { recursive: true, force: true })
    return
  }
}

/** Kills the subject at some moment, one time in six before it is ready. False when it ended before. */
async function killed(child: RunningChild, random: Prng, counts: Counts): Promise<boolean> {
  const early = random.chance(1 / 6)
  const delay = early ? random.between(20, 300) : random.between(0, 500)
  if (!early && (await child.said('ready')) === undefined) return false
  const ended = await Promise.race([child.ended, sleep(delay)])
  if (ended) return false
  await child.kill()
  // It may have ended in that very moment.
  if (child.lines().some(line => line.startsWith('done'))) return false
  counts.kills++
  if (!child.lines().includes('ready')) counts.beforeReady++
  return true
}

const lastLines = (child: RunningChild): string =>
  `${child.lines().at(-1)?.slice(0, 3_000)} ${child.errors().trim().slice(-300)}`

async function lastWord(child: RunningChild): Promise<string | undefined> {
  const timer = setTimeout(() => void child.kill(), PATIENCE_MS)
  await child.ended
  clearTimeout(timer)
  return child.lines().find(line => line.startsWith('done'))
}

function judge(
  counts: Counts,
  run: string,
  jobs: number,
  answer: string,
  entries: readonly LedgerEntry[],
): void {
  const { reports, tallied } = JSON.parse(answer.slice('done '.length)) as {
    readonly reports: readonly JobReport[]
    readonly tallied: readonly number[]
  }
  const numbers = Array.from({ length: jobs }, (_, at) => at + 1)
  const { lost, repeated, forbidden, late, calls, againAllowed } = judgeRun(
    numbers,
    reports,
    tallied,
    entries,
  )
  counts.effects += calls
  counts.again += againAllowed
  counts.lost += lost.length
  counts.repeated += repeated.length
  for (const one of [...lost, ...repeated, ...forbidden, ...late]) counts.problems.push(`${run}: ${one}`)
}

const tallyOf = (counts: Counts): Tally => ({
  faults: counts.kills,
  lost: counts.lost,
  repeated: counts.repeated,
  figures: {
    'runs brought to their end': counts.runs,
    'effects called': counts.effects,
    'of these again because their outcome was unknown': counts.again,
    'kills before the program was ready': counts.beforeReady,
  },
  problems: counts.problems.slice(0, 20),
})

export const kills: FaultCase = {
  name: 'kills',
  title: 'kill -9 of a program with effects under way',
  count: 1_000,
  how: `A program with a supervisor, four workers and a tally does jobs; each job makes one effect of the classes
\`pure\`, \`idempotent\`, \`verifiable\` and \`compensable\`, as calls to an effect ledger: a process that is never
killed, answers slowly, and notes what was called, what really happened, what was asked and what was undone. The program
is killed (SIGKILL) at a random moment, one time in six while it starts, and started again, with \`recover\` set to
\`auto\` or \`manual\` by chance, until all its asks, which carry keys, are answered. Then every job must be done once,
under one key per effect; the ledger may not have seen a key after the answer whose result was committed; a
\`verifiable\` call may be made again only after a check, a \`compensable\` one only after an undo; nothing but
\`pure\` calls may have happened twice; and the tally must have been told of every job exactly once.`,
  run: runKills,
}
