/**
 * One run of a program from a seed: a runtime in a world that goes wrong, killed and started again, until its
 * scenario has ended and everything has come to rest. The same seed does the same, which `hash` proves. What went
 * wrong that must not is in `violations`.
 */
import { toRuntimeError } from '../../../actors/errors.ts'
import { FAULT_CLASSES, type FaultClass, type FaultRates, type Faults, faultRates } from './faults.ts'
import { completeness, safety, type Violation } from './invariants.ts'
import type { LedgerEntry } from './ledger.ts'
import { type Program, type Scenario, startProgram } from './program.ts'
import type { Crash } from './recorder.ts'
import { type Universe, universe } from './world.ts'

/**
 * safety: faults until the scenario ends; it may take as long as it takes, within `limitMs`.
 * liveness: faults stop after a while, and then it must end within `boundMs`.
 */
export type Mode = 'safety' | 'liveness'

export interface SimulateOptions {
  readonly seed: number | string
  readonly scenario: Scenario
  /** Default: all classes at their own rates. */
  readonly faults?: FaultRates | readonly FaultClass[]
  /** Default `liveness`. */
  readonly mode?: Mode
  /** Simulated time to come to an end after the last fault, ms. Default six hours. */
  readonly boundMs?: number
  /** Tasks after which the run is given up: something goes round in circles. Default 200,000. */
  readonly maxPicks?: number
  /** Told of every task before it runs, for looking into a seed. */
  readonly trace?: (line: string) => void
}

export interface SimulationReport {
  readonly seed: number | string
  readonly scenario: string
  readonly mode: Mode
  /** Of everything that ran, in order: equal for equal seeds. */
  readonly hash: string
  readonly picks: number
  readonly simulatedMs: number
  /** Starts of the program. */
  readonly starts: number
  /** What the scenario resolved to. */
  readonly result: unknown
  /** Acknowledged commits that were kept. */
  readonly commits: number
  /** How often each fault class struck. */
  readonly struck: Faults['struck']
  readonly violations: readonly Violation[]
  readonly ledger: readonly LedgerEntry[]
}

/** Crashes after which a seed has seen enough of them. */
const MAX_STARTS = 8
const LONGEST_DOWN_MS = 60_000
const SIX_HOURS_MS = 21_600_000

interface Run {
  readonly made: Universe
  readonly options: SimulateOptions
  readonly mode: Mode
  readonly violations: Violation[]
  readonly startedAt: number
  /** When faults stop, by true time. */
  readonly healAt: number
  program: Program
}

/** Runs one seed. Never rejects: what goes wrong is a violation. */
export async function simulate(options: SimulateOptions): Promise<SimulationReport> {
  const { seed, scenario, mode = 'liveness', trace } = options
  const made = universe({ seed, rates: ratesOf(options), ...(trace && { trace }) })
  const { scheduler, random } = made
  const run: Run = {
    made,
    options,
    mode,
    violations: [],
    startedAt: scheduler.now,
    healAt: mode === 'safety' ? Number.POSITIVE_INFINITY : scheduler.now + random.between(1_000, 120_000),
    program: startProgram(made, scenario, made.nextLife()),
  }
  await scheduler.drain()
  await toTheEnd(run)
  await judge(run)
  const { outcome, life } = run.program
  return {
    seed,
    scenario: scenario.name,
    mode,
    hash: scheduler.hash(),
    picks: scheduler.picks,
    simulatedMs: scheduler.now - run.startedAt,
    starts: life.number,
    result: outcome && 'result' in outcome ? outcome.result : undefined,
    commits: made.recorder.lives.reduce((sum, { commits }) => sum + commits.length, 0),
    struck: made.faults.struck,
    violations: run.violations,
    ledger: made.ledger.entries,
  }
}

const isClasses = (faults: FaultRates | readonly FaultClass[]): faults is readonly FaultClass[] =>
  Array.isArray(faults)

const ratesOf = ({ faults }: Pick<SimulateOptions, 'faults'>): FaultRates =>
  faults === undefined || isClasses(faults) ? faultRates(faults) : faults

/** The classes that `options` enable. */
export const faultsIn = (options: Pick<SimulateOptions, 'faults'>): readonly FaultClass[] =>
  FAULT_CLASSES.filter(fault => (ratesOf(options)[fault] ?? 0) > 0)

const violate = (run: Run, invariant: Violation['invariant'], what: string): void =>
  void run.violations.push({ invariant, what })

/** Drives the program, through its crashes, until its scenario has ended. */
async function toTheEnd(run: Run): Promise<void> {
  const { made, options } = run
  const { scheduler, faults } = made
  const { boundMs = SIX_HOURS_MS, maxPicks = 200_000 } = options
  while (!run.program.outcome || (await endedByDisk(run))) {
    if (!faults.stopped && scheduler.now >= run.healAt) faults.stop()
    const from = Number.isFinite(run.healAt) ? Math.max(run.healAt, run.startedAt) : run.startedAt
    if (!(await next(run, from + boundMs))) {
      violate(
        run,
        'I6',
        `the scenario has not ended: ${atRest(run) ? 'nothing is under way' : 'it takes too long'}`,
      )
      return
    }
    if (scheduler.picks > maxPicks) {
      violate(run, 'I6', `the scenario has not ended after ${maxPicks} tasks`)
      return
    }
    await goWrong(run)
  }
}

/** A program that the failing disk ended is started again, as it is by whatever watches over it. */
async function endedByDisk(run: Run): Promise<boolean> {
  const { outcome } = run.program
  if (!outcome || !('error' in outcome) || toRuntimeError(outcome.error, 'internal').kind !== 'store-failed')
    return false
  await restart(run, 'process')
  return true
}

const atRest = ({ made }: Run): boolean => !made.scheduler.waiting

/** One task, and all that follows from it at once. False when there is none until `until`. */
async function next({ made, violations }: Run, until?: number): Promise<boolean> {
  try {
    if (!made.scheduler.step(until)) return false
  } catch (error) {
    violations.push({ invariant: 'error', what: `nobody caught: ${String(error)}` })
  }
  await made.scheduler.drain()
  return true
}

/** What may happen to the node after any task. */
async function goWrong(run: Run): Promise<void> {
  const { made, program } = run
  const { faults, scheduler, random, disk } = made
  const { life } = program
  if (faults.hit('host.stall')) scheduler.pass(random.between(1, 20_000))
  if (faults.hit('host.clock-jump')) life.skew += random.between(-3_600_000, 3_600_000)
  const failed = disk.failed(life)
  const mayCrash = life.number < MAX_STARTS
  if (mayCrash && faults.hit('crash.machine')) await restart(run, 'machine')
  else if (failed || (mayCrash && faults.hit('crash.process'))) await restart(run, 'process')
}

/** Kills the program, lets it be down for a while, and starts it on what the disk has kept. */
async function restart(run: Run, crash: Crash): Promise<void> {
  const { made, options } = run
  const { scheduler, random, disk } = made
  const { skew } = run.program.life
  scheduler.note(`crash of the ${crash}`, run.program.life.name)
  run.program.life.kill()
  made.recorder.crashed(crash)
  if (crash === 'machine') disk.powerCut()
  const down = random.between(0, LONGEST_DOWN_MS)
  made.downMs += down
  scheduler.pass(down)
  await damaged(run)
  const life = made.nextLife()
  life.skew = skew
  run.program = startProgram(made, options.scenario, life)
  await scheduler.drain()
}

/** Changes what is on the disk while nobody looks: opening it must not succeed. Then the backup is put back. */
async function damaged(run: Run): Promise<void> {
  const { faults, disk } = run.made
  for (const kind of ['flip', 'cut'] as const) {
    const undo = faults.hit(`disk.${kind}`) ? disk.damage(kind) : undefined
    if (!undo) continue
    const life = run.made.nextLife()
    const idle: Scenario = { name: 'opening', start: async () => 'opened' }
    run.program = startProgram(run.made, idle, life)
    await run.made.scheduler.drain()
    while (!run.program.outcome && (await next(run))) {}
    const { outcome } = run.program
    const error = outcome && 'error' in outcome ? toRuntimeError(outcome.error, 'internal') : undefined
    if (error?.kind !== 'store-corrupt')
      violate(run, 'F10', `a ${kind} on the disk was not found: ${error ?? 'it opened'}`)
    life.kill()
    undo()
  }
}

/** How long everything may take to come to rest once the scenario has ended, ms. */
const REST_MS = 3_600_000
const MOST_REST_PICKS = 100_000

/** Lets everything come to rest, then holds it against the invariants. */
async function judge(run: Run): Promise<void> {
  const { made, program, options, violations } = run
  const { recorder, ledger, faults, scheduler, downMs } = made
  const { outcome } = program
  const until = scheduler.now + REST_MS
  faults.stop()
  // What has not come to its end need not come to rest.
  for (let left = MOST_REST_PICKS; outcome && left > 0 && (await next(run, until)); left--) {}
  violations.push(...safety({ recorder, ledger, downMs }))
  if (!outcome) return
  if ('error' in outcome) violate(run, 'error', `the scenario failed: ${String(outcome.error)}`)
  else
    for (const what of options.scenario.check?.({ result: outcome.result, ledger: ledger.entries }) ?? [])
      violate(run, 'S', what)
  violations.push(...completeness({ recorder, ledger, downMs }), ...unfinished(program))
  violations.push(...((await driven(run, 'the replay', program.replay())) ?? []))
  await driven(run, 'stopping the runtime', program.runtime?.stop() ?? Promise.resolve())
  await driven(run, 'closing the journal', program.journal?.close() ?? Promise.resolve())
  for (const error of made.errors) {
    const { kind, message } = toRuntimeError(error, 'internal')
    if (!EXPECTED.has(kind)) violate(run, 'error', `reported: ${kind}: ${message}`)
  }
}

/** What a node reports when its disk fails: it is then started again. */
const EXPECTED: ReadonlySet<string> = new Set(['store-failed', 'journal-closed', 'transport-closed'])

const unfinished = ({ runtime }: Program): readonly Violation[] =>
  (runtime?.actors() ?? [])
    .filter(({ phase, waiting }) => phase !== 'active' || waiting > 0)
    .map(({ address, phase, waiting }) => ({
      invariant: 'I6',
      what: `${address} is ${phase} and ${waiting} messages wait, when everything is at rest`,
    }))

/** What `work` comes to while the world goes on; undefined, and a violation, when it fails or never ends. */
async function driven<T>(run: Run, what: string, work: Promise<T>): Promise<T | undefined> {
  const state: { settled: boolean; value: T | undefined } = { settled: false, value: undefined }
  const settled = work.then(
    value => {
      Object.assign(state, { settled: true, value })
    },
    error => {
      state.settled = true
      violate(run, 'error', `${what} failed: ${String(error)}`)
    },
  )
  await run.made.scheduler.drain()
  while (!state.settled && (await next(run))) {}
  if (state.settled) await settled
  else violate(run, 'I6', `${what} never ends`)
  return state.value
}
