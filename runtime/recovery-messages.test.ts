import * as assert from 'uvu/assert'
import type { Address } from '../actors/address.ts'
import type { Journal } from '../actors/journal.ts'
import { createRuntime, type Runtime } from './create-runtime.ts'
import { atEveryCommit } from './testkit/lives.ts'
import type { Seen } from './testkit/loose-machine.ts'
import { mortal } from './testkit/mortal.ts'
import { asker, gate, notebook, outcomeOf, reply, sample, watch, worker } from './testkit/sample-actors.ts'
import { testSuite } from './testkit/suite.ts'
import { createInProcessBus } from './transport/in-process.ts'

const test = testSuite('runtime/recovery (messages)', { limitMs: 60_000 })

const tell = (to: string, type: string, body: unknown) => ({ type: 'tell', params: { to, type, body } })

const told = (type: string, body: (seen: Seen) => unknown) => (seen: Seen) => ({
  to: 'notebook/n',
  type,
  body: body(seen),
})

/** What an actor's snapshot would hold now. */
async function outstandingOf(runtime: Runtime, journal: Journal, actor: Address) {
  await runtime.stop()
  const recorded = await journal.read(actor)
  return recorded?.snapshot?.state.outstanding
}

test('gets the answer of an actor that ends with it, when it dies at any commit', async () => {
  const once = () =>
    sample('once', {
      initial: 'ready',
      states: {
        ready: {
          on: { 'work.do': { target: 'over', actions: reply(({ event }) => `did ${event['body']}`) } },
        },
        over: { type: 'final' },
      },
    })
  await atEveryCommit(
    () => {
      const behaviours = [once(), asker()] as const
      return {
        behaviours,
        async program(runtime) {
          const [one, ask] = behaviours
          const work = { to: 'once/o', type: 'work.do', body: 'it' }
          const who = await runtime.spawn(ask, { id: 'a' })
          if (
            !runtime.journal.known(who as Address) ||
            runtime.journal.known('once/o' as Address) === undefined
          )
            await outcomeOf(runtime.spawn(one, { id: 'o' }))
          return runtime.ask(who, 'ask.on', work, { key: 'k' })
        },
      }
    },
    outcome => assert.is(outcome, 'did it'),
  )
})

test('passes on what an actor says with its last breath, once, when it dies at any commit', async () => {
  const dying = () =>
    sample('dying', {
      initial: 'ready',
      states: {
        ready: { after: { 10: { target: 'over', actions: tell('notebook/n', 'note.add', 'last') } } },
        over: { type: 'final' },
      },
    })
  await atEveryCommit(
    () => {
      const behaviours = [dying(), notebook()] as const
      return {
        behaviours,
        options: { recover: 'auto' },
        async program(runtime) {
          const [one, notes] = behaviours
          const { clock } = runtime.host
          const book = await runtime.spawn(notes, { id: 'n' })
          // Of a run, so that it begins once only.
          await outcomeOf(runtime.spawn(one, { id: 'd', run: 'r' }))
          await new Promise<void>(resolve => clock.at(clock.now() + 100, resolve))
          return runtime.ask(book, 'note.read')
        },
      }
    },
    (outcome, { journal }) => {
      assert.equal(outcome, ['last'])
      assert.is(journal.known('dying/d' as Address)?.rest, 'ended')
    },
  )
})

test('keeps asks and messages to one actor in the order of the first time, over two deaths', async () => {
  const both = sample('both', {
    type: 'parallel',
    states: {
      asking: {
        initial: 'idle',
        states: {
          idle: { on: { go: 'waiting' } },
          waiting: {
            invoke: {
              src: 'ask',
              input: { to: 'notebook/n', type: 'note.read' },
              onDone: {
                target: 'over',
                actions: { type: 'tell', params: told('note.add', ({ event }) => event['output']) },
              },
              onError: {
                target: 'over',
                actions: { type: 'tell', params: told('note.add', ({ event }) => event['error']) },
              },
            },
          },
          over: {},
        },
      },
      telling: { on: { more: { actions: tell('notebook/n', 'note.add', 'told') } } },
    },
  })
  for (const at of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const world = mortal()
    const notes = notebook()
    const first = world.live({ behaviours: [both] })
    const one = await first.spawn(both, { id: 'b' })
    const book = await first.spawn(notes, { id: 'n' })
    world.die()
    // The notebook's type is unknown now: what is sent to it waits.
    const second = world.live({ behaviours: [both] })
    await second.ready
    second.tell(one, 'go')
    await world.clock.advance(10)
    second.tell(one, 'more')
    await world.clock.advance(10)
    world.die()
    const third = world.live({ behaviours: [both, notes], recover: 'auto' })
    world.dieAt(world.commits + at, true)
    await Promise.race([third.ready, world.clock.advance(100)])
    await world.clock.advance(100)
    world.die()
    const last = world.live({ behaviours: [both, notes], recover: 'auto' })
    await last.ready
    await world.clock.advance(10)
    assert.equal(await last.ask(book, 'note.read'), ['told', []], `death ${at} commits after the start`)
  }
})

test('an answer to somebody who is gone is not kept', async () => {
  const world = mortal()
  const open = gate<string>()
  const work = worker(() => open.promise)
  const ask = asker()
  const runtime = world.live({ behaviours: [work, ask] })
  const doer = await runtime.spawn(work, { id: 'w' })
  for (const id of ['a', 'b', 'c']) {
    const who = await runtime.spawn(ask, { id })
    void outcomeOf(runtime.ask(who, 'ask.on', { to: doer, type: 'work.do', body: 'it' }))
    await world.clock.advance(10)
    await runtime.stop(who)
    await world.clock.advance(10)
  }
  open.open('done')
  await world.clock.advance(10)
  const left = await outstandingOf(runtime, world.journal, doer)
  assert.equal(left?.outbox, [])
  assert.equal(left?.debts, [])
})

test('an ask from outside is not answered with what an earlier process asked', async () => {
  const world = mortal()
  let open = gate<string>()
  const work = worker(async (input: unknown) => `${input} ${await open.promise}`)
  const first = world.live({ behaviours: [work], name: 'same' })
  const doer = await first.spawn(work, { id: 'w' })
  void outcomeOf(first.ask(doer, 'work.do', 'A'))
  await world.clock.advance(10)
  world.die()
  open = gate<string>()
  const second = world.live({ behaviours: [work], name: 'same', recover: 'auto' })
  await second.ready
  const asked = watch(second.ask(doer, 'work.do', 'B'))
  await world.clock.advance(100)
  open.open('done')
  await world.clock.advance(100)
  assert.is(asked.outcome, 'B done')
})

test('a message to an actor that is just being read from disk waits until it is there', async () => {
  const world = mortal()
  const notes = notebook()
  const first = world.live({ behaviours: [] })
  const book = await first.spawn(notes, { id: 'n' })
  first.tell(book, 'note.add', 1)
  await world.clock.advance(10)
  world.die()
  const second = world.live({})
  await second.ready
  const spawned = second.spawn(notes, { id: 'n' })
  for (let n = 2; n < 30; n++) {
    second.tell(book, 'note.add', n)
    await Promise.resolve()
  }
  await spawned
  await world.clock.advance(10)
  assert.equal(
    await second.ask(book, 'note.read'),
    Array.from({ length: 29 }, (_, i) => i + 1),
  )
  assert.is(second.deadLetters().length, 0)
})

test('an answer to an actor that is just being read from disk is not lost', async () => {
  const world = mortal()
  const ask = asker()
  const notes = notebook()
  const first = world.live({ behaviours: [] })
  const book = await first.spawn(notes, { id: 'n' })
  const who = await first.spawn(ask, { id: 'a' })
  // Dies between the commit of the answer and its commit by the asker: ask taken, asked, answered.
  const from = world.commits
  world.dieAt(from + 2, true)
  void outcomeOf(first.ask(who, 'ask.on', { to: book, type: 'note.read' }, { key: 'k' }))
  await world.clock.advance(100)
  assert.ok(world.isDead)
  const second = world.live({})
  await second.ready
  const both = Promise.all([second.spawn(ask, { id: 'a' }), second.spawn(notes, { id: 'n' })])
  const answer = watch(second.ask(who, 'ask.on', { to: book, type: 'note.read' }, { key: 'k' }))
  await both
  await world.clock.advance(100)
  assert.equal(answer.outcome, [])
})

test('withdraws nothing from a node whose askers live elsewhere', async () => {
  const world = mortal()
  const bus = createInProcessBus({ clock: world.clock })
  const far = createRuntime({ name: 'far', transport: bus.connect(), host: { clock: world.clock } })
  const open = gate<string>()
  const work = worker(() => open.promise)
  const first = world.live({ name: 'near', behaviours: [work], transport: bus.connect() })
  const doer = await first.spawn(work, { id: 'w' })
  const who = await far.spawn(asker(), { id: 'a' })
  const answer = watch(far.ask(who, 'ask.on', { to: doer, type: 'work.do', body: 'it' }))
  await world.clock.advance(10)
  world.die()
  const second = world.live({ name: 'near', behaviours: [work], transport: bus.connect(), recover: 'auto' })
  await second.ready
  await world.clock.advance(10)
  open.open('done')
  await world.clock.advance(10)
  assert.is(answer.outcome, 'done')
  const left = await outstandingOf(second, world.journal, doer)
  assert.equal(left?.outbox, [], 'what another node has accepted is not kept')
  await far.stop()
})

test('drops the marks of senders that are gone for good', async () => {
  const world = mortal()
  const teller = sample('teller', { on: { go: { actions: tell('notebook/n', 'note.add', 1) } } })
  const notes = notebook()
  const runtime = world.live({ behaviours: [notes] })
  const book = await runtime.spawn(notes, { id: 'n' })
  const stays = await runtime.spawn(teller, { id: 'stays' })
  runtime.tell(stays, 'go')
  for (let i = 0; i < 300; i++) {
    const who = await runtime.spawn(teller, { id: `t${i}` })
    runtime.tell(who, 'go')
    await world.clock.advance(1)
    await runtime.stop(who)
  }
  const marks = Object.keys((await outstandingOf(runtime, world.journal, book))?.marks ?? {})
  assert.ok(marks.includes(stays))
  assert.ok(marks.length < 200, `${marks.length} marks`)
})

test('does not start an actor again whose start it had committed, when it dies at any commit', async () => {
  const parent = () =>
    sample('parent', {
      initial: 'idle',
      context: { failed: 0 },
      states: {
        idle: {
          on: { go: { target: 'gone', actions: { type: 'spawn', params: { type: 'child', id: 'c' } } } },
        },
        gone: {},
      },
      on: { 'spawn.failed': { actions: tell('notebook/n', 'note.add', 'failed') } },
    })
  const child = () => sample('child', { entry: [tell('notebook/n', 'note.add', 'born')] })
  for (const recover of ['auto', 'manual'] as const)
    await atEveryCommit(
      () => {
        const behaviours = [parent(), child(), notebook()] as const
        return {
          behaviours,
          options: { recover },
          async program(runtime) {
            const { clock } = runtime.host
            const book = await runtime.spawn(behaviours[2], { id: 'n' })
            const one = await runtime.spawn(behaviours[0], { id: 'p' })
            await outcomeOf(runtime.ask(one, 'go', null, { key: 'go', timeoutMs: 100 }))
            await new Promise<void>(resolve => clock.at(clock.now() + 100, resolve))
            return runtime.ask(book, 'note.read')
          },
        }
      },
      outcome => assert.equal(outcome, ['born']),
    )
})

test('a message that was given up is not tried again by later processes', async () => {
  const world = mortal({ snapshotEvery: 100 })
  const teller = sample('teller', { on: { go: { actions: tell('notebook/n', 'note.add', 'poison') } } })
  const behaviours = [teller, notebook()] as const
  let runtime = world.live({ behaviours })
  const book = await runtime.spawn(behaviours[1], { id: 'n' })
  const one = await runtime.spawn(behaviours[0], { id: 't' })
  runtime.tell(one, 'go')
  await world.clock.advance(10)
  assert.is(runtime.deadLetters().length, 1)
  for (let life = 0; life < 3; life++) {
    await world.clock.advance(60_000)
    world.die()
    runtime = world.live({ behaviours, recover: 'auto' })
    let crashes = 0
    runtime.events.subscribe(event => {
      if (event.type === 'actor.crashed') crashes++
    })
    await runtime.ready
    await world.clock.advance(10)
    assert.equal([crashes, runtime.deadLetters().length], [0, 1])
    assert.equal(await runtime.ask(book, 'note.read'), [])
  }
})

test.run()
