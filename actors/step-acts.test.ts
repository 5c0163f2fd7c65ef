import * as assert from 'uvu/assert'
import { fromPromise } from 'xstate'
import { type Declared, looseMachine, type Seen } from '../runtime/testkit/loose-machine.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import { type Behaviour, defineBehaviour, type Step } from './behaviour.ts'
import { effect } from './effect.ts'
import { type ErrorKind, RuntimeError, toWireError } from './errors.ts'
import { assign, cancel, emit, enqueueActions, raise } from './machine.ts'

const test = testSuite('actors/step-acts')

const work = effect({ class: 'pure', run: () => 1 })
type Literal = Readonly<Record<string, unknown>>
type Event = { readonly type: string; readonly [field: string]: unknown }

const behaviour = (config: Literal, declared: Declared = {}): Behaviour =>
  defineBehaviour({
    type: 'tester',
    machine: looseMachine(config, { ...declared, actors: { work, ...declared.actors } }),
  })

const kindOf = (run: () => unknown): ErrorKind | 'nothing thrown' => {
  try {
    run()
  } catch (error) {
    if (error instanceof RuntimeError) return error.kind
    throw error
  }
  return 'nothing thrown'
}

/** The step that `events`, one after the other, end in. */
function after(tested: Behaviour, ...events: readonly Event[]): Step {
  let step = tested.initial(undefined, 0)
  for (const event of events) step = tested.next(step.snapshot, event, 0)
  return step
}

test('gives what an actor says as data, in order', () => {
  const tested = behaviour({
    on: {
      go: {
        actions: [
          {
            type: 'tell',
            params: ({ event }: Seen) => ({ to: 'a/1', type: 'x.told', body: { n: event['n'] } }),
          },
          { type: 'reply', params: { body: [1] } },
          { type: 'reply', params: {} },
          { type: 'fail', params: { error: toWireError(new RuntimeError('refused', 'no')) } },
          { type: 'behalf', params: { of: 'm.1' } },
          { type: 'publish', params: { kind: 'x.y', body: 1 } },
          { type: 'direct', params: { child: 'a/1', directive: 'restart', reason: 'crashed' } },
          { type: 'control', params: { to: 'a/1', type: 'ac.effect.retry', body: {} } },
          { type: 'signal', params: { name: 'step.started', body: { step: 's' } } },
          emit({ type: 'emitted.it', n: 2 } as never),
        ],
      },
    },
  })
  assert.equal(after(tested, { type: 'go', n: 1 }).acts, [
    { act: 'tell', to: 'a/1', type: 'x.told', body: { n: 1 } },
    { act: 'reply', body: [1] },
    { act: 'reply', body: null },
    { act: 'fail', error: toWireError(new RuntimeError('refused', 'no')) },
    { act: 'behalf', of: 'm.1' },
    { act: 'publish', kind: 'x.y', body: 1 },
    { act: 'direct', child: 'a/1', directive: 'restart', reason: 'crashed' },
    { act: 'tell', to: 'a/1', type: 'ac.effect.retry', body: {}, control: true },
    { act: 'signal', name: 'step.started', body: { step: 's' } },
    { act: 'publish', kind: 'emitted.it', body: { type: 'emitted.it', n: 2 } },
  ])
})

test('does not let the parameters of an action choose another act', () => {
  const tested = behaviour({
    on: {
      go: { actions: { type: 'tell', params: { to: 'a/1', type: 'x.y', body: 1, act: 'stop', child: 'c' } } },
    },
  })
  assert.is(after(tested, { type: 'go' }).acts[0]?.act, 'tell')
})

test('copies what it says, so that nobody can change it before it is sent', () => {
  const body = { n: 1 }
  const tested = behaviour({ on: { go: { actions: { type: 'reply', params: () => ({ body }) } } } })
  const { acts } = after(tested, { type: 'go' })
  body.n = 2
  assert.equal(acts, [{ act: 'reply', body: { n: 1 } }])
})

test('refuses in the step what could not be carried out after the commit', () => {
  const bad: readonly (readonly [action: string, params: unknown, kind: ErrorKind])[] = [
    ['tell', { to: 'nobody', type: 'x', body: 1 }, 'address-invalid'],
    ['tell', { type: 'x', body: 1 }, 'address-invalid'],
    ['tell', { to: 'a/1', type: 'x y', body: 1 }, 'envelope-invalid'],
    ['tell', { to: 'a/1', type: 'xstate.done.actor.x', body: 1 }, 'reserved-event'],
    ['tell', { to: 'a/1', type: 'ac.reply', body: 1 }, 'reserved-event'],
    ['tell', { to: 'a/1', type: 'x', body: new Date() }, 'not-plain-data'],
    ['control', { to: '', type: 'x', body: 1 }, 'address-invalid'],
    ['publish', { kind: 'a b', body: 1 }, 'envelope-invalid'],
    ['publish', undefined, 'envelope-invalid'],
    ['fail', { error: 'text' }, 'machine-unsupported'],
    ['fail', {}, 'machine-unsupported'],
    ['behalf', {}, 'machine-unsupported'],
    ['direct', { child: 'a/1', directive: 'explode', reason: 'crashed' }, 'machine-unsupported'],
    ['direct', { child: 'a', directive: 'stop', reason: 'crashed' }, 'address-invalid'],
    ['signal', { name: 'made.up', body: {} }, 'machine-unsupported'],
    ['reply', { body: 1n }, 'not-plain-data'],
  ]
  for (const [type, params, kind] of bad) {
    const tested = behaviour({ on: { go: { actions: { type, params } } } })
    const { snapshot } = tested.initial(undefined, 0)
    assert.is(
      kindOf(() => tested.next(snapshot, { type: 'go' }, 0)),
      kind,
      `${type} ${kind}`,
    )
  }
})

test('refuses at run time what a choice of actions makes up', () => {
  const made: readonly ((enqueue: never) => unknown)[] = [
    (enqueue: CallableFunction) => enqueue(() => {}),
    (enqueue: CallableFunction) => enqueue('nobody'),
    (enqueue: { sendTo: CallableFunction }) => enqueue.sendTo({ send() {} }, { type: 'x' }),
    (enqueue: { spawnChild: CallableFunction }) => enqueue.spawnChild('nobody', { id: 'x' }),
    (enqueue: { spawnChild: CallableFunction }) => enqueue.spawnChild('work'),
    (enqueue: { spawnChild: CallableFunction }) => enqueue.spawnChild('work', { id: 'x', systemId: 'y' }),
    (enqueue: { spawnChild: CallableFunction }) =>
      enqueue.spawnChild(
        fromPromise(async () => 1),
        { id: 'x' },
      ),
    (enqueue: { raise: CallableFunction }) => enqueue.raise({ type: 'x' }, { delay: Number.NaN }),
    (enqueue: { raise: CallableFunction }) =>
      enqueue.raise({ type: 'x' }, { delay: Number.POSITIVE_INFINITY }),
  ]
  for (const [i, make] of made.entries()) {
    const tested = behaviour({
      on: { go: { actions: enqueueActions(({ enqueue }) => void make(enqueue as never)) } },
    })
    assert.is(
      kindOf(() => after(tested, { type: 'go' })),
      'machine-unsupported',
      `case ${i}`,
    )
  }
})

test('takes an event raised without a delay once, in the same step', () => {
  const tested = behaviour({
    context: { n: 0 },
    on: {
      go: { actions: raise({ type: 'x' }) },
      x: { actions: assign({ n: ({ context }: Seen) => Number(context['n']) + 1 } as never) },
    },
  })
  const step = after(tested, { type: 'go' })
  assert.equal(step.acts, [])
  assert.equal(step.snapshot.context, { n: 1 })
})

test('gives delays as timers with an absolute due time', () => {
  const tested = behaviour({
    initial: 'a',
    states: { a: { after: { 50: 'b' }, on: { away: 'b' } }, b: {} },
    on: {
      raise: {
        actions: [raise({ type: 'x' }, { delay: 5, id: 'mine' }), raise({ type: 'x' }, { delay: 0 })],
      },
      cancel: { actions: cancel('mine') },
    },
  })
  const id = 'xstate.after.50.(machine).a'
  const start = tested.initial(undefined, 1_000)
  assert.equal(start.acts, [{ act: 'timer', id, due: 1_050, event: { type: id } }])
  assert.equal(tested.next(start.snapshot, { type: 'away' }, 0).acts, [{ act: 'cancel', id }])
  assert.is(tested.next(start.snapshot, { type: id }, 0).snapshot.value, 'b')
  assert.equal(tested.next(start.snapshot, { type: 'raise' }, 2_000).acts, [
    { act: 'timer', id: 'mine', due: 2_005, event: { type: 'x' } },
    { act: 'timer', due: 2_000, event: { type: 'x' } },
  ])
  assert.equal(tested.next(start.snapshot, { type: 'cancel' }, 0).acts, [{ act: 'cancel', id: 'mine' }])
})

test('ends a step that would go round for ever', () => {
  const round = { initial: 'a', states: { a: { on: { go: 'b' } }, b: { always: 'c' }, c: { always: 'b' } } }
  assert.throws(() => after(behaviour(round), { type: 'go' }))
})

test.run()
