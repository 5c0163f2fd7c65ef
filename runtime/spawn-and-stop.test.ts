import * as assert from 'uvu/assert'
import type { Address } from '../actors/address.ts'
import { RuntimeError } from '../actors/errors.ts'
import type { RuntimeOptions } from './create-runtime.ts'
import { asker, echo, outcomeOf, reply, sample, worker } from './testkit/sample-actors.ts'
import { settle } from './testkit/simulated-clock.ts'
import { testSuite } from './testkit/suite.ts'
import { testRuntime } from './testkit/test-runtime.ts'

const test = testSuite('runtime/spawn-and-stop')

const kindThrown = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    if (error instanceof RuntimeError) return error.kind
    throw error
  }
  return 'nothing thrown'
}

test('gives each address to one actor at a time', async () => {
  const runtime = testRuntime()
  const first = await runtime.spawn(echo(), { id: 'x' })
  assert.is(await outcomeOf(runtime.spawn(echo(), { id: 'x' })), 'address-taken')
  assert.is(await runtime.ask(first, 'echo.say', 'mine'), 'mine')
  await runtime.stop(first)
  assert.is(await runtime.spawn(echo(), { id: 'x' }), first)
  assert.is(await runtime.ask(first, 'echo.say', 'again'), 'again')
  await runtime.stop()
})

test('rejects a spawn whose machine cannot start, and frees the address', async () => {
  const runtime = testRuntime()
  const broken = sample('echo', {
    context: () => {
      throw new RangeError('no')
    },
  })
  assert.instance(await outcomeOf(runtime.spawn(broken, { id: 'x' })), RangeError)
  await runtime.spawn(echo(), { id: 'x' })
  assert.equal(
    runtime.eventsOf('actor.started').map(event => event.actor),
    ['echo/x'],
  )
  await runtime.stop()
})

test('gives the input to the machine, as a copy', async () => {
  const runtime = testRuntime()
  const input = { list: [1] }
  const keeper = sample('keeper', { context: ({ input: given }: { input: unknown }) => ({ given }) })
  const spawned = runtime.spawn(keeper, { input })
  input.list.push(2)
  assert.equal(runtime.snapshot(await spawned)?.context, { given: { list: [1] } })
  assert.is(await outcomeOf(runtime.spawn(keeper, { input: new Map() })), 'not-plain-data')
  await runtime.stop()
})

test('refuses a supervisor that is not there', async () => {
  const runtime = testRuntime()
  const supervisor = 'supervisor/nobody' as Address
  assert.is(await outcomeOf(runtime.spawn(echo(), { supervisor })), 'actor-not-found')
  assert.is(runtime.actors().length, 1)
  await runtime.stop()
})

test('starts children in order and stops them in reverse, parents last', async () => {
  const runtime = testRuntime()
  const ids = ['a', 'b', 'c']
  await runtime.supervise({ id: 's', children: ids.map(id => ({ behaviour: echo(), id })) })
  await runtime.spawn(echo(), { id: 'd' })
  const started = runtime.eventsOf('actor.started').map(event => event.actor)
  assert.equal(started, ['supervisor/s', 'echo/a', 'echo/b', 'echo/c', 'echo/d'])
  await runtime.stop()
  assert.equal(
    runtime.eventsOf('actor.stopped').map(event => event.actor),
    [...started.reverse(), 'supervisor/root'],
  )
})

test('undoes a supervisor when one of its children does not start', async () => {
  const runtime = testRuntime()
  await runtime.spawn(echo(), { id: 'b' })
  const children = ['a', 'b', 'c'].map(id => ({ behaviour: echo(), id }))
  assert.is(await outcomeOf(runtime.supervise({ id: 's', children })), 'address-taken')
  assert.equal(
    runtime.actors().map(actor => actor.address),
    ['supervisor/root', 'echo/b'],
  )
  await runtime.stop()
})

test('stops one actor and all below it, and nobody else', async () => {
  const runtime = testRuntime()
  const outer = await runtime.supervise({ id: 'outer' })
  const inner = await runtime.supervise({
    id: 'inner',
    supervisor: outer,
    children: [{ behaviour: echo(), id: 'a' }],
  })
  await runtime.spawn(echo(), { id: 'b' })
  await runtime.stop(outer)
  assert.equal(
    runtime.actors().map(actor => actor.address),
    ['supervisor/root', 'echo/b'],
  )
  await runtime.stop(inner)
  await runtime.stop()
})

test('takes with it those whose supervisor has stopped for good', async () => {
  const runtime = testRuntime()
  await runtime.spawn(echo(), { id: 'a' })
  await runtime.stop('supervisor/root' as Address)
  assert.equal(runtime.actors(), [])
  await runtime.stop()
})

test('removes an actor whose machine is done, after its last answer', async () => {
  const runtime = testRuntime()
  const once = sample('once', {
    initial: 'ready',
    states: {
      ready: { on: { 'x.end': { target: 'end', actions: reply(() => 'bye') } } },
      end: { type: 'final' },
    },
  })
  const actor = await runtime.spawn(once, { id: '1' })
  const late = runtime.ask(actor, 'x.end')
  const later = runtime.ask(actor, 'x.end')
  assert.is(await late, 'bye')
  assert.is(await outcomeOf(later), 'actor-stopped')
  assert.equal(
    runtime.eventsOf('actor.stopped').map(event => event.reason),
    ['done'],
  )
  assert.is(await outcomeOf(runtime.ask(actor, 'x.end')), 'actor-not-found')
  await runtime.stop()
})

test('answers everybody when it stops: who works, who waits, who waits elsewhere', async () => {
  const runtime = testRuntime()
  const signals: AbortSignal[] = []
  const busy = await runtime.spawn(
    worker((_, { signal }) => {
      signals.push(signal)
      return new Promise(() => {})
    }),
    { id: 'w' },
  )
  const middle = await runtime.spawn(asker(), { id: 'm' })
  const asks = [
    runtime.ask(busy, 'work.do', 1),
    runtime.ask(busy, 'work.do', 2),
    runtime.ask(middle, 'ask.on', { to: busy, type: 'work.do', body: 3 }),
  ].map(outcomeOf)
  await settle()
  await runtime.stop()
  assert.equal(await Promise.all(asks), ['runtime-stopped', 'runtime-stopped', 'runtime-stopped'])
  assert.is((signals[0]?.reason as RuntimeError | undefined)?.kind, 'runtime-stopped')
  assert.equal(runtime.clock.pending(), [])
  assert.equal(runtime.actors(), [])
})

test('stops once, however often it is told to', async () => {
  const runtime = testRuntime()
  const actor = await runtime.spawn(echo())
  await Promise.all([runtime.stop(actor), runtime.stop(actor)])
  await Promise.all([runtime.stop(), runtime.stop()])
  await runtime.stop(actor)
  assert.is(runtime.eventsOf('actor.stopped').length, 2)
})

test('refuses everything after the stop', async () => {
  const runtime = testRuntime()
  const actor = await runtime.spawn(echo())
  await runtime.stop()
  assert.is(await outcomeOf(runtime.ask(actor, 'echo.say')), 'runtime-stopped')
  assert.is(await outcomeOf(runtime.spawn(echo())), 'runtime-stopped')
  assert.is(await outcomeOf(runtime.supervise()), 'runtime-stopped')
  assert.is(
    kindThrown(() => runtime.tell(actor, 'x.y')),
    'runtime-stopped',
  )
  assert.is(
    kindThrown(() => runtime.publish('ac.main.x', 1)),
    'runtime-stopped',
  )
  assert.is(
    kindThrown(() => runtime.subscribe('>', () => {})),
    'runtime-stopped',
  )
  assert.is(runtime.snapshot(actor), undefined)
})

test('stops although its first actor never started', async () => {
  const reported: unknown[] = []
  const journal = {
    durable: false,
    known: () => undefined,
    append: () => Promise.reject(new RuntimeError('journal-closed', 'no')),
    remove: async () => {},
  } as unknown as NonNullable<RuntimeOptions['journal']>
  const runtime = testRuntime({ journal, onError: error => reported.push(error) })
  assert.is(await outcomeOf(runtime.spawn(echo())), 'journal-closed')
  await runtime.stop()
  assert.equal(reported, [])
})

test.run()
