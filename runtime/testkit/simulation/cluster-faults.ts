/**
 * What can go wrong in a simulated cluster, besides what goes wrong in one node: troubles of whole nodes and of the
 * broker. A seed strikes some of them at times of its own, see `cluster-troubles.ts`; the faults of the bus, of disks
 * and of models strike per occasion, as in `faults.ts`.
 */
import type { FaultClass, FaultRates, Faults } from './faults.ts'

/** By class: how likely it is among the troubles of a seed, relative to the others. */
export const TROUBLES = {
  /** The process of a node dies, and another life of it begins later. */
  'node.crash': 5,
  /** The machine of a node loses its power: what was not synced is lost. */
  'node.power-cut': 3,
  /** The machine of a node is gone with all that was on its disk; a new one takes its name. */
  'node.disk-lost': 1,
  /** A node stands still for 1 to 20 seconds, and then goes on as if nothing had been. */
  'node.pause': 5,
  /** The wall clock of a node jumps by up to an hour, either way, and is set right again later. */
  'node.clock-jump': 3,
  /** A node that hands everything over and ends; another life of it begins later. */
  'node.drain': 2,
  /** A node that was not there before. */
  'node.join': 2,
  /** All nodes are drained and started again, one after the other. */
  'node.rolling': 1,
  /** The next write to one disk of a node fails. */
  'node.disk-fails': 3,
  /** Requests of a node wait, and are lost when it gives up. */
  'cut.broker': 3,
  /** Requests of a node wait, and take effect when they get through, however late. */
  'cut.held': 2,
  /** What a node asks of the broker takes effect, and it hears of nothing. */
  'cut.answers': 3,
  /** No messages between a node and the others, either way. */
  'cut.bus': 2,
  'cut.bus-in': 2,
  'cut.bus-out': 2,
  /** Neither broker nor bus. */
  'cut.all': 3,
  /** Up to two seconds from a node to the broker, and back. */
  'cut.slow': 2,
  /** Nobody reaches the broker. */
  'broker.down': 2,
  /** The broker has lost all it had. */
  'broker.wiped': 2,
  /** The broker has forgotten which letters it had. */
  'broker.restarted': 2,
  /** The broker keeps nothing new. */
  'broker.full': 1,
} as const satisfies Record<string, number>

/** How far a clock is set wrong at most: by a time zone, or its summer time. */
export const JUMP_MS = 3_600_000

export type Trouble = keyof typeof TROUBLES
export const TROUBLE_NAMES = Object.keys(TROUBLES) as readonly Trouble[]

/** What strikes per occasion, and how often. */
export const OCCASIONS = {
  'net.drop': 0.01,
  'net.duplicate': 0.01,
  'net.reorder': 0.01,
  'net.delay': 0.01,
  'net.partition': 0.0005,
  'disk.slow': 0.003,
  'disk.torn': 0.5,
  'model.slow': 0.02,
  'model.rate-limit': 0.05,
  'model.garbage': 0.03,
  'model.hang': 0.02,
  'model.error': 0.05,
} as const satisfies FaultRates

export type Occasion = keyof typeof OCCASIONS
export type ClusterFault = Trouble | Occasion
export const CLUSTER_FAULTS: readonly ClusterFault[] = [
  ...TROUBLE_NAMES,
  ...(Object.keys(OCCASIONS) as readonly Occasion[]),
]

/** The faults of a machine's disks: those of the world, and a write that fails when it is told to. */
export function diskFaults(world: Faults<ClusterFault> & Faults, armed: { fails: boolean }): Faults {
  return {
    hit(fault: FaultClass) {
      if (fault !== 'disk.full' || !armed.fails) return world.hit(fault)
      armed.fails = false
      return world.hit('node.disk-fails')
    },
    stop: () => world.stop(),
    get stopped() {
      return world.stopped
    },
    get struck() {
      return world.struck
    },
  }
}
