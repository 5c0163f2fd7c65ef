/**
 * One run of a whole cluster from a seed: nodes on one broker and one bus in a world that goes wrong, with actors that
 * tell and ask each other over partitions, until the faults have stopped and everything has come to rest. The same seed
 * does the same, which `hash` proves. What went wrong that must not is in `violations`.
 */
import { toRuntimeError } from '../../../actors/errors.ts'
import { clusterActors } from './cluster-actors.ts'
import { type ClusterFault, JUMP_MS, type Trouble } from './cluster-faults.ts'
import { ownersOf, unrest, verdict } from './cluster-invariants.ts'
import { type Machine, machine } from './cluster-machine.ts'
import { type ClusterProgram, startClusterProgram } from './cluster-program.ts'
import { besiege } from './cluster-troubles.ts'
import { type ClusterUniverse, clusterUniverse } from './cluster-world.ts'
import type { Violation } from './invariants.ts'
import type { LedgerEntry } from './ledger.ts'
import { simulatedEffect } from './model.ts'

export interface ClusterSimulationOptions {
  readonly seed: number | string
  /** Which troubles may strike. Default: all. None: nothing at all goes wrong. */
  readonly troubles?: readonly Trouble[]
  /** Told of every task before it runs, for looking into a seed. */
  readonly trace?: (line: string) => void
}

export interface ClusterReport {
  readonly seed: number | string
  /** Of everything that ran, in order: equal for equal seeds. */
  readonly hash: string
  readonly picks: number
  readonly simulatedMs: number
  readonly machines: number
  /** Lives of nodes. */
  readonly starts: number
  /** How often a partition got an owner. */
  readonly takeovers: number
  readonly commits: number
  readonly effects: number
  /** Attempts that were begun by an owner of yesterday, for what it had stored. */
  readonly zombieAttempts: number
  readonly struck: { readonly [K in ClusterFault]?: number }
  /** What nodes reported, by life. */
  readonly errors: ClusterUniverse['errors']
  readonly violations: readonly Violation[]
  readonly ledger: readonly LedgerEntry[]
}

/**
 * After the last fault everything comes to rest within that, ms. What waits by a wall clock that is set back waits as much
 * longer.
 */
const BOUND_MS = 1_800_000 + JUMP_MS
/** How often it is looked whether it has. */
const LOOK_MS = 500
/** At rest it has to be for so long: what was sent again may still be on its way. */
const REST_MS = 8_000
const MAX_PICKS = 2_000_000
const NAMES = ['a', 'b', 'c', 'd', 'e'] as const

interface Run {
  readonly made: ClusterUniverse
  readonly machines: Machine[]
  readonly program: ClusterProgram
  readonly violations: Violation[]
}

/** Runs one seed. Never rejects: what goes wrong is a violation. */
export async function simulateCluster(options: ClusterSimulationOptions): Promise<ClusterReport> {
  const { seed, troubles, trace } = options
  const isCalm = troubles?.length === 0
  const made = clusterUniverse({ seed, isCalm, ...(trace && { trace }) })
  const { scheduler, random } = made
  const began = scheduler.now
  const machines: Machine[] = []
  const join = (): Machine | undefined => {
    const name = NAMES[machines.length]
    if (name === undefined) return undefined
    const joined = machine(made, name, life =>
      clusterActors({ effect: (what, spec) => simulatedEffect(made, life, what, spec) }),
    )
    machines.push(joined)
    joined.start()
    return joined
  }
  for (let n = random.between(2, 4); n > 0; n--) join()
  const stormMs = isCalm ? 5_000 : random.between(10_000, 40_000)
  const run: Run = { made, machines, program: startClusterProgram(made, stormMs), violations: [] }
  const storm = besiege(made, machines, join, {
    count: isCalm ? 0 : random.between(2, 8),
    untilMs: stormMs,
    ...(troubles && { only: troubles }),
  })
  supervise(run)
  await until(run, async () => scheduler.now - began >= stormMs)
  storm.stop()
  await judge(run)
  return reportOf(run, seed, scheduler.now - began)
}

function reportOf(
  { made, machines, violations }: Run,
  seed: number | string,
  simulatedMs: number,
): ClusterReport {
  const { scheduler, witness, faults, ledger } = made
  return {
    seed,
    hash: scheduler.hash(),
    picks: scheduler.picks,
    simulatedMs,
    machines: machines.length,
    starts: machines.reduce((sum, { lives }) => sum + lives, 0),
    takeovers: witness.takeovers,
    commits: witness.lives.reduce((sum, { commits }) => sum + commits.length, 0),
    effects: ledger.entries.filter(({ kind }) => kind === 'started').length,
    zombieAttempts: witness.zombies.size,
    struck: faults.struck,
    errors: made.errors,
    violations,
    ledger: ledger.entries,
  }
}

/** A person who looks now and then for effects nobody may repeat unasked, and knows what became of them. */
function supervise({ made, machines }: Run): void {
  const { scheduler, ledger, owner } = made
  const look = (): void => {
    for (const [first] of ownersOf(machines).values()) {
      const runtime = first?.served.runtime
      for (const { effect, actor, name } of runtime?.parkedEffects() ?? []) {
        const found = ledger.outcome(effect)
        if (!found)
          ledger.add({
            kind: 'checked',
            key: effect,
            name,
            class: 'manual',
            life: 'person',
            actor,
            done: false,
          })
        const decision = found ? ({ as: 'done', output: found.output } as const) : ({ as: 'redo' } as const)
        // Taken over meanwhile: whoever serves it next is asked in a moment.
        runtime?.decideEffect(effect, decision).catch(() => {})
      }
    }
    scheduler.at(scheduler.now + 3_000, owner, 'person', look)
  }
  look()
}

/** Lets everything come to rest, then holds it against what must be. */
async function judge(run: Run): Promise<void> {
  const { made, machines, program, violations } = run
  const bound = made.scheduler.now + BOUND_MS
  let restless = await rest(run, bound)
  let found = await driven(run, verdict(made, machines, program))
  // Partitions may have begun to move while it was looked.
  for (let again = 0; again < 5 && 'error' in found && restless.length === 0; again++) {
    restless = await rest(run, bound)
    found = await driven(run, verdict(made, machines, program))
  }
  for (const what of restless) violations.push({ invariant: 'I6', what })
  if ('error' in found) violations.push({ invariant: 'error', what: `the verdict failed: ${found.error}` })
  else violations.push(...found.value)
  for (const [life, error] of made.errors) {
    const { kind, message } = toRuntimeError(error, 'internal')
    if (!EXPECTED.has(kind)) violations.push({ invariant: 'error', what: `${life}: ${kind}: ${message}` })
  }
}

/** Waits until nothing is left to do. Returns what is not as it should be when `bound` comes first. */
async function rest(run: Run, bound: number): Promise<readonly string[]> {
  const { made, machines, program } = run
  const { scheduler, witness } = made
  let restless: readonly string[] = []
  let calmSince = Number.POSITIVE_INFINITY
  let looked = 0
  let moved = 0
  const isAtRest = async (): Promise<boolean> => {
    if (scheduler.now - looked < LOOK_MS) return false
    looked = scheduler.now
    restless = await unrest(made, machines, program)
    const isCalm = restless.length === 0 && moved === witness.takeovers
    moved = witness.takeovers
    calmSince = isCalm ? Math.min(calmSince, scheduler.now) : Number.POSITIVE_INFINITY
    return scheduler.now - calmSince >= REST_MS || scheduler.now >= bound
  }
  await until(run, isAtRest)
  return restless
}

/** What nodes report of a world that goes wrong. */
const EXPECTED: ReadonlySet<string> = new Set(['broker-unavailable', 'store-failed', 'address-taken'])

/** Goes on until `isSo`, or nothing is left to do. */
async function until(run: Run, isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) {
    if (!(await next(run))) return
  }
}

/** One task, and all that follows from it at once. */
async function next({ made, violations }: Run): Promise<boolean> {
  const { scheduler } = made
  try {
    if (scheduler.picks > MAX_PICKS || !scheduler.step()) {
      violations.push({ invariant: 'I6', what: `it goes round in circles: ${scheduler.picks} tasks` })
      return false
    }
  } catch (error) {
    violations.push({ invariant: 'error', what: `nobody caught: ${String(error)}` })
  }
  await drained()
  return true
}

/** After all promises and ticks, and those that they cause. */
const drained = (): Promise<void> => new Promise(resolve => void setImmediate(resolve))

/** What `work` comes to while the world goes on. */
async function driven<T>(
  run: Run,
  work: Promise<T>,
): Promise<{ readonly value: T } | { readonly error: unknown }> {
  let outcome: { readonly value: T } | { readonly error: unknown } | undefined
  work.then(
    value => {
      outcome = { value }
    },
    error => {
      outcome = { error: error?.stack ?? error }
    },
  )
  await drained()
  while (!outcome && (await next(run))) {}
  return outcome ?? { error: 'it never ends' }
}
