/**
 * Everything at once, simulated: the whole runtime on a simulated clock, disk, bus and model, from thousands of
 * seeds. The simulation itself is in `runtime/testkit/simulation`; this counts what came of it. A fault case of
 * `cases.ts`.
 */
import type { Invariant } from '../../runtime/testkit/simulation/invariants.ts'
import type { Scenario } from '../../runtime/testkit/simulation/program.ts'
import { coordinator } from '../../runtime/testkit/simulation/scenarios/coordinator.ts'
import { effectChain } from '../../runtime/testkit/simulation/scenarios/effect-chain.ts'
import { fanOut } from '../../runtime/testkit/simulation/scenarios/fan-out.ts'
import type { Mode } from '../../runtime/testkit/simulation/simulate.ts'
import { type SimulationSummary, simulateMany } from '../../runtime/testkit/simulation/simulate-many.ts'
import { type FaultCase, type FaultOptions, progressOf, type Tally } from './fault-case.ts'

const SCENARIOS: readonly Scenario[] = [effectChain, coordinator, fanOut]
const MODES: readonly Mode[] = ['liveness', 'safety']

export async function runSimulations(options: FaultOptions): Promise<Tally> {
  const summaries: SimulationSummary[] = []
  const progress = progressOf(options, 'seeds')
  let done = 0
  const kinds = SCENARIOS.flatMap(scenario => MODES.map(mode => ({ scenario, mode })))
  for (const [at, { scenario, mode }] of kinds.entries()) {
    const share = Math.floor((options.count * (at + 1)) / kinds.length) - done
    // Seeds of their own for every run of this case: another `seed` begins a million further on.
    const from = options.seed * 1_000_000
    summaries.push(
      await simulateMany({ scenario, mode, seeds: share, from, onReport: () => progress(++done) }),
    )
  }
  return tallyOf(summaries)
}

function tallyOf(summaries: readonly SimulationSummary[]): Tally {
  const sum = (of: (summary: SimulationSummary) => number) =>
    summaries.reduce((total, summary) => total + of(summary), 0)
  const failures = summaries.flatMap(({ failures }) => failures)
  const broken = (...invariants: readonly Invariant[]) =>
    failures.flatMap(({ violations }) => violations).filter(({ invariant }) => invariants.includes(invariant))
      .length
  const struck: Record<string, number> = {}
  for (const summary of summaries) {
    for (const [fault, times] of Object.entries(summary.struck))
      struck[`struck: ${fault}`] = (struck[`struck: ${fault}`] ?? 0) + times
  }
  // Not every scenario has a place for every fault, but together they have.
  const never = new Set(
    summaries.flatMap(({ neverStruck }) => neverStruck).filter(fault => !struck[`struck: ${fault}`]),
  )
  return {
    faults: sum(({ seeds }) => seeds),
    lost: broken('I1', 'D'),
    repeated: broken('I2'),
    undetected: broken('F10'),
    figures: {
      'starts of the program': sum(({ starts }) => starts),
      'commits acknowledged and kept': sum(({ commits }) => commits),
      'tasks scheduled': sum(({ picks }) => picks),
      'seeds with a broken invariant': failures.length,
      ...struck,
    },
    problems: [
      ...[...never].map(fault => `the fault ${fault} never struck`),
      ...failures.map(
        ({ seed, violations }) => `seed ${seed}: ${violations[0]?.invariant}: ${violations[0]?.what}`,
      ),
    ].slice(0, 20),
  }
}

export const simulations: FaultCase = {
  name: 'simulations',
  title: 'Everything at once, simulated',
  count: 20_000,
  how: `The whole runtime runs in one process on a simulated clock, disk, bus, model and scheduler. A seed decides
which message is dropped, doubled, reordered or delayed, when the process or the machine crashes, which unsynced
writes are gone and which bytes are damaged. Three scenarios (a chain of effects, a coordinator, a fan-out), half of
the seeds with faults until the end, half with faults that stop, after which everything must come to its end. The
invariants of losing, repeating, order, time and replay are computed from the commits and an effect ledger; every
fiftieth seed is run twice and must do the same. The number injected counts seeds.`,
  run: runSimulations,
}
