/**
 * One cluster from its start to its end: processes and load are started, somebody breaks things, then the faults stop,
 * everything that was begun must come to its end, and what is found is compared with what was promised. The fault cases
 * of a cluster differ in what they break: `cluster-node-kills.ts` and the files beside it.
 */
import { mkdtemp, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Prng, prng } from '../../runtime/testkit/simulation/prng.ts'
import { type BundledProgram, bundleProgram, type OtherBuild } from './bundled-program.ts'
import { type RunningChild, startProgram } from './child-process.ts'
import type { Note } from './cluster-actors.ts'
import { type Load, startLoad } from './cluster-load.ts'
import { dumpLog, logRows } from './cluster-log.ts'
import { type ClusterProcesses, type ProcessOptions, startProcesses } from './cluster-nodes.ts'
import type { SubjectOptions } from './cluster-subject.ts'
import { commitsByTwo, judgeNotes } from './cluster-verdict.ts'
import { type FaultOptions, progressOf, type Tally } from './fault-case.ts'
import { judgeRun, type LedgerEntry } from './ledger-entries.ts'

/** A cluster that is being broken. */
export interface Scene {
  readonly processes: ClusterProcesses
  readonly load: Load
  /** The program of the nodes, and the other build of it. */
  readonly programs: { readonly own: string; readonly other: string }
  readonly random: Prng
  /** How many more faults are to be made in this round. */
  left(): number
  /** One more fault was made. */
  struck(): void
  /** Something that should not have been. */
  wrong(what: string): void
  count(figure: string, by?: number): void
  /** Keeps the most that was seen of something. */
  most(figure: string, value: number): void
  /** Compares the log with what may be in it, for a fault that is about to lose it. */
  readLog(): Promise<void>
}

export interface ClusterCase {
  readonly name: string
  /** Faults in one cluster, at most: then a new one begins. */
  readonly perRound: number
  readonly nodes?: number
  /** Another build of the nodes. */
  readonly other?: OtherBuild
  readonly linked?: boolean
  /** Servers other than the usual one, kept in the folder. */
  readonly startBrokers?: ProcessOptions['startBrokers']
  readonly streams?: SubjectOptions['streams']
  readonly atOnce?: number
  readonly slowMs?: number
  /** Nothing may have to be called again, for whatever reason. */
  readonly isOrderly?: boolean
  /** Breaks things until none are left, and mends all of it. */
  strike(scene: Scene): Promise<void>
}

/** What all of them have in common, for the page. */
export const HOW = `Three nodes, one nats-server 2.9.10 with JetStream and an effect ledger, each a process of its own,
with a TTL of 2 seconds and heartbeats every 0.3 (the defaults are 6 and 1). A client keeps 24 jobs under way, two of three
as asks with keys, the others as runs. Each job makes an effect of every class in the ledger, tells a tally in another
partition of its beginning and its end, and asks a counter in a third. In the end every job must be answered within 90
seconds after the last fault; no effect may have been called again after its result was committed; every tally must have
been told of everything once and in order, every job be counted once; the log of no partition may hold an entry behind the
seal of its epoch, and no epoch entries of two processes; and there must be no dead letters. A call that was on its
way when a newer attempt, or a check, overtook it, because its node stood still meanwhile, only the world can refuse, by
its key and attempt, so it is counted and not held against the cluster.`

export const AS_ABOVE = 'The cluster, what it does and what is compared are those of the kills of its nodes.'

interface Counts {
  faults: number
  rounds: number
  lost: number
  repeated: number
  readonly figures: Map<string, number>
  readonly problems: string[]
}

/** After the last fault everything must have come to its end within this, ms. */
const BOUND_MS = 90_000

export async function runClusterCase(one: ClusterCase, options: FaultOptions): Promise<Tally> {
  const work = await realpath(await mkdtemp(join(tmpdir(), `ac-${one.name}-`)))
  const counts: Counts = { faults: 0, rounds: 0, lost: 0, repeated: 0, figures: new Map(), problems: [] }
  const programs: BundledProgram[] = []
  let ledger: RunningChild | undefined
  try {
    for (const entry of ['./effect-ledger.ts', './cluster-subject.ts'])
      programs.push(await bundleProgram(entry))
    if (one.other) programs.push(await bundleProgram('./cluster-subject.ts', one.other))
    const [ledgerProgram = '', subject = '', other = subject] = programs.map(({ path }) => path)
    ledger = startProgram(ledgerProgram, [])
    const port = (await ledger.said('ledger'))?.split(' ')[1]
    if (port === undefined) throw new Error(`the effect ledger did not start: ${ledger.errors()}`)
    const nodes = { own: subject, other }
    const bench = { one, options, work, programs: nodes, ledger: `http://127.0.0.1:${port}`, counts }
    while (counts.faults < options.count && counts.problems.length === 0) await oneRound(bench)
    return tallyOf(counts)
  } finally {
    await ledger?.kill()
    for (const program of programs) await program.remove()
    await rm(work, { recursive: true, force: true })
  }
}

interface Bench {
  readonly one: ClusterCase
  readonly options: FaultOptions
  readonly work: string
  readonly programs: Scene['programs']
  readonly ledger: string
  readonly counts: Counts
}

async function oneRound(bench: Bench): Promise<void> {
  const { one, options, work, programs, ledger, counts } = bench
  const run = `round-${++counts.rounds}`
  const dir = join(work, run)
  const { nodes = 3, linked = false, atOnce = 24, slowMs = 100 } = one
  const before = counts.problems.length
  const { startBrokers, streams } = one
  const processes = await startProcesses({
    ...{ program: programs.own, dir, ledger, run, nodes, linked },
    ...(startBrokers && { startBrokers }),
    ...(streams && { subject: { streams } }),
  })
  let load: Load | undefined
  try {
    load = await startLoad({ access: processes.access, atOnce, slowMs })
    const scene = sceneOf(bench, run, processes, load)
    await one.strike(scene)
    load.stop()
    const began = performance.now()
    const unanswered = await load.over(BOUND_MS)
    scene.most('milliseconds until all was done after the last fault, at most', performance.now() - began)
    for (const what of unanswered) scene.wrong(what)
    counts.lost += unanswered.length
    if (unanswered.length === 0) await judge(bench, run, scene)
    for (const what of [...load.refused, ...processes.surprises]) scene.wrong(what)
    if (counts.problems.length > before) await dump(bench, dir, run, load)
  } catch (error) {
    const { details } = Object(error) as { readonly details?: unknown }
    const more = details === undefined ? '' : ` ${JSON.stringify(details)}`
    counts.problems.push(`${run}: ${String(error instanceof Error ? error.stack : error)}${more}`)
  } finally {
    await load?.close().catch(() => {})
    if (counts.problems.length > before)
      for (const { port, log } of processes.servers) await writeFile(join(dir, `server-${port}.log`), log())
    await processes.stop()
  }
  await fetch(`${ledger}/entries?run=${run}`, { method: 'DELETE' })
  if (counts.problems.length > before) options.say(`what was found is kept in ${await keep(bench, dir, run)}`)
  await rm(dir, { recursive: true, force: true })
}

const entriesOf = async (ledger: string, run: string): Promise<readonly LedgerEntry[]> =>
  (await (await fetch(`${ledger}/entries?run=${run}`)).json()) as LedgerEntry[]

/** What the broker, the ledger and the client know, for whoever looks into it. */
async function dump({ ledger }: Bench, dir: string, run: string, load: Load): Promise<void> {
  const broker = await load.connection.broker()
  await dumpLog(broker, join(dir, 'log.jsonl'))
  const mailboxes = [...(await broker.mailboxes())]
  await broker.close()
  const actors = [...(await load.client.survey('actors', 10_000)).answers]
  const found = { owners: load.client.owners(), mailboxes, actors, reports: [...load.reports.values()] }
  await writeFile(join(dir, 'cluster.json'), JSON.stringify(found))
  await writeFile(join(dir, 'ledger.json'), JSON.stringify(await entriesOf(ledger, run)))
}

/** For whoever looks into it: logs and copies of the nodes, and what was wrong. */
async function keep({ one, options, counts }: Bench, dir: string, run: string): Promise<string> {
  const kept = join(tmpdir(), `faults-${one.name}-seed-${options.seed}-${run}`)
  await rm(kept, { recursive: true, force: true })
  await rename(dir, kept)
  await writeFile(join(kept, 'problems.txt'), `${counts.problems.join('\n')}\n`)
  return kept
}

function sceneOf(bench: Bench, run: string, processes: ClusterProcesses, load: Load): Scene {
  const { one, options, counts } = bench
  const progress = progressOf(options, 'faults')
  let struck = 0
  const count = (figure: string, by = 1): void =>
    void counts.figures.set(figure, (counts.figures.get(figure) ?? 0) + by)
  const wrong = (what: string): void => {
    if (counts.problems.length < 20) counts.problems.push(`seed ${options.seed}, ${run}: ${what}`)
  }
  return {
    processes,
    load,
    programs: bench.programs,
    // A stream of its own for every round, so that a round can be made again without those before.
    random: prng(options.seed).fork(run),
    left: () =>
      counts.problems.length > 0 ? 0 : Math.min(one.perRound - struck, options.count - counts.faults),
    struck() {
      struck++
      progress(++counts.faults)
    },
    wrong,
    count,
    most: (figure, value) =>
      void counts.figures.set(figure, Math.max(counts.figures.get(figure) ?? 0, Math.round(value))),
    async readLog() {
      const broker = await load.connection.broker()
      try {
        const rows = await logRows(broker)
        count('entries of logs that were compared', rows.length)
        count(
          'epochs that a seal began',
          rows.filter(({ kind, isOwned }) => kind === 'seal' && isOwned).length,
        )
        for (const problem of commitsByTwo(rows)) wrong(problem)
      } finally {
        await broker.close()
      }
    },
  }
}

async function judge({ ledger, counts, one }: Bench, run: string, scene: Scene): Promise<void> {
  const { load } = scene
  const reports = [...load.reports.values()]
  const jobs = [...load.reports.keys()]
  const [tallies, counters] = await settled(load, jobs)
  const notes = judgeNotes(jobs, tallies, counters)
  const entries = await entriesOf(ledger, run)
  const told = tallies.flat().flatMap(([, , job, what]) => (what === 'done' ? [job] : []))
  const effects = judgeRun(jobs, reports, told, entries)
  counts.lost += effects.lost.length + notes.lost.length
  counts.repeated += effects.repeated.length + notes.repeated.length
  for (const problem of [...effects.lost, ...effects.repeated, ...effects.forbidden]) scene.wrong(problem)
  for (const problem of [...notes.lost, ...notes.repeated, ...notes.disordered]) scene.wrong(problem)
  if (one.isOrderly && effects.againAllowed > 0)
    scene.wrong(`${effects.againAllowed} effects were called again`)
  await scene.readLog()
  const dead = [...(await load.client.survey('dead', 10_000)).answers.values()].flat()
  for (const letter of dead) scene.wrong(`a dead letter: ${JSON.stringify(letter).slice(0, 300)}`)
  scene.count('waits of a client that were in vain', load.again)
  scene.count('jobs done, a third of them as runs', jobs.length)
  scene.count('effects called', effects.calls)
  scene.count('of these again because their outcome was unknown', effects.againAllowed)
  scene.count('effects whose call was overtaken on its way', effects.late.length)
  scene.count('messages between partitions, told and asked', notes.messages)
}

/** Between two looks whether all that was told has come, ms. */
const LOOK_MS = 300

/** What tallies and counters know, once every job that is done is among it, or the time for that is over. */
async function settled(
  load: Load,
  jobs: readonly number[],
): Promise<[readonly (readonly Note[])[], number[][]]> {
  for (
    const until = performance.now() + BOUND_MS;
    ;
    await new Promise(resolve => setTimeout(resolve, LOOK_MS))
  ) {
    const tallies = (await load.tallies()) as readonly (readonly Note[])[]
    const counters = (await load.counters()) as number[][]
    const { lost } = judgeNotes(jobs, tallies, counters)
    if (lost.length === 0 || performance.now() > until) return [tallies, counters]
  }
}

const tallyOf = ({ faults, rounds, lost, repeated, figures, problems }: Counts): Tally => ({
  faults,
  lost,
  repeated,
  figures: { 'clusters started': rounds, ...Object.fromEntries(figures) },
  problems: problems.slice(0, 20),
})
