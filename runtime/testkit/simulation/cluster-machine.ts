/**
 * A machine of a simulated cluster: one name, one set of disks, and one life of a node after the other. It can be
 * killed, lose its power, stand still and be cut off. What happens to it when is decided by `cluster-troubles.ts`.
 */

import type { Behaviour } from '../../../actors/behaviour.ts'
import type { Clock } from '../../../actors/clock.ts'
import { RuntimeError } from '../../../actors/errors.ts'
import type { Plain } from '../../../actors/plain.ts'
import { actorOperations } from '../../cluster/actor-operations.ts'
import { type ClusterNode, startClusterNode } from '../../cluster/cluster-node.ts'
import { heldAsks } from '../../cluster/held-asks.ts'
import type { Served, Tenant } from '../../cluster/partition-host.ts'
import { createRequests } from '../../cluster/requests.ts'
import type { Cut } from '../simulated-broker.ts'
import { brokerFor } from './cluster-broker.ts'
import { diskFaults } from './cluster-faults.ts'
import { type ClusterUniverse, NAMESPACE } from './cluster-world.ts'
import { type Disk, simulatedDisk } from './disk.ts'
import type { Incarnation } from './host.ts'

/** starting: it joins · up · leaving: it drains · down. */
export type MachineState = 'starting' | 'up' | 'leaving' | 'down'

export interface Machine {
  readonly name: string
  readonly state: MachineState
  readonly life: Incarnation | undefined
  /** Of the life of now, once it has joined. */
  readonly node: ClusterNode | undefined
  /** How many lives it has had. */
  readonly lives: number
  /** Behaviours of the life of now, by type. */
  readonly behaviours: ReadonlyMap<string, Behaviour>
  /** It stands still until then. */
  readonly pausedUntil: number
  start(): void
  kill(): void
  /** As `kill`; what was not synced is lost. */
  powerCut(): void
  /** As `kill`; all of its disks are lost. */
  loseDisks(): void
  pause(ms: number): void
  /** Its wall clock is off by so much, from now on or until it is set right. */
  jumpClock(ms: number): void
  /** Hands everything over and ends. Returns when it has ended, or `done` is called. */
  drain(done: () => void): void
  failDisk(): void
  cutBroker(how: Cut): void
  cutBus(how: 'in' | 'out' | 'both', isKnown: boolean): void
  slow(ms: number): void
  /** All cuts. */
  heal(): void
}

interface State {
  readonly made: ClusterUniverse
  readonly name: string
  readonly behavioursOf: (life: Incarnation) => readonly Behaviour[]
  readonly disks: Map<string, Disk>
  readonly armed: { fails: boolean }
  state: MachineState
  life: Incarnation | undefined
  node: ClusterNode | undefined
  lives: number
  behaviours: ReadonlyMap<string, Behaviour>
  pausedUntil: number
  jumpedMs: number
  cut: Cut | undefined
  isConnected: boolean
}

/** Until a life that could not join, or was replaced, is followed by the next, ms. */
const AGAIN_MS = 1_000

export function machine(
  made: ClusterUniverse,
  name: string,
  behavioursOf: (life: Incarnation) => readonly Behaviour[],
): Machine {
  const state: State = {
    made,
    name,
    behavioursOf,
    disks: new Map(),
    armed: { fails: false },
    state: 'down',
    life: undefined,
    node: undefined,
    lives: 0,
    behaviours: new Map(),
    pausedUntil: 0,
    jumpedMs: 0,
    cut: undefined,
    isConnected: true,
  }
  const operations = {
    start: () => start(state),
    kill: () => kill(state),
    powerCut() {
      kill(state)
      for (const disk of state.disks.values()) disk.powerCut()
    },
    loseDisks() {
      kill(state)
      state.disks.clear()
    },
    pause: (ms: number) => pause(state, ms),
    jumpClock: (ms: number) => jumpClock(state, ms),
    drain: (done: () => void) => drain(state, done),
    failDisk: () => {
      state.armed.fails = true
    },
    cutBroker(how: Cut) {
      state.cut = how
      if (state.life?.alive) made.broker.cut(name, how)
    },
    cutBus(how: 'in' | 'out' | 'both', isKnown: boolean) {
      if (how !== 'out') made.deaf.add(name)
      if (how !== 'in') made.mute.add(name)
      if (isKnown) state.isConnected = false
    },
    slow: (ms: number) => {
      if (state.lives > 0) made.broker.delay(name, ms)
    },
    heal: () => heal(state),
  }
  return Object.defineProperties(operations, {
    name: { value: name },
    state: { get: () => state.state },
    life: { get: () => state.life },
    node: { get: () => state.node },
    lives: { get: () => state.lives },
    behaviours: { get: () => state.behaviours },
    pausedUntil: { get: () => state.pausedUntil },
  }) as unknown as Machine
}

function start(state: State): void {
  if (state.state !== 'down') return
  const { made, name } = state
  const life = made.life(name, ++state.lives)
  // The clock is the machine's.
  life.skew += state.jumpedMs
  made.scheduler.note('start', life.name)
  state.state = 'starting'
  state.life = life
  state.node = undefined
  const behaviours = state.behavioursOf(life)
  state.behaviours = new Map(behaviours.map(behaviour => [behaviour.type, behaviour]))
  const ends = (): void => {
    if (state.life !== life || !life.alive) return
    kill(state)
    made.scheduler.at(made.scheduler.now + AGAIN_MS, made.owner, 'again', () => start(state))
  }
  startClusterNode(optionsOf(state, life, behaviours, ends)).then(
    node => {
      if (!life.alive) return
      state.node = node
      state.state = 'up'
    },
    error => {
      made.errors.push([life.name, error])
      ends()
    },
  )
}

function optionsOf(
  state: State,
  life: Incarnation,
  behaviours: readonly Behaviour[],
  ends: () => void,
): Parameters<typeof startClusterNode>[0] {
  const { made, name, disks } = state
  const { codec } = made
  const report = (error: unknown): void => void (life.alive && made.errors.push([life.name, error]))
  const transport = made.network.connect(life)
  const broker = brokerFor(made.links, life)
  // A new connection knows nothing of the cuts of the one before.
  if (state.cut) made.broker.cut(name, state.cut)
  return {
    node: name,
    namespace: NAMESPACE,
    broker,
    transport,
    codec,
    requests: createRequests({ transport, codec, clock: life.host.clock }),
    host: life.host,
    monotonic: monotonic(made, life),
    dir: `/${name}`,
    behaviours,
    lagMs: () => 0,
    isConnected: () => state.isConnected,
    async openCopy(dir) {
      const known = disks.get(dir) ?? newDisk(state, dir)
      disks.set(dir, known)
      return known.open(life)
    },
    onServed: async served => tenant(made, served, behaviours),
    onEnd: why => {
      if (why === 'replaced') ends()
    },
    report,
  }
}

const newDisk = ({ made, armed }: State, dir: string): Disk =>
  simulatedDisk({
    scheduler: made.scheduler,
    random: made.random.fork(`disk ${dir}`),
    faults: diskFaults(made.faults, armed),
    dir,
  })

/** It does not jump with the wall clock, and begins with the machine. */
function monotonic({ scheduler, random }: ClusterUniverse, life: Incarnation): Clock {
  const began = random.fork(`boot ${life.name}`).between(0, 1_000_000) - scheduler.now
  return {
    now: () => scheduler.now + began,
    at: (due, fire) => scheduler.at(Math.ceil(due - began), life, 'timer', fire),
  }
}

function tenant(made: ClusterUniverse, served: Served, behaviours: readonly Behaviour[]): Tenant {
  const { runtime } = served
  const asks = heldAsks(runtime)
  runtime.events.subscribe(event => {
    if (event.type === 'message.dead') made.witness.dead.add(event.id)
  })
  const spawn = async (body: Plain): Promise<Plain> => {
    const { type, id } = Object(body) as { readonly type: string; readonly id: string }
    const behaviour = behaviours.find(one => one.type === type)
    if (!behaviour) throw new RuntimeError('usage', `there is no "${type}"`)
    await runtime.spawn(behaviour, { id }).catch(error => {
      // Asked twice, because the first answer was lost.
      if (!(error instanceof RuntimeError && error.kind === 'address-taken')) throw error
    })
    return null
  }
  return {
    operations: { ...actorOperations(served, asks), spawn },
    leave: () => {},
    gone: () => asks.close(),
  }
}

function kill(state: State): void {
  const { made, life } = state
  if (!life?.alive) return
  made.scheduler.note('kill', life.name)
  life.kill()
  state.state = 'down'
  state.node = undefined
  state.pausedUntil = 0
}

/** What it has asked for takes effect; it hears of nothing until it goes on. */
function pause(state: State, ms: number): void {
  const { made, life, name } = state
  if (!life?.alive) return
  const until = made.scheduler.now + ms
  made.scheduler.note('pause', life.name)
  life.heldUntil = until
  state.pausedUntil = until
  if (!state.cut) made.broker.cut(name, 'answers-lost')
  made.scheduler.at(until, made.owner, 'wake', () => {
    if (life.alive && !state.cut) made.broker.heal(name)
  })
}

function jumpClock(state: State, ms: number): void {
  const { made, life } = state
  made.scheduler.note('clock', `${state.name} ${ms}`)
  if (life?.alive) life.skew += ms - state.jumpedMs
  state.jumpedMs = ms
}

function drain(state: State, done: () => void): void {
  const { made, node, life } = state
  if (state.state !== 'up' || !node || !life) return
  made.scheduler.note('drain', life.name)
  state.state = 'leaving'
  const over = (): void => {
    if (life.alive) kill(state)
    done()
  }
  node.drain().then(over, error => {
    made.errors.push([life.name, error])
    over()
  })
  life.onDeath(done)
}

function heal(state: State): void {
  const { made, name, life } = state
  made.deaf.delete(name)
  made.mute.delete(name)
  state.isConnected = true
  state.cut = undefined
  if (state.jumpedMs !== 0) jumpClock(state, 0)
  if (!state.lives) return
  made.broker.delay(name, 0)
  if (life?.alive && state.pausedUntil <= made.scheduler.now) made.broker.heal(name)
}
