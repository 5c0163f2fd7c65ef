/**
 * The broker is a cluster itself: three nats-servers that keep three copies of everything, one of which at a time is
 * killed and comes back.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { startNatsCluster } from '../../runtime/testkit/nats-server.ts'
import { logStream, mailboxStream } from '../../runtime/transport/nats-streams.ts'
import { NAMESPACE } from './cluster-nodes.ts'
import { AS_ABOVE, type ClusterCase, runClusterCase, type Scene } from './cluster-round.ts'
import type { FaultCase } from './fault-case.ts'

const SERVERS = 3
const LOOK_MS = 200
/** Until all servers have everything again, ms: an election may take ten seconds. */
const WHOLE_MS = 60_000

async function strike(scene: Scene): Promise<void> {
  const { processes, random } = scene
  const [first, ...others] = processes.servers
  if (!first) return
  while (scene.left() > 0) {
    // Three copies bear the loss of one: the next goes when the last one has caught up.
    if (!(await isWhole(scene))) return scene.wrong(`the servers were not one again after ${WHOLE_MS} ms`)
    await sleep(random.between(500, 2_000))
    const server = random.pick([first, ...others])
    scene.struck()
    await server.kill()
    await sleep(random.between(0, 4_000))
    await server.restart()
  }
}

interface StreamCluster {
  readonly leader?: string
  readonly replicas?: readonly { readonly current: boolean; readonly offline?: boolean }[]
}

/** Waits until both streams have a leader and everybody has all of them. */
async function isWhole(scene: Scene): Promise<boolean> {
  const began = performance.now()
  while (performance.now() - began < WHOLE_MS) {
    const streams = await Promise.all([logStream(NAMESPACE), mailboxStream(NAMESPACE)].map(of(scene)))
    if (streams.every(isCurrent)) {
      scene.most('milliseconds until three servers were one again, at most', performance.now() - began)
      return true
    }
    await sleep(LOOK_MS)
  }
  return false
}

const isCurrent = (stream: StreamCluster | undefined): boolean =>
  stream?.leader !== undefined &&
  stream.replicas?.length === SERVERS - 1 &&
  stream.replicas.every(({ current, offline }) => current && !offline)

/** Undefined while nobody says. */
const of =
  ({ load }: Scene) =>
  async (stream: string): Promise<StreamCluster | undefined> => {
    const { nc } = load.connection.connection
    try {
      const { data } = await nc.request(`$JS.API.STREAM.INFO.${stream}`, '', { timeout: 2_000 })
      return (JSON.parse(new TextDecoder().decode(data)) as { readonly cluster?: StreamCluster }).cluster
    } catch {
      return undefined
    }
  }

export const brokersOfMany: ClusterCase = {
  name: 'cluster-of-brokers',
  perRound: 25,
  streams: { replicas: SERVERS },
  startBrokers: async () => ({ servers: await startNatsCluster(SERVERS) }),
  strike,
}

export const clusterOfBrokers: FaultCase = {
  name: brokersOfMany.name,
  title: 'kill -9 of one of three brokers of a cluster',
  count: 50,
  how: `${AS_ABOVE}
Here the broker is three nats-servers as one JetStream cluster, with three copies of the log and of the mailboxes,
and nodes and client know all of them. Whenever the three are one again, and 0.5 to 2 seconds later, one of them
is killed (SIGKILL) and started again on its store within 4 seconds. Never two at once. A server of three that stands
still (SIGSTOP) is not among it: nats-server 2.9.10 may then reset a copy of a stream and be left without a quorum until it
is restarted, which no client can mend.`,
  run: options => runClusterCase(brokersOfMany, options),
}
