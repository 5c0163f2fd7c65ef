import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { type Declared, looseMachine, type Seen } from '../runtime/testkit/loose-machine.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import { type Behaviour, defineBehaviour, type Snapshot, type Step, stateText } from './behaviour.ts'
import { effect } from './effect.ts'
import { type ErrorKind, RuntimeError, toWireError } from './errors.ts'
import type { StoredState } from './journal.ts'
import { assign, cancel, enqueueActions, raise, spawnChild, stopChild } from './machine.ts'
import type { MailboxOptions } from './mailbox.ts'

const test = testSuite('actors/behaviour')

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

const nextOf = (tested: Behaviour, { snapshot }: Step, event: Event): Step => tested.next(snapshot, event, 0)

const throughJson = (state: StoredState): StoredState => JSON.parse(JSON.stringify(state))

test('starts an effect when its state is entered and stops it when the state is left', () => {
  const tested = behaviour({
    initial: 'idle',
    states: {
      idle: { on: { go: 'busy' } },
      busy: {
        invoke: { src: 'work', id: 'w', input: ({ event }: Seen) => ({ n: event['n'] }), onDone: 'idle' },
        on: { away: 'idle' },
      },
    },
  })
  const busy = after(tested, { type: 'go', n: 7 })
  assert.equal(busy.acts, [{ act: 'start', child: 'w', src: 'work', input: { n: 7 } }])
  assert.equal(tested.next(busy.snapshot, { type: 'away' }, 0).acts, [{ act: 'stop', child: 'w' }])
})

test('refuses an input that is no plain data', () => {
  const tested = behaviour({
    on: { go: { actions: spawnChild('work' as never, { id: 'x', input: new Map() } as never) } },
  })
  assert.is(
    kindOf(() => after(tested, { type: 'go' })),
    'not-plain-data',
  )
})

test('knows which effect a name means, and that an ask is none', () => {
  const tested = behaviour({})
  assert.is(tested.effect('work')?.class, 'pure')
  assert.is(tested.effect('ask'), undefined)
  assert.is(tested.effect('toString'), undefined)
})

test('starts children whose ids are computed, and as many as wanted', () => {
  const tested = behaviour({
    context: { n: 0 },
    on: {
      one: {
        actions: [
          assign({ n: ({ context }: Seen) => Number(context['n']) + 1 } as never),
          spawnChild('work' as never, { id: ({ context }: Seen) => `w${context['n']}`, input: 1 } as never),
        ],
      },
      both: {
        actions: enqueueActions(({ enqueue }) => {
          for (const id of ['a', 'b']) enqueue.spawnChild('work' as never, { id } as never)
        }),
      },
    },
  })
  const step = after(tested, { type: 'one' }, { type: 'one' }, { type: 'both' })
  assert.equal(
    step.acts.map(act => act.act === 'start' && act.child),
    ['a', 'b'],
  )
  assert.equal(tested.store(step.snapshot).children, { w1: 'work', w2: 'work', a: 'work', b: 'work' })
})

test('forgets a child that is done or has failed, also one whose state is not left', () => {
  const tested = behaviour({
    on: {
      go: {
        actions: [
          spawnChild('work' as never, { id: 'a' } as never),
          spawnChild('work' as never, { id: 'b' } as never),
        ],
      },
      stop: { actions: [stopChild('a'), stopChild('b'), stopChild('never')] },
      'xstate.done.actor.a': {},
      'xstate.error.actor.b': {},
    },
  })
  const children = (step: Step): readonly string[] => Object.keys(tested.store(step.snapshot).children)
  const started = after(tested, { type: 'go' })
  assert.equal(children(started), ['a', 'b'])
  const one = nextOf(tested, started, { type: 'xstate.done.actor.a', output: 1, actorId: 'a' })
  assert.equal(children(one), ['b'])
  const none = nextOf(tested, one, { type: 'xstate.error.actor.b', error: {}, actorId: 'b' })
  assert.equal(children(none), [])
  assert.equal(tested.next(none.snapshot, { type: 'stop' }, 0).acts, [])
})

test('leaves a state whose effect is done already', () => {
  const tested = behaviour({
    initial: 'a',
    states: { a: { invoke: { src: 'work', id: 'w' }, on: { away: 'b' } }, b: {} },
  })
  const step = after(tested, { type: 'xstate.done.actor.w', output: 1, actorId: 'w' }, { type: 'away' })
  assert.is(step.snapshot.value, 'b')
})

test('keeps a child that starts again under its own id in the step in which it ended', () => {
  const tested = behaviour({
    initial: 'a',
    states: { a: { invoke: { src: 'work', id: 'w', onDone: { target: 'a', reenter: true } } } },
  })
  const step = after(tested, { type: 'xstate.done.actor.w', output: 1, actorId: 'w' })
  assert.equal(tested.store(step.snapshot).children, { w: 'work' })
  assert.equal(
    step.acts.map(act => act.act),
    ['stop', 'start'],
  )
})

test('refuses a child that is spawned within an assign: nothing would ever start it', () => {
  const spawns = {
    assign: { actions: assign(({ spawn }: never) => (spawn as CallableFunction)('work', { id: 'x' })) },
  }
  assert.is(
    kindOf(() => after(behaviour({ on: spawns }), { type: 'assign' })),
    'machine-unsupported',
  )
})

test('throws what the machine throws, from the start and from a step', () => {
  const bad = () => {
    throw new RangeError('mine')
  }
  assert.throws(
    () => behaviour({ context: bad }).initial(undefined, 0),
    (error: unknown) => error instanceof RangeError,
  )
  const tested = behaviour({ on: { go: { actions: assign(bad as never) }, ok: {} } })
  const { snapshot } = tested.initial(undefined, 0)
  assert.throws(
    () => tested.next(snapshot, { type: 'go' }, 0),
    (error: unknown) => error instanceof RangeError,
  )
  assert.equal(tested.next(snapshot, { type: 'ok' }, 0).acts, [], 'the next step is clean')
})

test('throws the failure of an effect that the machine does not handle', () => {
  const tested = behaviour({ invoke: { src: 'work', id: 'w' } })
  const error = toWireError(new RuntimeError('model-rejected', 'no such model'))
  const { snapshot } = tested.initial(undefined, 0)
  assert.throws(
    () => tested.next(snapshot, { type: 'xstate.error.actor.w', error } as Event, 0),
    (thrown: unknown) => thrown === error,
  )
})

test('refuses a context that could not be stored, at the start and later', () => {
  for (const value of [new Map(), new Date(), new (class Own {})(), 1n, Number.NaN, () => 1]) {
    assert.is(
      kindOf(() => behaviour({ context: { value } }).initial(undefined, 0)),
      'not-plain-data',
    )
    const tested = behaviour({ on: { go: { actions: assign({ deep: () => [{ value }] } as never) } } })
    assert.is(
      kindOf(() => after(tested, { type: 'go' })),
      'not-plain-data',
    )
  }
})

test('refuses a definition that is wrong, when it is made', () => {
  const machine = looseMachine({})
  assert.is(
    kindOf(() => defineBehaviour({ type: 'a b', machine })),
    'address-invalid',
  )
  const mailbox = { capacity: 0 } as MailboxOptions
  assert.is(
    kindOf(() => defineBehaviour({ type: 'a', machine, mailbox })),
    'definition-invalid',
  )
})

test('stores a state in its own form, as plain data', () => {
  const tested = behaviour({
    context: { n: 1 },
    type: 'parallel',
    states: {
      a: { initial: 'x', states: { x: { invoke: { src: 'work', id: 'w' } } } },
      b: { initial: 'y', states: { y: {} } },
    },
  })
  assert.equal(tested.store(tested.initial(undefined, 0).snapshot), {
    value: { a: 'x', b: 'y' },
    context: { n: 1 },
    status: 'active',
    children: { w: 'work' },
  })
})

test('revives a state that is done as done', () => {
  const tested = behaviour({ initial: 'a', states: { a: { on: { go: 'end' } }, end: { type: 'final' } } })
  const { snapshot } = after(tested, { type: 'go' })
  assert.is(snapshot.status, 'done')
  assert.is(tested.revive(throughJson(tested.store(snapshot))).status, 'done')
})

test('refuses a stored state that the machine does not have any more', () => {
  const state = { context: {}, status: 'active' as const, children: {} }
  assert.throws(() => behaviour({}).revive({ ...state, value: { gone: 'x' } }))
  const historyValue = { 'm.h': [['gone']] }
  assert.is(
    kindOf(() => behaviour({}).revive({ ...state, value: {}, historyValue })),
    'definition-invalid',
  )
})

/** A bit of everything that has to survive storage. Ids and keys have dots and spaces on purpose. */
const everything = (): Behaviour =>
  behaviour(
    {
      id: 'the.machine',
      type: 'parallel',
      context: { n: 0, list: [] },
      on: {
        count: { actions: ['count', raise({ type: 'inner' })] },
        later: { actions: raise({ type: 'count' }, { delay: 10, id: 'later' }) },
        never: { actions: cancel('later') },
        spawn: {
          actions: spawnChild('work' as never, { id: ({ context }: Seen) => `c${context['n']}` } as never),
        },
        stop: {
          actions: enqueueActions(({ context, enqueue }) =>
            enqueue.stopChild(`c${(context as Seen['context'])['n']}`),
          ),
        },
      },
      states: {
        player: {
          id: 'player',
          initial: 'off',
          states: {
            off: { on: { power: 'on' } },
            on: {
              initial: 'one',
              on: { power: 'off', again: '.again', deeper: '.deeper' },
              states: {
                one: { id: 'own.id', on: { next: 'two' } },
                two: {
                  initial: 'left part',
                  on: { next: 'one' },
                  states: { 'left part': { on: { side: 'right' } }, right: { on: { side: 'left part' } } },
                },
                again: { type: 'history', target: 'one' },
                deeper: { type: 'history', history: 'deep', target: 'two' },
              },
            },
          },
        },
        back: {
          initial: 'out',
          states: {
            out: { on: { again: '#player.on.again', enter: 'working' } },
            working: {
              tags: 'busy',
              after: { 1000: 'out' },
              invoke: { src: 'work', id: 'w', onDone: { target: 'out', actions: 'count' }, onError: 'out' },
            },
          },
        },
      },
    },
    {
      actions: {
        count: assign(({ context }: never) => {
          const { n, list } = context as { n: number; list: readonly number[] }
          return { n: (n + 1) % 3, list: [...list.slice(-3), n] }
        }),
      },
    },
  )

const TYPES = [
  'count',
  'later',
  'never',
  'spawn',
  'stop',
  'power',
  'again',
  'deeper',
  'next',
  'side',
  'enter',
]
const OUTCOMES = ['w', 'c0', 'c1', 'c2'].flatMap(id => [
  { type: `xstate.done.actor.${id}`, output: 1, actorId: id },
  { type: 'xstate.after.1000.the.machine.back.working' },
])
const EVENTS: readonly Event[] = [...TYPES.map(type => ({ type })), ...OUTCOMES]

test('goes on from storage exactly as it would have gone on without, whatever happened before', () => {
  const [live, stored] = [everything(), everything()]
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...EVENTS), { maxLength: 40, size: 'max' }), events => {
      let here: Snapshot = live.initial(undefined, 0).snapshot
      let there: StoredState = throughJson(stored.store(stored.initial(undefined, 0).snapshot))
      for (const [i, event] of events.entries()) {
        const step = live.next(here, event, i)
        const revived = stored.next(stored.revive(there), event, i)
        assert.equal(revived.acts, step.acts)
        here = step.snapshot
        there = throughJson(stored.store(revived.snapshot))
        assert.equal(there, throughJson(live.store(here)))
        assert.equal(revived.snapshot.hasTag('busy' as never), here.hasTag('busy' as never))
      }
    }),
  )
})

test('does not change a snapshot by a step from it', () => {
  const tested = everything()
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...EVENTS), { maxLength: 12 }),
      fc.constantFrom(...EVENTS),
      (events, last) => {
        const { snapshot } = after(tested, ...events)
        const before = JSON.stringify(tested.store(snapshot))
        const first = tested.next(snapshot, last, 5)
        if (first.snapshot !== snapshot) assert.is(JSON.stringify(tested.store(snapshot)), before)
        assert.equal(tested.next(snapshot, last, 5).acts, first.acts)
      },
    ),
  )
})

test('writes a state value as text', () => {
  assert.is(stateText('idle'), 'idle')
  assert.is(stateText({ working: 'thinking' }), 'working.thinking')
  assert.is(stateText({ a: 'x', b: { y: 'z' }, c: {} }), 'a.x+b.y.z+c')
})

test.run()
