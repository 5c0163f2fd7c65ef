/** `agenticraft runs rm RUN…`: forgets runs and the history of their actors, for good. */
import { RuntimeError } from '../../../actors/errors.ts'
import type { Command } from '../../command.ts'
import { addDataDir, withStored } from '../../data-dir.ts'
import { findRun, isUnfinished } from '../../stored-runs.ts'

export const runsRm: Command = {
  name: 'rm',
  summary: 'forget runs and their history, for good',
  configure(parser) {
    addDataDir(parser.argument('<run...>', 'their ids, or the beginnings of them')).option(
      '--force',
      'also those that could be resumed',
    )
  },
  run(context) {
    const { force } = context.options as { readonly force?: boolean }
    return withStored(context, async ({ runs }) => {
      const found = []
      // All are looked at before any is gone.
      for (const given of context.args) found.push(await findRun(runs, given))
      const unfinished = found.find(isUnfinished)
      if (unfinished && !force)
        throw new RuntimeError('usage', `run ${unfinished.id} is unfinished`, {
          why: 'without its history it cannot be resumed',
          fix: `resume it, or end it first: agenticraft runs cancel ${unfinished.id}; or say --force`,
        })
      const removed = [...new Set(found.map(({ id }) => id))]
      for (const id of removed) await runs.remove(id)
      context.terminal.show({ removed }, removed.map(id => `run ${id} is removed`).join('\n'))
      return undefined
    })
  },
}
