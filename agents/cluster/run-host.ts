/**
 * The runs of one partition while a node serves it: takes new ones, goes on with those that another node left, and
 * notes how each ended. Starting a run twice is starting it once. It knows nothing of nodes: when the partition is
 * given up or lost its runtime stops, and the runs are left as they are for whoever serves it next.
 */
import { RuntimeError, toRuntimeError, toWireError } from '../../actors/errors.ts'
import { NO_USAGE, type RuntimeEvent } from '../../actors/events.ts'
import { type Plain, toPlain } from '../../actors/plain.ts'
import type { Runtime } from '../../runtime/create-runtime.ts'
import type { RunRecord } from '../../runtime/runs.ts'
import type { Env } from '../models/providers.ts'
import type { RunResult } from '../workflow/run-workflow.ts'
import type { RunnableWorkflow, RunSurroundings } from '../workflow/runnable.ts'
import type { Turns } from './turns.ts'

export interface RunOrder {
  readonly id: string
  /** Name of the workflow. */
  readonly workflow: string
  readonly input: Plain
  readonly options: RunOrderOptions
}

export interface RunOrderOptions {
  readonly size?: number
  readonly model?: string
  readonly memory?: string
}

export interface RunHostOptions {
  /** Of the partition. */
  readonly runtime: Runtime
  readonly workflows: readonly RunnableWorkflow[]
  /** Where relative sources are looked up. */
  readonly folder: string
  readonly env: Env
  /** How many runs this node carries out at a time. */
  readonly turns: Turns
  /** Told of what happens in runs that somebody follows. */
  readonly tell: (run: string, event: RuntimeEvent) => void
  readonly report: (error: unknown) => void
}

export interface RunHost {
  /** Notes a run, if it is new, and carries it out. Resolves when it is noted. Throws `usage` for an unknown workflow. */
  start(order: RunOrder): Promise<RunRecord>
  /** Goes on with all runs that have not ended. */
  resume(): Promise<void>
  get(id: string): Promise<RunRecord | undefined>
  list(): Promise<readonly RunRecord[]>
  /** Cancels a run that is under way. Throws `run-unknown`. */
  cancel(id: string): Promise<void>
  /** What happens in that run is told for another while: somebody follows it. */
  follow(id: string, untilMs: number): void
  /** How many runs are under way or wait for their turn. */
  readonly active: number
  /** Takes no more; runs that wait for their turn are left where they are. */
  stop(): void
}

export function runHost(options: RunHostOptions): RunHost {
  const { runtime, workflows, turns, report } = options
  const { runs, journal } = runtime
  const underWay = new Map<string, AbortController>()
  const followers = followersOf(options)
  let stopped = false

  const carryOut = async (record: RunRecord, workflow: RunnableWorkflow): Promise<void> => {
    const { id } = record
    if (underWay.has(id) || stopped) return
    const ending = new AbortController()
    underWay.set(id, ending)
    const release = await turns.take()
    try {
      if (stopped) return
      const around = surroundings(options, record, ending.signal)
      const result = await workflow
        .run(record.input as Record<string, unknown>, around)
        .catch(thrown => toRuntimeError(thrown, 'internal'))
      await ended(runtime, id, result)
    } finally {
      release()
      underWay.delete(id)
    }
  }
  /** Its record says that it ended a moment before what it gave is there. */
  const seen = (record: RunRecord): RunRecord => {
    if (!underWay.has(record.id) || record.status === 'running') return record
    const { finishedAt: _, error: __, usage: ___, result: ____, ...rest } = record
    return { ...rest, status: 'running' }
  }
  const get = async (id: string): Promise<RunRecord | undefined> => {
    const record = await runs.get(id)
    return record && seen(record)
  }
  const named = (name: string): RunnableWorkflow => {
    const workflow = workflows.find(one => one.name === name)
    if (workflow) return workflow
    throw unknownHere(name, workflows)
  }

  return {
    async start({ id, workflow: name, input, options: more }) {
      const workflow = named(name)
      const before = await get(id)
      if (before) return before
      await journal.records.put(OPEN, id, null)
      const record = await runs.begin({ id, workflow: name, input, options: toPlain(more, 'options') })
      // The record is not waited for, but what is written behind it is there only with it.
      const stored = journal.records.put(OPEN, id, null)
      carryOut(record, workflow).catch(report)
      await stored
      return record
    },
    async resume() {
      for await (const [id] of journal.records.list(OPEN)) {
        const record = await runs.get(id)
        const workflow = workflows.find(one => one.name === record?.workflow)
        if (record && workflow) carryOut(record, workflow).catch(report)
        else if (record) report(unknownHere(record.workflow, workflows))
        else await journal.records.remove(OPEN, id)
      }
    },
    get,
    list: async () => (await runs.list()).map(seen),
    async cancel(id) {
      const ending = underWay.get(id)
      if (!ending) throw notUnderWay(id)
      ending.abort(new RuntimeError('cancelled', `run ${id} was cancelled`))
    },
    follow: followers.add,
    get active() {
      return underWay.size
    },
    stop() {
      stopped = true
      followers.stop()
    },
  }
}

/** Listens to the runtime while there is a run that somebody follows. */
function followersOf({ runtime, tell: passOn }: RunHostOptions): {
  readonly add: (run: string, untilMs: number) => void
  readonly stop: () => void
} {
  const { events, host } = runtime
  const followed = new Map<string, number>()
  let stopTelling: (() => void) | undefined
  const remove = (run: string): void => {
    followed.delete(run)
    if (followed.size > 0) return
    stopTelling?.()
    stopTelling = undefined
  }
  const tell = (event: RuntimeEvent): void => {
    const run = 'run' in event ? event.run : undefined
    const until = run === undefined ? undefined : followed.get(run)
    if (run === undefined || until === undefined) return
    if (until >= host.clock.now()) passOn(run, event)
    else remove(run)
  }
  return {
    add(run, untilMs) {
      followed.set(run, untilMs)
      stopTelling ??= events.subscribe(tell)
    },
    stop() {
      for (const run of [...followed.keys()]) remove(run)
    },
  }
}

const notUnderWay = (id: string): RuntimeError =>
  new RuntimeError('run-unknown', `no run "${id}" is under way here`, { fix: 'list them first' })

const unknownHere = (name: string, known: readonly RunnableWorkflow[]): RuntimeError =>
  new RuntimeError('usage', `there is no workflow "${name}" on this node`, {
    fix: `name one of: ${known.map(one => one.name).join(', ')}`,
  })

function surroundings(
  { runtime, folder, env }: RunHostOptions,
  { id, options }: RunRecord,
  signal: AbortSignal,
): RunSurroundings {
  const { size, model, memory } = (options ?? {}) as RunOrderOptions
  return {
    runtime,
    runId: id,
    cwd: folder,
    env,
    signal,
    ...(size !== undefined && { size }),
    ...(model !== undefined && { model }),
    ...(memory !== undefined && { memory }),
  }
}

/** Kind of the records of runs that have not ended, or whose result is not kept as their workflow gives it. */
const OPEN = 'open-run'

/**
 * Notes how a run ended, with its result as its caller would be given it. One that was refused before it began has failed
 * and says why; one whose node stops goes on elsewhere.
 */
async function ended({ runs, journal }: Runtime, id: string, came: RunResult | RuntimeError): Promise<void> {
  if (came instanceof RuntimeError) {
    if (came.kind === 'runtime-stopped') return
    await runs.finish(id, { status: 'failed', usage: NO_USAGE, error: toWireError(came) })
  } else {
    const { status, usage, error } = came
    if (error?.kind === 'runtime-stopped') return
    const result = toPlain(came, 'result')
    await runs.finish(id, { status, result, ...(usage && { usage }), ...(error && { error }) })
  }
  await journal.records.remove(OPEN, id)
}
