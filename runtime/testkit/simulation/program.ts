/**
 * One life of the program under test: opens the journal on the surviving disk, creates a runtime on it, and calls
 * the scenario, as a program does that is started again. Driven by `simulate.ts`, which may kill it at any time.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Behaviour } from '../../../actors/behaviour.ts'
import { toRuntimeError } from '../../../actors/errors.ts'
import type { Journal } from '../../../actors/journal.ts'
import { SUPERVISOR, supervisorBehaviour } from '../../../actors/supervisor.ts'
import { createRuntime } from '../../create-runtime.ts'
import type { Runtime, RuntimeOptions } from '../../runtime.ts'
import { foldRecord } from './fold.ts'
import type { Incarnation } from './host.ts'
import type { Violation } from './invariants.ts'
import { openJournal } from './journal.ts'
import { type Universe, type World, worldOf } from './world.ts'

export interface Scenario {
  readonly name: string
  /** How its runtime is made at every start, besides what the simulation owns. */
  options?(world: World): Pick<RuntimeOptions, 'behaviours' | 'policy' | 'recover' | 'passivateAfterMs'>
  /**
   * The program: called at every start, on a new runtime over what the disk has kept. It spawns its actors under
   * fixed ids and asks under fixed keys, so that a second start goes on with what the first began. What it
   * resolves to is the result; rejecting ends the simulation with a violation.
   */
  start(runtime: Runtime, world: World): Promise<unknown>
  /** What else must hold at the end, one sentence per problem. `result` is what `start` resolved to. */
  check?(end: { readonly result: unknown; readonly ledger: World['ledger'] }): readonly string[]
}

export type Outcome = { readonly result: unknown } | { readonly error: unknown }

export interface Program {
  readonly life: Incarnation
  /** How its scenario ended; undefined while it has not. */
  readonly outcome: Outcome | undefined
  /** Set once the journal is open. */
  readonly runtime: Runtime | undefined
  readonly journal: Journal | undefined
  /** Every live actor's journal, replayed, against its live state: invariant I7. */
  replay(): Promise<readonly Violation[]>
}

/** Starts the program in a new life of the node. */
export function startProgram(made: Universe, scenario: Scenario, life: Incarnation): Program {
  const behaviours = new Map<string, Behaviour>([[SUPERVISOR, supervisorBehaviour()]])
  const program: {
    outcome: Outcome | undefined
    runtime: Runtime | undefined
    journal: Journal | undefined
  } = {
    outcome: undefined,
    runtime: undefined,
    journal: undefined,
  }
  const run = async (): Promise<unknown> => {
    const journal = await openJournal(await made.disk.open(life), made.snapshotEvery)
    await made.recorder.confront(journal)
    program.journal = made.recorder.watch(journal)
    const world = worldOf(made, life)
    const options = scenario.options?.(world) ?? {}
    for (const behaviour of options.behaviours ?? []) behaviours.set(behaviour.type, behaviour)
    const runtime = noting(behaviours, runtimeOf(made, life, program.journal, options))
    program.runtime = runtime
    await runtime.ready
    return scenario.start(runtime, world)
  }
  run().then(
    result => {
      program.outcome = { result }
    },
    error => {
      program.outcome = { error }
    },
  )
  return Object.assign(program, { life, replay: () => replay(program, behaviours) })
}

function runtimeOf(
  made: Universe,
  life: Incarnation,
  journal: Journal,
  options: Partial<RuntimeOptions>,
): Runtime {
  const runtime = createRuntime({
    ...options,
    name: life.node,
    journal,
    host: life.host,
    transport: made.network.connect(life),
    onError: error => void made.errors.push(error),
  })
  runtime.events.subscribe(event => {
    if (event.type === 'message.dead') made.recorder.dead.add(event.id)
  })
  return runtime
}

/** The same runtime, and every behaviour that it is given is noted by type. */
function noting(behaviours: Map<string, Behaviour>, runtime: Runtime): Runtime {
  const note = (behaviour: Behaviour): void => void behaviours.set(behaviour.type, behaviour)
  const noted: Pick<Runtime, 'spawn' | 'supervise' | 'register'> = {
    spawn(behaviour, options) {
      note(behaviour)
      return runtime.spawn(behaviour, options)
    },
    supervise(options) {
      for (const child of options?.children ?? []) note(child.behaviour)
      return runtime.supervise(options)
    },
    register(behaviour) {
      note(behaviour)
      runtime.register(behaviour)
    },
  }
  return Object.assign(Object.create(runtime) as Runtime, noted)
}

/** Every live actor's journal, replayed, against its live state. */
export async function replay(
  { runtime, journal }: { readonly runtime: Runtime | undefined; readonly journal: Journal | undefined },
  behaviours: ReadonlyMap<string, Behaviour>,
): Promise<readonly Violation[]> {
  const violations: Violation[] = []
  const i7 = (what: string): void => void violations.push({ invariant: 'I7', what })
  for (const { address } of runtime?.actors() ?? []) {
    const behaviour = behaviours.get(address.slice(0, address.indexOf('/')))
    const live = runtime?.snapshot(address)
    const recorded = await journal?.read(address)
    if (!behaviour || !live || !recorded) {
      i7(
        `${address} has ${behaviour ? '' : 'no behaviour, '}${live ? '' : 'no state, '}${recorded ? '' : 'no record'}`,
      )
      continue
    }
    try {
      const { snapshot, differing } = foldRecord(behaviour, recorded)
      if (differing.length > 0) i7(`${address} decides otherwise when replayed, at commit ${differing[0]}`)
      const { outstanding: _, ...state } = behaviour.store(live)
      if (!snapshot || !isDeepStrictEqual(behaviour.store(snapshot), state))
        i7(`${address} has another state when replayed`)
    } catch (error) {
      i7(`${address} cannot be replayed: ${toRuntimeError(error, 'internal').message}`)
    }
  }
  return violations
}
