/** `agenticraft runs ls`: every run that is kept, newest first. */
import type { RunRecord } from '../../../runtime/runs.ts'
import { isForCluster, listClusterRuns } from '../../cluster-runs.ts'
import type { Command } from '../../command.ts'
import { addDataDir, withStored } from '../../data-dir.ts'
import { addNatsOptions } from '../../nats-url.ts'
import { runLine } from '../../run-rows.ts'
import { isUnfinished } from '../../stored-runs.ts'

export const runsLs: Command = {
  name: 'ls',
  summary: 'list the runs, newest first',
  configure(parser) {
    addNatsOptions(addDataDir(parser).option('--unfinished', 'only those that can be resumed'))
  },
  run(context) {
    if (isForCluster(context)) return listClusterRuns(context)
    const { unfinished } = context.options as { readonly unfinished?: boolean }
    return withStored(context, async ({ runs }) => {
      const all = await runs.list()
      const shown = unfinished ? all.filter(isUnfinished) : all
      context.terminal.show(shown.map(objectOf), paint =>
        shown.length === 0 ? 'no runs' : shown.map(record => runLine(record, paint)).join('\n'),
      )
      return undefined
    })
  },
}

/** Without what the run gave, which may be long: `runs show` has it. */
const objectOf = ({ result: _, ...record }: RunRecord) => ({ ...record, unfinished: isUnfinished(record) })
