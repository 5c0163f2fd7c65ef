/**
 * `agenticraft replay RUN`: a run again from its journal, without a model call or any other effect; with `--fork`, a
 * new run that goes on live from one of its steps.
 */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { address } from '../../actors/address.ts'
import { RuntimeError } from '../../actors/errors.ts'
import { NO_USAGE } from '../../actors/events.ts'
import { type Plain, toPlain } from '../../actors/plain.ts'
import type { WorkflowResult } from '../../agents/workflow/run-state.ts'
import type { RunResult } from '../../agents/workflow/run-workflow.ts'
import type { RunnableWorkflow } from '../../agents/workflow/runnable.ts'
import { fork } from '../../runtime/history/fork.ts'
import { commitsByActor, lastReply, type Replay, replay as replayRun } from '../../runtime/history/replay.ts'
import type { RunRecord, RunStep } from '../../runtime/runs.ts'
import type { Command, CommandContext } from '../command.ts'
import { addDataDir, commandLine, withStored } from '../data-dir.ts'
import { describeFailure, EXIT, type ExitCode, formatFailure } from '../failure.ts'
import { addLiveFlags, goOn, withRun } from '../go-on.ts'
import { wholeNumber } from '../run-options.ts'
import { printResult, resultObject } from '../run-result.ts'
import { stepLines } from '../steps-view.ts'
import { behavioursOf, findRun, startOptions, workflowNamed } from '../stored-runs.ts'

interface ReplayFlags {
  readonly to?: string
  readonly at?: string
  readonly fork?: boolean
  readonly model?: string
  readonly edit?: string
}

export const replay: Command = {
  name: 'replay',
  summary: 'show a run again from its journal, or fork it at a step',
  configure(parser) {
    parser
      .argument('<run>', 'its id, or the beginning of it')
      .option('--to <step>', 'stop after this step')
      .option('--fork', 'start a new run that goes on live after the step of --at')
      .option('--at <step>', 'with --fork: the last step that is taken from the record')
      .option('--model <provider:model>', 'with --fork: what the new run thinks with')
      .option('--edit <file>', 'with --fork: JSON in place of the result or message that the step took in')
    addLiveFlags(addDataDir(parser))
  },
  run(context) {
    const flags = context.options as ReplayFlags
    checkFlags(flags)
    return flags.fork ? forkAndGoOn(context, flags) : show(context, flags)
  },
}

/** Throws `usage`. */
function checkFlags({ to, at, fork: forks, model, edit }: ReplayFlags): void {
  const wrong =
    (forks && at === undefined && '--fork needs --at STEP: the last step to take over') ||
    (forks && to !== undefined && '--to is for looking; --fork goes on from --at') ||
    (!forks && [at, model, edit].some(one => one !== undefined) && '--at, --model and --edit need --fork')
  if (wrong) throw new RuntimeError('usage', wrong, { fix: 'agenticraft replay RUN --at STEP --fork' })
}

function show(context: CommandContext, flags: ReplayFlags): Promise<ExitCode> {
  return withStored(context, async ({ runs }) => {
    const record = await findRun(runs, context.args[0] ?? '')
    const steps = await runs.steps(record.id)
    const to = wholeNumber('--to', flags.to)
    const replayed = replayRun(steps, await behavioursOf(record), to)
    const result = to === undefined ? await resultOf(record, steps) : undefined
    if (context.terminal.json) {
      context.terminal.data(JSON.stringify(objectOf(record, replayed, result?.result)))
    } else {
      const { terminal } = context
      terminal.show(undefined, paint => stepLines(steps, replayed.steps, record.id, paint).join('\n'))
      tellMisfits(replayed, context)
      if (result) await printResult(result.workflow, result.result, {}, context)
      else if (to === undefined) tellEnd(record, context)
    }
    return replayed.misfits.length === 0 ? EXIT.ok : EXIT.configuration
  })
}

/** What the run gave, made again from what its workflow answered; undefined when it has not answered. */
async function resultOf(
  record: RunRecord,
  steps: readonly RunStep[],
): Promise<{ readonly workflow: RunnableWorkflow; readonly result: RunResult } | undefined> {
  const actor = address(record.workflow, record.id)
  const answer = lastReply(steps, actor) as WorkflowResult | undefined
  if (answer?.status === undefined || record.finishedAt === undefined) return undefined
  const workflow = await workflowNamed(record.workflow)
  // Those that worked for it: the workflow's own actor is none of its members.
  const actors = [...commitsByActor(steps).keys()].filter(one => one !== actor)
  const { status, problems, error } = answer
  const { durationMs } = (record.result ?? {}) as { readonly durationMs?: number }
  return {
    workflow,
    result: {
      runId: record.id,
      workflow: record.workflow,
      status,
      output: workflow.replayed(record, answer, actors),
      usage: record.usage ?? NO_USAGE,
      durationMs: durationMs ?? record.finishedAt - record.startedAt,
      problems,
      ...(error && { error }),
    },
  }
}

function objectOf(
  { id, workflow, status, forkedFrom }: RunRecord,
  { steps, misfits, states }: Replay,
  result: RunResult | undefined,
) {
  return {
    ...{ runId: id, workflow, status, ...(forkedFrom && { forkedFrom }) },
    steps: steps.map(({ step, commit: { actor, seq, at, taken, acts }, before, after }) => ({
      ...{ step, at, actor, seq, taken },
      ...(before !== undefined && { before }),
      ...(after !== undefined && { after }),
      acts,
    })),
    states: [...states].map(([actor, { value, context, status: phase }]) => ({
      ...{ actor, value, status: phase, context },
    })),
    misfits: misfits.map(({ actor, step, error }) => ({
      ...{ actor, ...(step !== undefined && { step }) },
      error: describeFailure(error),
    })),
    ...(result && { result: resultObject(result) }),
  }
}

function tellMisfits({ misfits }: Replay, { terminal }: CommandContext): void {
  for (const { error } of misfits)
    terminal.failure(paint => formatFailure(describeFailure(error, terminal.debug), paint))
}

function tellEnd({ id, status }: RunRecord, context: CommandContext): void {
  context.terminal.message(
    status === 'running'
      ? `  the run is unfinished; go on with: ${commandLine(['resume', id], context)}`
      : `  the run ended as ${status}, without an answer`,
  )
}

async function forkAndGoOn(context: CommandContext, { at, model, edit }: ReplayFlags): Promise<ExitCode> {
  const step = wholeNumber('--at', at) ?? 0
  const other = edit === undefined ? undefined : await readEdit(resolve(context.cwd, edit))
  return withRun(context, async (runtime, record) => {
    const change = model === undefined ? {} : { model }
    const forked = await fork(runtime.journal, runtime.runs, {
      run: record.id,
      at: step,
      id: runtime.host.id(),
      options: toPlain({ ...startOptions(record.options), ...change }),
      behaviourOf: await behavioursOf(record, change),
      ...(other !== undefined && { edit: other }),
    })
    context.terminal.message(`  run ${forked.id} goes on from step ${step} of run ${record.id}`)
    return goOn(runtime, forked, context)
  })
}

/** Throws `usage` for a file that cannot be read or is no JSON. */
async function readEdit(path: string): Promise<Plain> {
  try {
    return toPlain(JSON.parse(await readFile(path, 'utf8')), 'edit')
  } catch (cause) {
    throw new RuntimeError('usage', `--edit "${path}" cannot be used`, {
      why: cause instanceof Error ? cause.message : String(cause),
      fix: 'name a file with one JSON value',
      cause,
    })
  }
}
