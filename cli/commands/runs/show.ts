/** `agenticraft runs show RUN`: one run with its actors, what it spent, and what it waits for. */
import type { Address } from '../../../actors/address.ts'
import type { Usage } from '../../../actors/events.ts'
import { spentByRun } from '../../../runtime/history/causes.ts'
import { type OpenEffect, openEffects } from '../../../runtime/history/open-effects.ts'
import { commitsByActor } from '../../../runtime/history/replay.ts'
import type { RunRecord } from '../../../runtime/runs.ts'
import { isForCluster, showClusterRun } from '../../cluster-runs.ts'
import type { Command, CommandContext } from '../../command.ts'
import { addDataDir, commandLine, withStored } from '../../data-dir.ts'
import { isParked, parkedText } from '../../decisions.ts'
import { addNatsOptions } from '../../nats-url.ts'
import { seconds } from '../../run-progress.ts'
import { paintedStatus } from '../../run-rows.ts'
import { actorName } from '../../steps-view.ts'
import { findRun, isUnfinished } from '../../stored-runs.ts'
import { type Paint, printable } from '../../terminal.ts'
import { timeText, usageText } from '../../usage-text.ts'

interface Shown {
  readonly record: RunRecord
  readonly actors: readonly { readonly actor: Address; readonly commits: number }[]
  readonly steps: number
  readonly spent: Usage
  readonly open: readonly OpenEffect[]
}

export const runsShow: Command = {
  name: 'show',
  summary: 'show one run: its actors, what it spent, what it waits for',
  configure(parser) {
    addNatsOptions(addDataDir(parser.argument('<run>', 'its id, or the beginning of it')))
  },
  run(context) {
    if (isForCluster(context)) return showClusterRun(context)
    return withStored(context, async ({ runs }) => {
      const record = await findRun(runs, context.args[0] ?? '')
      const steps = await runs.steps(record.id)
      const actors = [...commitsByActor(steps)].map(([actor, { length: commits }]) => ({ actor, commits }))
      const open = isUnfinished(record) ? openEffects(steps) : []
      const shown = { record, actors, steps: steps.length, spent: spentByRun(steps), open }
      const { record: _, ...more } = shown
      context.terminal.show({ ...record, unfinished: isUnfinished(record), ...more }, paint =>
        render(shown, context, paint),
      )
      return undefined
    })
  },
}

function render(
  { record, actors, steps, spent, open }: Shown,
  context: CommandContext,
  paint: Paint,
): string {
  const { id, workflow, input, options, startedAt, finishedAt, error, forkedFrom, runtime } = record
  const line = (label: string, text: string): string => `  ${paint('dim', label.padEnd(9))} ${text}`
  const took = finishedAt === undefined ? '' : `, took ${seconds(Math.max(0, finishedAt - startedAt))}`
  const parked = open.filter(isParked)
  return [
    `${paint('bold', workflow)} · run ${id} · ${paintedStatus(record, paint)}`,
    line('started', `${timeText(startedAt)}${took}, by version ${runtime}`),
    line('input', printable(JSON.stringify(input))),
    line('options', printable(JSON.stringify(options))),
    ...(forkedFrom ? [line('forked', `from run ${forkedFrom.run} at step ${forkedFrom.at}`)] : []),
    line('steps', `${steps}; spent: ${usageText(spent) || 'nothing'}`),
    ...(error ? [line('error', printable(`${error.code} ${error.message}`))] : []),
    line('actors', actors.map(one => `${actorName(one.actor, id)} (${one.commits})`).join(', ') || 'none'),
    ...open
      .filter(one => !isParked(one))
      .map(({ name, effect }) => line('under way', printable(`${name} ${effect}`))),
    ...(parked.length > 0 ? [parkedText(parked, id, context, paint)] : []),
    ...(isUnfinished(record) ? [`  go on: ${commandLine(['resume', id], context)}`] : []),
  ].join('\n')
}
