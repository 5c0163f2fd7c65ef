/** Nodes that share a simulated broker and take one partition from each other; each has a disk that outlives its stores. */
import type { LevelStore } from '../../memory/level.ts'
import { failingStore } from '../../memory/testdata/failing-store.ts'
import type { Broker } from '../cluster/broker.ts'
import { claim } from '../cluster/log/claim.ts'
import { partitionLog } from '../cluster/log/partition-log.ts'
import type { ReplicatedStores } from '../cluster/log/replicated-store.ts'
import { createSimulatedBroker } from './simulated-broker.ts'
import { simulatedClock } from './simulated-clock.ts'

export interface Taken {
  readonly stores: ReplicatedStores
  /** The partition's only store. */
  readonly store: LevelStore
  lost: boolean
}

export function nodesOf({ snapshotBytes }: { readonly snapshotBytes?: number } = {}) {
  const clock = simulatedClock()
  const broker = createSimulatedBroker(clock, { namespace: 'main' })
  const errors: unknown[] = []
  let lives = 0
  /** `wrap` stands between the node and the broker. */
  const node = (
    name: string,
    { copy = failingStore().store, wrap = (same: Broker) => same }: Partial<NodeOptions> = {},
  ) => {
    const log = partitionLog({ broker: wrap(broker.connect(name)), namespace: 'main', partition: 7 })
    const take = async (): Promise<Taken> => {
      const life = `life-${++lives}`
      let stores: ReplicatedStores | undefined
      const taken = { lost: false }
      stores = await claim({
        log,
        copy: { ...copy, close: async () => {} },
        deed: await log.tip(),
        node: name,
        life,
        origin: `origin-${lives}`,
        monotonic: clock,
        now: () => clock.now(),
        ...(snapshotBytes !== undefined && { snapshotBytes }),
        onLost() {
          taken.lost = true
          stores?.abandon()
        },
        report: error => void errors.push(error),
      })
      if (!stores) throw new Error(`${name} did not get the partition`)
      return Object.assign(taken, { stores, store: stores.store('s') })
    }
    return { name, log, copy, take }
  }
  /** The broker loses all that it stored behind its first `count` messages, and nobody notices. */
  const loseTail = async (count: number): Promise<void> => {
    for (const { subject } of broker.stored().slice(count)) await broker.connect('power cut').purge(subject)
  }
  const subjects = (): readonly string[] =>
    broker.stored().map(({ subject }) => subject.replace('ac.main.', ''))
  return { clock, broker, node, errors, loseTail, subjects }
}

interface NodeOptions {
  readonly copy: LevelStore
  readonly wrap: (broker: Broker) => Broker
}

export const put = (store: LevelStore, key: string, value: string | Uint8Array = key): Promise<void> =>
  store.batch([{ type: 'put', key, value: Buffer.from(value) }])

export async function allOf(store: LevelStore): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {}
  for await (const [key, value] of store.range()) found[key] = Buffer.from(value).toString()
  return found
}

/** Keys in order; each value is its key unless a test wrote another. */
export async function keysOf(store: LevelStore): Promise<readonly string[]> {
  const found: string[] = []
  for await (const [key] of store.range()) found.push(key)
  return found
}
