import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import { settle, simulatedClock } from '../testkit/simulated-clock.ts'
import { testSuite } from '../testkit/suite.ts'
import { type RetryOptions, retry } from './retry.ts'

const test = testSuite('runtime/resilience/retry')

const flaky = (failures: number, error: () => unknown = () => new Error('flaky')) => {
  const at: number[] = []
  return {
    at,
    call: async (clock: { now(): number }): Promise<string> => {
      at.push(clock.now())
      if (at.length <= failures) throw error()
      return 'done'
    },
  }
}

/** What the promise came to, as a value, and never an unhandled rejection. */
const outcome = (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => error)

test('tries again until it succeeds, waiting as the backoff says', async () => {
  const clock = simulatedClock(0)
  const { at, call } = flaky(2)
  const result = retry({ clock, random: () => 0.5 })(call)(clock)
  await clock.advance(10_000)
  assert.is(await result, 'done')
  assert.equal(at, [0, 250, 750])
  assert.equal(clock.pending(), [])
})

test('gives up after the last attempt and says after what', async () => {
  const clock = simulatedClock(0)
  const errors: Error[] = []
  const call = async function lookUp(): Promise<void> {
    errors.push(new Error(`no ${errors.length}`))
    throw errors.at(-1)
  }
  const result = outcome(retry({ attempts: 3, backoff: 'fixed', baseMs: 100, clock })(call)())
  await clock.advance(10_000)
  const error = await result
  assert.instance(error, RuntimeError)
  if (!(error instanceof RuntimeError)) return
  assert.is(error.kind, 'retries-exhausted')
  assert.is(error.retryable, false)
  assert.is(error.cause, errors[2])
  assert.is(errors.length, 3)
  assert.match(error.message, 'lookUp')
  assert.equal(error.details, { policy: 'retry', attempts: 3, elapsedMs: 200 })
})

test('an error that is not retryable is thrown on as it is, after one attempt', async () => {
  const clock = simulatedClock(0)
  for (const thrown of [new RuntimeError('input-invalid', 'bad'), AbortSignal.abort().reason]) {
    const { at, call } = flaky(5, () => thrown)
    assert.is(await outcome(retry({ clock })(call)(clock)), thrown)
    assert.is(at.length, 1)
  }
})

test('an error that is not retryable ends a later attempt as well', async () => {
  const clock = simulatedClock(0)
  const fatal = new RuntimeError('input-invalid', 'bad')
  const errors = [new Error('passing'), fatal]
  const result = outcome(
    retry({ clock, attempts: 5 })(async () => {
      throw errors.shift()
    })(),
  )
  await clock.advance(60_000)
  assert.is(await result, fatal)
})

test('an inner retry that gave up is not retried by an outer one', async () => {
  const clock = simulatedClock(0)
  const { at, call } = flaky(99)
  const both = retry({ clock, attempts: 4 })(retry({ clock, attempts: 2 })(call))
  const result = outcome(both(clock))
  await clock.advance(600_000)
  assert.is(((await result) as RuntimeError).kind, 'retries-exhausted')
  assert.is(at.length, 2)
})

test('waits at least as long as Retry-After asks', async () => {
  const clock = simulatedClock(0)
  const { at, call } = flaky(1, () => new RuntimeError('rate-limited', 'slow down', { retryAfterMs: 60_000 }))
  const result = retry({ clock })(call)(clock)
  await clock.advance(100_000)
  assert.is(await result, 'done')
  assert.equal(at, [0, 60_000])
})

test('retryOn replaces the judgement, onRetry sees every wait', async () => {
  const clock = simulatedClock(0)
  const seen: unknown[] = []
  const error = new RuntimeError('input-invalid', 'bad')
  const { call } = flaky(2, () => error)
  const options: RetryOptions = {
    backoff: 'linear',
    baseMs: 100,
    random: () => 0.5,
    retryOn: thrown => thrown === error,
    onRetry: retried => seen.push(retried),
    clock,
  }
  const result = retry(options)(call)(clock)
  await clock.advance(10_000)
  assert.is(await result, 'done')
  assert.equal(seen, [
    { attempt: 1, delayMs: 50, error },
    { attempt: 2, delayMs: 100, error },
  ])
  const refused = flaky(2)
  assert.is(
    ((await outcome(retry({ ...options, retryOn: () => false })(refused.call)(clock))) as Error).message,
    'flaky',
  )
  assert.is(refused.at.length, 1)
})

test('what onRetry throws ends the call and leaves no timer', async () => {
  const clock = simulatedClock(0)
  const mine = new Error('mine')
  const onRetry = (): void => {
    throw mine
  }
  assert.is(await outcome(retry({ clock, onRetry })(flaky(3).call)(clock)), mine)
  assert.equal(clock.pending(), [])
})

test('a synchronous throw counts as a failed attempt', async () => {
  const clock = simulatedClock(0)
  let calls = 0
  const call = (): Promise<string> => {
    if (++calls === 1) throw new Error('before the promise')
    return Promise.resolve('done')
  }
  const result = retry({ clock })(call)()
  await clock.advance(1000)
  assert.is(await result, 'done')
})

test('an aborted signal ends the wait at once and leaves no timer', async () => {
  const clock = simulatedClock(0)
  const stop = new AbortController()
  const { at, call } = flaky(5)
  const result = outcome(
    retry({ clock, signal: stop.signal, backoff: 'fixed', baseMs: 5000, attempts: 9 })(call)(clock),
  )
  await clock.advance(6000)
  assert.is(at.length, 2)
  stop.abort('enough')
  const error = (await result) as RuntimeError
  assert.equal([error.kind, error.cause], ['cancelled', 'enough'])
  assert.equal(error.details, { policy: 'retry', attempts: 2, elapsedMs: 6000 })
  assert.equal(clock.pending(), [])
})

test('a signal aborted before the call or from onRetry is noticed', async () => {
  const clock = simulatedClock(0)
  const early = flaky(0)
  const before = await outcome(retry({ clock, signal: AbortSignal.abort('no') })(early.call)(clock))
  assert.is((before as RuntimeError).kind, 'cancelled')
  assert.is(early.at.length, 0)
  const stop = new AbortController()
  const options = { clock, signal: stop.signal, onRetry: () => stop.abort('no') }
  const during = await outcome(retry(options)(flaky(5).call)(clock))
  assert.is((during as RuntimeError).kind, 'cancelled')
  assert.equal(clock.pending(), [])
})

test('a signal in use for long collects no listeners', async () => {
  const clock = simulatedClock(0)
  const stop = new AbortController()
  let listeners = 0
  const { addEventListener, removeEventListener } = stop.signal
  stop.signal.addEventListener = (...args: unknown[]) => {
    listeners++
    Reflect.apply(addEventListener, stop.signal, args)
  }
  stop.signal.removeEventListener = (...args: unknown[]) => {
    listeners--
    Reflect.apply(removeEventListener, stop.signal, args)
  }
  const result = retry({ clock, signal: stop.signal, attempts: 10 })(flaky(9).call)(clock)
  await clock.advance(1_000_000)
  assert.is(await result, 'done')
  assert.is(listeners, 0)
})

test('calls at the same time do not share their attempts', async () => {
  const clock = simulatedClock(0)
  const attempts = new Map<string, number>()
  const call = retry({ clock, attempts: 3, backoff: 'fixed', baseMs: 10 })(
    async (who: string, fails: number) => {
      const attempt = (attempts.get(who) ?? 0) + 1
      attempts.set(who, attempt)
      if (attempt <= fails) throw new Error(who)
      return who
    },
  )
  const results = Promise.allSettled([call('a', 0), call('b', 2), call('c', 3), call('d', 2)])
  await clock.advance(1000)
  assert.equal(
    (await results).map(result => result.status),
    ['fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
  )
  assert.equal([...attempts.values()], [1, 3, 3, 3])
})

test('a base above the usual maximum, and a whole backoff, are taken as given', async () => {
  const clock = simulatedClock(0)
  const slow = flaky(1)
  const first = retry({ clock, backoff: 'fixed', baseMs: 45_000 })(slow.call)(clock)
  await clock.advance(45_000)
  assert.is(await first, 'done')
  assert.equal(slow.at, [0, 45_000])
  const whole = flaky(2)
  const backoff = { kind: 'exponential', baseMs: 10, maxMs: 1000, factor: 10, jitter: 'none' } as const
  const second = retry({ clock, backoff })(whole.call)(clock)
  await clock.advance(1000)
  assert.is(await second, 'done')
  assert.equal(whole.at, [45_000, 45_010, 45_110])
})

test('wrong options are refused where they are written', () => {
  const wrong: readonly RetryOptions[] = [
    { attempts: 0 },
    { attempts: 2.5 },
    { baseMs: -1 },
    { baseMs: 100, maxMs: 50 },
    { backoff: 'quadratic' as 'fixed' },
    { backoff: { kind: 'fixed', baseMs: 1, maxMs: 1 }, baseMs: 5 },
  ]
  for (const options of wrong) {
    assert.throws(
      () => retry(options),
      (error: unknown) => error instanceof RuntimeError && error.kind === 'definition-invalid',
      JSON.stringify(options),
    )
  }
})

test('nothing waits once a call succeeded at first', async () => {
  const clock = simulatedClock(0)
  assert.is(await retry({ clock })(flaky(0).call)(clock), 'done')
  await settle()
  assert.equal(clock.pending(), [])
})

test.run()
