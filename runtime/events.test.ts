import * as assert from 'uvu/assert'
import type { RuntimeEvent } from '../actors/events.ts'
import { createEvents } from './events.ts'
import { asker, echo, worker } from './testkit/sample-actors.ts'
import { settle } from './testkit/simulated-clock.ts'
import { testSuite } from './testkit/suite.ts'
import { testRuntime } from './testkit/test-runtime.ts'

const test = testSuite('runtime/events')

const event = { type: 'actor.stopped', at: 0, actor: 'a/1', reason: 'asked' } as RuntimeEvent

test('is on exactly while somebody listens', () => {
  const events = createEvents(() => {})
  assert.is(events.on, false)
  const [first, second] = [events.subscribe(() => {}), events.subscribe(() => {})]
  assert.is(events.on, true)
  first()
  first()
  assert.is(events.on, true)
  second()
  assert.is(events.on, false)
})

test('hands every event to every listener, also to one that listens twice', () => {
  const events = createEvents(() => {})
  const seen: RuntimeEvent[] = []
  const listen = (it: RuntimeEvent): unknown => seen.push(it)
  events.subscribe(listen)
  const end = events.subscribe(listen)
  events.emit(event)
  end()
  events.emit(event)
  assert.equal(seen, [event, event, event])
})

test('lets no listener break the others or whoever emits', async () => {
  const reported: unknown[] = []
  const events = createEvents(error => reported.push(error))
  const seen: RuntimeEvent[] = []
  events.subscribe(() => {
    throw new Error('mine')
  })
  events.subscribe(it => seen.push(it))
  events.emit(event)
  assert.equal(seen, [event])
  await settle()
  assert.is(reported.length, 1)
})

test('lets a listener end itself while it is called', () => {
  const events = createEvents(() => {})
  const seen: string[] = []
  const end = events.subscribe(() => {
    seen.push('once')
    end()
  })
  events.subscribe(() => seen.push('always'))
  events.emit(event)
  events.emit(event)
  assert.equal(seen, ['once', 'always', 'always'])
})

test('tells the story of one ask in the order in which it happened', async () => {
  const runtime = testRuntime()
  const to = await runtime.spawn(
    worker(async () => 'done'),
    { id: 'w' },
  )
  const from = await runtime.spawn(asker(), { id: 'a' })
  const story: string[] = []
  runtime.events.subscribe(it => {
    const more = 'message' in it && typeof it.message === 'string' ? ` ${it.message}` : ''
    story.push(`${it.actor} ${it.type}${more}`)
  })
  await runtime.ask(from, 'ask.on', { to, type: 'work.do', body: 1 }, { run: 'run-1' })
  assert.equal(story, [
    'asker/a actor.committed ask.on',
    'worker/w actor.committed work.do',
    'worker/w effect.started',
    'worker/w effect.succeeded',
    'worker/w actor.committed result',
    'asker/a actor.committed result',
  ])
  const committed = runtime.eventsOf('actor.committed').filter(({ actor }) => actor === to)
  assert.equal(
    committed.map(({ seq, message, state, run }) => [seq, message, state, run]),
    [
      [1, 'init', 'idle', undefined],
      [2, 'work.do', 'working', 'run-1'],
      [3, 'result', 'idle', 'run-1'],
    ],
  )
  await runtime.stop()
})

test('tells that an actor began before it tells what it did, and that it ended last', async () => {
  const runtime = testRuntime()
  const actor = await runtime.spawn(echo(), { id: 'e' })
  await runtime.ask(actor, 'echo.say', 1)
  await runtime.stop(actor)
  assert.equal(
    runtime.seen.filter(it => it.actor === actor).map(it => it.type),
    ['actor.started', 'actor.committed', 'actor.committed', 'actor.stopped'],
  )
  await runtime.stop()
})

test('keeps an actor working whose observer throws', async () => {
  const reported: unknown[] = []
  const runtime = testRuntime({ onError: error => reported.push(error) })
  runtime.events.subscribe(() => {
    throw new Error('observer')
  })
  const actor = await runtime.spawn(echo())
  assert.is(await runtime.ask(actor, 'echo.say', 1), 1)
  await settle()
  assert.ok(reported.length > 0)
  await runtime.stop()
})

test.run()
