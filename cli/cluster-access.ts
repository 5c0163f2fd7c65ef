/**
 * A cluster for the time of one command: connected by what the user says of its server, left when the command ends.
 * Used by every command that looks at a cluster or asks it for something; nodes connect by themselves.
 */
import { RuntimeError } from '../actors/errors.ts'
import type { RunClient } from '../agents/cluster/run-client.ts'
import type { ClusterClient } from '../runtime/cluster/client/cluster-client.ts'
import type { ClusterConnection } from '../runtime/cluster/client/connect-cluster.ts'
import type { Member } from '../runtime/cluster/membership/roster.ts'
import type { CommandContext, Parser } from './command.ts'
import { addDataDir } from './data-dir.ts'
import { addNatsOptions, natsOptionsOf } from './nats-url.ts'
import { printable } from './terminal.ts'

export interface Cluster {
  readonly client: ClusterClient
  readonly runs: RunClient
  readonly connection: ClusterConnection
  /** The servers, without passwords. */
  readonly shown: string
}

export const addClusterOptions = (parser: Parser): Parser =>
  addNatsOptions(addDataDir(parser, 'where the server that runs here is looked for'))

/** Connects, and resolves with what `body` gives once all is closed again. Throws `broker-unavailable`. */
export async function withCluster<T>(
  context: CommandContext,
  body: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const { connectCluster } = await import('../runtime/cluster/client/connect-cluster.ts')
  const { clusterClient } = await import('../runtime/cluster/client/cluster-client.ts')
  const { natsPostbox } = await import('../runtime/transport/nats-broker.ts')
  const { runClient } = await import('../agents/cluster/run-client.ts')
  const options = await natsOptionsOf(context)
  const { terminal } = context
  const connection = await connectCluster({
    ...options,
    // What a command asks for and does not get is thrown; the rest is for whoever looks for a fault.
    onError: error => terminal.debug && terminal.message(printable(String(error))),
  })
  // Not the whole broker: that makes streams, and reads them, which the user of a client need not be allowed.
  const postbox = natsPostbox(connection.connection, connection)
  const client = clusterClient({ ...connection, broker: async () => postbox })
  try {
    return await body({
      client,
      runs: runClient(client, connection.namespace, connection.host.clock),
      connection,
      shown: options.shown,
    })
  } finally {
    await client.close()
    await connection.close()
  }
}

/** For so long a node that was not heard of in time is listened for, ms. */
const LATE_MS = 2_000
const LOOK_MS = 100

/** The node of that name, once all have been heard of. Throws `usage` when there is none. */
export async function nodeNamed({ client }: Cluster, name: string): Promise<Member> {
  await client.heard
  const find = (): Member | undefined => client.nodes().find(({ node }) => node === name)
  // A busy one may be late with its heartbeat.
  for (const end = performance.now() + LATE_MS; !find() && performance.now() < end; )
    await new Promise<void>(resolve => void setTimeout(resolve, LOOK_MS))
  const found = find()
  if (found) return found
  const nodes = client.nodes()
  throw new RuntimeError('usage', `there is no node "${name.slice(0, 80)}"`, {
    fix:
      nodes.length === 0
        ? 'no node is there; start one: agenticraft node'
        : `name one of: ${nodes.map(({ node }) => node).join(', ')}`,
  })
}

/** Text as JSON. Throws `usage`. */
export function jsonOf(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new RuntimeError('usage', `${what} is not JSON: ${text.slice(0, 80)}`, {
      why: cause instanceof Error ? cause.message : String(cause),
      fix: `quote it for the shell, for example '{"name":"Ada"}'`,
      cause,
    })
  }
}

/** The value of a flag that takes seconds, in ms; undefined when it was not given. Throws `usage`. */
export function secondsOf(flag: string, given: string | undefined): number | undefined {
  if (given === undefined) return undefined
  const seconds = Number(given)
  if (given.trim() !== '' && seconds >= 0 && seconds <= 1_000_000) return Math.round(seconds * 1_000)
  throw new RuntimeError('usage', `${flag} "${given.slice(0, 80)}" is no number of seconds`)
}
