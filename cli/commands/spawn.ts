/** `agenticraft spawn TYPE`: starts an agent or actor where its address belongs, and prints the address. */
import { type Address, address, token } from '../../actors/address.ts'
import { RuntimeError } from '../../actors/errors.ts'
import type { Plain } from '../../actors/plain.ts'
import type { ClusterClient } from '../../runtime/cluster/client/cluster-client.ts'
import { partitionOf } from '../../runtime/cluster/placement.ts'
import { addClusterOptions, type Cluster, nodeNamed, withCluster } from '../cluster-access.ts'
import type { Command } from '../command.ts'

interface SpawnFlags {
  readonly id?: string
  readonly node?: string
  readonly set?: readonly string[]
  readonly model?: string
}

export const spawn: Command = {
  name: 'spawn',
  summary: 'start an agent or actor in a cluster',
  configure(parser) {
    parser
      .argument('<type>', 'of the agent or actor')
      .option('--id <id>', 'the second part of its address (default: made up)')
      .option('--node <name>', 'have it on this node, as long as that serves its partition')
      .option('--set <key=value...>', 'input of its machine, JSON or text')
      .option('--model <provider:model>', 'what an agent thinks with')
    addClusterOptions(parser)
  },
  run(context) {
    const flags = context.options as SpawnFlags
    const type = token(context.args[0] ?? '', 'type')
    const input = flags.set && settings(flags.set)
    return withCluster(context, async cluster => {
      const { client } = cluster
      const where = await place(type, flags, cluster)
      const partition = partitionOf(where)
      const order = {
        ...{ type, id: where.slice(type.length + 1) },
        ...(input && { input }),
        ...(flags.model !== undefined && { model: flags.model }),
      }
      await client.inPartition(partition, 'spawn', order)
      await client.heard
      const node = client.owners()[partition]?.node
      context.terminal.message(`  partition ${partition}${node === undefined ? '' : ` on ${node}`}`)
      context.terminal.show({ address: where, partition, ...(node !== undefined && { node }) }, where)
      return undefined
    })
  },
}

/** How often an id is made up: with one partition on the node, the chance to miss it is one in 20 million. */
const TRIES = 1_100

/** Throws `usage` for a node that is not there, serves nothing, or not the partition of the given id. */
async function place(type: string, { id, node }: SpawnFlags, cluster: Cluster): Promise<Address> {
  const madeUp = (): Address => address(type, cluster.connection.host.id())
  if (node === undefined) return id === undefined ? madeUp() : address(type, id)
  await nodeNamed(cluster, node)
  const isThere = (where: Address): boolean => ownerOf(cluster.client, where) === node
  if (id !== undefined) {
    const where = address(type, id)
    if (isThere(where)) return where
    const owner = ownerOf(cluster.client, where)
    throw new RuntimeError('usage', `${where} does not belong on node "${node}"`, {
      why: `its partition ${partitionOf(where)} is served by ${owner ?? 'nobody at the moment'}`,
      fix: 'leave out --id or --node',
    })
  }
  for (let tries = 0; tries < TRIES; tries++) {
    const where = madeUp()
    if (isThere(where)) return where
  }
  throw new RuntimeError('usage', `node "${node}" serves no partitions`, {
    fix: 'name another one; agenticraft ps shows them',
  })
}

const ownerOf = (client: ClusterClient, where: Address): string | undefined =>
  client.owners()[partitionOf(where)]?.node

/** `key=value` pairs as an object; a value that is JSON is what it says, any other a text. Throws `usage`. */
function settings(pairs: readonly string[]): { readonly [key: string]: Plain } {
  const entries = pairs.map((pair): [string, Plain] => {
    const at = pair.indexOf('=')
    if (at > 0) return [pair.slice(0, at), settingOf(pair.slice(at + 1))]
    throw new RuntimeError('usage', `--set "${pair.slice(0, 80)}" is not key=value`)
  })
  return Object.fromEntries(entries)
}

function settingOf(text: string): Plain {
  try {
    return JSON.parse(text) as Plain
  } catch {
    return text // No JSON: the text itself.
  }
}
