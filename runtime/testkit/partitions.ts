/**
 * Several partitions on one simulated broker and one bus, each a runtime that can die at any commit and come back on
 * its journal. Receipts may get lost, letters may be kept twice, and the broker may forget.
 */
import { type Address, address } from '../../actors/address.ts'
import { matches } from '../../actors/subject.ts'
import type { Broker } from '../cluster/broker.ts'
import { partitionOf } from '../cluster/placement.ts'
import { postOffice } from '../cluster/post/post-office.ts'
import type { Runtime, RuntimeOptions } from '../create-runtime.ts'
import { createInProcessBus } from '../transport/in-process.ts'
import type { Transport } from '../transport/transport.ts'
import { type Mortal, type MortalOptions, mortal } from './mortal.ts'
import { createSimulatedBroker, type SimulatedBroker } from './simulated-broker.ts'
import { type SimulatedClock, simulatedClock } from './simulated-clock.ts'

export interface Partition extends Mortal {
  readonly number: number
  /** The runtime of now. */
  readonly runtime: Runtime
  /** What was reported, over all lives. */
  readonly reported: readonly unknown[]
}

export interface Partitions {
  readonly clock: SimulatedClock
  readonly broker: SimulatedBroker
  /** A client of the broker and one of the bus, for messages that no partition sends. */
  readonly outside: { readonly broker: Broker; readonly transport: Transport }
  /** Decides about each receipt that is sent. */
  dropsReceipt: () => boolean
  /** Decides about each letter whether it is kept twice. */
  keepsTwice: () => boolean
  /** Decides about each letter whether the broker says that it is kept, and has lost it. */
  losesLetter: () => boolean
  /** Decides about each letter how much later it is handed over, ms: others may overtake it. */
  delaysLetter: () => number
  found(number: number, options?: PartitionOptions): Partition
}

export interface PartitionOptions extends MortalOptions {
  readonly runtime?: RuntimeOptions
  readonly resendMs?: number
  readonly max?: number
  /** Starts the actors of the partition, at every start; nothing is handed over before. */
  readonly populate?: (runtime: Runtime) => Promise<unknown>
}

export const NAMESPACE = 'test'

/** The first of the ids `id`, `id-1`, … under which an actor of that type lives in a partition. */
export function addressIn(partition: number, type: string, id: string): Address {
  for (let n = 0; ; n++) {
    const actor = address(type, n === 0 ? id : `${id}-${n}`)
    if (partitionOf(actor) === partition) return actor
  }
}

export const idOf = (actor: Address): string => actor.slice(actor.indexOf('/') + 1)

export function partitions(options: { readonly mailboxBound?: number } = {}): Partitions {
  const clock = simulatedClock()
  const bus = createInProcessBus({ clock })
  const broker = createSimulatedBroker(clock, { namespace: NAMESPACE, timeoutMs: 2_000, ...options })
  const world: Partitions = {
    clock,
    broker,
    outside: { broker: broker.connect('outside'), transport: bus.connect() },
    dropsReceipt: () => false,
    keepsTwice: () => false,
    losesLetter: () => false,
    delaysLetter: () => 0,
    found: (number, { runtime: base, resendMs = 1_000, max = 100, populate, ...how } = {}) => {
      const lives = mortal({ ...how, clock })
      const reported: unknown[] = []
      let runtime: Runtime
      let over = { now: false }
      const begin = (more?: RuntimeOptions): Runtime => {
        over.now = true
        const mine = { now: false }
        over = mine
        const alive = (): boolean => !mine.now && !lives.isDead
        const client = livingBroker(broker.connect(`p${number}`), alive, world)
        let populated = (_: Promise<unknown>): void => {}
        const after = new Promise<void>(resolve => {
          populated = work =>
            void work.then(
              () => resolve(),
              () => resolve(),
            )
        })
        runtime = lives.live({
          name: `p${number}`,
          namespace: NAMESPACE,
          recover: 'auto',
          ...base,
          ...more,
          transport: livingTransport(bus.connect(), alive, () => world.dropsReceipt()),
          post: postOffice({ partition: number, broker: client, resendMs, max, ...(populate && { after }) }),
          onError: error => reported.push(error),
        })
        if (populate) populated(populate(runtime))
        return runtime
      }
      const partition = Object.create(lives, {
        number: { value: number },
        reported: { value: reported },
        live: { value: begin },
        runtime: { get: () => runtime },
      }) as Partition
      return partition
    },
  }
  return world
}

const never = new Promise<never>(() => {})

/** The broker of a process: whoever is dead says nothing and hears nothing. */
function livingBroker(broker: Broker, alive: () => boolean, world: Partitions): Broker {
  let copies = 0
  return {
    ...broker,
    async post(subject, data, id) {
      if (!alive()) return never
      if (world.losesLetter()) return
      await broker.post(subject, data, id)
      if (world.keepsTwice()) await broker.post(subject, data, `${id}.copy-${++copies}`).catch(() => {})
      if (!alive()) return never
    },
    collect: (partition, take, options) =>
      broker.collect(
        partition,
        letter => {
          const hand = (): void => {
            if (alive()) take({ ...letter, done: () => void (alive() && letter.done()) })
          }
          const ms = world.delaysLetter()
          if (ms > 0) world.clock.at(world.clock.now() + ms, hand)
          else hand()
        },
        { ...options, onTaken: () => void (alive() && options.onTaken?.()) },
      ),
    onReset: listener => broker.onReset(() => void (alive() && listener())),
  }
}

/** The bus of a process. */
function livingTransport(transport: Transport, alive: () => boolean, drops: () => boolean): Transport {
  return {
    get status() {
      return transport.status
    },
    publish(subject, data, options) {
      if (!alive() || (matches('ac.*.part.*.receipt', subject) && drops())) return
      transport.publish(subject, data, options)
    },
    subscribe: (pattern, handler, options) =>
      transport.subscribe(pattern, message => (alive() ? handler(message) : undefined), options),
    request: (subject, data, options) => (alive() ? transport.request(subject, data, options) : never),
    flush: () => transport.flush(),
    drain: () => transport.drain(),
    close: () => transport.close(),
  }
}
