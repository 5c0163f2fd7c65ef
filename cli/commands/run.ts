/** `agenticraft run WORKFLOW`: runs a workflow to its end; progress on stderr, the result on stdout. */
import { resolve } from 'node:path'
import { fromWireError, RuntimeError } from '../../actors/errors.ts'
import type { RunStatus } from '../../actors/events.ts'
import type { RunResult } from '../../agents/workflow/run-workflow.ts'
import type { RunnableWorkflow } from '../../agents/workflow/runnable.ts'
import { createRuntime } from '../../runtime/create-runtime.ts'
import type { Command, CommandContext, Parser } from '../command.ts'
import { describeFailure, EXIT, type ExitCode, exitCodeOf, formatFailure } from '../failure.ts'
import { refuseUnwritable, writeOut } from '../out-file.ts'
import { fieldsOf, inputOf, optionsOf, wholeNumber } from '../run-options.ts'
import { seconds } from '../run-progress.ts'
import { showRun } from '../run-view.ts'
import { printable } from '../terminal.ts'

interface RunFlags {
  readonly stream?: boolean
  readonly out?: string
  readonly size?: string
  readonly model?: string
}

export const run: Command = {
  name: 'run',
  summary: 'run a workflow and print its result',
  async configure(parser, { argv }) {
    const { RUNNABLE } = await import('../../agents/workflows/index.ts')
    const names = RUNNABLE.map(workflow => workflow.name)
    parser.argument('<workflow>', `one of: ${names.join(', ')}`)
    // Options may stand before the name, and which options there are depends on it.
    const workflow = RUNNABLE.find(one => argv.includes(one.name))
    if (workflow) for (const option of optionsOf(fieldsOf(workflow.input))) parser.addOption(option)
    addFlags(parser)
    if (!workflow && argv.length > 0 && !argv.some(word => /^(?:-h|--help)$/.test(word)))
      throw unknownWorkflow(argv[0] ?? '', RUNNABLE)
  },
  async run(context) {
    const { RUNNABLE } = await import('../../agents/workflows/index.ts')
    const [name = ''] = context.args
    const workflow = RUNNABLE.find(one => one.name === name)
    if (!workflow) throw unknownWorkflow(name, RUNNABLE)
    const flags = context.options as RunFlags
    const input = inputOf(workflow, context.options)
    const size = wholeNumber('--size', flags.size)
    if (flags.out) await refuseUnwritable(resolve(context.cwd, flags.out))
    const runtime = createRuntime()
    const runId = runtime.host.id()
    const { terminal, signal } = context
    const { model, stream = false } = flags
    const stopShowing = showRun({
      runtime,
      runId,
      workflow: name,
      model,
      stream,
      terminal,
      signal,
    })
    try {
      const result = await workflow.run(input, {
        runtime,
        runId,
        cwd: context.cwd,
        env: context.env,
        signal,
        ...(size !== undefined && { size }),
        ...(model !== undefined && { model }),
      })
      stopShowing()
      return await finish(workflow, result, flags, context)
    } finally {
      stopShowing()
      await runtime.stop()
    }
  },
}

function unknownWorkflow(name: string, known: readonly RunnableWorkflow[]): RuntimeError {
  const names = known.map(one => one.name).join(', ')
  const message =
    name === '' || name.startsWith('-') ? 'which workflow is to run?' : `there is no workflow "${name}"`
  return new RuntimeError('usage', message, { fix: `name one of: ${names}` })
}

function addFlags(parser: Parser): void {
  parser
    .option('--size <number>', 'how many agents the team has (3 to 10)')
    .option('--model <provider:model>', 'think with this language model; without one, work extractively')
    .option('--stream', 'print every event as a line of JSON, the result last')
    .option('--out <file>', 'write the result to this file instead of stdout')
}

/** A run that failed exits as its cause does: 69 when a model cannot be reached, 78 when a source is missing. */
function exitOf({ status, error }: RunResult): ExitCode {
  if (status === 'failed' && error) return exitCodeOf(error.kind)
  const exits: Readonly<Record<RunStatus, ExitCode>> = {
    done: EXIT.ok,
    failed: EXIT.failed,
    'budget-exhausted': EXIT.failed,
    'needs-human': EXIT.failed,
    cancelled: EXIT.interrupted,
  }
  return exits[status]
}

async function finish(
  workflow: RunnableWorkflow,
  result: RunResult,
  flags: RunFlags,
  context: CommandContext,
): Promise<ExitCode> {
  const { terminal } = context
  const { problems, error, ...rest } = result
  const object = { ...rest, ...(problems.length > 0 && { problems }), ...(error && { error }) }
  if (flags.stream) terminal.data(JSON.stringify({ v: 1, type: 'result', ...object }))
  const succeeded = result.status === 'done'
  if (succeeded || terminal.json) {
    const text = terminal.json ? JSON.stringify(object) : workflow.render(result.output)
    if (flags.out) await writeOut(resolve(context.cwd, flags.out), text, terminal)
    else if (!flags.stream) terminal.data(text)
  }
  const skipped = problems.filter(
    one => one.error.kind !== 'cancelled' && one.error.message !== error?.message,
  )
  for (const { step, error: why } of skipped)
    terminal.message(paint => `  ${paint('yellow', '!')} ${printable(`${step}: ${why.code} ${why.message}`)}`)
  if (error && !terminal.json) {
    terminal.failure(paint => formatFailure(describeFailure(fromWireError(error), terminal.debug), paint))
  }
  terminal.message(summary(result, flags))
  return exitOf(result)
}

function summary({ status, durationMs, usage }: RunResult, { out }: RunFlags): string {
  const tokens = usage.inputTokens + usage.outputTokens
  const parts = [
    `${status} in ${seconds(durationMs)}`,
    ...(usage.modelCalls > 0
      ? [`${usage.modelCalls} model call${usage.modelCalls === 1 ? '' : 's'}`, `${tokens} tokens`]
      : []),
    ...(usage.costUsd ? [`$${usage.costUsd.toFixed(4)}`] : []),
    ...(out && status === 'done' ? [`written to ${out}`] : []),
  ]
  return parts.join(', ')
}
