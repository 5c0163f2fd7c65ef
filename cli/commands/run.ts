/** `agenticraft run WORKFLOW`: runs a workflow to its end; progress on stderr, the result on stdout. */
import { resolve } from 'node:path'
import { token } from '../../actors/address.ts'
import { RuntimeError } from '../../actors/errors.ts'
import { type Plain, toPlain } from '../../actors/plain.ts'
import type { RunnableWorkflow } from '../../agents/workflow/runnable.ts'
import type { Runtime } from '../../runtime/create-runtime.ts'
import { systemHost } from '../../runtime/host.ts'
import { carryOut, tellUnfinished } from '../carry-out.ts'
import { runOnCluster } from '../cluster-run.ts'
import { isForCluster } from '../cluster-runs.ts'
import type { Command, CommandContext, Parser } from '../command.ts'
import { addDataDir, dataDirOf, openRuntime, prepareDataDir } from '../data-dir.ts'
import type { ExitCode } from '../failure.ts'
import { addLiveFlags } from '../go-on.ts'
import { addNatsOptions } from '../nats-url.ts'
import { refuseUnwritable } from '../out-file.ts'
import { fieldsOf, inputOf, optionsOf, wholeNumber } from '../run-options.ts'
import { recordedFolder, type StartOptions } from '../stored-runs.ts'

/** The namespace that research teams share when none is named. */
const RESEARCH_NAMESPACE = 'research'

interface RunFlags {
  readonly stream?: boolean
  readonly out?: string
  readonly size?: string
  readonly model?: string
  readonly ephemeral?: boolean
  /** True without a name. */
  readonly memory?: string | boolean
  readonly dataDir?: string
  readonly runId?: string
  readonly detach?: boolean
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
    if (isForCluster(context))
      return submit(workflow, input, { ...flags, ...(size !== undefined && { team: size }) }, context)
    const dataDir = await placeOf(flags, context)
    const { model } = flags
    const memory = namespaceOf(flags)
    const start: StartOptions = {
      ...(size !== undefined && { size }),
      ...(model !== undefined && { model }),
      ...(memory !== undefined && { memory }),
      ...(dataDir !== undefined && { folder: recordedFolder(dataDir, context.cwd) }),
    }
    const runtime = await openRuntime(dataDir)
    const id = await begin(runtime, flags, workflow, input, start, context).catch(async error => {
      await runtime.stop()
      throw error
    })
    const folder = context.cwd
    return carryOut({ runtime, workflow, run: { id, input: input as Plain }, start, folder, flags, context })
  },
}

/** Has a cluster carry it out. Throws `usage` for flags that only mean something here. */
function submit(
  { name: workflow }: RunnableWorkflow,
  input: unknown,
  flags: RunFlags & { readonly team?: number },
  context: CommandContext,
): Promise<ExitCode> {
  const { ephemeral, runId, detach = false, team, model } = flags
  if (ephemeral)
    throw new RuntimeError('usage', '--ephemeral does not go with --nats', {
      why: 'the nodes of a cluster keep its runs, so that another one can go on with them',
    })
  const memory = namespaceOf(flags)
  const options = {
    ...(team !== undefined && { size: team }),
    ...(model !== undefined && { model }),
    ...(memory !== undefined && { memory }),
  }
  const id = runId === undefined ? systemHost().id() : token(runId, 'run id')
  return runOnCluster({ id, workflow, input: toPlain(input), options }, detach, flags, context)
}

/** Where the run is kept; undefined when it is not. Throws `usage`, `store-failed`. */
async function placeOf({ ephemeral, dataDir }: RunFlags, context: CommandContext) {
  if (ephemeral && dataDir !== undefined)
    throw new RuntimeError('usage', '--ephemeral keeps nothing, so it does not go with --data-dir')
  if (ephemeral) return undefined
  const dir = dataDirOf(context)
  await prepareDataDir(dir)
  return dir
}

/** Throws `usage` where nothing is kept. */
function namespaceOf({ memory, ephemeral }: RunFlags): string | undefined {
  if (memory === undefined || memory === false) return undefined
  if (ephemeral) throw new RuntimeError('usage', '--ephemeral keeps nothing, so it does not go with --memory')
  return memory === true ? RESEARCH_NAMESPACE : memory
}

/** Notes the new run and returns its id. Throws `usage` for an id that another run has. */
async function begin(
  runtime: Runtime,
  { runId }: RunFlags,
  { name: workflow }: RunnableWorkflow,
  input: unknown,
  options: StartOptions,
  context: CommandContext,
): Promise<string> {
  const { runs, journal, host } = runtime
  const id = runId === undefined ? host.id() : token(runId, 'run id')
  if (!journal.durable) return id
  if (await runs.get(id))
    throw new RuntimeError('usage', `there is a run "${id}" already`, {
      fix: `choose another id, or go on with that run: agenticraft resume ${id}`,
    })
  await tellUnfinished(runtime, context)
  await runs.begin({ id, workflow, input: toPlain(input), options: toPlain(options) })
  return id
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
  addDataDir(addLiveFlags(parser))
    .option('--ephemeral', 'keep nothing: the run cannot be resumed or replayed')
    .option(
      '--memory [namespace]',
      `recall what earlier runs found, research only the rest, and remember it (default namespace: ${RESEARCH_NAMESPACE})`,
    )
    .option('--run-id <id>', 'the id of the run, instead of a made up one')
    .option('--detach', 'with --nats: return as soon as the cluster has the run')
  addNatsOptions(parser)
}
