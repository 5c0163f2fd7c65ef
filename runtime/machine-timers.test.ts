import * as assert from 'uvu/assert'
import { assign, cancel, raise } from '../actors/machine.ts'
import type { Seen } from './testkit/loose-machine.ts'
import { outcomeOf, reply, sample, watch } from './testkit/sample-actors.ts'
import { settle } from './testkit/simulated-clock.ts'
import { testSuite } from './testkit/suite.ts'
import { testRuntime } from './testkit/test-runtime.ts'

const test = testSuite('runtime/machine-timers')

/** Goes from a to b after a second, unless it is told to leave before. */
const timed = () =>
  sample('timed', {
    initial: 'a',
    states: {
      a: { after: { 1000: 'b' }, on: { 'x.leave': 'c', 'x.again': { target: 'a', reenter: true } } },
      b: {},
      c: { on: { 'x.back': 'a' } },
    },
  })

const counted = (on: Readonly<Record<string, unknown>>) =>
  sample('counted', {
    context: { ticks: [] },
    on: {
      tick: {
        actions: assign({
          ticks: ({ context, event }: never) => [
            ...(context as { ticks: never[] }).ticks,
            (event as { n?: number }).n ?? 0,
          ],
        } as never),
      },
      ...on,
    },
  })

test('takes a delayed transition when its time has come, not before', async () => {
  const runtime = testRuntime()
  const actor = await runtime.spawn(timed())
  await runtime.clock.advance(999)
  assert.is(runtime.snapshot(actor)?.value, 'a')
  await runtime.clock.advance(1)
  assert.is(runtime.snapshot(actor)?.value, 'b')
  assert.equal(runtime.clock.pending(), [])
  await runtime.stop()
})

test('forgets a timer when its state is left, and starts it anew when it is entered again', async () => {
  const runtime = testRuntime()
  const actor = await runtime.spawn(timed())
  await runtime.clock.advance(600)
  runtime.tell(actor, 'x.leave')
  await settle()
  assert.equal(runtime.clock.pending(), [])
  runtime.tell(actor, 'x.back')
  await runtime.clock.advance(999)
  assert.is(runtime.snapshot(actor)?.value, 'a')
  await runtime.clock.advance(1)
  assert.is(runtime.snapshot(actor)?.value, 'b')
  await runtime.stop()
})

test('arms a timer again that is cancelled and set in one step', async () => {
  const runtime = testRuntime()
  const actor = await runtime.spawn(timed())
  await runtime.clock.advance(600)
  runtime.tell(actor, 'x.again')
  await runtime.clock.advance(999)
  assert.is(runtime.snapshot(actor)?.value, 'a')
  assert.is(runtime.clock.pending().length, 1)
  await runtime.clock.advance(1)
  assert.is(runtime.snapshot(actor)?.value, 'b')
  await runtime.stop()
})

test('disarms the timers of an actor that is stopped', async () => {
  const runtime = testRuntime()
  const actor = await runtime.spawn(timed())
  assert.is(runtime.clock.pending().length, 1)
  await runtime.stop(actor)
  assert.equal(runtime.clock.pending(), [])
  await runtime.stop()
})

test('raises each delayed event once, also several of one type', async () => {
  const runtime = testRuntime()
  const actor = await runtime.spawn(
    counted({
      'x.go': {
        actions: [
          raise((({ event }: Seen) => ({ type: 'tick', n: event['body'] })) as never, { delay: 10 }),
          raise({ type: 'tick', n: 7 } as never, { delay: 20 }),
        ],
      },
    }),
  )
  runtime.tell(actor, 'x.go', 1)
  runtime.tell(actor, 'x.go', 2)
  await runtime.clock.advance(10)
  assert.equal(runtime.snapshot(actor)?.context, { ticks: [1, 2] })
  await runtime.clock.advance(1_000)
  assert.equal(runtime.snapshot(actor)?.context, { ticks: [1, 2, 7, 7] })
  assert.equal(runtime.clock.pending(), [])
  await runtime.stop()
})

test('cancels a delayed event by its id', async () => {
  const runtime = testRuntime()
  const actor = await runtime.spawn(
    counted({
      'x.go': { actions: raise({ type: 'tick' }, { delay: 10, id: 'mine' }) },
      'x.stop': { actions: cancel('mine') },
    }),
  )
  runtime.tell(actor, 'x.go')
  await runtime.clock.advance(9)
  runtime.tell(actor, 'x.stop')
  await runtime.clock.advance(9)
  assert.equal(runtime.snapshot(actor)?.context, { ticks: [] })
  await runtime.stop()
})

test('does not take a timer whose state is left in the last moment', async () => {
  const runtime = testRuntime()
  const actor = await runtime.spawn(timed())
  await runtime.clock.advance(999)
  const moved = runtime.clock.advance(1)
  runtime.tell(actor, 'x.leave')
  await moved
  assert.is(runtime.snapshot(actor)?.value, 'c')
  assert.equal(runtime.clock.pending(), [])
  await runtime.stop()
})

test('answers the ask for which a timer was set', async () => {
  const runtime = testRuntime()
  const later = sample('later', {
    initial: 'idle',
    states: {
      idle: { on: { 'x.later': 'waiting' } },
      waiting: { after: { 500: { target: 'idle', actions: reply(() => 'now') } } },
    },
  })
  const actor = await runtime.spawn(later)
  const answer = watch(runtime.ask(actor, 'x.later'))
  await runtime.clock.advance(499)
  assert.is(answer.outcome, undefined)
  await runtime.clock.advance(1)
  assert.is(answer.outcome, 'now')
  await runtime.stop()
})

test('refuses a delay that has no end as a crash, not as silence', async () => {
  const runtime = testRuntime()
  const actor = await runtime.spawn(
    counted({
      'x.go': {
        actions: raise({ type: 'tick' }, {
          delay: ({ event }: Seen) => Number(event['body'] ?? Number.NaN),
        } as never),
      },
    }),
  )
  assert.is(await outcomeOf(runtime.ask(actor, 'x.go')), 'actor-crashed')
  assert.is(runtime.eventsOf('actor.crashed')[0]?.error.kind, 'machine-unsupported')
  await runtime.stop()
})

test.run()
