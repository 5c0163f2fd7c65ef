/**
 * The runs of a cluster for the commands of runs that are given `--nats`: listed, shown, ended, decided about, and found
 * by the beginning of their id.
 */
import { RuntimeError } from '../actors/errors.ts'
import type { BriefRun } from '../agents/cluster/run-client.ts'
import { partitionOf } from '../runtime/cluster/placement.ts'
import type { OpenEffect } from '../runtime/history/open-effects.ts'
import type { RunRecord } from '../runtime/runs.ts'
import { type Cluster, withCluster } from './cluster-access.ts'
import { attachToRun, here } from './cluster-run.ts'
import type { CommandContext } from './command.ts'
import { checkDecisions, type Decisions, isParked, parkedText } from './decisions.ts'
import type { ExitCode } from './failure.ts'
import { partitionList } from './partition-list.ts'
import { seconds } from './run-progress.ts'
import type { ResultFlags } from './run-result.ts'
import { paintedStatus, runLine } from './run-rows.ts'
import { isUnfinished, matchingRun } from './stored-runs.ts'
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
    const missing: number[] = []
    const all = await runs.list({ onMissing: partition => void missing.push(partition) })
    if (missing.length > 0)
      context.terminal.message(
        paint =>
          `  ${paint('yellow', '!')} no answer from partitions ${partitionList(missing)}: their runs are not in the list`,
      )
    const shown = unfinished ? all.filter(isUnfinished) : all
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
    const open = isUnfinished(record) ? await cluster.runs.open(id) : []
    context.terminal.show({ ...record, partition: partitionOf(id), node, open }, paint =>
      shownRun(record, node, open, context, paint),
    )
    return undefined
  })

function shownRun(
  record: RunRecord,
  node: string | null,
  open: readonly OpenEffect[],
  context: CommandContext,
  paint: Paint,
): string {
  const { id, workflow, input, options, startedAt, finishedAt, error, usage, runtime } = record
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
    ...open
      .filter(one => !isParked(one))
      .map(({ name, effect }) => line('under way', printable(`${name} ${effect}`))),
    ...(open.some(isParked) ? [parkedText(open.filter(isParked), id, context, paint, here)] : []),
    ...(isUnfinished(record)
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
    if (!isUnfinished({ status }))
      throw new RuntimeError('usage', `run ${id} has ended already: ${status}`, {
        fix: `see what it gave: ${here(['runs', 'attach', id], context)}`,
      })
    await cluster.runs.cancel(id)
    const ended = await cluster.runs.follow(id, { signal: context.signal })
    context.terminal.show({ runId: id, status: ended.status }, `run ${id} is ${ended.status}`)
    return undefined
  })

/** Says what a person decided, and follows the run to its end, or to where it waits for a person again. */
export const resumeClusterRun = (decisions: Decisions, context: CommandContext): Promise<ExitCode> =>
  withCluster(context, async cluster => {
    const run = await clusterRun(cluster, context.args[0] ?? '')
    if (!isUnfinished(run))
      throw new RuntimeError('usage', `run ${run.id} has ended: ${run.status}`, {
        why: 'what a run gave in the end, it gives for ever',
        fix: `see what it gave: ${here(['runs', 'attach', run.id], context)}`,
      })
    if (decisions.size > 0) {
      const open = await cluster.runs.open(run.id)
      checkDecisions(decisions, open.filter(isParked))
      const attempts = new Map(open.map(({ effect, attempt }) => [effect, attempt]))
      await cluster.runs.decide(
        run.id,
        new Map(
          [...decisions].map(([effect, decision]) => [
            effect,
            { attempt: attempts.get(effect) ?? 0, decision },
          ]),
        ),
      )
    }
    return attachToRun(cluster, run, context.options as ResultFlags, context)
  })
