/**
 * The runs of a cluster for the subcommands of `runs` that are given `--nats`: listed, shown, ended, and found by the
 * beginning of their id.
 */
import { RuntimeError } from '../actors/errors.ts'
import type { BriefRun } from '../agents/cluster/run-client.ts'
import { partitionOf } from '../runtime/cluster/placement.ts'
import type { RunRecord } from '../runtime/runs.ts'
import { type Cluster, withCluster } from './cluster-access.ts'
import { here } from './cluster-run.ts'
import type { CommandContext } from './command.ts'
import { seconds } from './run-progress.ts'
import { paintedStatus, runLine } from './run-rows.ts'
import { matchingRun } from './stored-runs.ts'
import { type Paint, printable } from './terminal.ts'
import { timeText, usageText } from './usage-text.ts'

/** Whether the command is meant for a cluster: only `--nats` says so. */
export const isForCluster = ({ options }: Pick<CommandContext, 'options'>): boolean =>
  options['nats'] !== undefined

/** The run of that id, or the only one whose id begins so. Throws `run-unknown`, `usage`. */
export async function clusterRun({ client, runs }: Cluster, given: string): Promise<BriefRun> {
  await client.heard
  const exact = /^[A-Za-z0-9_-]{1,64}$/.test(given) ? await runs.get(given) : undefined
  return exact ?? matchingRun(() => runs.list(), given)
}

export const listClusterRuns = (context: CommandContext): Promise<undefined> =>
  withCluster(context, async ({ client, runs }) => {
    const { unfinished } = context.options as { readonly unfinished?: boolean }
    await client.heard
    const all = await runs.list()
    const shown = unfinished ? all.filter(({ finishedAt }) => finishedAt === undefined) : all
    context.terminal.show(shown, paint =>
      shown.length === 0 ? 'no runs' : shown.map(record => runLine(record, paint, true)).join('\n'),
    )
    return undefined
  })

export const showClusterRun = (context: CommandContext): Promise<undefined> =>
  withCluster(context, async cluster => {
    const { id } = await clusterRun(cluster, context.args[0] ?? '')
    const record = await cluster.runs.record(id)
    const node = cluster.client.owners()[partitionOf(id)]?.node ?? null
    context.terminal.show({ ...record, partition: partitionOf(id), node }, paint =>
      shownRun(record, node, context, paint),
    )
    return undefined
  })

function shownRun(record: RunRecord, node: string | null, context: CommandContext, paint: Paint): string {
  const { id, workflow, input, options, startedAt, finishedAt, error, usage, runtime, status } = record
  const line = (label: string, text: string): string => `  ${paint('dim', label.padEnd(9))} ${text}`
  const took = finishedAt === undefined ? '' : `, took ${seconds(Math.max(0, finishedAt - startedAt))}`
  return [
    `${paint('bold', printable(workflow))} · run ${id} · ${paintedStatus(record, paint, 0, true)}`,
    line('started', `${timeText(startedAt)}${took}, by version ${printable(runtime)}`),
    line('input', printable(JSON.stringify(input))),
    line('options', printable(JSON.stringify(options))),
    line(
      'partition',
      `${partitionOf(id)}, ${node === null ? 'served by nobody at the moment' : `on ${node}`}`,
    ),
    ...(usage ? [line('spent', usageText(usage) || 'nothing')] : []),
    ...(error ? [line('error', printable(`${error.code} ${error.message}`))] : []),
    ...(status === 'running'
      ? [
          `  follow it: ${here(['runs', 'attach', id], context)}`,
          `  end it:    ${here(['runs', 'cancel', id], context)}`,
        ]
      : [`  its result: ${here(['runs', 'attach', id], context)}`]),
  ].join('\n')
}

export const cancelClusterRun = (context: CommandContext): Promise<undefined> =>
  withCluster(context, async cluster => {
    const { id, status } = await clusterRun(cluster, context.args[0] ?? '')
    if (status !== 'running')
      throw new RuntimeError('usage', `run ${id} has ended already: ${status}`, {
        fix: `see what it gave: ${here(['runs', 'attach', id], context)}`,
      })
    await cluster.runs.cancel(id)
    const ended = await cluster.runs.follow(id, { signal: context.signal })
    context.terminal.show({ runId: id, status: ended.status }, `run ${id} is ${ended.status}`)
    return undefined
  })
