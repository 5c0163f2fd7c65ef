import * as assert from 'uvu/assert'
import { address } from '../../../actors/address.ts'
import { RuntimeError } from '../../../actors/errors.ts'
import { asker, echo, worker } from '../sample-actors.ts'
import { testSuite } from '../suite.ts'
import type { Scenario } from './program.ts'
import { type SimulationReport, simulate } from './simulate.ts'
import { simulateMany } from './simulate-many.ts'

const test = testSuite('runtime/testkit/simulation/simulate')

const kinds = ({ violations }: SimulationReport): readonly string[] =>
  violations.map(({ invariant }) => invariant)

/** Asks an actor that asks another that does an effect. */
const asking: Scenario = {
  name: 'asking',
  async start(runtime, world) {
    const { effect } = world.effect<string, string>('shout', {
      class: 'pure',
      run: text => text.toUpperCase(),
    })
    await runtime.spawn(
      worker((input, context) => effect.run(input, context), { class: 'pure' }),
      { id: 'w' },
    )
    const to = await runtime.spawn(asker(), { id: 'a' })
    return runtime.ask(to, 'ask.on', { to: address('worker', 'w'), type: 'work.do', body: 'hello' })
  },
}

const sleeping = (ms: number): Scenario => ({
  name: 'sleeping',
  async start(_, world) {
    for (let i = 0; i < 10; i++) await world.sleep(ms)
    return world.start
  },
})

test('runs a program to its end and finds nothing wrong with it', async () => {
  const report = await simulate({ seed: 1, scenario: asking, faults: [] })
  assert.equal([report.result, report.violations, report.starts], ['HELLO', [], 1])
  assert.equal(
    report.ledger.map(({ kind }) => kind),
    ['started', 'happened', 'completed'],
  )
  assert.ok(report.commits > 5 && report.simulatedMs > 0)
})

test('does the same for the same seed, and something else for another', async () => {
  const run = (seed: number) =>
    simulate({ seed, scenario: asking, faults: ['model.slow', 'host.stall', 'disk.slow'] })
  const [first, again, other] = [await run(1), await run(1), await run(2)]
  assert.is(first.hash, again.hash)
  assert.equal(first, again)
  assert.is.not(first.hash, other.hash)
})

test('starts the program again after a crash, as often as it may', async () => {
  const report = await simulate({
    seed: 1,
    scenario: sleeping(100),
    faults: { 'crash.process': 0.2 },
    mode: 'safety',
  })
  assert.ok(report.starts > 1)
  assert.is(report.result, report.starts)
  assert.is(report.struck['crash.process'], report.starts - 1)
})

test('lets the program end once the faults have stopped', async () => {
  const report = await simulate({ seed: 1, scenario: sleeping(60_000), faults: { 'host.stall': 1 } })
  assert.equal(report.violations, [])
})

test('finds a program that never ends because nothing is under way', async () => {
  const stuck: Scenario = { name: 'stuck', start: () => new Promise(() => {}) }
  assert.equal(kinds(await simulate({ seed: 1, scenario: stuck, faults: [] })), ['I6'])
})

test('finds a program that takes too long, and one that goes round in circles', async () => {
  const slow = await simulate({ seed: 1, scenario: sleeping(3_600_000), faults: [], boundMs: 7_200_000 })
  assert.equal(kinds(slow), ['I6'])
  const busy: Scenario = {
    name: 'busy',
    async start(_, world) {
      for (;;) await world.sleep(0)
    },
  }
  assert.equal(kinds(await simulate({ seed: 1, scenario: busy, faults: [], maxPicks: 500 })), ['I6'])
})

test('finds a program that fails, and what the scenario itself finds', async () => {
  const failing: Scenario = { name: 'failing', start: () => Promise.reject(new RuntimeError('usage', 'no')) }
  assert.equal(kinds(await simulate({ seed: 1, scenario: failing, faults: [] })), ['error'])
  const picky: Scenario = { ...asking, check: ({ result }) => [`the result is ${String(result)}`] }
  const report = await simulate({ seed: 1, scenario: picky, faults: [] })
  assert.equal(report.violations, [{ invariant: 'S', what: 'the result is HELLO' }])
})

test('finds an effect that is repeated by something else than its class allows', async () => {
  const twice: Scenario = {
    name: 'twice',
    async start(runtime, world) {
      const { effect } = world.effect<string, string>('pay', { class: 'manual', run: () => 'paid' })
      const impatient = worker(async (input, context) => {
        await effect.run(input, context)
        return effect.run(input, context)
      })
      const to = await runtime.spawn(impatient, { id: 'w' })
      return runtime.ask(to, 'work.do', 'x')
    },
  }
  assert.equal(kinds(await simulate({ seed: 1, scenario: twice, faults: [] })), ['I2'])
})

test('finds a state that no journal leads to', async () => {
  const forgetful: Scenario = {
    name: 'forgetful',
    async start(runtime) {
      const to = await runtime.spawn(echo(), { id: 'e' })
      Object.assign(runtime.snapshot(to) ?? {}, { context: { changed: 'behind the back of the journal' } })
    },
  }
  assert.equal(kinds(await simulate({ seed: 1, scenario: forgetful, faults: [] })), ['I7'])
})

test('adds up many seeds, and repeats some', async () => {
  const seen: unknown[] = []
  const summary = await simulateMany({
    seeds: 20,
    from: 100,
    scenario: asking,
    faults: { 'model.error': 0.3 },
    repeatEvery: 10,
    onReport: ({ seed }) => seen.push(seed),
  })
  assert.equal(summary.neverStruck, [])
  assert.ok((summary.struck['model.error'] ?? 0) > 0)
  assert.equal([summary.seeds, summary.starts, seen.length, seen[0]], [20, 20, 20, 100])
  assert.ok(summary.ok || summary.failures.length > 0)
})

test('does not call many seeds fine when an enabled fault never struck', async () => {
  const summary = await simulateMany({ seeds: 2, scenario: sleeping(1), faults: ['net.drop'] })
  assert.equal([summary.ok, summary.failures, summary.neverStruck], [false, [], ['net.drop']])
})

test('does not call many seeds fine when one of them repeats differently', async () => {
  let runs = 0
  const moody: Scenario = { name: 'moody', start: (_, world) => world.sleep(++runs) }
  const summary = await simulateMany({ seeds: ['x'], scenario: moody, faults: [] })
  assert.equal(
    summary.failures.map(({ seed, violations }) => [seed, violations[0]?.invariant]),
    [['x', 'F1']],
  )
})

test.run()
