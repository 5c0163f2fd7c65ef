/** `agenticraft drain NODE`: has a node finish what is under way, hand everything over and end. */
import { addClusterOptions, withCluster } from '../cluster-access.ts'
import type { Command } from '../command.ts'
import { endNode } from '../node-leaving.ts'

export const drain: Command = {
  name: 'drain',
  summary: 'have a node hand everything over and end',
  configure(parser) {
    addClusterOptions(parser.argument('<node>', 'its name'))
  },
  run(context) {
    return withCluster(context, async cluster => {
      await endNode(cluster, context.args[0] ?? '', 'drain', context)
      return undefined
    })
  },
}
