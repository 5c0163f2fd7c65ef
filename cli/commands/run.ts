/** `agenticraft run WORKFLOW`: runs a workflow to its end; progress on stderr, the result on stdout. */
import { access, constants, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { fromWireError, RuntimeError } from '../../actors/errors.ts'
import type { RunStatus, RuntimeEvent } from '../../actors/events.ts'
import type { RunResult } from '../../agents/workflow/run-workflow.ts'
import type { RunnableWorkflow } from '../../agents/workflow/runnable.ts'
import { createRuntime, type Runtime } from '../../runtime/create-runtime.ts'
import type { Command, CommandContext, Parser } from '../command.ts'
import { describeFailure, EXIT, type ExitCode, formatFailure } from '../failure.ts'
import { type Field, fieldsOf, inputFrom, missing, optionsOf } from '../run-options.ts'
import { advance, line, type Rows, seconds } from '../run-progress.ts'
import type { Terminal } from '../terminal.ts'

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
    parser.argument('<workflow>', `one of: ${RUNNABLE.map(workflow => workflow.name).join(', ')}`)
    const workflow = RUNNABLE.find(one => one.name === argv.find(word => !word.startsWith('-')))
    if (workflow) for (const option of optionsOf(fieldsOf(workflow.input))) parser.addOption(option)
    addFlags(parser)
  },
  async run(context) {
    const workflow = await workflowNamed(context.args[0] ?? '')
    const flags = context.options as RunFlags
    const input = inputOf(workflow, fieldsOf(workflow.input), context.options)
    if (flags.out) await refuseUnwritable(resolve(context.cwd, flags.out))
    const runtime = createRuntime()
    const runId = runtime.host.id()
    const stopShowing = show(runtime, workflow, runId, flags, context)
    try {
      const result = await workflow.run(input, {
        runtime,
        runId,
        cwd: context.cwd,
        env: context.env,
        signal: context.signal,
        ...(flags.size !== undefined && { size: Number(flags.size) }),
        ...(flags.model !== undefined && { model: flags.model }),
      })
      stopShowing()
      return await finish(workflow, result, flags, context)
    } finally {
      stopShowing()
      await runtime.stop()
    }
  },
}

function addFlags(parser: Parser): void {
  parser
    .option('--size <number>', 'how many agents the team has (3 to 10)')
    .option('--model <provider:model>', 'think with this language model; without one, work extractively')
    .option('--stream', 'print every event as a line of JSON, the result last')
    .option('--out <file>', 'write the result to this file instead of stdout')
}

async function workflowNamed(name: string): Promise<RunnableWorkflow> {
  const { RUNNABLE } = await import('../../agents/workflows/index.ts')
  const workflow = RUNNABLE.find(one => one.name === name)
  if (workflow) return workflow
  throw new RuntimeError('usage', `there is no workflow "${name}"`, {
    fix: `run one of: ${RUNNABLE.map(one => one.name).join(', ')}`,
  })
}

function inputOf(workflow: RunnableWorkflow, fields: readonly Field[], options: CommandContext['options']) {
  const input = inputFrom(fields, options)
  const absent = missing(fields, input)
  if (absent.length > 0) {
    throw new RuntimeError('usage', `${workflow.name} needs ${absent.join(', ')}`, {
      fix: `agenticraft run ${workflow.name} ${absent.map(flag => `${flag} "…"`).join(' ')}`,
    })
  }
  const parsed = workflow.input.safeParse(input)
  if (parsed.success) return input
  const why = parsed.error.issues.map(issue => `--${issue.path.join('.')}: ${issue.message}`).join('; ')
  throw new RuntimeError('usage', `the options of ${workflow.name} are not valid`, { why })
}

async function refuseUnwritable(path: string): Promise<void> {
  try {
    await access(dirname(path), constants.W_OK)
  } catch (cause) {
    throw new RuntimeError('output-unwritable', `"${path}" cannot be written`, {
      why: 'its folder does not exist or is not writable',
      fix: 'create the folder, or choose another with --out',
      cause,
    })
  }
}

/** Shows progress until the returned function is called: events on stdout, a live view, or lines. */
function show(
  runtime: Runtime,
  workflow: RunnableWorkflow,
  runId: string,
  flags: RunFlags,
  context: CommandContext,
): () => void {
  const { terminal } = context
  terminal.message(
    paint => `${paint('bold', 'AgentiCraft')} · ${workflow.name} · run ${runId} · in-process bus`,
  )
  if (!flags.model) {
    terminal.message(
      paint =>
        `  ${paint('yellow', '!')} extractive: no language model configured. The report is composed from sentences of your sources.\n` +
        '    Use --model provider:model to get a language model.',
    )
  }
  if (flags.stream)
    return runtime.events.subscribe(event => terminal.data(JSON.stringify({ v: 1, ...event })))
  return terminal.live ? showLive(runtime, runId, terminal) : showLines(runtime, runId, terminal)
}

const FRAME_MS = 100

function showLive(runtime: Runtime, runId: string, terminal: Terminal): () => void {
  let rows: Rows = new Map()
  let changed = true
  const draw = (): void => {
    if (changed) terminal.live?.draw((paint, width) => [...rows.values()].map(row => line(row, paint, width)))
    changed = false
  }
  const unsubscribe = runtime.events.subscribe(event => {
    const next = event.run === runId ? advance(rows, event) : rows
    changed ||= next !== rows
    rows = next
  })
  const timer = setInterval(draw, FRAME_MS)
  return once(() => {
    clearInterval(timer)
    unsubscribe()
    changed = true
    draw()
  })
}

/** Away from a screen: a line whenever an agent begins something, fails or is done. */
function showLines(runtime: Runtime, runId: string, terminal: Terminal): () => void {
  let rows: Rows = new Map()
  return once(
    runtime.events.subscribe((event: RuntimeEvent) => {
      if (event.run !== runId) return
      const before = rows.get(event.actor)
      rows = advance(rows, event)
      const row = rows.get(event.actor)
      if (!row || (row.state === before?.state && row.doing.length === before.doing.length)) return
      if (row.doing.length > 0 || row.state !== 'working') terminal.message(paint => line(row, paint))
    }),
  )
}

function once(stop: () => void): () => void {
  let stopped = false
  return () => {
    if (!stopped) stop()
    stopped = true
  }
}

const EXIT_OF: Readonly<Record<RunStatus, ExitCode>> = {
  done: EXIT.ok,
  failed: EXIT.failed,
  'budget-exhausted': EXIT.failed,
  'needs-human': EXIT.failed,
  cancelled: EXIT.interrupted,
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
  for (const { step, error: why } of problems) terminal.message(`  step ${step}: ${why.code} ${why.message}`)
  if (flags.stream) terminal.data(JSON.stringify({ v: 1, type: 'result', ...object }))
  const succeeded = result.status === 'done'
  if (succeeded || terminal.json) {
    const text = terminal.json ? JSON.stringify(object) : workflow.render(result.output)
    if (flags.out) await writeFile(resolve(context.cwd, flags.out), text.endsWith('\n') ? text : `${text}\n`)
    else if (!flags.stream) terminal.data(text)
  }
  if (error && !terminal.json) {
    terminal.failure(paint => formatFailure(describeFailure(fromWireError(error), terminal.debug), paint))
  }
  const spent =
    result.usage.modelCalls > 0
      ? `, ${result.usage.modelCalls} model calls, ${result.usage.inputTokens + result.usage.outputTokens} tokens`
      : ''
  terminal.message(
    `${result.status} in ${seconds(result.durationMs)}${spent}${flags.out && succeeded ? `, written to ${flags.out}` : ''}`,
  )
  return EXIT_OF[result.status]
}
