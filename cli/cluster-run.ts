/**
 * A run that a cluster carries out, as the command line shows it: submitted or attached to, followed with the view of
 * a local run, and printed like one. Whoever leaves does not end it: Ctrl-C detaches.
 */
import { NO_USAGE, type RuntimeEvent } from '../actors/events.ts'
import type { RunOrder } from '../agents/cluster/run-host.ts'
import type { RunResult } from '../agents/workflow/run-workflow.ts'
import type { RunnableWorkflow } from '../agents/workflow/runnable.ts'
import type { RunRecord } from '../runtime/runs.ts'
import { type Cluster, withCluster } from './cluster-access.ts'
import type { CommandContext } from './command.ts'
import { commandLine } from './data-dir.ts'
import { isParked, parkedText } from './decisions.ts'
import { EXIT, type ExitCode } from './failure.ts'
import { printResult, type ResultFlags } from './run-result.ts'
import { showRun } from './run-view.ts'
import { startOptions, workflowNamed } from './stored-runs.ts'

/** Submits a run and follows it to its end, or with `detach` only until the cluster has it. */
export const runOnCluster = (
  order: RunOrder,
  detach: boolean,
  flags: ResultFlags,
  context: CommandContext,
): Promise<ExitCode> =>
  withCluster(context, async cluster => {
    if (!detach) return followed(cluster, order, flags, context, order)
    const { status } = await cluster.runs.submit(order)
    const { terminal } = context
    terminal.message(`  follow it: ${here(['runs', 'attach', order.id], context)}`)
    terminal.show({ runId: order.id, workflow: order.workflow, status }, order.id)
    return EXIT.ok
  })

/** Follows a run that is there already. */
export async function attachToRun(
  cluster: Cluster,
  run: Pick<RunRecord, 'id' | 'workflow' | 'options'>,
  flags: ResultFlags,
  context: CommandContext,
): Promise<ExitCode> {
  return followed(cluster, run, flags, context)
}

async function followed(
  { runs, connection, shown }: Cluster,
  { id, workflow, options }: Pick<RunRecord, 'id' | 'workflow'> & { readonly options: unknown },
  flags: ResultFlags,
  context: CommandContext,
  order?: RunOrder,
): Promise<ExitCode> {
  const { terminal, signal } = context
  const { stream = false } = flags
  const { clock } = connection.host
  const listeners = new Set<(event: RuntimeEvent) => void>()
  const stopShowing = showRun({
    ...{ runId: id, workflow, stream, terminal, signal, clock, kept: true },
    model: startOptions(options as RunRecord['options']).model,
    where: `cluster ${connection.namespace} at ${shown}`,
    events: {
      subscribe(listener) {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
    },
  })
  // The clock of whoever sent it may be another: what is drawn is measured by ours.
  const onEvent = (event: RuntimeEvent): void => {
    const heard = stream ? event : { ...event, at: clock.now() }
    for (const listener of listeners) listener(heard)
  }
  try {
    const record = await runs.follow(id, { onEvent, signal, ...(order && { order }) })
    stopShowing()
    const exit = await printResult(await renderingOf(workflow), resultOf(record), flags, context)
    if (record.status === 'needs-human') {
      const parked = (await runs.open(id)).filter(isParked)
      if (parked.length > 0) terminal.failure(paint => parkedText(parked, id, context, paint, here))
    }
    return exit
  } catch (error) {
    stopShowing()
    if (!signal.aborted) throw error
    return detached(id, context)
  } finally {
    stopShowing()
  }
}

/** Nodes may have workflows that this program does not know: of those the result is shown as it is. */
const renderingOf = (workflow: string): Promise<Pick<RunnableWorkflow, 'render'>> =>
  workflowNamed(workflow).catch(() => ({
    render: output => (typeof output === 'string' ? output : JSON.stringify(output, null, 2)),
  }))

/** What the run gave. One that was refused before it began gave nothing. */
function resultOf(record: RunRecord): RunResult {
  if (record.result) return record.result as unknown as RunResult
  const { id, workflow, status, usage = NO_USAGE, startedAt, finishedAt = startedAt, error } = record
  return {
    ...{ runId: id, workflow, usage, output: null, problems: [] },
    status: status === 'running' ? 'failed' : status,
    durationMs: Math.max(0, finishedAt - startedAt),
    ...(error && { error }),
  }
}

function detached(id: string, context: CommandContext): ExitCode {
  context.terminal.failure(paint =>
    [
      `${paint('yellow', '○')} left run ${id}, which goes on`,
      `    follow it: ${here(['runs', 'attach', id], context)}`,
      `    end it:    ${here(['runs', 'cancel', id], context)}`,
    ].join('\n'),
  )
  return EXIT.interrupted
}

/** A command line of ours for the same cluster, ready to be typed. */
export function here(words: readonly string[], { options }: Pick<CommandContext, 'options'>): string {
  const where = ['nats', 'cluster', 'creds', 'nkey', 'tlsCa', 'tlsCert', 'tlsKey'].flatMap(name => {
    const given = options[name]
    if (typeof given !== 'string') return []
    // A password is not said again.
    const value = name === 'nats' ? given.replaceAll(/(^|,|:\/\/)[^@,/]*@/g, '$1') : given
    return [`--${name.replace('Ca', '-ca').replace('Cert', '-cert').replace('Key', '-key')}`, value]
  })
  return commandLine([...words, ...where], { options })
}
