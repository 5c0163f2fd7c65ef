import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { measured, type TimingOptions, timed } from './timing.ts'

const test = testSuite('bench/timing')

const brief: TimingOptions = { warmUpMs: 20, sampleMs: 5, samples: 2 }

test('counts every right answer, also with many lanes', async () => {
  let calls = 0
  const { us, asked, answered } = await timed(
    async () => {
      calls++
      await Promise.resolve()
      return 1
    },
    { ...brief, inFlight: 32 },
  )
  assert.is(asked, calls)
  assert.is(answered, calls)
  assert.ok(us > 0 && us < 1_000)
})

test('keeps one call under way in each lane, and no more', async () => {
  const under = new Map<number, number>()
  let most = 0
  await timed(
    async (_, lane) => {
      under.set(lane, (under.get(lane) ?? 0) + 1)
      most = Math.max(most, under.get(lane) ?? 0)
      await new Promise(resolve => setImmediate(resolve))
      under.set(lane, (under.get(lane) ?? 0) - 1)
      return 1
    },
    { ...brief, inFlight: 4 },
  )
  assert.equal([...under.keys()].sort(), [0, 1, 2, 3])
  assert.is(most, 1)
})

test('gives every call another number', async () => {
  const seen: number[] = []
  await timed(async n => (seen.push(n) > 0 ? 1 : 0), { ...brief, inFlight: 3 })
  assert.is(new Set(seen).size, seen.length)
})

test('reports the time of one operation when a call makes several', async () => {
  const call = async () => {
    await new Promise(resolve => setTimeout(resolve, 5))
    return 50
  }
  const { us, asked, answered } = await timed(call, { ...brief, size: 50 })
  assert.ok(us > 90 && us < 5_000, `${us} µs`)
  assert.is(asked % 50, 0)
  assert.is(answered, asked)
})

test('a wrong answer is lost, and ends the timing', async () => {
  let calls = 0
  const { asked, answered } = await timed(async () => (++calls % 10 === 0 ? 0 : 1), {
    ...brief,
    warmUpMs: 10_000,
  })
  assert.ok(asked - answered > 0)
  assert.is(asked, calls)
})

test('an answer that never comes is lost and does not hang the measurement', async () => {
  const never = new Promise<number>(() => {})
  const { asked, answered } = await timed(async n => (n > 3 ? never : 1), {
    ...brief,
    inFlight: 2,
    patienceMs: 30,
  })
  assert.ok(answered <= 3)
  assert.ok(asked > answered)
})

test('a failing call fails the measurement', async () => {
  const failure = new Error('planted')
  const outcome = await timed(() => Promise.reject(failure), brief).catch((error: unknown) => error)
  assert.is(outcome, failure)
})

test('adds up what several timings asked and lost', () => {
  const found = measured({
    a: { us: 1, asked: 10, answered: 10 },
    b: { us: 2, asked: 5, answered: 3 },
  })
  assert.equal(found, { values: { a: 1, b: 2 }, asked: 15, answered: 13 })
})

test.run()
