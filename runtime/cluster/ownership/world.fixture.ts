/**
 * Several nodes of a cluster in one process, for the tests of membership and ownership: a bus whose links can be cut or
 * slow, processes that can die or stand still, and a log in memory of which every node's territory takes and gives up
 * partitions, by create-only epochs as the real one does. Time is the clock's that it is given.
 */
import type { Clock } from '../../../actors/clock.ts'
import { RuntimeError } from '../../../actors/errors.ts'
import { createCodec } from '../../codec.ts'
import { createInProcessBus } from '../../transport/in-process.ts'
import type { Message, Transport } from '../../transport/transport.ts'
import type { SelfState } from '../membership/heartbeat.ts'
import { type JoinOptions, joinMembers, type Membership } from '../membership/membership.ts'
import { desiredOwner, PARTITIONS } from '../placement.ts'
import type { Deed, Territory } from '../territory.ts'
import type { OwnershipOptions } from './estate.ts'
import { claimPartitions, type Ownership } from './ownership.ts'

export interface World {
  /** The youngest process of each name. */
  readonly nodes: Map<string, Process>
  readonly processes: Process[]
  /** What the log says, by partition. */
  readonly log: Deed[]
  /** Every seal that made somebody the owner, in order. */
  readonly seals: { readonly partition: number; readonly epoch: number; readonly node: string }[]
  readonly errors: unknown[]
  /** Starts a process. It joins and claims as the clock moves on. */
  start(name: string, options?: StartOptions): Process
  /** Cuts, or mends, what `from` sends to `to`. */
  cut(from: string, to: string, isCut?: boolean): void
  /** By how much messages to `to` are late, ms. */
  delay(to: string, ms: () => number): void
}

export interface StartOptions {
  readonly join?: Partial<JoinOptions>
  readonly own?: Partial<OwnershipOptions>
  readonly serves?: boolean
  /** What reading the log takes when a partition is taken over. */
  readonly loadMs?: number
}

export interface Process {
  readonly name: string
  readonly life: string
  readonly transport: Transport
  /** What it serves, with the epochs: also when it has lost them and does not know yet. */
  readonly serving: Map<number, number>
  /** Partitions that it has got ready to take. */
  readonly prepared: Set<number>
  /** Partitions with something under way. */
  readonly busy: Set<number>
  /** Partitions it cannot serve: taking one fails after it was sealed. */
  readonly broken: Set<number>
  readonly stalls: number[]
  membership: Membership | undefined
  ownership: Ownership | undefined
  /** Why it did not join, or left. */
  refused: unknown
  connected: boolean
  alive: boolean
  /** kill -9. */
  kill(): void
  /** The event loop stands still, until it is woken. */
  stall(): void
  wake(): void
  /** Runs when the event loop does. */
  run(task: () => void): void
  /** Writes to a partition, as a commit would: finds out when it is another's. */
  write(partition: number): void
}

const codec = createCodec()
export const IDLE: SelfState = {
  serves: true,
  types: ['writer'],
  models: [],
  tools: [],
  load: { actors: 0, runs: 0, lagMs: 0 },
}

export function createWorld(clock: Clock, random: () => number = () => 0.5): World {
  const errors: unknown[] = []
  const bus = createInProcessBus({ clock, onError: error => errors.push(error) })
  const cuts = new Set<string>()
  const delays = new Map<string, () => number>()
  let lives = 0
  const world: World = {
    nodes: new Map(),
    processes: [],
    log: Array.from({ length: PARTITIONS }, () => ({ epoch: 0 })),
    seals: [],
    errors,
    cut: (from, to, isCut = true) => void (isCut ? cuts.add(`${from}>${to}`) : cuts.delete(`${from}>${to}`)),
    delay: (to, ms) => void delays.set(to, ms),
    start(name, options = {}) {
      const inner = bus.connect()
      const hears = (from: string): boolean => {
        const sender = world.nodes.get(from)
        return !cuts.has(`${from}>${name}`) && (sender?.connected ?? true) && one.connected
      }
      const take = (message: Message, handler: (message: Message) => unknown): void => {
        const { node } = codec.decode(message.data) as { readonly node: string }
        if (!hears(node)) return
        const late = delays.get(name)?.() ?? 0
        if (late > 0) clock.at(clock.now() + late, () => one.run(() => handler(message)))
        else one.run(() => handler(message))
      }
      const transport: Transport = {
        ...inner,
        get status() {
          return inner.status
        },
        publish: (...given) => {
          if (one.alive && one.connected) inner.publish(...given)
        },
        subscribe: (pattern, handler, given) =>
          inner.subscribe(pattern, message => take(message, handler), given),
      }
      const one = createProcess(name, `life${++lives}`, transport)
      world.nodes.set(name, one)
      world.processes.push(one)
      void run(world, one, clock, random, options)
      return one
    },
  }
  return world
}

function createProcess(name: string, life: string, transport: Transport): Process {
  const waiting: (() => void)[] = []
  let isStalled = false
  return {
    name,
    life,
    transport,
    serving: new Map(),
    prepared: new Set(),
    busy: new Set(),
    broken: new Set(),
    stalls: [],
    membership: undefined,
    ownership: undefined,
    refused: undefined,
    connected: true,
    alive: true,
    kill() {
      this.alive = false
      this.serving.clear()
      void transport.close()
    },
    stall() {
      isStalled = true
    },
    wake() {
      isStalled = false
      for (const task of waiting.splice(0)) this.run(task)
    },
    run(task) {
      if (!this.alive) return
      if (isStalled) waiting.push(task)
      else task()
    },
    write() {},
  }
}

async function run(world: World, one: Process, clock: Clock, random: () => number, options: StartOptions) {
  const own: Clock = { now: clock.now, at: (due, fire) => clock.at(due, () => one.run(fire)) }
  try {
    one.membership = await joinMembers({
      transport: one.transport,
      codec,
      clock: own,
      namespace: 'test',
      node: one.name,
      life: one.life,
      version: '1.0.0',
      startedAt: 0,
      self: () => ({ ...IDLE, serves: options.serves ?? true }),
      isConnected: () => one.connected,
      onStall: lateMs => one.stalls.push(lateMs),
      onReplaced: error => {
        one.refused = error
      },
      onError: error => world.errors.push(error),
      ...options.join,
    })
  } catch (error) {
    one.refused = error
    return
  }
  const territory = territoryOf(world, one, own, options.loadMs ?? 50)
  one.ownership = claimPartitions({
    membership: one.membership,
    territory,
    clock: own,
    random,
    onError: error => world.errors.push(error),
    ...options.own,
  })
  one.write = partition => {
    const epoch = one.serving.get(partition)
    if (epoch !== undefined && world.log[partition]?.epoch !== epoch) forget(one, partition, epoch)
  }
}

function forget(one: Process, partition: number, epoch: number): void {
  one.serving.delete(partition)
  one.ownership?.lost(partition, epoch)
}

const ROUND_TRIP_MS = 5

function territoryOf(world: World, one: Process, clock: Clock, loadMs: number): Territory {
  const pause = (ms: number): Promise<void> =>
    new Promise(resolve => void clock.at(clock.now() + ms, resolve))
  const deedOf = (partition: number): Deed => world.log[partition] ?? { epoch: 0 }
  const roundTrip = async (): Promise<void> => {
    await pause(ROUND_TRIP_MS)
    if (!one.connected) throw new RuntimeError('broker-unavailable', 'the test has cut the broker off')
  }
  return {
    async inspect(partition) {
      await roundTrip()
      return deedOf(partition)
    },
    async prepare(partition) {
      one.prepared.add(partition)
      await pause(loadMs)
    },
    forgo: async partition => void one.prepared.delete(partition),
    async take(partition, deed) {
      await roundTrip()
      if (deedOf(partition).epoch !== deed.epoch) return 'lost'
      const epoch = deed.epoch + 1
      world.log[partition] = { epoch, owner: one.name }
      world.seals.push({ partition, epoch, node: one.name })
      await pause(loadMs)
      if (one.broken.has(partition)) throw new RuntimeError('store-failed', 'the test has broken the disk')
      await roundTrip()
      if (deedOf(partition).epoch !== epoch) return 'lost'
      one.serving.set(partition, epoch)
      return 'taken'
    },
    isQuiet: partition => !one.busy.has(partition),
    async release(partition, heir, graceMs) {
      const epoch = one.serving.get(partition)
      if (one.busy.has(partition)) await pause(graceMs)
      await heir()
      await roundTrip()
      if (epoch === undefined || deedOf(partition).epoch !== epoch) {
        if (epoch !== undefined) forget(one, partition, epoch)
        throw new RuntimeError('partition-lost', `partition ${partition} is another's`)
      }
      world.log[partition] = { epoch: epoch + 1 }
      one.serving.delete(partition)
    },
  }
}

/** What is wrong with who owns what: empty when every partition is served by the one live node that the log names. */
export function flaws(world: World): readonly string[] {
  const live = world.processes.filter(({ alive, ownership }) => alive && ownership)
  return world.log.flatMap((deed, partition) => {
    const servers = live.filter(one => one.serving.has(partition)).map(({ name }) => name)
    const claimants = live.filter(one => one.ownership?.owned().get(partition) === deed.epoch)
    const others = live.filter(one => one.ownership?.owned().has(partition)).length - claimants.length
    const isSound =
      servers.length === 1 && servers[0] === deed.owner && claimants[0]?.name === deed.owner && others === 0
    return isSound ? [] : [`${partition}: log ${deed.owner}@${deed.epoch}, served by ${servers.join()}`]
  })
}

export function of({ ownership, name }: Process): Ownership {
  if (!ownership) throw new Error(`${name} claims nothing`)
  return ownership
}

export const owned = (one: Process) => [...of(one).owned().keys()]
export const wantedBy = (nodes: readonly string[], node: string) =>
  Array.from({ length: PARTITIONS }, (_, p) => p).filter(p => desiredOwner(p, nodes) === node)

/** The kinds of what was reported, each once. */
export const kinds = ({ errors }: World) => [
  ...new Set(errors.map(error => (error instanceof RuntimeError ? error.kind : error))),
]

/** Whether no epoch of a partition was taken twice. */
export const isSealedOnce = ({ seals }: World): boolean =>
  new Set(seals.map(({ partition, epoch }) => `${partition}@${epoch}`)).size === seals.length
