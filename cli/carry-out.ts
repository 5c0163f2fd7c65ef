/**
 * Carries a run out on a runtime, from its start or from where its journal says it was: shows it, ends it as the
 * signals say, prints what came of it. Ctrl-C cancels the run; SIGTERM leaves it to be resumed.
 */
import { RuntimeError, toRuntimeError } from '../actors/errors.ts'
import { toPlain } from '../actors/plain.ts'
import type { RunResult } from '../agents/workflow/run-workflow.ts'
import type { RunnableWorkflow } from '../agents/workflow/runnable.ts'
import type { Runtime } from '../runtime/create-runtime.ts'
import { openEffects } from '../runtime/history/open-effects.ts'
import type { RunRecord } from '../runtime/runs.ts'
import type { CommandContext } from './command.ts'
import { commandLine } from './data-dir.ts'
import { type Decisions, isParked, parkedText } from './decisions.ts'
import { EXIT, type ExitCode } from './failure.ts'
import { printResult, type ResultFlags } from './run-result.ts'
import { showRun } from './run-view.ts'
import { isUnfinished, type StartOptions } from './stored-runs.ts'

export interface Carried {
  /** Stopped at the end, whatever happens. */
  readonly runtime: Runtime
  readonly workflow: RunnableWorkflow
  readonly run: Pick<RunRecord, 'id' | 'input'>
  readonly start: StartOptions
  /** Where its sources are looked up. */
  readonly folder: string
  readonly flags: ResultFlags
  readonly context: CommandContext
  readonly decisions?: Decisions
}

export async function carryOut(carried: Carried): Promise<ExitCode> {
  const { runtime, workflow, run, start, flags, context } = carried
  const { terminal, signal } = context
  const { stream = false } = flags
  const { durable } = runtime.journal
  const { model } = start
  const shown = { runId: run.id, workflow: workflow.name, model, stream, terminal, signal, kept: durable }
  const { events, host } = runtime
  const stopShowing = showRun({ ...shown, events, clock: host.clock, where: 'in-process bus' })
  const ending = endingOf(context.signal, runtime)
  try {
    const result = await outcome(carried, ending.cancelled)
    stopShowing()
    if (result === 'left' || (ending.isLeft() && result.error?.kind === 'runtime-stopped'))
      return left(run.id, context)
    if (durable) await keepResult(runtime, result)
    const exit = await printResult(workflow, result, flags, context)
    if (durable) await hint(carried, result)
    return exit
  } finally {
    stopShowing()
    ending.stop()
    await runtime.stop()
  }
}

/** The result, or that the node was stopped before there was one. What is wrong before a run begins is thrown. */
async function outcome(
  { runtime, workflow, run, start, folder, context, decisions }: Carried,
  signal: AbortSignal,
): Promise<RunResult | 'left'> {
  const { size, model, memory } = start
  try {
    return await workflow.run(run.input as Record<string, unknown>, {
      runtime,
      runId: run.id,
      cwd: folder,
      env: context.env,
      signal,
      ...(size !== undefined && { size }),
      ...(model !== undefined && { model }),
      ...(memory !== undefined && { memory }),
      ...(decisions && { decisions }),
    })
  } catch (thrown) {
    if (toRuntimeError(thrown).kind === 'runtime-stopped' && reasonOf(context.signal) === 'runtime-stopped')
      return 'left'
    await forgetUnbegun(runtime, run.id)
    throw thrown
  }
}

/** Keeps what the run gave as it is given here, for a replay. One that waits for a person gives it later. */
async function keepResult({ runs }: Runtime, result: RunResult): Promise<void> {
  const { runId, status, usage, error } = result
  if (status === 'needs-human' || !(await runs.get(runId))) return
  await runs.finish(runId, { status, usage, ...(error && { error }), result: toPlain(result, 'result') })
}

/** A run that was refused before any of its actors did anything is nothing to resume. */
async function forgetUnbegun(runtime: Runtime, id: string): Promise<void> {
  const { runs, journal } = runtime
  if (!journal.durable) return
  const record = await runs.get(id)
  if (record?.status === 'running' && (await runs.actors(id)).length === 0) await runs.remove(id)
}

interface Ending {
  /** Aborts when the run is to be cancelled. */
  readonly cancelled: AbortSignal
  isLeft(): boolean
  stop(): void
}

function endingOf(signal: AbortSignal, runtime: Runtime): Ending {
  const cancelling = new AbortController()
  let isLeft = false
  const end = (): void => {
    if (runtime.journal.durable && reasonOf(signal) === 'runtime-stopped') {
      isLeft = true
      runtime.stop().catch(error => cancelling.abort(error))
    } else cancelling.abort(new RuntimeError('cancelled', String(signal.reason?.message ?? 'interrupted')))
  }
  if (signal.aborted) end()
  else signal.addEventListener('abort', end, { once: true })
  return {
    cancelled: cancelling.signal,
    isLeft: () => isLeft,
    stop: () => signal.removeEventListener('abort', end),
  }
}

const reasonOf = ({ reason }: AbortSignal): RuntimeError['kind'] | undefined =>
  (reason as Partial<RuntimeError> | undefined)?.kind

function left(id: string, context: CommandContext): ExitCode {
  const go = commandLine(['resume', id], context)
  context.terminal.failure(
    paint => `${paint('yellow', '○')} run ${id} was left where it is; go on with: ${go}`,
  )
  return EXIT.temporary
}

/** What can be done with the run now. */
async function hint({ runtime, run, context }: Carried, { status }: RunResult): Promise<void> {
  const { terminal } = context
  if (status === 'needs-human') {
    const parked = openEffects(await runtime.runs.steps(run.id)).filter(isParked)
    if (parked.length > 0) terminal.failure(paint => parkedText(parked, run.id, context, paint))
    return
  }
  terminal.message(`  replay it: ${commandLine(['replay', run.id], context)}`)
}

/** Says which runs are unfinished, and what to do with them; nothing when there are none. */
export async function tellUnfinished(runtime: Runtime, context: CommandContext): Promise<void> {
  const unfinished = (await runtime.runs.list()).filter(isUnfinished)
  if (unfinished.length === 0) return
  const [first] = unfinished
  const id = first?.id ?? ''
  const count = unfinished.length === 1 ? 'a run is' : `${unfinished.length} runs are`
  context.terminal.message(paint =>
    [
      `  ${paint('yellow', '!')} ${count} unfinished: ${unfinished.map(one => `${one.id} (${one.status === 'running' ? 'its process ended' : one.status})`).join(', ')}`,
      `    go on:  ${commandLine(['resume', id], context)}`,
      `    end it: ${commandLine(['runs', 'cancel', id], context)}`,
    ].join('\n'),
  )
}
