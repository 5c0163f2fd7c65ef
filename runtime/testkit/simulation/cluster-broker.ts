/**
 * The broker as one life of a node sees it: a client of the simulated broker whose answers and letters come as tasks of
 * that life, in order. So a node that stands still hears nothing until it goes on, and a dead one never. What it has
 * asked for takes effect all the same.
 */
import type { Broker, Stored } from '../../cluster/broker.ts'
import type { SimulatedBroker } from '../simulated-broker.ts'
import type { Incarnation } from './host.ts'
import type { Prng } from './prng.ts'
import type { Scheduler } from './scheduler.ts'

export interface BrokerLinkOptions {
  readonly scheduler: Scheduler
  readonly random: Prng
  readonly broker: SimulatedBroker
  /** A life has learnt that what it wrote is stored. */
  readonly onCreated: (subject: string) => void
}

/** The longest an answer takes when nothing is wrong, ms. */
const LATENCY_MS = 2

export function brokerFor(options: BrokerLinkOptions, life: Incarnation): Broker {
  const { scheduler, broker, onCreated } = options
  const random = options.random.fork(life.name)
  const client = broker.connect(life.node)
  const arriving: (() => void)[] = []
  let lastDue = 0

  /** Whichever task comes first takes what was sent first. */
  const arrive = (what: string, act: () => void): void => {
    lastDue = Math.max(lastDue, scheduler.now + random.below(LATENCY_MS))
    arriving.push(act)
    scheduler.at(lastDue, life, what, () => arriving.shift()?.())
  }
  const call = <T>(what: string, make: () => Promise<T>, told: (value: T) => void = () => {}): Promise<T> =>
    new Promise((resolve, reject) => {
      if (!life.alive) return
      make().then(
        value =>
          arrive(what, () => {
            told(value)
            resolve(value)
          }),
        error => arrive(what, () => reject(error)),
      )
    })
  return {
    create: (subject, data) =>
      call(
        'broker.create',
        () => client.create(subject, data),
        outcome => {
          if (outcome === 'created') onCreated(subject)
        },
      ),
    get: subject => call('broker.get', () => client.get(subject)),
    last: pattern => call('broker.last', () => client.last(pattern)),
    async *read(pattern, from) {
      yield* await call('broker.read', () => collected(client.read(pattern, from)))
    },
    purge: (pattern, before) => call('broker.purge', () => client.purge(pattern, before)),
    post: (subject, data, id) => call('broker.post', () => client.post(subject, data, id)),
    collect: (partition, take, how) =>
      call('broker.collect', () =>
        client.collect(
          partition,
          letter =>
            arrive('broker.letter', () =>
              take({ ...letter, done: () => void (life.alive && letter.done()) }),
            ),
          { ...how, onTaken: () => arrive('broker.taken', () => how.onTaken?.()) },
        ),
      ),
    // At once: nothing it asks for may take effect before it knows.
    onReset: listener => client.onReset(() => void (life.alive && listener())),
    mailboxes: () => call('broker.mailboxes', () => client.mailboxes()),
    close: () => client.close(),
  }
}

async function collected(found: AsyncIterable<Stored>): Promise<readonly Stored[]> {
  const all: Stored[] = []
  for await (const stored of found) all.push(stored)
  return all
}
