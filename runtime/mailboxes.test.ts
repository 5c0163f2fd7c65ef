import * as assert from 'uvu/assert'
import { gate, notebook, outcomeOf, watch, worker } from './testkit/sample-actors.ts'
import { settle } from './testkit/simulated-clock.ts'
import { testSuite } from './testkit/suite.ts'
import { testRuntime } from './testkit/test-runtime.ts'

const test = testSuite('runtime/mailboxes')

const numbers = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i)

/** A worker that is busy with a first task until the gate opens; what it began, in order. */
async function busy(mailbox: { capacity: number; overflow?: 'reject' | 'drop-oldest' }) {
  const runtime = testRuntime()
  const held = gate<string>()
  const begun: unknown[] = []
  const behaviour = worker(
    input => {
      begun.push(input)
      return held.promise
    },
    {},
    { mailbox },
  )
  const actor = await runtime.spawn(behaviour)
  const first = runtime.ask(actor, 'work.do', 'first')
  await settle()
  return { runtime, actor, held, begun, first }
}

test('takes no message while it is busy, and all of them in order when it is not', async () => {
  const { runtime, actor, held, begun, first } = await busy({ capacity: 10 })
  const rest = numbers(5).map(n => runtime.ask(actor, 'work.do', n))
  await settle()
  assert.equal(begun, ['first'])
  held.open('done')
  await Promise.all([first, ...rest])
  assert.equal(begun, ['first', 0, 1, 2, 3, 4])
  await runtime.stop()
})

test('answers at once when the mailbox is full, and keeps what waits', async () => {
  const { runtime, actor, held, begun, first } = await busy({ capacity: 2 })
  const asks = numbers(4).map(n => watch(runtime.ask(actor, 'work.do', n)))
  await settle()
  assert.equal(
    asks.map(({ outcome }) => outcome),
    [undefined, undefined, 'mailbox-full', 'mailbox-full'],
  )
  runtime.tell(actor, 'work.do', 'told')
  assert.equal(
    runtime.deadLetters().map(({ envelope: { body } }) => body),
    [2, 3, 'told'],
  )
  held.open('done')
  await first
  await settle()
  assert.equal(begun, ['first', 0, 1])
  await runtime.stop()
})

test('gives up the oldest where that is the rule, and tells who sent it', async () => {
  const { runtime, actor, held, begun, first } = await busy({ capacity: 2, overflow: 'drop-oldest' })
  const asks = numbers(4).map(n => watch(runtime.ask(actor, 'work.do', n)))
  await settle()
  assert.equal(
    asks.map(({ outcome }) => outcome),
    ['mailbox-full', 'mailbox-full', undefined, undefined],
  )
  assert.equal(
    runtime.deadLetters().map(({ envelope: { body } }) => body),
    [0, 1],
  )
  held.open('done')
  await first
  await settle()
  assert.equal(begun, ['first', 2, 3])
  await runtime.stop()
})

test('gets the result of its own work past a full mailbox', async () => {
  const { runtime, actor, held, first } = await busy({ capacity: 1 })
  const waiting = runtime.ask(actor, 'work.do', 'second')
  const refused = outcomeOf(runtime.ask(actor, 'work.do', 'third'))
  assert.is(await refused, 'mailbox-full')
  held.open('done')
  assert.is(await first, 'done')
  assert.is(await waiting, 'done')
  await runtime.stop()
})

test('answers everybody who waits when the actor stops', async () => {
  const { runtime, actor, first } = await busy({ capacity: 10 })
  const asks = [first, ...numbers(3).map(n => runtime.ask(actor, 'work.do', n))].map(outcomeOf)
  runtime.tell(actor, 'work.do', 'told')
  await runtime.stop(actor)
  assert.equal(await Promise.all(asks), Array(4).fill('actor-stopped'))
  assert.equal(
    runtime.deadLetters().map(({ envelope: { body } }) => body),
    [0, 1, 2, 'told'],
  )
  assert.equal(runtime.clock.pending(), [])
  await runtime.stop()
})

test('keeps the last dead letters, and counts on events for the others', async () => {
  const runtime = testRuntime()
  const actor = await runtime.spawn(notebook())
  await runtime.stop(actor)
  for (const n of numbers(1_001)) runtime.tell(actor, 'note.add', n)
  const dead = runtime.deadLetters()
  assert.is(dead.length, 1_000)
  assert.is(dead[0]?.envelope.body, 1)
  assert.is(runtime.eventsOf('message.dead').length, 1_001)
  await runtime.stop()
})

test.run()
