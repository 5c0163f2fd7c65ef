/**
 * Everything of a simulation that outlives a node: time, chance, faults, disk, network, ledger, witness. Made once
 * per seed by `simulate.ts`. What a scenario gets to see of it is `World`.
 */
import type { EffectLogic } from '../../../actors/effect.ts'
import { type Disk, simulatedDisk } from './disk.ts'
import { type FaultRates, type Faults, faultsOf } from './faults.ts'
import { type Incarnation, incarnate } from './host.ts'
import { effectLedger, type Ledger, type LedgerEntry } from './ledger.ts'
import { type OutsideOptions, type SimulatedEffect, simulatedEffect } from './model.ts'
import { type Prng, prng } from './prng.ts'
import { type Recorder, recorder } from './recorder.ts'
import { type Scheduler, scheduler } from './scheduler.ts'
import { type Network, simulatedNetwork } from './transport.ts'

/** What a scenario is given at every start of its program. */
export interface World {
  /** 1 for the first start, one more after every crash. */
  readonly start: number
  readonly seed: number | string
  /** A stream of chance of its own, the same at every start. */
  readonly random: Prng
  /**
   * An effect for `setup({ actors })`: it takes simulated time, goes wrong as the faults say, and everything
   * about it is in the ledger. Make it anew at every start.
   */
  effect<Input, Output>(name: string, spec: SimulatedEffect<Input, Output>): EffectLogic<Input, Output>
  /** Resolves after simulated time, unless the process dies before. */
  sleep(ms: number): Promise<void>
  /** Everything that the world saw of effects so far. */
  readonly ledger: readonly LedgerEntry[]
}

/** The parts, for the simulation itself. */
export interface Universe extends OutsideOptions {
  readonly seed: number | string
  readonly scheduler: Scheduler
  readonly random: Prng
  readonly faults: Faults
  readonly ledger: Ledger
  readonly recorder: Recorder
  readonly disk: Disk
  readonly network: Network
  /** Errors that nobody waited for, and exceptions that nobody caught. */
  readonly errors: unknown[]
  /** How long the node was down, ms. */
  downMs: number
  /** Commits of an actor after which its journal takes a snapshot: it must not matter. */
  readonly snapshotEvery: number
  nextLife(): Incarnation
}

export interface UniverseOptions {
  readonly seed: number | string
  readonly rates: FaultRates
  readonly trace?: (line: string) => void
}

export function universe({ seed, rates, trace }: UniverseOptions): Universe {
  const random = prng(seed)
  const time = scheduler({ random: random.fork('scheduler'), ...(trace && { trace }) })
  const faults = faultsOf(rates, random.fork('faults'))
  const errors: unknown[] = []
  let witnessed = 0
  let ids = 0
  let lives = 0
  const order = (): number => ++witnessed
  const network = simulatedNetwork({
    scheduler: time,
    random: random.fork('network'),
    faults,
    onError: error => void errors.push(error),
  })
  const life = (node: string, number: number): Incarnation =>
    incarnate({
      scheduler: time,
      random: random.fork('host'),
      node,
      number,
      // Short and different in its first characters: whatever cuts an id off keeps it unique.
      nextId: () => `${(++ids).toString(36)}x`,
    })
  // Somebody who is never down listens to all that is published, so that the network has something to carry.
  network.connect(life('listener', 1)).subscribe('ac.>', ({ subject }) => time.note('heard', subject))
  return {
    seed,
    scheduler: time,
    random: random.fork('world'),
    faults,
    errors,
    downMs: 0,
    ledger: effectLedger(order, () => time.now),
    recorder: recorder(order),
    disk: simulatedDisk({
      scheduler: time,
      random: random.fork('disk'),
      faults,
      reopens: random.fork('reopens').chance(0.5),
    }),
    snapshotEvery: random.fork('snapshots').between(2, 32),
    network,
    nextLife: () => life('node', ++lives),
  }
}

/** The world as one life of the node sees it. */
export function worldOf(made: Universe, life: Incarnation): World {
  const { scheduler: time, ledger, seed } = made
  return {
    start: life.number,
    seed,
    random: prng(`${seed}/scenario`),
    effect: (name, spec) => simulatedEffect(made, life, name, spec),
    sleep: ms => new Promise(resolve => void time.at(time.now + ms, life, 'sleep', resolve)),
    ledger: ledger.entries,
  }
}
