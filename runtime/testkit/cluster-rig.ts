/**
 * A whole cluster in one process: nodes and clients on a simulated broker, a bus and a clock, with copies in memory
 * that outlive their nodes. A node can die without a word, be cut off, or be asked to go.
 */
import type { Behaviour } from '../../actors/behaviour.ts'
import type { LevelStore } from '../../memory/level.ts'
import { failingStore } from '../../memory/testdata/failing-store.ts'
import { actorOperations } from '../cluster/actor-operations.ts'
import { type ClusterClient, clusterClient } from '../cluster/client/cluster-client.ts'
import { type ClusterNode, type ClusterNodeOptions, startClusterNode } from '../cluster/cluster-node.ts'
import { heldAsks } from '../cluster/held-asks.ts'
import type { Operations, Served, Tenant } from '../cluster/partition-host.ts'
import { createRequests, type Requests } from '../cluster/requests.ts'
import { createCodec } from '../codec.ts'
import { systemHost } from '../host.ts'
import { createInProcessBus } from '../transport/in-process.ts'
import type { Transport } from '../transport/transport.ts'
import { createSimulatedBroker, type SimulatedBroker } from './simulated-broker.ts'
import { type SimulatedClock, settle, simulatedClock } from './simulated-clock.ts'

export interface RigNode extends ClusterNode {
  /** It is gone without a word: nothing it does is seen any more. */
  die(): Promise<void>
  readonly reported: readonly unknown[]
  readonly ended: readonly string[]
}

export interface ClusterRig {
  readonly clock: SimulatedClock
  readonly broker: SimulatedBroker
  node(
    name: string,
    options?: Partial<ClusterNodeOptions> & { readonly more?: MoreOperations },
  ): Promise<RigNode>
  client(): ClusterClient
  /** Requests of somebody outside. */
  requests(): Requests
  /** Lets time pass until `isSo`, at most `limitMs`. Returns how long it took; throws when it was not enough. */
  until(isSo: () => boolean, limitMs?: number): Promise<number>
  /** Lets time pass until `work` settles. */
  within<T>(work: Promise<T>, limitMs?: number): Promise<T>
}

export type MoreOperations = (served: Served, requests: Requests) => Operations | Promise<Operations>

const NAMESPACE = 'test'
const STEP_MS = 100

export function clusterRig(behaviours: readonly Behaviour[] = []): ClusterRig {
  const clock = simulatedClock()
  const bus = createInProcessBus({ clock })
  const broker = createSimulatedBroker(clock, { namespace: NAMESPACE })
  const codec = createCodec({ maxBytes: 1_000_000 })
  const disks = new Map<string, LevelStore>()
  const host = { ...systemHost(), clock }

  const openCopy = async (dir: string): Promise<LevelStore> => {
    const disk = disks.get(dir) ?? failingStore().store
    disks.set(dir, disk)
    return { ...disk, close: async () => {} }
  }
  const rig: ClusterRig = {
    clock,
    broker,
    async node(name, { more, ...options } = {}) {
      const reported: unknown[] = []
      const ended: string[] = []
      let alive = true
      const transport = mortalTransport(bus.connect(), () => alive)
      const requests = createRequests({ transport, codec, clock })
      const started = await rig.within(
        startClusterNode({
          node: name,
          namespace: NAMESPACE,
          broker: broker.connect(name),
          transport,
          codec,
          requests,
          host,
          monotonic: clock,
          dir: `/${name}`,
          openCopy,
          behaviours,
          onServed: async served => tenant(served, requests, more),
          onEnd: why => void ended.push(why),
          report: error => void reported.push(error),
          ...options,
        }),
      )
      return {
        ...started,
        reported,
        ended,
        async die() {
          alive = false
          broker.cut(name, 'unreachable')
          await settle()
        },
      }
    },
    client() {
      const transport = bus.connect()
      return clusterClient({ transport, codec, namespace: NAMESPACE, host, monotonic: clock })
    },
    requests: () => createRequests({ transport: bus.connect(), codec, clock }),
    async until(isSo, limitMs = 30_000) {
      const began = clock.now()
      while (!isSo()) {
        if (clock.now() - began >= limitMs) throw new Error(`not within ${limitMs} ms`)
        await clock.advance(STEP_MS)
      }
      return clock.now() - began
    },
    async within(work, limitMs) {
      let settled = false
      const end = (): void => {
        settled = true
      }
      work.then(end, end)
      await rig.until(() => settled, limitMs)
      return work
    },
  }
  return rig
}

async function tenant(
  served: Served,
  requests: Requests,
  more: MoreOperations = () => ({}),
): Promise<Tenant> {
  const asks = heldAsks(served.runtime)
  return {
    operations: { ...actorOperations(served, asks), ...(await more(served, requests)) },
    leave: () => {},
    gone: () => asks.close(),
  }
}

/** What a dead process sends is not sent, and what is sent to it is not heard. */
function mortalTransport(transport: Transport, alive: () => boolean): Transport {
  return {
    get status() {
      return transport.status
    },
    publish: (...args) => {
      if (alive()) transport.publish(...args)
    },
    subscribe: (pattern, handler, options) =>
      transport.subscribe(pattern, message => (alive() ? handler(message) : undefined), options),
    request: (...args) => (alive() ? transport.request(...args) : new Promise(() => {})),
    flush: () => transport.flush(),
    drain: () => transport.drain(),
    close: () => transport.close(),
  }
}
