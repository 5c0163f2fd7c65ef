import * as assert from 'uvu/assert'
import { defineBehaviour } from '../../actors/behaviour.ts'
import { effect } from '../../actors/effect.ts'
import { type AnyStateMachine, assign, type MessageEvent, outputs, setup } from '../../actors/machine.ts'
import { testSuite } from './suite.ts'
import { testRuntime } from './test-runtime.ts'

const test = testSuite('runtime/testkit/test-runtime')

type Go =
  | MessageEvent<null, 'work.do'>
  | { readonly type: 'xstate.done.actor.flaky'; readonly output: unknown }

/** Does work that fails twice; answers on the third attempt. */
function flaky() {
  let attempts = 0
  const machine = setup({
    types: { events: {} as Go },
    actions: outputs,
    actors: {
      flaky: effect({
        class: 'pure',
        run: async () => {
          if (++attempts % 3 !== 0) throw new Error('not yet')
          return attempts
        },
      }),
    },
  }).createMachine({
    initial: 'idle',
    states: {
      idle: { on: { 'work.do': 'busy' } },
      busy: {
        tags: 'busy',
        invoke: {
          src: 'flaky',
          id: 'flaky',
          onDone: {
            target: 'idle',
            actions: { type: 'reply', params: ({ event }) => ({ body: event.output }) },
          },
        },
      },
    },
  })
  return defineBehaviour({ type: 'flaky', machine: machine as unknown as AnyStateMachine })
}

const story = async () => {
  const runtime = testRuntime()
  const actor = await runtime.spawn(flaky())
  const answer = runtime.ask(actor, 'work.do')
  await runtime.clock.advance(60_000)
  const seen = JSON.stringify([await answer, runtime.seen])
  await runtime.stop()
  return { runtime, seen }
}

test('the same test makes the same run: times, ids, delays and all that is seen', async () => {
  const [first, second] = [await story(), await story()]
  assert.is(first.seen, second.seen)
  assert.equal(
    first.runtime.eventsOf('effect.retrying').map(event => event.delayMs),
    [250, 500],
  )
})

test('two of them in one process do not see each other', async () => {
  const [one, two] = [testRuntime(), testRuntime()]
  await one.spawn(flaky(), { id: 'same' })
  await two.spawn(flaky(), { id: 'same' })
  await one.stop()
  assert.is(two.eventsOf('actor.stopped').length, 0)
  await two.stop()
})

test('its time stands still until it is moved', async () => {
  const runtime = testRuntime()
  const now = runtime.clock.now()
  const machine = setup({ types: { context: {} as { late: boolean } } }).createMachine({
    context: { late: false },
    initial: 'a',
    states: { a: { after: { 1000: 'b' } }, b: { entry: assign({ late: true }) } },
  })
  const actor = await runtime.spawn(
    defineBehaviour({ type: 'timed', machine: machine as unknown as AnyStateMachine }),
  )
  await runtime.clock.advance(999)
  assert.is(runtime.snapshot(actor)?.context.late, false)
  await runtime.clock.advance(1)
  assert.equal([runtime.snapshot(actor)?.context.late, runtime.clock.now() - now], [true, 1_000])
  await runtime.stop()
})

test.run()
