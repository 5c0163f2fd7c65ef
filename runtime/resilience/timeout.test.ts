import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import { settle, simulatedClock } from '../testkit/simulated-clock.ts'
import { testSuite } from '../testkit/suite.ts'
import { timeout } from './timeout.ts'

const test = testSuite('runtime/resilience/timeout')

const outcome = (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => error)

/** A call that settles when the test says so. */
function held() {
  const settlers: { resolve(value: string): void; reject(error: unknown): void }[] = []
  return {
    settlers,
    call: (): Promise<string> =>
      new Promise((resolve, reject) => {
        settlers.push({ resolve, reject })
      }),
  }
}

test('a call in time gives its result and leaves no timer', async () => {
  const clock = simulatedClock()
  const { settlers, call } = held()
  const result = timeout({ seconds: 30, clock })(call)()
  await clock.advance(29_999)
  settlers[0]?.resolve('done')
  assert.is(await result, 'done')
  await settle()
  assert.equal(clock.pending(), [])
})

test('a call that takes too long is given up, retryable, saying after what', async () => {
  const clock = simulatedClock()
  const named = Object.assign(held().call, {})
  Object.defineProperty(named, 'name', { value: 'askModel' })
  const result = outcome(timeout({ ms: 1500, clock })(named)())
  await clock.advance(1500)
  const error = (await result) as RuntimeError
  assert.instance(error, RuntimeError)
  assert.equal([error.kind, error.retryable], ['attempt-timeout', true])
  assert.equal(error.details, { policy: 'timeout', ms: 1500 })
  assert.match(error.message, 'askModel')
})

test('a rejection or result that comes too late is dropped without an unhandled rejection', async () => {
  const clock = simulatedClock()
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => {
    unhandled.push(reason)
  }
  process.on('unhandledRejection', note)
  try {
    const { settlers, call } = held()
    const limited = timeout({ ms: 10, clock })(call)
    const results = [outcome(limited()), outcome(limited())]
    await clock.advance(10)
    settlers[0]?.reject(new Error('late'))
    settlers[1]?.resolve('late')
    await settle()
    for (const error of await Promise.all(results)) assert.is((error as RuntimeError).kind, 'attempt-timeout')
    assert.equal(unhandled, [])
  } finally {
    process.off('unhandledRejection', note)
  }
})

test('the error of the call itself comes through as it is, thrown or rejected', async () => {
  const clock = simulatedClock()
  const mine = new Error('mine')
  const rejecting = async (): Promise<void> => {
    throw mine
  }
  const throwing = (): Promise<void> => {
    throw mine
  }
  assert.is(await outcome(timeout({ ms: 10, clock })(rejecting)()), mine)
  assert.is(await outcome(timeout({ ms: 10, clock })(throwing)()), mine)
  await settle()
  assert.equal(clock.pending(), [])
})

test('calls at the same time have their own limits', async () => {
  const clock = simulatedClock()
  const { settlers, call } = held()
  const limited = timeout({ ms: 100, clock })(call)
  const first = outcome(limited())
  await clock.advance(60)
  const second = outcome(limited())
  await clock.advance(60)
  settlers[1]?.resolve('in time')
  assert.is(((await first) as RuntimeError).kind, 'attempt-timeout')
  assert.is(await second, 'in time')
})

test('wrong options are refused where they are written', () => {
  const wrong = [
    {},
    { seconds: 1, ms: 1 },
    { ms: 0 },
    { seconds: -1 },
    { ms: Number.NaN },
    { seconds: Number.POSITIVE_INFINITY },
  ]
  for (const options of wrong) {
    assert.throws(
      () => timeout(options),
      (error: unknown) => error instanceof RuntimeError && error.kind === 'definition-invalid',
      JSON.stringify(options),
    )
  }
})

test.run()
