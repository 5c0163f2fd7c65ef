/**
 * Carries out the runs of one partition, one call of their workflow each, and notes how each ended. One is taken up again
 * when a person decided something about it, or cancelled it, in the moment in which it came to rest. Used by `run-host.ts`.
 */
import { RuntimeError, toRuntimeError, toWireError } from '../../actors/errors.ts'
import { NO_USAGE, type RunStatus } from '../../actors/events.ts'
import { toPlain } from '../../actors/plain.ts'
import type { Runtime } from '../../runtime/create-runtime.ts'
import type { RunRecord } from '../../runtime/runs.ts'
import type { Env } from '../models/providers.ts'
import type { RunResult } from '../workflow/run-workflow.ts'
import type { RunnableWorkflow, RunSurroundings } from '../workflow/runnable.ts'
import { runBriefs } from './run-briefs.ts'
import type { DecidedRuns } from './run-decisions.ts'
import type { Turns } from './turns.ts'

export interface RunOrderOptions {
  readonly size?: number
  readonly model?: string
  readonly memory?: string
}

export interface RunCarrierOptions {
  /** Of the partition. */
  readonly runtime: Runtime
  readonly workflows: readonly RunnableWorkflow[]
  /** Where relative sources are looked up. */
  readonly folder: string
  readonly env: Env
  /** How many runs this node carries out at a time. */
  readonly turns: Turns
  readonly report: (error: unknown) => void
}

export interface RunCarrier {
  /** Runs that are carried out or wait for their turn. */
  readonly underWay: ReadonlyMap<string, AbortController>
  /** Resolves when the run has come to rest. */
  carryOut(record: RunRecord, workflow: RunnableWorkflow): Promise<void>
  /** Goes on with one that waits for a person. */
  takeUp(record: RunRecord): Promise<RunRecord>
  /** Goes on with it if it waits for a person who has decided. */
  takeUpDecided(id: string): Promise<void>
  /** One that was cancelled in the moment in which it came to rest is taken up; of one that has ended nothing is kept. */
  settleCancelled(id: string, wasCancelled: boolean): Promise<void>
  /** Something was decided about a run under way: it is looked at again when it comes to rest. */
  told(id: string): void
  /** Begins none of those that wait for their turn. */
  stop(): void
  /** Also waits for none any more. */
  gone(): void
}

/** Kind of the records of runs that have not ended, or whose result is not kept as their workflow gives it. */
export const OPEN = 'open-run'
/** Kind of the records of runs that somebody cancelled and that have not ended. */
export const CANCELLED = 'cancelled-run'

export function runCarrier(options: RunCarrierOptions, decided: DecidedRuns): RunCarrier {
  const { runtime, workflows, turns, report } = options
  const { runs, journal } = runtime
  const underWay = new Map<string, AbortController>()
  const toldOf = new Set<string>()
  const leaving = leavers()
  let stopped = false

  const carryOut = async (record: RunRecord, workflow: RunnableWorkflow): Promise<void> => {
    const { id } = record
    if (underWay.has(id) || stopped) return
    const ending = new AbortController()
    underWay.set(id, ending)
    const release = await turns.take()
    let wasCancelled = false
    try {
      if (stopped) return
      // What is written when the partition is lost never settles; the turn is the node's, not the partition's.
      const came = await leaving.unlessGone(workOn(options, decided, record, workflow, ending))
      if (came === 'gone') return
      wasCancelled = came
    } finally {
      release()
      underWay.delete(id)
    }
    // It may have come to rest before it could be told.
    if (toldOf.delete(id)) await takeUpDecided(id)
    await settleCancelled(id, wasCancelled)
  }
  const takeUp = async (record: RunRecord): Promise<RunRecord> => {
    const workflow = workflowIn(workflows, record.workflow)
    await journal.records.put(OPEN, record.id, null)
    const again = await runs.begin(record)
    runBriefs(runtime).note(again).catch(report)
    carryOut(again, workflow).catch(report)
    return again
  }
  const takeUpDecided = async (id: string): Promise<void> => {
    const record = await runs.get(id)
    if (record?.status === 'needs-human' && (await decided.pending(id)).size > 0) await takeUp(record)
  }
  const settleCancelled = async (id: string, wasCancelled: boolean): Promise<void> => {
    if (underWay.has(id) || !(await isCancelled(runtime, id))) return
    const record = await runs.get(id)
    if (record?.status === 'running') return
    if (record?.status !== 'needs-human') await journal.records.remove(CANCELLED, id)
    else if (!wasCancelled) await takeUp(record)
  }

  return {
    ...{ underWay, carryOut, takeUp, takeUpDecided, settleCancelled },
    told: id => void toldOf.add(id),
    stop() {
      stopped = true
    },
    gone() {
      stopped = true
      leaving.leave()
    },
  }
}

/** Work that is waited for until the partition is served here no more. */
function leavers() {
  const all = new Set<() => void>()
  return {
    async unlessGone<T>(work: Promise<T>): Promise<T | 'gone'> {
      let leave = (): void => {}
      const left = new Promise<'gone'>(resolve => {
        leave = () => resolve('gone')
      })
      all.add(leave)
      return Promise.race([work, left]).finally(() => all.delete(leave))
    },
    leave() {
      for (const leave of all) leave()
    },
  }
}

/** One run to its end, or to where it waits for a person. Resolves with whether it was cancelled before it was taken up. */
async function workOn(
  options: RunCarrierOptions,
  decided: DecidedRuns,
  record: RunRecord,
  workflow: RunnableWorkflow,
  ending: AbortController,
): Promise<boolean> {
  const { runtime } = options
  const { id } = record
  if (await isCancelled(runtime, id)) ending.abort(cancelled(id))
  const wasCancelled = ending.signal.aborted
  const decisions = await decided.pending(id)
  const around = {
    ...surroundings(options, record, ending.signal),
    ...(decisions.size > 0 && { decisions }),
  }
  const result = await workflow
    .run(record.input as Record<string, unknown>, around)
    .catch(thrown => toRuntimeError(thrown, 'internal'))
  await ended(runtime, id, result)
  return wasCancelled
}

/** Throws `usage` for one that is not known. */
export function workflowIn(workflows: readonly RunnableWorkflow[], name: string): RunnableWorkflow {
  const workflow = workflows.find(one => one.name === name)
  if (workflow) return workflow
  throw unknownHere(name, workflows)
}

export const unknownHere = (name: string, known: readonly RunnableWorkflow[]): RuntimeError =>
  new RuntimeError('usage', `there is no workflow "${name}" on this node`, {
    fix: `name one of: ${known.map(one => one.name).join(', ')}`,
  })

export const cancelled = (id: string): RuntimeError =>
  new RuntimeError('cancelled', `run ${id} was cancelled`)

const isCancelled = async ({ journal }: Runtime, id: string): Promise<boolean> =>
  (await journal.records.get(CANCELLED, id)) !== undefined

function surroundings(
  { runtime, folder, env }: RunCarrierOptions,
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

/**
 * Notes how a run ended, with its result as its caller would be given it. One that was refused before it began has failed
 * and says why; one whose node stops goes on elsewhere.
 */
async function ended(runtime: Runtime, id: string, came: RunResult | RuntimeError): Promise<void> {
  const { runs, journal } = runtime
  const error = came instanceof RuntimeError ? toWireError(came) : came.error
  if (error?.kind === 'runtime-stopped') return
  const end = came instanceof RuntimeError ? { status: endOf(came), usage: NO_USAGE } : endIn(came)
  const record = await runs.finish(id, { ...end, ...(error && { error }) })
  await Promise.all([runBriefs(runtime).note(record), journal.records.remove(OPEN, id)])
}

const endOf = ({ kind }: RuntimeError): RunStatus => (kind === 'cancelled' ? 'cancelled' : 'failed')

const endIn = (came: RunResult) => {
  const { status, usage } = came
  return { status, result: toPlain(came, 'result'), ...(usage && { usage }) }
}
