import * as assert from 'uvu/assert'
import { defineBehaviour } from '../../actors/behaviour.ts'
import { effect } from '../../actors/effect.ts'
import type { WireError } from '../../actors/errors.ts'
import { assign, type MessageEvent, outputs, setup } from '../../actors/machine.ts'
import { createRuntime } from '../create-runtime.ts'
import { createEvents } from '../events.ts'
import { testSuite } from '../testkit/suite.ts'
import { createLogger } from './logger.ts'
import { createMetrics } from './metrics.ts'
import { observe } from './observe.ts'
import { SAMPLE_EVENTS } from './testdata/sample-events.ts'
import { createTracing } from './tracing.ts'

const test = testSuite('runtime/telemetry/observe')

const collecting = () => {
  const lines: string[] = []
  return {
    lines,
    logger: createLogger({
      level: 'trace',
      secrets: [],
      destination: { write: line => void lines.push(line) },
    }),
  }
}

test('listens only while something observes: after the last stop, events cost nothing again', () => {
  const events = createEvents(() => {})
  assert.is(events.on, false)
  const stopNothing = observe(events, {})
  assert.is(events.on, false)
  const stopTracing = observe(events, { tracing: createTracing() })
  assert.is(events.on, false)
  const stopLogger = observe(events, { logger: collecting().logger })
  const stopMetrics = observe(events, { metrics: createMetrics() })
  assert.is(events.on, true)
  stopLogger()
  stopLogger()
  assert.is(events.on, true)
  stopMetrics()
  stopTracing()
  stopNothing()
  assert.is(events.on, false)
})

test('feeds every observer with the same events', async () => {
  const { logger, lines } = collecting()
  const metrics = createMetrics()
  const events = createEvents(error => {
    throw error
  })
  const stop = observe(events, { logger, metrics })
  events.emit(SAMPLE_EVENTS['run.started'])
  stop()
  events.emit(SAMPLE_EVENTS['run.started'])
  assert.is(lines.length, 1)
  assert.match(await metrics.text(), 'agenticraft_runs_started_total{workflow="research"} 1')
})

test('sees a real runtime: an effect that fails once, its retry, its success, and the actors that live', async () => {
  let calls = 0
  const flaky = effect({
    class: 'pure',
    run: () => {
      if (calls++ === 0) throw new Error('the first call fails')
      return 42
    },
  })
  const machine = setup({
    types: {} as { context: { body: unknown } },
    actions: outputs,
    actors: { flaky },
  }).createMachine({
    context: { body: null },
    initial: 'idle',
    states: {
      idle: {
        on: {
          'work.do': {
            target: 'busy',
            actions: assign({ body: ({ event }) => (event as MessageEvent<unknown>).body }),
          },
        },
      },
      busy: {
        tags: ['busy'],
        invoke: {
          src: 'flaky',
          input: ({ context }: { readonly context: { readonly body: unknown } }) => context.body,
          onDone: {
            target: 'idle',
            actions: { type: 'reply', params: ({ event }) => ({ body: event.output }) },
          },
          onError: {
            target: 'idle',
            actions: { type: 'fail', params: ({ event }) => ({ error: event.error as WireError }) },
          },
        },
      },
    },
  })
  const { logger, lines } = collecting()
  const metrics = createMetrics()
  const runtime = createRuntime({
    policy: { retry: { attempts: 3, backoff: { kind: 'fixed', baseMs: 1, maxMs: 1 } } },
  })
  const stop = observe(runtime.events, { logger, metrics })
  const worker = await runtime.spawn(defineBehaviour({ type: 'worker', machine }), { id: 'one' })
  assert.is(await runtime.ask(worker, 'work.do', 'a private text'), 42)
  const text = await metrics.text()
  await runtime.stop()
  assert.match(text, 'agenticraft_effect_attempts_total{effect="flaky"} 2')
  assert.match(text, 'agenticraft_effect_retries_total{effect="flaky",reason="failed"} 1')
  assert.match(text, 'agenticraft_effects_total{effect="flaky",outcome="succeeded",reason="none"} 1')
  assert.match(text, 'agenticraft_actors{actor_type="worker"} 1')
  assert.match(await metrics.text(), 'agenticraft_actors{actor_type="worker"} 0')
  stop()
  assert.is(runtime.events.on, false)
  const seen = lines.map(line => (JSON.parse(line) as { event: string }).event)
  for (const event of [
    'actor.started',
    'effect.failed',
    'effect.retrying',
    'effect.succeeded',
    'actor.stopped',
  ])
    assert.ok(seen.includes(event), event)
  assert.not.match(lines.join(''), 'private')
})

test.run()
