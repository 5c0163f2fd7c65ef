/**
 * A cluster to measure: a nats-server with JetStream, node processes, and a client in the process that measures.
 * Used by `cluster-steps`, `failover` and `nodes`. It ends with the process that started it.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { type Address, address } from '../../actors/address.ts'
import type { Plain } from '../../actors/plain.ts'
import { subject } from '../../actors/subject.ts'
import { type ClusterClient, clusterClient } from '../../runtime/cluster/client/cluster-client.ts'
import { type ClusterConnection, connectCluster } from '../../runtime/cluster/client/connect-cluster.ts'
import { desiredOwner, PARTITIONS, partitionOf } from '../../runtime/cluster/placement.ts'
import { startNats } from '../nats-process.ts'
import { coreSeconds } from './process-time.ts'

export const NAMESPACE = 'main'
/** The script beside this file, where the compiler put it. */
const SCRIPT = join(import.meta.dirname, 'node-process.js')
const PATIENCE_MS = 60_000
const LOOK_MS = 50
const ASK_MS = 60_000

export interface Cluster {
  readonly client: ClusterClient
  /** By name. */
  readonly nodes: ReadonlyMap<string, ChildProcess>
  /** Messages that were ever written to the stream of the logs. */
  written(): Promise<number>
  /** Of all processes: server, nodes and this one. */
  coreSeconds(): number
  /** Starts a node, also one that was there before. Resolves when it has joined. */
  start(name: string): Promise<void>
  /** Resolves when every node serves the partitions that are its to serve. Throws when that takes longer than a minute. */
  settled(): Promise<void>
  /** Ten durable steps in a partition, on the node that serves it. */
  steps(partition: number, n: number): Promise<number>
  /** Starts actors of a type, so many, spread over the partitions by their names. */
  spawn(type: string, many: number): Promise<readonly Address[]>
  /** Ends the nodes, before the server they would miss. */
  stop(): Promise<void>
}

/** Resolves when `count` nodes serve all partitions. Throws `Unavailable` when there is no nats-server. */
export async function startCluster(scratch: string, count: number): Promise<Cluster> {
  const server = await startNats(scratch, { jetStream: true })
  const nodes = new Map<string, ChildProcess>()
  const start = async (name: string): Promise<void> => {
    const child = fork(SCRIPT, [server.url, name, join(scratch, name)])
    nodes.set(name, child)
    const ended = once(child, 'exit').then(([code, signal]) => {
      throw new Error(`node ${name} ended with ${signal ?? code}`)
    })
    ended.catch(() => {})
    await Promise.race([once(child, 'message'), ended])
  }
  // The first makes the streams.
  await start('n1')
  await Promise.all(Array.from({ length: count - 1 }, (_, i) => start(`n${i + 2}`)))
  const connection = await connectCluster({ servers: server.url, name: 'client', namespace: NAMESPACE })
  const client = clusterClient(connection)
  await client.heard
  const cluster: Cluster = {
    client,
    nodes,
    start,
    ...measures(connection, () => [
      server.pid,
      process.pid,
      ...[...nodes.values()].map(({ pid }) => pid as number),
    ]),
    settled: settling(client, nodes),
    steps: stepsOver(connection, client),
    async spawn(type, many) {
      const actors = Array.from({ length: many }, (_, i) => address(type, `a${i}`))
      for (const actor of actors)
        await client.inPartition(partitionOf(actor), 'spawn', { type, id: actor.slice(type.length + 1) })
      return actors
    },
    async stop() {
      const ended = [...nodes.values()].map(node => node.exitCode ?? node.signalCode ?? once(node, 'exit'))
      for (const node of nodes.values()) node.kill('SIGKILL')
      await Promise.all(ended)
    },
  }
  await cluster.settled()
  return cluster
}

function measures(
  connection: ClusterConnection,
  pids: () => readonly number[],
): Pick<Cluster, 'written' | 'coreSeconds'> {
  const opened = connection.broker()
  return {
    async written() {
      const broker = await opened
      const lasts = await Promise.all(['jrn', 'snp'].map(kind => broker.last(`ac.${NAMESPACE}.${kind}.>`)))
      return Math.max(...lasts.map(last => last?.seq ?? 0))
    },
    coreSeconds: () => coreSeconds(pids()),
  }
}

function settling(client: ClusterClient, nodes: ReadonlyMap<string, ChildProcess>): () => Promise<void> {
  const isSettled = (): boolean => {
    const names = [...nodes.keys()]
    const owners = client.owners()
    return owners.every((owner, partition) => owner?.node === desiredOwner(partition, names))
  }
  return async () => {
    for (const end = performance.now() + PATIENCE_MS; !isSettled(); await pause(LOOK_MS))
      if (performance.now() > end) throw new Error(`the nodes do not settle: ${owned(client)}`)
  }
}

const owned = (client: ClusterClient): string =>
  client
    .nodes()
    .map(({ node, state, partitions }) => `${node} ${state} ${partitions.size}`)
    .join(', ')

/** By request to the node, which has the partition's runtime: no node is asked for work of another's. */
function stepsOver({ requests }: ClusterConnection, client: ClusterClient): Cluster['steps'] {
  return async (partition, n) => {
    const node = client.owners()[partition]?.node
    if (node === undefined) throw new Error(`nobody serves partition ${partition}`)
    const body: Plain = { partition, n }
    return (await requests.ask(subject(NAMESPACE, 'bench', node), body, ASK_MS)) as number
  }
}

/** Partitions one after the other, for the work of so many runs. */
export const partitionFor = (n: number): number => n % PARTITIONS

export const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
