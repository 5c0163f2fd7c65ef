/**
 * What can go wrong in a simulation, how often, and how often it did. Every part asks `hit` where its fault could
 * strike; each class draws from a stream of its own. A run of many seeds in which an enabled class never struck
 * has not tested it, and fails: see `simulate-many.ts`.
 */
import type { Prng } from './prng.ts'

/** By class: the probability per occasion, and what an occasion is. */
export const FAULT_RATES = {
  /** After any task of the node: its process dies, the machine goes on. */
  'crash.process': 0.01,
  /** After any task of the node: power cut. What was not synced is lost from some write on. */
  'crash.machine': 0.006,
  /** At a power cut: the last write that would be kept is torn, so LevelDB drops it. */
  'disk.torn': 0.5,
  /** At a write: no space. It is refused, and the store must be opened again. */
  'disk.full': 0.003,
  /** At a synced write: written, but the sync fails, so nobody knows how safe it is. */
  'disk.sync-failed': 0.005,
  /** At any I/O: up to two seconds. */
  'disk.slow': 0.02,
  /** When a node starts again: one bit of its disk has changed. */
  'disk.flip': 0.2,
  /** When a node starts again: one value of its disk is cut short. */
  'disk.cut': 0.2,
  /** Per message and receiver. */
  'net.drop': 0.05,
  'net.duplicate': 0.05,
  'net.reorder': 0.05,
  /** Up to five seconds. */
  'net.delay': 0.05,
  /** Per message: from now on nothing gets from this sender to this receiver, for up to ten seconds. */
  'net.partition': 0.03,
  /** Per call of an effect: up to half an hour. */
  'model.slow': 0.05,
  /** 429 with Retry-After. */
  'model.rate-limit': 0.05,
  /** An answer that fits no schema. */
  'model.garbage': 0.05,
  /** No answer until it is aborted. */
  'model.hang': 0.02,
  /** 500: it may have happened all the same. */
  'model.error': 0.05,
  /** After any task of the node: its event loop stands still for up to 20 s. */
  'host.stall': 0.01,
  /** After any task of the node: its clock jumps by up to an hour, either way. */
  'host.clock-jump': 0.004,
} as const satisfies Record<string, number>

export type FaultClass = keyof typeof FAULT_RATES
export const FAULT_CLASSES = Object.keys(FAULT_RATES) as readonly FaultClass[]

/** Classes that end a life of the node: without recovery they make no sense. */
export const FATAL: ReadonlySet<FaultClass> = new Set([
  'crash.process',
  'crash.machine',
  'disk.torn',
  'disk.full',
  'disk.sync-failed',
  'disk.flip',
  'disk.cut',
])

/** Probabilities per occasion by class; a class that is left out never strikes. */
export type FaultRates = { readonly [K in FaultClass]?: number }

export interface Faults<F extends string = FaultClass> {
  /** Whether the fault strikes on this occasion. */
  hit(fault: F): boolean
  /** No more faults: what is broken heals. */
  stop(): void
  readonly stopped: boolean
  /** How often each class struck. */
  readonly struck: { readonly [K in F]?: number }
}

/** All classes at their own rates, or `classes` alone. */
export const faultRates = (classes: readonly FaultClass[] = FAULT_CLASSES): FaultRates =>
  Object.fromEntries(classes.map(fault => [fault, FAULT_RATES[fault]]))

export const faultsOf = (rates: FaultRates, random: Prng): Faults => faultsAmong(rates, random)

/** As `faultsOf`, of classes of one's own. */
export function faultsAmong<F extends string>(
  rates: { readonly [K in F]?: number },
  random: Prng,
): Faults<F> {
  const streams = new Map(Object.keys(rates).map(fault => [fault, random.fork(fault)]))
  const struck: { [K in F]?: number } = {}
  let stopped = false
  return {
    struck,
    get stopped() {
      return stopped
    },
    hit(fault) {
      if (stopped || !streams.get(fault)?.chance(rates[fault] ?? 0)) return false
      struck[fault] = (struck[fault] ?? 0) + 1
      return true
    },
    stop() {
      stopped = true
    },
  }
}
