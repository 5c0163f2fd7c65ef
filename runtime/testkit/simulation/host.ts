/**
 * One life of a node in a simulation: its clock, chance, ids and deferred tasks. When it is killed, nothing of it
 * runs any more: its timers, its deferred tasks and the completions of its I/O are dropped, as a dead process's are.
 */
import type { Cancel, Host } from '../../../actors/clock.ts'
import { LOOK_AGAIN_MS } from '../../clock.ts'
import type { Prng } from './prng.ts'
import type { Owner, Scheduler } from './scheduler.ts'

export interface Incarnation extends Owner {
  /** `node.1`, `node.2` … */
  readonly name: string
  readonly node: string
  readonly number: number
  readonly host: Host
  /** By how much its clock is ahead of true time, ms. Setting it is a jump. */
  skew: number
  /** Ends it. `onDeath` listeners run in the order they were added. */
  kill(): void
  onDeath(listener: () => void): void
}

export interface IncarnationOptions {
  readonly scheduler: Scheduler
  readonly random: Prng
  readonly node: string
  readonly number: number
  readonly skew?: number
  /** Unique among all nodes and lives of the simulation. */
  readonly nextId: () => string
}

export function incarnate({
  scheduler,
  random,
  node,
  number,
  skew = 0,
  nextId,
}: IncarnationOptions): Incarnation {
  const name = `${node}.${number}`
  const chance = random.fork(name)
  const listeners: (() => void)[] = []
  let alive = true
  const life: Incarnation = {
    name,
    node,
    number,
    skew,
    get alive() {
      return alive
    },
    host: {
      clock: { now: () => scheduler.now + life.skew, at: (due, fire) => arm(scheduler, life, due, fire) },
      random: chance.next,
      id: nextId,
      defer: task => void (alive && scheduler.soon(life, 'defer', task)),
    },
    kill() {
      if (!alive) return
      alive = false
      for (const listener of listeners) listener()
    },
    onDeath: listener => void listeners.push(listener),
  }
  return life
}

/** As `clockOver` of the real clock: after a jump back it was too early, and looks again now and then. */
function arm(scheduler: Scheduler, life: Incarnation, due: number, fire: () => void): Cancel {
  let cancel: Cancel = () => {}
  const wait = (most: number): void => {
    const at = Math.min(Math.ceil(due - life.skew), scheduler.now + most)
    cancel = scheduler.at(at, life, 'timer', () => {
      if (scheduler.now + life.skew < due) wait(LOOK_AGAIN_MS)
      else fire()
    })
  }
  if (life.alive) wait(Number.POSITIVE_INFINITY)
  return () => cancel()
}
