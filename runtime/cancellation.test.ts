import * as assert from 'uvu/assert'
import { address } from '../actors/address.ts'
import { defineBehaviour } from '../actors/behaviour.ts'
import { effect } from '../actors/effect.ts'
import { RuntimeError } from '../actors/errors.ts'
import { askThrough, endless } from './testkit/ask-chain.ts'
import { looseMachine } from './testkit/loose-machine.ts'
import { fail, gate, notebook, outcomeOf, reply, sample, watch, worker } from './testkit/sample-actors.ts'
import { settle } from './testkit/simulated-clock.ts'
import { testSuite } from './testkit/suite.ts'
import { testRuntime } from './testkit/test-runtime.ts'

const test = testSuite('runtime/cancellation')

test('cancels down the tree: every ask is withdrawn and every effect aborted', async () => {
  const runtime = testRuntime()
  const { behaviour, contexts } = endless()
  const to = await runtime.spawn(behaviour)
  const abort = new AbortController()
  const { answer } = await askThrough(runtime, ['a', 'b', 'c'], to, 'work.do', 1, { signal: abort.signal })
  const ending = outcomeOf(answer)
  await settle()
  assert.is(contexts.length, 1)
  assert.not.ok(contexts[0]?.signal.aborted)
  abort.abort()
  assert.is(await ending, 'cancelled')
  await settle()
  const reason = contexts[0]?.signal.reason as RuntimeError
  assert.instance(reason, RuntimeError)
  assert.is(reason.kind, 'cancelled')
  for (const id of ['a', 'b', 'c']) assert.is(runtime.snapshot(address('asker', id))?.value, 'idle')
  assert.is(runtime.snapshot(to)?.value, 'idle')
  assert.equal(runtime.clock.pending(), [])
  assert.equal(runtime.deadLetters(), [])
  await runtime.stop()
})

test('gives the reason of the signal where that is an error of ours', async () => {
  const runtime = testRuntime()
  const { behaviour } = endless()
  const to = await runtime.spawn(behaviour)
  const abort = new AbortController()
  const ending = outcomeOf(runtime.ask(to, 'work.do', 1, { signal: abort.signal }))
  abort.abort(new RuntimeError('budget-exhausted', 'enough'))
  assert.is(await ending, 'budget-exhausted')
  await runtime.stop()
})

test('does not send an ask that is cancelled before it is made', async () => {
  const runtime = testRuntime()
  const actor = await runtime.spawn(notebook())
  assert.is(await outcomeOf(runtime.ask(actor, 'note.add', 1, { signal: AbortSignal.abort() })), 'cancelled')
  assert.equal(await runtime.ask(actor, 'note.read'), [])
  assert.equal(runtime.clock.pending(), [])
  await runtime.stop()
})

test('takes a cancelled ask out of the mailbox in which it waits, and no other', async () => {
  const runtime = testRuntime()
  const held = gate<string>()
  const started: unknown[] = []
  const actor = await runtime.spawn(
    worker(input => {
      started.push(input)
      return held.promise
    }),
  )
  const abort = new AbortController()
  const asks = ['first', 'second', 'third'].map(name =>
    outcomeOf(runtime.ask(actor, 'work.do', name, name === 'second' ? { signal: abort.signal } : {})),
  )
  await settle()
  abort.abort()
  held.open('done')
  assert.equal(await Promise.all(asks), ['done', 'cancelled', 'done'])
  assert.equal(started, ['first', 'third'])
  await runtime.stop()
})

test('tells the machine, so that it can end what it does by itself', async () => {
  const runtime = testRuntime()
  const seen: string[] = []
  const waiter = defineBehaviour({
    type: 'waiter',
    machine: looseMachine({
      initial: 'idle',
      states: {
        idle: { on: { 'wait.on': 'waiting' } },
        waiting: {
          on: { 'ac.cancelled': 'idle', 'wait.off': { target: 'idle', actions: reply(() => 'off') } },
        },
      },
    }),
  })
  const actor = await runtime.spawn(waiter)
  runtime.events.subscribe(event => {
    if (event.type === 'actor.committed' && event.actor === actor)
      seen.push(`${event.message} ${event.state}`)
  })
  const abort = new AbortController()
  const ending = outcomeOf(runtime.ask(actor, 'wait.on', null, { signal: abort.signal }))
  await settle()
  abort.abort()
  assert.is(await ending, 'cancelled')
  await settle()
  assert.equal(seen, ['wait.on waiting', 'ac.cancelled idle'])
  await runtime.stop()
})

test('aborts also what was begun while the cancellation was on its way', async () => {
  const runtime = testRuntime()
  const first = gate<string>()
  const signals: AbortSignal[] = []
  const chain = sample(
    'chain',
    {
      initial: 'idle',
      states: {
        idle: { on: { 'chain.go': 'one' } },
        one: {
          tags: 'busy',
          invoke: { src: 'work', id: 'one', onDone: 'two', onError: { target: 'idle', actions: fail } },
        },
        two: {
          tags: 'busy',
          invoke: { src: 'work', id: 'two', onDone: 'idle', onError: { target: 'idle', actions: fail } },
        },
      },
    },
    {
      actors: {
        work: effect({
          class: 'pure',
          run: (_: unknown, { signal }) => {
            signals.push(signal)
            return signals.length === 1 ? first.promise : new Promise(() => {})
          },
        }),
      },
    },
  )
  const actor = await runtime.spawn(chain)
  const abort = new AbortController()
  const ending = outcomeOf(runtime.ask(actor, 'chain.go', null, { signal: abort.signal }))
  await settle()
  first.open('done')
  // After the effect has reported its result, and before the actor has taken it.
  await first.promise
  abort.abort()
  assert.is(await ending, 'cancelled')
  await settle()
  assert.is(runtime.snapshot(actor)?.value, 'idle')
  assert.equal(
    signals.map(signal => signal.aborted),
    [false, true],
  )
  assert.equal(runtime.clock.pending(), [])
  await runtime.stop()
})

test('leaves alone what is done for others', async () => {
  const runtime = testRuntime()
  const { behaviour, contexts } = endless()
  const workers = await Promise.all(['1', '2'].map(id => runtime.spawn(behaviour, { id })))
  const abort = new AbortController()
  const asks = workers.map((to, i) =>
    watch(runtime.ask(to, 'work.do', 1, i === 0 ? { signal: abort.signal } : {})),
  )
  await settle()
  abort.abort()
  await settle()
  assert.is(asks[0]?.outcome, 'cancelled')
  assert.is(asks[1]?.outcome, undefined)
  assert.equal(
    contexts.map(({ signal }) => signal.aborted),
    [true, false],
  )
  await runtime.stop()
})

test('withdraws the asks of an actor that stops, and makes no dead letters of it', async () => {
  const runtime = testRuntime()
  const { behaviour, contexts } = endless()
  const to = await runtime.spawn(behaviour)
  const { answer } = await askThrough(runtime, ['a'], to, 'work.do')
  const ending = outcomeOf(answer)
  await settle()
  await runtime.stop(address('asker', 'a'))
  assert.is(await ending, 'actor-stopped')
  await settle()
  assert.is((contexts[0]?.signal.reason as RuntimeError | undefined)?.kind, 'cancelled')
  assert.is(runtime.snapshot(to)?.value, 'idle')
  assert.equal(runtime.deadLetters(), [])
  assert.equal(runtime.clock.pending(), [])
  await runtime.stop()
})

test('withdraws an ask when the machine leaves the state that wanted it', async () => {
  const runtime = testRuntime()
  const { behaviour, contexts } = endless()
  const to = await runtime.spawn(behaviour)
  const fickle = sample('fickle', {
    initial: 'idle',
    states: {
      idle: { on: { 'x.ask': 'asking' } },
      asking: { invoke: { src: 'ask', input: { to, type: 'work.do', body: 1 } }, on: { 'x.leave': 'idle' } },
    },
  })
  const actor = await runtime.spawn(fickle)
  runtime.tell(actor, 'x.ask')
  await settle()
  runtime.tell(actor, 'x.leave')
  await settle()
  assert.ok(contexts[0]?.signal.aborted)
  assert.is(runtime.snapshot(to)?.value, 'idle')
  assert.equal(runtime.clock.pending(), [])
  await runtime.stop()
})

test.run()
