/**
 * Goes on with a run that is on record: opens what is kept, finds the run, carries it out as it was started. Shared
 * by `resume`, `replay --fork` and `dead retry`.
 */
import { resolve } from 'node:path'
import type { Runtime } from '../runtime/create-runtime.ts'
import type { RunRecord } from '../runtime/runs.ts'
import { carryOut } from './carry-out.ts'
import type { CommandContext, Parser } from './command.ts'
import { dataDirOf, holdsJournal, openRuntime } from './data-dir.ts'
import type { Decisions } from './decisions.ts'
import type { ExitCode } from './failure.ts'
import { refuseUnwritable } from './out-file.ts'
import type { ResultFlags } from './run-result.ts'
import { findRun, folderOf, startOptions, workflowNamed } from './stored-runs.ts'

/** Flags of every command that carries a run out. */
export const addLiveFlags = (parser: Parser): Parser =>
  parser
    .option('--stream', 'print every event as a line of JSON, the result last')
    .option('--out <file>', 'write the result to this file instead of stdout')

/**
 * Opens a runtime on what is kept and hands it over with the run that the first argument names. Whoever carries
 * the run out stops it; when that does not come about, it is stopped here.
 */
export async function withRun(
  context: CommandContext,
  body: (runtime: Runtime, record: RunRecord) => Promise<ExitCode>,
  named: string = context.args[0] ?? '',
): Promise<ExitCode> {
  const { out } = context.options as ResultFlags
  if (out) await refuseUnwritable(resolve(context.cwd, out))
  const dir = dataDirOf(context)
  const runtime = await openRuntime((await holdsJournal(dir)) ? dir : undefined)
  try {
    return await body(runtime, await findRun(runtime.runs, named))
  } finally {
    await runtime.stop()
  }
}

/** Carries a run on that is on record. */
export async function goOn(
  runtime: Runtime,
  record: RunRecord,
  context: CommandContext,
  more: { readonly decisions?: Decisions } = {},
): Promise<ExitCode> {
  const workflow = await workflowNamed(record.workflow)
  const start = startOptions(record.options)
  const isMoved = context.options['cwd'] !== undefined
  const folder = isMoved ? context.cwd : folderOf(dataDirOf(context), start)
  const flags = context.options as ResultFlags
  return carryOut({ runtime, workflow, run: record, start, folder, flags, context, ...more })
}
