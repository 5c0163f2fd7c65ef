import * as assert from 'uvu/assert'
import { address } from '../../actors/address.ts'
import { createRuntime } from '../create-runtime.ts'
import { gate, watch, worker } from '../testkit/sample-actors.ts'
import { simulatedClock } from '../testkit/simulated-clock.ts'
import { testSuite } from '../testkit/suite.ts'
import { heldAsks } from './held-asks.ts'

const test = testSuite('runtime/cluster/held-asks')

async function setUp() {
  const clock = simulatedClock()
  const work = gate<unknown>()
  const calls: AbortSignal[] = []
  const behaviour = worker((_, { signal }) => {
    calls.push(signal)
    return work.promise as never
  })
  const runtime = createRuntime({ host: { clock } })
  await runtime.spawn(behaviour, { id: 'w' })
  const asks = heldAsks(runtime)
  const ask = (key: string) =>
    asks.ask({
      to: address(behaviour.type, 'w'),
      type: 'work.do',
      body: null,
      key,
      deadline: clock.now() + 600_000,
    })
  return { clock, work, calls, runtime, asks, ask }
}

test('is pending for as long as it is worked on, is made once, and has its answer for whoever comes again', async () => {
  const { clock, work, calls, asks, ask, runtime } = await setUp()
  const first = watch(ask('k'))
  await clock.advance(2_000)
  assert.equal(first.outcome, { pending: true })
  const second = watch(ask('k'))
  await clock.advance(100)
  assert.is(calls.length, 1)
  work.open('done')
  await clock.advance(1)
  assert.equal(second.outcome, { value: 'done' })
  assert.equal(await ask('k'), { value: 'done' })
  assert.is(asks.open, 1)
  await clock.advance(31_000)
  assert.is(asks.open, 0)
  await runtime.stop()
})

test('is withdrawn when nobody comes for it, and when whoever asked says so', async () => {
  for (const how of ['forgotten', 'withdrawn']) {
    const { clock, calls, asks, ask, runtime } = await setUp()
    void ask('k')
    await clock.advance(2_000)
    assert.is(calls[0]?.aborted, false)
    if (how === 'withdrawn') asks.withdraw('k')
    else await clock.advance(31_000)
    await clock.advance(1)
    assert.equal([calls[0]?.aborted, asks.open], [true, 0], how)
    await runtime.stop()
  }
})

test('a runtime that stops has answered nothing: whoever asked is to ask again', async () => {
  const { clock, asks, ask, runtime } = await setUp()
  const asked = watch(ask('k'))
  await clock.advance(100)
  const stopped = runtime.stop()
  await clock.advance(100)
  await stopped
  assert.is(asked.outcome, 'runtime-stopped')
  asks.close()
})

test('an actor that is not there is an error for whoever asked', async () => {
  const { clock, asks, runtime } = await setUp()
  const to = address('nobody', 'x')
  const asked = watch(asks.ask({ to, type: 'a.b', body: null, key: 'k', deadline: clock.now() + 1_000 }))
  await clock.advance(10)
  assert.is((asked.outcome as { error: { kind: string } }).error.kind, 'actor-not-found')
  asks.close()
  await runtime.stop()
})

test.run()
