/**
 * `agenticraft stop ADDRESS|NODE`: ends an actor for good, or has a node hand over and end without waiting for what
 * is under way there, which is done again elsewhere.
 */
import { parseAddress } from '../../actors/address.ts'
import { partitionOf } from '../../runtime/cluster/placement.ts'
import { addClusterOptions, withCluster } from '../cluster-access.ts'
import type { Command } from '../command.ts'
import { endNode } from '../node-leaving.ts'

export const stop: Command = {
  name: 'stop',
  summary: 'end an actor of a cluster for good, or a node at once',
  configure(parser) {
    addClusterOptions(parser.argument('<what>', 'the address of an actor (type/id), or the name of a node'))
  },
  run(context) {
    const [what = ''] = context.args
    const isActor = what.includes('/')
    if (isActor) parseAddress(what)
    return withCluster(context, async cluster => {
      if (!isActor) await endNode(cluster, what, 'stop', context)
      else {
        await cluster.client.inPartition(partitionOf(what), 'stop', { actor: what })
        context.terminal.show({ address: what, stopped: true }, `${what} is ended`)
      }
      return undefined
    })
  },
}
