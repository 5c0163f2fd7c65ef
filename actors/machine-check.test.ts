import * as assert from 'uvu/assert'
import {
  type AnyStateMachine,
  assign,
  createMachine,
  enqueueActions,
  fromCallback,
  fromPromise,
  log,
  raise,
  sendTo,
  setup,
  spawnChild,
  stopChild,
} from 'xstate'
import { type Declared, looseMachine } from '../runtime/testkit/loose-machine.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import { defineBehaviour } from './behaviour.ts'
import { effect } from './effect.ts'
import { RuntimeError } from './errors.ts'
import { and, ask, cancel, emit, not, or, outputs, stateIn } from './machine.ts'
import { checkMachine } from './machine-check.ts'

const test = testSuite('actors/machine-check')

const work = effect({ class: 'pure', run: () => 1 })
type Literal = Readonly<Record<string, unknown>>

/** The problems for which the machine is refused; none when it is accepted. */
function problemsOf(config: Literal, declared: Declared = {}): readonly string[] {
  const machine = looseMachine(config, { ...declared, actors: { work, ...declared.actors } })
  try {
    checkMachine(machine)
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error
    assert.is(error.kind, 'machine-unsupported')
    return error.details?.['problems'] as readonly string[]
  }
  return []
}

/** Accepts the machine, and makes sure that a behaviour can be started with it. */
function accepts(title: string, config: Literal, declared: Declared = {}): void {
  test(`accepts ${title}`, () => {
    assert.equal(problemsOf(config, declared), [])
    const machine = looseMachine(config, { ...declared, actors: { work, ...declared.actors } })
    assert.is(defineBehaviour({ type: 'tester', machine }).initial(undefined, 0).snapshot.status, 'active')
  })
}

function refuses(title: string, config: Literal, declared: Declared = {}, count = 1): void {
  test(`refuses ${title}, when the behaviour is defined`, () => {
    assert.is(problemsOf(config, declared).length, count)
    const machine = looseMachine(config, { ...declared, actors: { work, ...declared.actors } })
    assert.throws(
      () => defineBehaviour({ type: 'tester', machine }),
      (error: unknown) => error instanceof RuntimeError && error.kind === 'machine-unsupported',
    )
  })
}

const on = (actions: unknown): Literal => ({ on: { go: { actions } } })

refuses(
  'an inline function as an action',
  on(() => {}),
)
refuses('an inline function on entry', { entry: () => {} })
refuses('an inline function on exit', { initial: 'a', states: { a: { exit: () => {} } } })
refuses('an inline function on the initial transition', {
  initial: { target: 'a', actions: () => {} },
  states: { a: {} },
})
refuses('an inline function on an eventless transition', {
  initial: 'a',
  states: { a: { always: { guard: () => false, actions: () => {} } } },
})
refuses('an inline function on a delayed transition', {
  initial: 'a',
  states: { a: { after: { 5: { actions: () => {} } } } },
})
refuses('an inline function when an effect is done', {
  invoke: { src: 'work', onDone: { actions: () => {} } },
})
refuses('an inline function when an effect has failed', {
  invoke: { src: 'work', onError: { actions: () => {} } },
})
refuses('an inline function when a state is done', {
  initial: 'a',
  states: { a: { initial: 'b', states: { b: { type: 'final' } }, onDone: { actions: () => {} } } },
})
refuses('an inline function deep down and in a parallel state', {
  type: 'parallel',
  states: { a: {}, b: { initial: 'c', states: { c: { entry: () => {} } } } },
})
refuses('a named action that is a function of its own', {}, { actions: { own: () => {} } })
refuses('a function in the place of an output', {}, { actions: { tell: () => {} } })
refuses('sendTo', on(sendTo('someone', { type: 'x' })))
refuses('sendTo by name', on('send'), { actions: { send: sendTo('someone', { type: 'x' }) } })
refuses('log', on(log('text')))
refuses('an undeclared action', on('nobody'))
refuses('an undeclared action with parameters', on({ type: 'nobody', params: {} }))
refuses('a name that every object has', on('toString'))
refuses('an undeclared guard', { on: { go: { guard: 'nobody' } } })
refuses('an undeclared guard with parameters', { on: { go: { guard: { type: 'nobody', params: {} } } } })
refuses('an undeclared guard in a combination', { on: { go: { guard: and([not('nobody'), stateIn('a')]) } } })
refuses('an undeclared guard on an eventless transition', {
  initial: 'a',
  states: { a: { always: { guard: 'nobody', target: 'b' } }, b: {} },
})
refuses('an undeclared guard in a declared one', {}, { guards: { both: or(['nobody', () => true]) } })
refuses('an undeclared delay of a raise', on(raise({ type: 'x' }, { delay: 'nobody' } as never)))
refuses('an undeclared delay of a state', { initial: 'a', states: { a: { after: { nobody: 'b' } }, b: {} } })
refuses('an invoke of what is not declared', { invoke: { src: 'nobody' } })
refuses('an invoke of what every object has', { invoke: { src: 'constructor' } })
refuses('an inline promise', { invoke: { src: fromPromise(async () => 1) } })
refuses('an inline callback', { invoke: { src: fromCallback(() => {}) } })
refuses('an inline machine', { invoke: { src: createMachine({}) } })
refuses('an inline effect, which could not be found again', { invoke: { src: work } })
refuses('a declared promise', {}, { actors: { promise: fromPromise(async () => 1) } })
refuses('a declared machine', {}, { actors: { machine: createMachine({}) } })
refuses('an invoke with a systemId', { invoke: { src: 'work', systemId: 'known' } })
refuses('an invoke with onSnapshot', { invoke: { src: 'work', onSnapshot: {} } })
refuses('a spawned child that is not declared', on(spawnChild('nobody' as never, { id: 'x' } as never)))
refuses('a spawned child of inline logic', on(spawnChild(work, { id: 'x' })))
refuses('a spawned child without an id', on(spawnChild('work' as never)))
refuses(
  'a spawned child with a systemId',
  on(spawnChild('work' as never, { id: 'x', systemId: 'known' } as never)),
)
refuses(
  'a spawned child with syncSnapshot',
  on(spawnChild('work' as never, { id: 'x', syncSnapshot: true } as never)),
)

accepts(
  'guards: inline, by name, with parameters, combined',
  {
    initial: 'a',
    states: {
      a: {
        on: {
          x: [
            { guard: () => true },
            { guard: 'named' },
            { guard: { type: 'named', params: { n: 1 } } },
            { guard: and(['named', or([not('named'), () => true]), stateIn('a')]) },
          ],
        },
      },
    },
  },
  { guards: { named: () => true, both: and(['named', 'named']) } },
)
accepts(
  'delayed transitions: by number, by name, by function',
  {
    initial: 'a',
    states: { a: { after: { 5: 'b', short: 'b', computed: 'b' } }, b: {} },
  },
  { delays: { short: 5, computed: () => 7 } },
)
accepts('eventless transitions', { initial: 'a', states: { a: { always: 'b' }, b: {} } })
accepts('parallel states', { type: 'parallel', states: { a: { initial: 'x', states: { x: {} } }, b: {} } })
accepts('history states, shallow and deep', {
  initial: 'a',
  states: {
    a: {
      initial: 'x',
      states: { x: {}, h: { type: 'history', target: 'x' }, d: { type: 'history', history: 'deep' } },
    },
  },
})
accepts('final states and what follows them', {
  initial: 'a',
  states: { a: { initial: 'x', states: { x: { type: 'final' } }, onDone: 'b' }, b: {} },
})
accepts('a choice of actions made as data', on(enqueueActions(({ enqueue }) => enqueue.raise({ type: 'x' }))))
accepts(
  'raise, at once and delayed, and cancel',
  on([raise({ type: 'x' }), raise({ type: 'x' }, { delay: 5, id: 'x' }), cancel('x')]),
)
accepts('emit', on(emit({ type: 'x' } as never)))
accepts('assignments, inline and by name', on([assign({ n: 1 }), 'count']), {
  actions: { count: assign({ n: 2 }) },
})
accepts(
  'children that are spawned and stopped, with ids of their own',
  on([
    spawnChild('work' as never, { id: 'x', input: {} } as never),
    spawnChild('work' as never, { id: () => 'y' } as never),
    stopChild('x'),
  ]),
)
accepts('invokes of an effect and of an ask, with and without an id', {
  type: 'parallel',
  states: {
    a: { invoke: { src: 'work' } },
    b: { invoke: { src: 'work', id: 'mine', input: () => ({ a: 1 }), onDone: {}, onError: {} } },
    c: { invoke: { src: 'ask', input: { to: 'a/1', type: 'x' } } },
  },
})
accepts('every output', on(Object.keys(outputs).map(type => ({ type, params: {} }))))

test('names every problem at once', () => {
  const problems = problemsOf({
    entry: [() => {}, 'nobody'],
    invoke: { src: 'nobody', systemId: 's' },
    on: { go: { guard: 'never', actions: log('x') } },
  })
  assert.is(problems.length, 6)
})

test('refuses a machine that has not declared the outputs it uses', () => {
  const machine = setup({ actors: { ask } }).createMachine({
    on: { go: { actions: { type: 'tell', params: {} } as never } },
  } as never)
  assert.throws(
    () => checkMachine(machine as unknown as AnyStateMachine),
    (error: unknown) => error instanceof RuntimeError && error.kind === 'machine-unsupported',
  )
})

test.run()
