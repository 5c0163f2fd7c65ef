/**
 * The runs of one partition while a node serves it: takes new ones, goes on with those that another node left, and
 * notes how each ended. Starting a run twice is starting it once. It knows nothing of nodes: when the partition is
 * given up or lost its runtime stops, and the runs are left as they are for whoever serves it next.
 */
import { RuntimeError, toRuntimeError } from '../../actors/errors.ts'
import type { RuntimeEvent } from '../../actors/events.ts'
import { type Plain, toPlain } from '../../actors/plain.ts'
import type { OpenEffect } from '../../runtime/history/open-effects.ts'
import type { RunRecord } from '../../runtime/runs.ts'
import type { RunnableWorkflow } from '../workflow/runnable.ts'
import { type BriefRun, type RunBriefs, runBriefs } from './run-briefs.ts'
import {
  CANCELLED,
  cancelled,
  OPEN,
  type RunCarrier,
  type RunCarrierOptions,
  type RunOrderOptions,
  runCarrier,
  unknownHere,
  workflowIn,
} from './run-carrier.ts'
import { decidedRuns, type RunDecisions } from './run-decisions.ts'
import { runFollowers } from './run-followers.ts'

export interface RunOrder {
  readonly id: string
  /** Name of the workflow. */
  readonly workflow: string
  readonly input: Plain
  readonly options: RunOrderOptions
}

export interface RunHostOptions extends RunCarrierOptions {
  /** Told of what happens in runs that somebody follows. */
  readonly tell: (run: string, event: RuntimeEvent) => void
  /** Of the partition's owner; grows from one owner to the next. Default 0. */
  readonly epoch?: number
}

export interface RunHost {
  /** Notes a run, if it is new, and carries it out. Resolves when it is noted. Throws `usage` for an unknown workflow. */
  start(order: RunOrder): Promise<RunRecord>
  /** Goes on with all runs that have not ended. */
  resume(): Promise<void>
  get(id: string): Promise<RunRecord | undefined>
  /** All runs, in the order of their ids; with `after`, those behind that id. */
  briefs(after?: string): AsyncIterable<readonly [id: string, run: BriefRun]>
  /** Effects of a run that have no outcome, those that wait for a person among them. Throws `run-unknown`. */
  open(id: string): Promise<readonly OpenEffect[]>
  /**
   * Notes for good what a person decided, and goes on with the run. Doing so again is doing it once. Throws `run-unknown`,
   * `effect-unknown` for what does not wait for a person, `usage` for what was decided otherwise.
   */
  decide(id: string, decisions: RunDecisions): Promise<RunRecord>
  /**
   * Cancels a run that is under way or waits for a person. When it resolves this is kept: whoever serves the partition
   * next ends the run, too. Throws `run-unknown`.
   */
  cancel(id: string): Promise<void>
  /** What happens in that run is told for another while: somebody follows it. */
  follow(id: string, untilMs: number): void
  /** How many runs are under way or wait for their turn. */
  readonly active: number
  /** Takes no more; runs that wait for their turn are left where they are. */
  stop(): void
  /** The partition is served here no more: what its runs still wait for may never come, and they take no turns. */
  gone(): void
}

export function runHost(options: RunHostOptions): RunHost {
  const { runtime } = options
  const { runs, journal } = runtime
  const followers = runFollowers(runtime, options.tell)
  const decided = decidedRuns(runtime)
  const briefs = runBriefs(runtime)
  const carrier = runCarrier(options, decided)
  const { underWay, takeUp, settleCancelled } = carrier
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
  const known = async (id: string): Promise<RunRecord> => {
    const record = await get(id)
    if (record) return record
    throw new RuntimeError('run-unknown', `there is no run "${id}"`, { fix: 'list them first' })
  }
  return {
    start: starterOn(options, carrier, get),
    resume: resumerOn(options, carrier, briefs),
    get,
    briefs: briefs.list,
    async open(id) {
      return decided.open((await known(id)).id)
    },
    async decide(id, given) {
      await known(id)
      const decisions = await decided.note(id, given)
      const record = await known(id)
      if (!underWay.has(id))
        return record.status === 'needs-human' && decisions.size > 0 ? takeUp(record) : record
      carrier.told(id)
      // An effect that is not there any more to be told is told when the run is taken up again.
      for (const [effect, decision] of decisions)
        await runtime.decideEffect(effect, decision).catch(unlessUnknown)
      return record
    },
    async cancel(id) {
      const record = await known(id)
      if (!underWay.has(id) && record.status !== 'needs-human') throw notUnderWay(id)
      await journal.records.put(CANCELLED, id, true, { sync: true })
      const ending = underWay.get(id)
      if (ending) ending.abort(cancelled(id))
      else await settleCancelled(id, false)
    },
    follow: followers.add,
    get active() {
      return underWay.size
    },
    stop() {
      carrier.stop()
      followers.stop()
    },
    gone() {
      carrier.gone()
      followers.stop()
    },
  }
}

/** Goes on with what another node left. */
function resumerOn(
  { runtime, workflows, report, epoch = 0 }: RunHostOptions,
  { underWay, carryOut, takeUpDecided, settleCancelled }: RunCarrier,
  briefs: RunBriefs,
): RunHost['resume'] {
  const { runs, journal } = runtime
  /** One that ended so shortly before its node did that this was not noted where runs are listed. */
  const noteAgain = async (id: string): Promise<void> => {
    const record = await runs.get(id)
    if (record && (await journal.records.get(OPEN, id)) === undefined) await briefs.note(record)
  }
  return async () => {
    await briefs.complete(epoch)
    for await (const [id] of journal.records.list(OPEN)) {
      const record = await runs.get(id)
      const workflow = workflows.find(one => one.name === record?.workflow)
      if (record && workflow) carryOut(record, workflow).catch(report)
      else if (record) report(unknownHere(record.workflow, workflows))
      else await journal.records.remove(OPEN, id)
    }
    for await (const [id, { status }] of briefs.list()) {
      const wasMissed = status === 'running' && !underWay.has(id)
      if (wasMissed) await noteAgain(id)
      if (wasMissed || status === 'needs-human') await takeUpDecided(id).catch(report)
    }
    for await (const [id] of journal.records.list(CANCELLED)) await settleCancelled(id, false).catch(report)
  }
}

/** Starts runs; starting one again is starting it once, also at the same time. */
function starterOn(
  { runtime, workflows, report }: RunHostOptions,
  carrier: RunCarrier,
  get: RunHost['get'],
): RunHost['start'] {
  const { runs, journal } = runtime
  const starting = new Map<string, Promise<RunRecord>>()
  const begin = async ({ id, input, options: more }: RunOrder, workflow: RunnableWorkflow) => {
    const before = await get(id)
    if (before) return before
    await journal.records.put(OPEN, id, null)
    const { name } = workflow
    const record = await runs.begin({ id, workflow: name, input, options: toPlain(more, 'options') })
    // The record is not waited for, but what is written behind it is there only with it.
    const stored = Promise.all([runBriefs(runtime).note(record), journal.records.put(OPEN, id, null)])
    carrier.carryOut(record, workflow).catch(report)
    await stored
    return record
  }

  return async order => {
    const { id } = order
    const found = starting.get(id)
    if (found) return found
    const begun = begin(order, workflowIn(workflows, order.workflow)).finally(() => starting.delete(id))
    starting.set(id, begun)
    return begun
  }
}

function unlessUnknown(error: unknown): void {
  if (toRuntimeError(error, 'internal').kind !== 'effect-unknown') throw error
}

const notUnderWay = (id: string): RuntimeError =>
  new RuntimeError('run-unknown', `no run "${id}" is under way here`, { fix: 'list them first' })
