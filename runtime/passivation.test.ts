import * as assert from 'uvu/assert'
import type { Address } from '../actors/address.ts'
import type { BehaviourDefinition } from '../actors/behaviour.ts'
import type { RuntimeOptions } from './create-runtime.ts'
import { mortal } from './testkit/mortal.ts'
import { asker, errorOf, gate, notebook, outcomeOf, sample, watch, worker } from './testkit/sample-actors.ts'
import { testSuite } from './testkit/suite.ts'

const test = testSuite('runtime/passivation')

const REST_MS = 1_000

function house(options: RuntimeOptions = {}) {
  const world = mortal()
  const notes = notebook()
  const reported: unknown[] = []
  const live = (more: RuntimeOptions = {}) =>
    world.live({
      behaviours: [notes],
      passivateAfterMs: REST_MS,
      onError: error => reported.push(error),
      ...options,
      ...more,
    })
  const runtime = live()
  const isThere = (actor: Address): boolean => runtime.actors().some(({ address }) => address === actor)
  return { world, runtime, notes, live, isThere, reported, rest: () => world.clock.advance(2 * REST_MS) }
}

test('an idle actor of a registered type leaves memory, and is there again for the next message', async () => {
  const { runtime, notes, isThere, rest, world } = house()
  const book = await runtime.spawn(notes, { id: 'n' })
  for (let round = 1; round < 4; round++) {
    runtime.tell(book, 'note.add', round)
    await rest()
    assert.is(isThere(book), false)
    assert.is(world.journal.known(book)?.rest, 'asleep')
    assert.is(((await runtime.ask(book, 'note.read')) as unknown[]).length, round)
    assert.is(isThere(book), true)
  }
  await runtime.stop()
})

test('an actor that anything is left to do for stays: a timer, work, an answer, a message without receipt', async () => {
  const timed = sample('timed', { initial: 'a', states: { a: { after: { 1000000: 'b' } }, b: {} } })
  const never = worker(() => new Promise(() => {}))
  const ask = asker()
  const teller = sample('teller', {
    on: { go: { actions: { type: 'tell', params: { to: 'asleep/x', type: 'hello', body: null } } } },
  })
  const { runtime, isThere, rest, world } = house({ behaviours: [timed, never, ask, teller] })
  const clock = await runtime.spawn(timed, { id: 't' })
  const doer = await runtime.spawn(never, { id: 'w' })
  const who = await runtime.spawn(ask, { id: 'a' })
  void outcomeOf(runtime.ask(who, 'ask.on', { to: doer, type: 'work.do', body: 'it' }))
  // It is on disk, and nobody knows how to bring it back: messages for it wait.
  const stranger = sample('asleep', { initial: 'a', states: { a: {} } })
  const asleep = await runtime.spawn(stranger, { id: 'x' })
  await world.clock.advance(10)
  const voice = await runtime.spawn(teller, { id: 'v' })
  await rest()
  assert.equal([clock, doer, who, asleep].map(isThere), [true, true, true, true])
  assert.is(isThere(voice), false)
  await runtime.stop()
})

test('a supervisor stays while it has children, also sleeping ones, and takes them with it when it stops', async () => {
  const boss = sample('boss', {})
  const { runtime, notes, isThere, rest, world, reported } = house({ behaviours: [boss] })
  runtime.register(notes)
  const above = await runtime.spawn(boss, { id: 'b' })
  const book = await runtime.spawn(notes, { id: 'n', supervisor: above })
  const kept = await runtime.spawn(notes, { id: 'k', supervisor: above, run: 'r' })
  await rest()
  assert.equal([above, book, kept].map(isThere), [true, false, false])
  await runtime.stop(above)
  await world.clock.advance(10)
  assert.is(world.journal.known(book), undefined)
  assert.is((await errorOf(runtime.ask(book, 'note.read'))).kind, 'actor-not-found')
  assert.is(world.journal.known(kept)?.rest, 'ended', 'the history of a run is kept')
  const last: unknown[] = []
  for await (const { commit } of world.journal.history(kept)) last.push(commit.taken.kind)
  assert.equal([last[0], last.at(-1)], ['init', 'ended'])
  assert.equal(reported, [])
  await runtime.stop()
})

test('messages that come while it is brought back are taken in their order', async () => {
  const { runtime, notes, rest, world, isThere } = house()
  const book = await runtime.spawn(notes, { id: 'n' })
  const teller = sample('teller', {
    on: {
      go: {
        actions: [1, 2, 3, 4].map(n => ({
          type: 'tell',
          params: { to: 'notebook/n', type: 'note.add', body: n },
        })),
      },
    },
  })
  await rest()
  assert.is(isThere(book), false)
  const voice = await runtime.spawn(teller, { id: 't' })
  runtime.tell(voice, 'go')
  for (let n = 10; n < 40; n++) {
    runtime.tell(book, 'note.add', n)
    await Promise.resolve()
  }
  await world.clock.advance(10)
  const all = (await runtime.ask(book, 'note.read')) as number[]
  const from = (test: (n: number) => boolean) => all.filter(test)
  assert.equal(
    from(n => n >= 10),
    Array.from({ length: 30 }, (_, i) => i + 10),
  )
  assert.equal(
    from(n => n < 10),
    [1, 2, 3, 4],
  )
  assert.is(runtime.deadLetters().length, 0)
  await runtime.stop()
})

test('whoever asks an actor that cannot be brought back is told why, and others live', async () => {
  const first = house()
  const book = await first.runtime.spawn(first.notes, { id: 'n' })
  const other = await first.runtime.spawn(first.notes, { id: 'o' })
  await first.runtime.ask(book, 'note.read')
  first.world.die()
  const more: Partial<BehaviourDefinition> = {}
  const changed = sample('notebook', { on: { 'note.read': {} } }, {}, more)
  const second = first.live({ behaviours: [changed] })
  assert.is((await errorOf(second.ask(book, 'note.read'))).kind, 'definition-changed')
  assert.is((await errorOf(second.ask(book, 'note.read'))).kind, 'definition-changed')
  const answer = watch(second.ask(other, 'note.read', null, { timeoutMs: 50 }))
  await first.world.clock.advance(10)
  assert.is(answer.outcome, 'message-unhandled', 'its record fits, so it lives')
})

test('an actor whose type nobody knows waits for `spawn` or `register`, and so do its messages', async () => {
  const first = house()
  const book = await first.runtime.spawn(first.notes, { id: 'n' })
  first.world.die()
  const second = first.live({ behaviours: [] })
  const { waiting } = await second.ready
  assert.ok(waiting.includes(book))
  const answer = watch(second.ask(book, 'note.read'))
  second.tell(book, 'note.add', 1)
  await first.world.clock.advance(100)
  assert.is(answer.outcome, undefined)
  second.register(first.notes)
  await first.world.clock.advance(10)
  assert.equal(answer.outcome, [])
  assert.equal(await second.ask(book, 'note.read'), [1])
})

test('a suspended run leaves memory as it is, and only `spawn` brings it back', async () => {
  const open = gate<string>()
  let runs = 0
  const work = worker(() => {
    runs++
    return open.promise
  })
  const { runtime, world, isThere, notes } = house({ behaviours: [work] })
  const doer = await runtime.spawn(work, { id: 'w', run: 'r' })
  const book = await runtime.spawn(notes, { id: 'n' })
  const answer = watch(runtime.ask(doer, 'work.do', 'it', { key: 'k' }))
  await world.clock.advance(10)
  await runtime.suspendRun('r')
  assert.equal([isThere(doer), isThere(book)], [false, true])
  const later = watch(runtime.ask(doer, 'work.do', 'other'))
  open.open('done')
  await world.clock.advance(5_000)
  assert.equal([answer.outcome, later.outcome, runs, isThere(doer)], [undefined, undefined, 1, false])
  await runtime.spawn(work, { id: 'w', run: 'r' })
  await world.clock.advance(10)
  assert.equal([answer.outcome, later.outcome, runs], ['done', 'done', 3])
  await runtime.stop()
})

test.run()
