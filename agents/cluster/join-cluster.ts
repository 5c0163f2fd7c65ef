/**
 * A cluster for programs: to take part in it as a node, or to use it from outside. `agenticraft node` and the other
 * commands are made of the same parts.
 */
import { join } from 'node:path'
import { type Address, address } from '../../actors/address.ts'
import type { Host } from '../../actors/clock.ts'
import type { Memory } from '../../memory/memory.ts'
import { type ClusterClient, clusterClient } from '../../runtime/cluster/client/cluster-client.ts'
import { connectCluster } from '../../runtime/cluster/client/connect-cluster.ts'
import type { ClusterNode } from '../../runtime/cluster/cluster-node.ts'
import { clusterMemory } from '../../runtime/cluster/memory/client.ts'
import { partitionOf } from '../../runtime/cluster/placement.ts'
import { systemHost } from '../../runtime/host.ts'
import type { NatsOptions } from '../../runtime/transport/nats-address.ts'
import type { SpawnOrder } from './agent-host.ts'
import { type AgentNodeOptions, startAgentNode } from './agent-node.ts'
import { type RunClient, runClient } from './run-client.ts'

type OfServer = Omit<NatsOptions, 'name' | 'namespace'>

type OfNode = Pick<
  AgentNodeOptions,
  | 'agents'
  | 'behaviours'
  | 'workflows'
  | 'folders'
  | 'rates'
  | 'serves'
  | 'types'
  | 'runsAtOnce'
  | 'poolAtOnce'
  | 'poolModel'
  | 'policy'
  | 'sync'
  | 'passivateAfterMs'
  | 'times'
>

export interface JoinClusterOptions extends OfServer, OfNode {
  /** The node's name, unique in the cluster; the same after a restart, so that it finds its copies. */
  readonly name: string
  /** Separates clusters that share a server. Default `main`. */
  readonly namespace?: string
  /** Where the node keeps its copies of partitions. */
  readonly dataDir: string
  /** Where relative sources are looked up. Default: the working directory. */
  readonly folder?: string
  /** Keys of models and search providers. Default: the process's environment. */
  readonly env?: AgentNodeOptions['env']
  /** Another process of this name has taken its place, or somebody told it to go: call `drain`. */
  readonly onEnd?: AgentNodeOptions['onEnd']
  /** Told of failures that nobody waits for. Default: a warning of the process. */
  readonly onError?: (error: unknown) => void
}

/** What is left after `drain` or `stop` is nothing: the connection is closed, too. */
export type JoinedNode = ClusterNode

/**
 * Starts a node in this process. Resolves when it has joined. Throws `broker-unavailable`, `address-taken`,
 * `definition-invalid`.
 */
export async function joinCluster(options: JoinClusterOptions): Promise<JoinedNode> {
  const { name, namespace = 'main', dataDir, folder = process.cwd(), env = process.env } = options
  const { onEnd = () => {}, onError = warn, ...more } = options
  const connection = await connectCluster({ ...more, name, namespace, onError })
  try {
    const broker = await connection.broker({ onError })
    const node = await startAgentNode({
      ...more,
      ...connection,
      broker,
      node: name,
      dir: join(dataDir, 'nodes', name),
      folder,
      env,
      onEnd,
      report: onError,
    })
    return {
      ...node,
      async drain(graceMs) {
        await node.drain(graceMs)
        await connection.close()
      },
      async stop() {
        await node.stop()
        await connection.close()
      },
    }
  } catch (error) {
    await connection.close()
    throw error
  }
}

export interface OpenClusterOptions extends OfServer {
  /** Default: made up. */
  readonly name?: string
  /** Default `main`. */
  readonly namespace?: string
  readonly onError?: (error: unknown) => void
}

export interface OpenedCluster {
  /** Asks and tells actors wherever they live, and shows who is there. */
  readonly client: ClusterClient
  /** Submits runs and follows them. */
  readonly runs: RunClient
  /** Starts an agent or actor of a type that the nodes know, or finds it where it is. */
  spawn(type: string, options?: Partial<Omit<SpawnOrder, 'type'>>): Promise<Address>
  /** What the agents of the cluster remember, each namespace asked of the node that owns it. */
  readonly memory: Memory
  readonly host: Pick<Host, 'clock' | 'id'>
  close(): Promise<void>
}

/** Connects to a cluster without taking part in it. Throws `broker-unavailable`, `definition-invalid`. */
export async function openCluster(options: OpenClusterOptions): Promise<OpenedCluster> {
  const { namespace = 'main', onError = warn, name = `client-${systemHost().id().slice(0, 8)}` } = options
  const connection = await connectCluster({ ...options, name, namespace, onError })
  const client = clusterClient(connection)
  const memory = clusterMemory(connection)
  return {
    client,
    memory,
    runs: runClient(client, namespace, connection.host.clock),
    host: connection.host,
    async spawn(type, { id = connection.host.id(), ...more } = {}) {
      const where = address(type, id)
      await client.inPartition(partitionOf(where), 'spawn', { ...more, type, id })
      return where
    },
    async close() {
      await memory.close()
      await client.close()
      await connection.close()
    },
  }
}

const warn = (error: unknown): void =>
  process.emitWarning(error instanceof Error ? error : new Error(String(error)))
