import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import { simulatedClock } from '../testkit/simulated-clock.ts'
import { testSuite } from '../testkit/suite.ts'
import { type RateLimitOptions, rateLimit } from './rate-limit.ts'
import { retry } from './retry.ts'

const test = testSuite('runtime/resilience/rate-limit')

const isKind = (kind: string) => (error: unknown) => error instanceof RuntimeError && error.kind === kind

/** A call that notes when it was let through. */
function noted(clock: { now(): number }) {
  const log: [unknown, number][] = []
  return {
    log,
    call: async (who: unknown): Promise<unknown> => {
      log.push([who, clock.now()])
      return who
    },
  }
}

test('calls too many wait their turn, in the order they came', async () => {
  const clock = simulatedClock(0)
  const { log, call } = noted(clock)
  const limited = rateLimit({ calls: 2, perSeconds: 1, clock })(call)
  const all = Promise.all([1, 2, 3, 4, 5].map(n => limited(n)))
  assert.equal(clock.pending(), [500], 'one timer for all who wait')
  await clock.advance(5000)
  assert.equal(await all, [1, 2, 3, 4, 5])
  assert.equal(log, [
    [1, 0],
    [2, 0],
    [3, 500],
    [4, 1000],
    [5, 1500],
  ])
  assert.equal(clock.pending(), [])
})

test('a newcomer does not overtake those who wait', async () => {
  const clock = simulatedClock(0)
  const { log, call } = noted(clock)
  const limited = rateLimit({ calls: 1, perSeconds: 1, clock })(call)
  // Asked for before `b` waits, so that it runs first when both are due: the token is there, `b` has not got it.
  let late: Promise<unknown> | undefined
  clock.at(1000, () => {
    late = limited('c')
  })
  const early = [limited('a'), limited('b')]
  await clock.advance(3000)
  await Promise.all([...early, late])
  assert.equal(log, [
    ['a', 0],
    ['b', 1000],
    ['c', 2000],
  ])
})

test('a call within the limit is made in the same turn, without waiting', () => {
  const clock = simulatedClock(0)
  const { log, call } = noted(clock)
  void rateLimit({ calls: 1, perSeconds: 1, onLimit: 'throw', clock })(call)('now')
  assert.is(log.length, 1)
})

test('with throw a call too many rejects at once and says when to come back', async () => {
  const clock = simulatedClock(0)
  const { log, call } = noted(clock)
  const limited = rateLimit({ calls: 2, perSeconds: 10, onLimit: 'throw', clock })(call)
  await limited(1)
  await limited(2)
  const error = (await limited(3).catch((thrown: unknown) => thrown)) as RuntimeError
  assert.equal([error.kind, error.retryable, error.retryAfterMs], ['rate-limited', true, 5000])
  assert.equal(error.details, { policy: 'rateLimit', calls: 2, perSeconds: 10 })
  await clock.advance(5000)
  assert.is(await limited(4), 4)
  assert.is(log.length, 3)
})

test('retry around it waits exactly as long as it was told', async () => {
  const clock = simulatedClock(0)
  const { log, call } = noted(clock)
  const limited = rateLimit({ calls: 1, perSeconds: 60, onLimit: 'throw', clock })(call)
  const both = retry({ clock, random: () => 0.5 })(limited)
  await both('a')
  const second = both('b')
  await clock.advance(60_000)
  assert.is(await second, 'b')
  assert.equal(log, [
    ['a', 0],
    ['b', 60_000],
  ])
})

test('each key has a limit of its own', async () => {
  const clock = simulatedClock(0)
  const { log, call } = noted(clock)
  const key = (who: string): string => who
  const limited = rateLimit({ calls: 1, perSeconds: 1, key, clock })(call)
  const all = ['x', 'y', 'x', 'y'].map(who => limited(who))
  await clock.advance(1000)
  await Promise.all(all)
  assert.equal(log, [
    ['x', 0],
    ['y', 0],
    ['x', 1000],
    ['y', 1000],
  ])
})

test('a flood of keys resets nobody’s limit', async () => {
  const clock = simulatedClock(0)
  const { call } = noted(clock)
  const limited = rateLimit({ calls: 1, perSeconds: 10, onLimit: 'throw', key: (who: string) => who, clock })(
    call,
  )
  await limited('victim')
  for (let i = 0; i < 5000; i++) await limited(`flood ${i}`)
  await clock.advance(9999)
  await limited('another')
  assert.ok(isKind('rate-limited')(await limited('victim').catch((error: unknown) => error)))
})

test('the limit is shared by all instances, and a failing call has used it too', async () => {
  const clock = simulatedClock(0)
  class Client {
    @rateLimit({ calls: 2, perSeconds: 1, onLimit: 'throw', clock })
    async call(fails: boolean): Promise<void> {
      if (fails) throw new Error('mine')
    }
  }
  const [a, b] = [new Client(), new Client()]
  await a.call(false)
  assert.is(((await b.call(true).catch((error: unknown) => error)) as Error).message, 'mine')
  assert.ok(isKind('rate-limited')(await a.call(false).catch((error: unknown) => error)))
})

test('a burst of one spaces calls evenly', async () => {
  const clock = simulatedClock(0)
  const { log, call } = noted(clock)
  const limited = rateLimit({ calls: 4, perSeconds: 1, burst: 1, clock })(call)
  const all = [1, 2, 3].map(n => limited(n))
  await clock.advance(1000)
  await Promise.all(all)
  assert.equal(
    log.map(([, at]) => at),
    [0, 250, 500],
  )
})

test('wrong options are refused where they are written', () => {
  const wrong: readonly RateLimitOptions[] = [
    { calls: 0, perSeconds: 1 },
    { calls: 1.5, perSeconds: 1 },
    { calls: 1, perSeconds: 0 },
    { calls: 1, perSeconds: 1, burst: 0 },
    { calls: 1, perSeconds: 1, onLimit: 'drop' as 'wait' },
  ]
  for (const options of wrong) {
    assert.throws(() => rateLimit(options), isKind('definition-invalid'), JSON.stringify(options))
  }
})

test.run()
