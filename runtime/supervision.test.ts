import * as assert from 'uvu/assert'
import type { Address } from '../actors/address.ts'
import { effect } from '../actors/effect.ts'
import { RuntimeError } from '../actors/errors.ts'
import type { Intensity, Strategy } from '../actors/strategy.ts'
import type { ChildSpec } from './create-runtime.ts'
import {
  asker,
  errorOf,
  fail,
  notebook,
  outcomeOf,
  reply,
  sample,
  watch,
  worker,
} from './testkit/sample-actors.ts'
import { settle } from './testkit/simulated-clock.ts'
import { testSuite } from './testkit/suite.ts'
import { type TestRuntime, testRuntime } from './testkit/test-runtime.ts'

const test = testSuite('runtime/supervision')

const MANY: Intensity = { restarts: 100, periodMs: 5_000 }

const children = (...ids: readonly string[]): readonly ChildSpec[] =>
  ids.map(id => ({ behaviour: notebook(), id }))
const note = (id: string): Address => `notebook/${id}` as Address

/** Supervised notebooks, each with its own name as the first note. */
async function notebooks(ids: readonly string[], strategy: Strategy, intensity: Intensity = MANY) {
  const runtime = testRuntime()
  const supervisor = await runtime.supervise({ id: 's', strategy, intensity, children: children(...ids) })
  for (const id of ids) runtime.tell(note(id), 'note.add', id)
  await settle()
  return { runtime, supervisor, notes: () => Promise.all(ids.map(id => runtime.ask(note(id), 'note.read'))) }
}

const restarted = (runtime: TestRuntime): readonly Address[] =>
  runtime.eventsOf('actor.restarted').map(event => event.actor)

const breaks = async (runtime: TestRuntime, actor: Address, times = 1): Promise<void> => {
  for (let i = 0; i < times; i++) {
    runtime.tell(actor, 'note.add', 'poison')
    await settle()
  }
}

test('restarts only the child that crashed', async () => {
  const { runtime, notes } = await notebooks(['a', 'b', 'c'], 'one-for-one')
  await breaks(runtime, note('b'))
  assert.equal([...new Set(restarted(runtime))], [note('b')])
  assert.equal(await notes(), [['a'], [], ['c']])
  await runtime.stop()
})

test('restarts all children when one crashed, in start order', async () => {
  const { runtime, notes } = await notebooks(['a', 'b', 'c'], 'one-for-all')
  await breaks(runtime, note('b'))
  assert.equal(restarted(runtime).slice(0, 3), [note('a'), note('b'), note('c')])
  assert.equal(await notes(), [[], [], []])
  await runtime.stop()
})

test('restarts the child that crashed and those started after it', async () => {
  const { runtime, notes } = await notebooks(['a', 'b', 'c'], 'rest-for-one')
  await breaks(runtime, note('b'))
  assert.equal(restarted(runtime).slice(0, 2), [note('b'), note('c')])
  assert.equal(await notes(), [['a'], [], []])
  await runtime.stop()
})

test('restarts a child that joined later by itself', async () => {
  const { runtime, supervisor } = await notebooks(['a', 'b'], 'one-for-all')
  const late = await runtime.spawn(notebook(), { id: 'late', supervisor })
  await breaks(runtime, late)
  assert.equal([...new Set(restarted(runtime))], [late])
  await runtime.stop()
})

test('never restarts a temporary child: neither by itself nor with the others', async () => {
  const runtime = testRuntime()
  const temporary = { behaviour: notebook(), id: 'b', restart: 'temporary' as const }
  await runtime.supervise({
    strategy: 'one-for-all',
    intensity: MANY,
    children: [...children('a'), temporary],
  })
  await breaks(runtime, note('a'))
  assert.not.ok(restarted(runtime).includes(note('b')))
  assert.is(await outcomeOf(runtime.ask(note('b'), 'note.read')), 'actor-not-found')
  const single = await runtime.spawn(notebook(), { id: 'c', restart: 'temporary' })
  const asked = outcomeOf(runtime.ask(single, 'note.break'))
  assert.is(await asked, 'actor-crashed')
  assert.is(await outcomeOf(runtime.ask(single, 'note.read')), 'actor-not-found')
  await runtime.stop()
})

test('starts a permanent actor again when its machine is done, and lets others end', async () => {
  const ending = sample('ending', {
    initial: 'a',
    states: { a: { on: { 'x.end': { target: 'b', actions: reply(() => 'bye') } } }, b: { type: 'final' } },
  })
  const runtime = testRuntime()
  const permanent = await runtime.spawn(ending, { id: 'permanent', restart: 'permanent' })
  const transient = await runtime.spawn(ending, { id: 'transient', restart: 'transient' })
  assert.is(await runtime.ask(permanent, 'x.end'), 'bye')
  assert.is(await runtime.ask(permanent, 'x.end'), 'bye')
  assert.is(await runtime.ask(transient, 'x.end'), 'bye')
  assert.is(await outcomeOf(runtime.ask(transient, 'x.end')), 'actor-not-found')
  await runtime.stop()
})

test('does not count the end of a temporary child, also one in the same millisecond', async () => {
  const runtime = testRuntime()
  const temporary = { behaviour: notebook(), id: 'b', restart: 'temporary' as const }
  const intensity = { restarts: 3, periodMs: 5_000 }
  await runtime.supervise({ id: 's', intensity, children: [...children('a'), temporary] })
  runtime.tell(note('a'), 'note.add', 'poison')
  runtime.tell(note('b'), 'note.add', 'poison')
  await settle()
  assert.equal(restarted(runtime), [note('a'), note('a'), note('a')])
  await runtime.stop()
})

test('keeps the messages that wait while it restarts, in order', async () => {
  const runtime = testRuntime()
  const actor = await runtime.spawn(notebook())
  runtime.tell(actor, 'note.add', 'lost with the state')
  runtime.tell(actor, 'note.add', 'poison')
  for (const n of [1, 2, 3]) runtime.tell(actor, 'note.add', n)
  assert.equal(await runtime.ask(actor, 'note.read'), [1, 2, 3])
  assert.is(runtime.eventsOf('actor.restarted').length, 3)
  await runtime.stop()
})

test('buries a message that crashed its actor three times, while its neighbours live', async () => {
  const runtime = testRuntime()
  const [sick, well] = [
    await runtime.spawn(notebook(), { id: 'sick' }),
    await runtime.spawn(notebook(), { id: 'well' }),
  ]
  const asked = errorOf(runtime.ask(sick, 'note.break', 'please'))
  runtime.tell(well, 'note.add', 1)
  const error = await asked
  assert.is(error.kind, 'actor-crashed')
  assert.equal(error.details?.['lastError'], { code: 'AC-1010', message: 'told to break' })
  assert.is(runtime.eventsOf('actor.crashed').length, 3)
  const dead = runtime.deadLetters()
  assert.equal(
    dead.map(({ envelope: { type, attempt }, error: { kind } }) => [type, attempt, kind]),
    [['note.break', 3, 'actor-crashed']],
  )
  assert.equal(await runtime.ask(well, 'note.read'), [1])
  assert.equal(await runtime.ask(sick, 'note.read'), [])
  assert.equal(restarted(runtime), [sick, sick, sick])
  await runtime.stop()
})

/** Breaks when its effect is done: not on the message itself, so the message is not tried again. */
const breaksLater = () =>
  sample(
    'late',
    {
      initial: 'idle',
      states: {
        idle: { on: { 'x.go': 'busy', 'x.ping': { actions: reply(() => 'pong') } } },
        busy: {
          tags: 'busy',
          invoke: {
            src: 'work',
            onDone: { actions: { type: 'tell', params: { to: 'nowhere' } } },
            onError: { actions: fail },
          },
        },
      },
    },
    { actors: { work: effect({ class: 'pure', run: async () => 1 }) } },
  )

test('tells whoever asked at once when the actor crashed while it worked', async () => {
  const runtime = testRuntime()
  const actor = await runtime.spawn(breaksLater())
  const asked = errorOf(runtime.ask(actor, 'x.go'))
  const waiting = runtime.ask(actor, 'x.ping')
  assert.is((await asked).kind, 'actor-crashed')
  assert.is(await waiting, 'pong', 'what waited is answered after the restart')
  assert.equal(runtime.deadLetters(), [])
  assert.is(runtime.eventsOf('actor.restarted').length, 1)
  await runtime.stop()
})

test('tells an actor that asked another which crashed', async () => {
  const runtime = testRuntime()
  const to = await runtime.spawn(breaksLater())
  const actor = await runtime.spawn(asker())
  assert.is(await outcomeOf(runtime.ask(actor, 'ask.on', { to, type: 'x.go', body: 1 })), 'actor-crashed')
  await runtime.stop()
})

test('ends the effects, asks and timers of an actor that is restarted', async () => {
  const runtime = testRuntime()
  const signals: AbortSignal[] = []
  const endless = worker((_, { signal }) => {
    signals.push(signal)
    return new Promise(() => {})
  })
  const to = await runtime.spawn(endless)
  const busy = sample('busy', {
    initial: 'idle',
    states: {
      idle: { on: { 'x.go': 'busy' } },
      busy: {
        after: { 60000: 'idle' },
        invoke: [{ src: 'ask', id: 'ask', input: { to, type: 'work.do', body: 1 } }],
        on: { 'x.break': { actions: { type: 'tell', params: { to: 'nowhere' } } } },
      },
    },
  })
  const actor = await runtime.spawn(busy)
  runtime.tell(actor, 'x.go')
  await settle()
  assert.not.ok(signals[0]?.aborted)
  runtime.tell(actor, 'x.break')
  await settle()
  assert.ok(signals[0]?.aborted)
  assert.is(runtime.snapshot(actor)?.value, 'idle')
  assert.is(runtime.snapshot(to)?.value, 'idle')
  assert.equal(runtime.clock.pending(), [])
  await runtime.stop()
})

test('treats the failure of an effect that the machine does not handle as a crash with its reason', async () => {
  const runtime = testRuntime()
  const careless = sample(
    'careless',
    { initial: 'a', states: { a: { on: { 'x.go': 'b' } }, b: { invoke: { src: 'work' } } } },
    {
      actors: {
        work: effect({
          class: 'pure',
          run: () => {
            throw new RuntimeError('refused', 'I will not')
          },
        }),
      },
    },
  )
  const actor = await runtime.spawn(careless)
  assert.is(await outcomeOf(runtime.ask(actor, 'x.go')), 'actor-crashed')
  assert.equal(
    runtime.eventsOf('actor.crashed').map(({ error: { kind, message } }) => [kind, message]),
    [['refused', 'I will not']],
  )
  assert.is(runtime.eventsOf('supervisor.decided')[0]?.reason, 'refused')
  await runtime.stop()
})

test('gives up on a child alone at the root, and the others live', async () => {
  const runtime = testRuntime()
  const [sick, well] = [
    await runtime.spawn(notebook(), { id: 'sick' }),
    await runtime.spawn(notebook(), { id: 'well' }),
  ]
  runtime.tell(sick, 'note.add', 'poison')
  runtime.tell(sick, 'note.add', 'poison')
  const waiting = errorOf(runtime.ask(sick, 'note.read'))
  const error = await waiting
  assert.is(error.kind, 'restart-intensity')
  assert.is(restarted(runtime).length, 3)
  assert.is(await outcomeOf(runtime.ask(sick, 'note.read')), 'actor-not-found')
  assert.equal(await runtime.ask(well, 'note.read'), [])
  assert.equal(
    runtime
      .deadLetters()
      .slice(0, 3)
      .map(({ envelope: { type } }) => type),
    ['note.add', 'note.add', 'note.read'],
  )
  await runtime.stop()
})

test('does not count the crashes of one child of the root against another', async () => {
  const runtime = testRuntime()
  const ids = ['a', 'b', 'c', 'd']
  for (const id of ids) await runtime.spawn(notebook(), { id })
  for (const id of ids) await breaks(runtime, note(id))
  for (const id of ids) assert.equal(await runtime.ask(note(id), 'note.read'), [])
  await runtime.stop()
})

test('tolerates again as many restarts when the period is over', async () => {
  const runtime = testRuntime()
  const actor = await runtime.spawn(notebook(), { id: 'a' })
  for (let i = 0; i < 3; i++) {
    await breaks(runtime, actor)
    await runtime.clock.advance(5_000)
  }
  assert.equal(await runtime.ask(actor, 'note.read'), [])
  assert.is(restarted(runtime).length, 9)
  await runtime.stop()
})

test('escalates to the supervisor above, which restarts the failing one with all below it', async () => {
  const runtime = testRuntime()
  const outer = await runtime.supervise({ id: 'outer', intensity: MANY })
  const inner = await runtime.supervise({
    id: 'inner',
    supervisor: outer,
    intensity: { restarts: 0, periodMs: 1_000 },
    children: children('a', 'b'),
  })
  for (const id of ['a', 'b']) runtime.tell(note(id), 'note.add', id)
  const other = await runtime.spawn(notebook(), { id: 'other', supervisor: outer })
  runtime.tell(other, 'note.add', 'other')
  const crashing = runtime.ask(note('a'), 'note.read')
  runtime.tell(note('a'), 'note.add', 'poison')
  await crashing
  await settle()
  assert.equal(restarted(runtime).slice(0, 3), [inner, note('a'), note('b')])
  assert.equal(await runtime.ask(note('b'), 'note.read'), [])
  assert.equal(await runtime.ask(other, 'note.read'), ['other'])
  assert.equal(
    runtime
      .eventsOf('supervisor.decided')
      .slice(0, 2)
      .map(({ actor, child, directive }) => [actor, child, directive]),
    [
      [inner, inner, 'escalate'],
      [outer, inner, 'restart'],
    ],
  )
  await runtime.stop()
})

test('ends with the failing branch alone when all above it gave up', async () => {
  const runtime = testRuntime()
  const none: Intensity = { restarts: 0, periodMs: 60_000 }
  const outer = await runtime.supervise({ id: 'outer', intensity: none })
  await runtime.supervise({ id: 'inner', supervisor: outer, intensity: none, children: children('a') })
  await runtime.spawn(notebook(), { id: 'elsewhere' })
  for (let i = 0; i < 4; i++) runtime.tell(note('a'), 'note.add', 'poison')
  const waiting = watch(runtime.ask(note('a'), 'note.read'))
  await settle()
  assert.is(waiting.outcome, 'restart-intensity')
  assert.equal(
    runtime.actors().map(({ address, phase }) => [address, phase]),
    [
      ['supervisor/root', 'active'],
      ['notebook/elsewhere', 'active'],
    ],
  )
  await runtime.stop()
})

test('keeps a suspended actor from taking anything until its supervisor has decided', async () => {
  const runtime = testRuntime()
  const actor = await runtime.spawn(notebook(), { id: 'a' })
  runtime.tell(actor, 'note.add', 'poison')
  await settle()
  assert.is(runtime.actors().find(({ address }) => address === actor)?.phase, 'active')
  const phases: unknown[] = []
  runtime.events.subscribe(event => {
    if (event.type === 'actor.crashed')
      phases.push(runtime.actors().find(({ address }) => address === actor)?.phase)
  })
  await runtime.clock.advance(10_000)
  await breaks(runtime, actor)
  assert.equal(phases, ['suspended', 'suspended', 'suspended'])
  await runtime.stop()
})

test('restarts an actor whose machine cannot start any more until nobody wants it', async () => {
  let broken = false
  const fragile = sample('fragile', {
    context: () => {
      if (broken) throw new Error('cannot start')
      return {}
    },
    on: { 'x.break': { actions: { type: 'tell', params: { to: 'nowhere' } } } },
  })
  const runtime = testRuntime()
  const actor = await runtime.spawn(fragile)
  broken = true
  const asked = outcomeOf(runtime.ask(actor, 'x.break'))
  assert.is(await asked, 'restart-intensity')
  assert.is(await outcomeOf(runtime.ask(actor, 'x.break')), 'actor-not-found')
  await runtime.stop()
})

test.run()
