import * as assert from 'uvu/assert'
import { testSuite } from '../../suite.ts'
import { FAULT_CLASSES } from '../faults.ts'
import type { Scenario } from '../program.ts'
import { type SimulationSummary, simulateMany } from '../simulate-many.ts'
import { coordinator } from './coordinator.ts'
import { effectChain } from './effect-chain.ts'
import { fanOut } from './fan-out.ts'

const test = testSuite('runtime/testkit/simulation/scenarios', { limitMs: 120_000 })

const SCENARIOS: readonly Scenario[] = [effectChain, fanOut, coordinator]
const SEEDS = 130

/** What is shown of a failure: the seed that repeats it. */
const failures = ({ failures }: SimulationSummary): readonly string[] =>
  failures.flatMap(({ seed, violations }) =>
    violations.map(({ invariant, what }) => `seed ${seed}: ${invariant} ${what}`),
  )

for (const scenario of SCENARIOS) {
  test(`${scenario.name}: holds when nothing goes wrong`, async () => {
    const summary = await simulateMany({ seeds: 5, scenario, faults: [] })
    assert.equal(failures(summary), [])
    assert.is(summary.starts, 5)
  })

  test(`${scenario.name}: holds on ${SEEDS} seeds with its faults`, async () => {
    const summary = await simulateMany({
      seeds: SEEDS,
      from: 2_000,
      scenario,
      repeatEvery: 10,
    })
    assert.equal(failures(summary), [])
    assert.ok(summary.starts > SEEDS)
  })

  test(`${scenario.name}: keeps what must never break while faults go on to the end`, async () => {
    const summary = await simulateMany({ seeds: 30, from: 3_000, scenario, mode: 'safety' })
    assert.equal(failures(summary), [])
  })
}

test('all scenarios together meet every class of fault', async () => {
  const struck = new Set<string>()
  for (const scenario of SCENARIOS) {
    await simulateMany({
      seeds: 15,
      from: 4_000,
      scenario,
      repeatEvery: 1_000,
      onReport: report => {
        for (const fault of Object.keys(report.struck)) struck.add(fault)
      },
    })
  }
  assert.equal(
    FAULT_CLASSES.filter(fault => !struck.has(fault)),
    [],
  )
})

test.run()
