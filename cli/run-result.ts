/**
 * How a run that has ended is printed: its report or object on stdout or in a file, what went wrong and what it
 * cost on stderr. The same for a run, a resumed one and a replayed one.
 */
import { resolve } from 'node:path'
import { fromWireError } from '../actors/errors.ts'
import type { RunStatus } from '../actors/events.ts'
import type { RunResult } from '../agents/workflow/run-workflow.ts'
import type { RunnableWorkflow } from '../agents/workflow/runnable.ts'
import type { CommandContext } from './command.ts'
import { describeFailure, EXIT, type ExitCode, exitCodeOf, formatFailure } from './failure.ts'
import { writeOut } from './out-file.ts'
import { seconds } from './run-progress.ts'
import { printable } from './terminal.ts'
import { usageText } from './usage-text.ts'

export interface ResultFlags {
  readonly stream?: boolean
  readonly out?: string
}

/** A run that failed exits as its cause does: 69 when a model cannot be reached, 78 when a source is missing. */
export function exitOf({ status, error }: Pick<RunResult, 'status' | 'error'>): ExitCode {
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

/** A result as `--json` prints it. */
export function resultObject({ problems, error, ...rest }: RunResult) {
  return { ...rest, ...(problems.length > 0 && { problems }), ...(error && { error }) }
}

/** Prints the result and returns its exit code. Throws `output-unwritable`. */
export async function printResult(
  workflow: Pick<RunnableWorkflow, 'render'>,
  result: RunResult,
  flags: ResultFlags,
  context: CommandContext,
): Promise<ExitCode> {
  const { terminal } = context
  const { problems, error } = result
  const object = resultObject(result)
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

function summary({ status, durationMs, usage, runId }: RunResult, { out }: ResultFlags): string {
  const spent = usageText(usage)
  const parts = [
    `${status} in ${seconds(durationMs)}`,
    ...(spent === '' ? [] : [spent]),
    ...(out && status === 'done' ? [`written to ${out}`] : []),
    `run ${runId}`,
  ]
  return parts.join(', ')
}
