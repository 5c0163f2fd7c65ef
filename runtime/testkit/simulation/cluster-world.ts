/**
 * Everything of a simulated cluster that outlives its nodes: time, chance, faults, bus, broker, ledger, witness. Made
 * once per seed by `cluster.ts`; the machines that live in it are in `cluster-machine.ts`.
 */
import { type Codec, createCodec } from '../../codec.ts'
import { createSimulatedBroker, type SimulatedBroker } from '../simulated-broker.ts'
import type { BrokerLinkOptions } from './cluster-broker.ts'
import { type ClusterFault, OCCASIONS, TROUBLE_NAMES } from './cluster-faults.ts'
import { type ClusterWitness, clusterWitness } from './cluster-witness.ts'
import { type Faults, faultsAmong } from './faults.ts'
import { type Incarnation, incarnate } from './host.ts'
import { effectLedger } from './ledger.ts'
import type { OutsideOptions } from './model.ts'
import { type Prng, prng } from './prng.ts'
import { type Owner, type Scheduler, scheduler } from './scheduler.ts'
import { type Network, simulatedNetwork } from './transport.ts'

export interface ClusterUniverse extends OutsideOptions {
  readonly seed: number | string
  readonly scheduler: Scheduler
  readonly random: Prng
  readonly faults: Faults<ClusterFault> & Faults
  readonly witness: ClusterWitness
  readonly network: Network
  readonly broker: SimulatedBroker
  readonly links: BrokerLinkOptions
  readonly codec: Codec
  /** Whoever it belongs to is never down. */
  readonly owner: Owner
  /** Names of machines that nothing reaches, and from which nothing gets to others. */
  readonly deaf: Set<string>
  readonly mute: Set<string>
  /** While `links` no link between two nodes is cut for long. */
  readonly calm: { links: boolean }
  /** Errors that nobody waited for, by the life that reported them. */
  readonly errors: (readonly [life: string, error: unknown])[]
  life(name: string, number: number): Incarnation
}

export const NAMESPACE = 'test'
/** How long a call of the broker waits for its answer, ms. */
const BROKER_TIMEOUT_MS = 10_000
/** By how much the clocks of machines differ, ms. */
const SKEW_MS = 200

export interface ClusterUniverseOptions {
  readonly seed: number | string
  readonly isCalm?: boolean
  readonly trace?: (line: string) => void
}

export function clusterUniverse({ seed, isCalm, trace }: ClusterUniverseOptions): ClusterUniverse {
  const random = prng(`${seed}/cluster`)
  const time = scheduler({ random: random.fork('scheduler'), ...(trace && { trace }) })
  const rates = isCalm ? {} : { ...OCCASIONS, ...Object.fromEntries(TROUBLE_NAMES.map(name => [name, 1])) }
  const faults = faultsAmong<string>(rates, random.fork('faults')) as ClusterUniverse['faults']
  const errors: (readonly [string, unknown])[] = []
  const [deaf, mute] = [new Set<string>(), new Set<string>()]
  let [witnessed, ids] = [0, 0]
  const order = (): number => ++witnessed
  const owner: Owner = { name: 'world', alive: true }
  const witness = clusterWitness(order)
  const clock = {
    now: () => time.now,
    at: (due: number, fire: () => void) => time.at(due, owner, 'broker', fire),
  }
  const broker = createSimulatedBroker(clock, {
    namespace: NAMESPACE,
    timeoutMs: BROKER_TIMEOUT_MS,
    onStored(stored) {
      time.note('stored', stored.subject)
      witness.stored(stored)
    },
  })
  const calm = { links: false }
  const network = simulatedNetwork({
    scheduler: time,
    random: random.fork('network'),
    faults: calmed(faults, calm),
    severed: (from, to) => mute.has(nodeOf(from)) || deaf.has(nodeOf(to)),
    onError: error => void errors.push(['bus', error]),
  })
  const ledger = effectLedger(order, () => time.now)
  return {
    seed,
    scheduler: time,
    random: random.fork('world'),
    faults,
    witness,
    network,
    broker,
    links: {
      scheduler: time,
      random: random.fork('broker'),
      broker,
      onCreated: subject => witness.acknowledged(subject),
    },
    codec: createCodec({ maxBytes: 1_000_000 }),
    owner,
    deaf,
    mute,
    calm,
    errors,
    ledger: {
      ...ledger,
      add(entry) {
        if (entry.kind === 'started') witness.started(entry)
        time.note(entry.kind, `${entry.key} ${entry.life}`)
        ledger.add(entry)
      },
    },
    life: (name, number) => {
      const life = incarnate({
        scheduler: time,
        random: random.fork('host'),
        node: name,
        number,
        skew: random.fork(`skew ${name}`).between(-SKEW_MS, SKEW_MS),
        // Told apart by their first characters, and by their last ones whose they are.
        nextId: () => `${(++ids).toString(36)}x${name}${number}`,
      })
      return life
    },
  }
}

function calmed(faults: Faults, calm: { readonly links: boolean }): Faults {
  return {
    hit: fault => !(calm.links && fault === 'net.partition') && faults.hit(fault),
    stop: () => faults.stop(),
    get stopped() {
      return faults.stopped
    },
    get struck() {
      return faults.struck
    },
  }
}

/** The machine that a connection belongs to. */
const nodeOf = (connection: string): string => connection.slice(0, connection.indexOf('.'))

/** A client of the broker that nothing happens to. */
export const worldClient = ({ broker }: ClusterUniverse) => broker.connect('world')
