/** `agenticraft runs attach RUN`: follows a run of a cluster to its end and prints its result. */
import { resolve } from 'node:path'
import { addClusterOptions, withCluster } from '../../cluster-access.ts'
import { attachToRun } from '../../cluster-run.ts'
import { clusterRun } from '../../cluster-runs.ts'
import type { Command } from '../../command.ts'
import { addLiveFlags } from '../../go-on.ts'
import { refuseUnwritable } from '../../out-file.ts'
import type { ResultFlags } from '../../run-result.ts'

export const runsAttach: Command = {
  name: 'attach',
  summary: 'follow a run of a cluster to its end and print its result',
  configure(parser) {
    parser.argument('<run>', 'its id, or the beginning of it')
    addClusterOptions(addLiveFlags(parser))
  },
  async run(context) {
    const flags = context.options as ResultFlags
    if (flags.out) await refuseUnwritable(resolve(context.cwd, flags.out))
    return withCluster(context, async cluster =>
      attachToRun(cluster, await clusterRun(cluster, context.args[0] ?? ''), flags, context),
    )
  },
}
