/** `agenticraft runs cancel RUN`: ends a run that nobody runs, or with `--nats` one of a cluster. Its history stays. */
import { RuntimeError, toWireError } from '../../../actors/errors.ts'
import { toPlain } from '../../../actors/plain.ts'
import { spentByRun } from '../../../runtime/history/causes.ts'
import { endRun } from '../../../runtime/history/end-run.ts'
import { systemHost } from '../../../runtime/host.ts'
import { cancelClusterRun, isForCluster } from '../../cluster-runs.ts'
import type { Command } from '../../command.ts'
import { addDataDir, withStored } from '../../data-dir.ts'
import { addNatsOptions } from '../../nats-url.ts'
import { findRun, isUnfinished } from '../../stored-runs.ts'

export const runsCancel: Command = {
  name: 'cancel',
  summary: 'end an unfinished run; its history stays',
  configure(parser) {
    addNatsOptions(addDataDir(parser.argument('<run>', 'its id, or the beginning of it')))
  },
  run(context) {
    if (isForCluster(context)) return cancelClusterRun(context)
    const { terminal } = context
    return withStored(context, async ({ journal, runs }) => {
      const record = await findRun(runs, context.args[0] ?? '')
      const { id, workflow, startedAt } = record
      if (!isUnfinished(record))
        throw new RuntimeError('usage', `run ${id} has ended already: ${record.status}`, {
          fix: `to forget it: agenticraft runs rm ${id}`,
        })
      const usage = spentByRun(await runs.steps(id))
      const now = systemHost().clock.now()
      const ended = await endRun(journal, id, now)
      const error = toWireError(new RuntimeError('cancelled', 'the run was cancelled while nobody ran it'))
      const status = 'cancelled'
      const durationMs = Math.max(0, now - startedAt)
      const result = { runId: id, workflow, status, output: null, usage, durationMs, problems: [], error }
      await runs.finish(id, { status, error, usage, result: toPlain(result) })
      terminal.show({ runId: id, status, ended }, `run ${id} is cancelled`)
      return undefined
    })
  },
}
