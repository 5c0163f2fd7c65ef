/** `agenticraft run WORKFLOW`: runs a workflow to its end; progress on stderr, the result on stdout. */
import { access, constants, stat, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { fromWireError, RuntimeError } from '../../actors/errors.ts'
import type { RunStatus, RuntimeEvent } from '../../actors/events.ts'
import type { RunResult } from '../../agents/workflow/run-workflow.ts'
import type { RunnableWorkflow } from '../../agents/workflow/runnable.ts'
import { createRuntime, type Runtime } from '../../runtime/create-runtime.ts'
import type { Command, CommandContext, Parser } from '../command.ts'
import { describeFailure, EXIT, type ExitCode, exitCodeOf, formatFailure } from '../failure.ts'
import { fieldsOf, inputOf, optionsOf, wholeNumber } from '../run-options.ts'
import { advance, isNews, line, type Rows, seconds } from '../run-progress.ts'
import { printable, type Terminal } from '../terminal.ts'

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
    const stopShowing = show(runtime, workflow, runId, flags, context)
    try {
      const result = await workflow.run(input, {
        runtime,
        runId,
        cwd: context.cwd,
        env: context.env,
        signal: context.signal,
        ...(size !== undefined && { size }),
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

/** Before any work is done: what it would cost is lost when its result has no place to go. */
async function refuseUnwritable(path: string): Promise<void> {
  const existing = await stat(path).catch(() => undefined)
  if (existing?.isDirectory()) throw unwritable(path, 'it is a folder', 'name a file in it')
  try {
    await access(existing ? path : dirname(path), constants.W_OK)
    if (!existing && !(await stat(dirname(path))).isDirectory()) throw new Error('its folder is a file')
  } catch (cause) {
    const why = existing ? 'it is protected against writing' : 'its folder does not exist or is not writable'
    throw unwritable(path, why, 'create the folder, or choose another file with --out', cause)
  }
}

const unwritable = (path: string, why: string, fix: string, cause?: unknown): RuntimeError =>
  new RuntimeError('output-unwritable', `"${path}" cannot be written`, { why, fix, cause })

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
  return terminal.live
    ? showLive(runtime, runId, terminal.live, context.signal)
    : showLines(runtime, runId, terminal)
}

const FRAME_MS = 100

function showLive(
  runtime: Runtime,
  runId: string,
  live: NonNullable<Terminal['live']>,
  signal: AbortSignal,
): () => void {
  let rows: Rows = new Map()
  let changed = true
  const draw = (): void => {
    const working = [...rows.values()].some(row => row.since !== undefined)
    const now = runtime.host.clock.now()
    if (changed || working)
      live.draw((paint, width) => [...rows.values()].map(row => line(row, paint, now, width)))
    changed = false
  }
  const unsubscribe = runtime.events.subscribe(event => {
    const next = event.run === runId ? advance(rows, event) : rows
    changed ||= next !== rows
    rows = next
  })
  // What is said on Ctrl-C stands above the rows, which are drawn again below it.
  const makeRoom = (): void => {
    live.clear()
    changed = true
  }
  signal.addEventListener('abort', makeRoom, { once: true })
  const timer = setInterval(draw, FRAME_MS)
  return once(() => {
    clearInterval(timer)
    signal.removeEventListener('abort', makeRoom)
    unsubscribe()
    changed = true
    draw()
  })
}

/** Lines that are not drawn again have the room of a log. */
const LINE_WIDTH = 140

/** Away from a screen: a line whenever an agent begins something, waits, fails or is done. */
function showLines(runtime: Runtime, runId: string, terminal: Terminal): () => void {
  let rows: Rows = new Map()
  return once(
    runtime.events.subscribe((event: RuntimeEvent) => {
      if (event.run !== runId) return
      const before = rows.get(event.actor)
      rows = advance(rows, event)
      const row = rows.get(event.actor)
      if (row && row !== before && isNews(before, row))
        terminal.message(paint => line(row, paint, event.at, LINE_WIDTH))
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
  const skipped = problems.filter(one => one.error.message !== error?.message)
  for (const { step, error: why } of skipped)
    terminal.message(paint => `  ${paint('yellow', '!')} ${printable(`${step}: ${why.code} ${why.message}`)}`)
  if (error && !terminal.json) {
    terminal.failure(paint => formatFailure(describeFailure(fromWireError(error), terminal.debug), paint))
  }
  terminal.message(summary(result, flags))
  return exitOf(result)
}

/** The work is done and paid for: when the file cannot be written after all, the result goes to stdout. */
async function writeOut(path: string, text: string, terminal: Terminal): Promise<void> {
  try {
    await writeFile(path, text.endsWith('\n') ? text : `${text}\n`)
  } catch (cause) {
    terminal.data(text)
    throw unwritable(
      path,
      'writing failed; the result was printed instead',
      'free the disk or the file',
      cause,
    )
  }
}

function summary({ status, durationMs, usage }: RunResult, { out }: RunFlags): string {
  const tokens = usage.inputTokens + usage.outputTokens
  const parts = [
    `${status} in ${seconds(durationMs)}`,
    ...(usage.modelCalls > 0 ? [`${usage.modelCalls} model calls`, `${tokens} tokens`] : []),
    ...(usage.costUsd ? [`$${usage.costUsd.toFixed(4)}`] : []),
    ...(out && status === 'done' ? [`written to ${out}`] : []),
  ]
  return parts.join(', ')
}
