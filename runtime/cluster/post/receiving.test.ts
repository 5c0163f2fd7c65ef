import * as assert from 'uvu/assert'
import type { Address } from '../../../actors/address.ts'
import type { Journal } from '../../../actors/journal.ts'
import type { Plain } from '../../../actors/plain.ts'
import { mailboxSubject, partitionSubject } from '../../../actors/subject.ts'
import { inMemoryJournal } from '../../../memory/in-memory-journal.ts'
import { createCodec } from '../../codec.ts'
import { createRuntime } from '../../create-runtime.ts'
import { FAR, NEAR, notesIn, pair, THIRD, teller } from '../../testkit/partition-pair.ts'
import { addressIn, idOf, NAMESPACE } from '../../testkit/partitions.ts'
import { asker, gate, notebook, watch, worker } from '../../testkit/sample-actors.ts'
import { testSuite } from '../../testkit/suite.ts'
import { answersOf } from './letter.ts'
import { PARKED } from './parked.ts'
import { postOffice } from './post-office.ts'

const test = testSuite('runtime/cluster/post (receiving)')

const codec = createCodec()

test('a mailbox that is full at the broker refuses the newest, and whoever asks is told', async () => {
  const { clock, near, far } = await pair({ mailboxBound: 2 })
  const busy = addressIn(FAR, 'worker', 'w')
  const held = gate<string>()
  await far.runtime.spawn(
    worker(() => held.promise),
    { id: idOf(busy) },
  )
  const asks = [1, 2, 3, 4].map(n => watch(near.runtime.ask(busy, 'work.do', n)))
  await clock.advance(200)
  assert.equal(asks.map(one => one.outcome).filter(Boolean), ['mailbox-full'])
  assert.is(near.runtime.deadLetters().length, 1)
  held.open('done')
  await clock.advance(200)
  assert.equal(asks.map(one => one.outcome).sort(), ['done', 'done', 'done', 'mailbox-full'])
})

test('what has no room in the actor waits at the post, in order, and nothing is refused', async () => {
  const { clock, near, far } = await pair()
  const busy = addressIn(FAR, 'worker', 'w')
  const seen: unknown[] = []
  const gates = [gate<string>()]
  await far.runtime.spawn(
    worker(
      input => {
        seen.push(input)
        return gates[0]?.promise
      },
      {},
      { mailbox: { capacity: 1 } },
    ),
    { id: idOf(busy) },
  )
  const asks = [1, 2, 3, 4, 5].map(n => watch(near.runtime.ask(busy, 'work.do', n)))
  await clock.advance(2_000)
  assert.equal(seen, [1])
  assert.equal(
    asks.map(one => one.outcome),
    Array(5).fill(undefined),
  )
  gates[0]?.open('done')
  await clock.advance(2_000)
  assert.equal(seen, [1, 2, 3, 4, 5])
  assert.equal(
    asks.map(one => one.outcome),
    Array(5).fill('done'),
  )
  assert.equal([near.runtime.deadLetters(), far.runtime.deadLetters()], [[], []])
})

test('an answer comes through however much waits before it', async () => {
  const { clock, near, far } = await pair({ mailboxBound: 20 }, 5)
  const to = addressIn(NEAR, 'worker', 'w')
  const busy = addressIn(FAR, 'asker', 'a')
  const held = gate<string>()
  await near.runtime.spawn(
    worker(() => held.promise),
    { id: idOf(to) },
  )
  await far.runtime.spawn(asker(), { id: idOf(busy) })
  const first = watch(far.runtime.ask(busy, 'ask.on', { to, type: 'work.do', body: 1 }))
  await clock.advance(100)
  const others = Array.from({ length: 25 }, () =>
    watch(near.runtime.ask(busy, 'ask.on', { to, type: 'work.do', body: 2 })),
  )
  await clock.advance(100)
  held.open('done')
  await clock.advance(5_000)
  assert.is(first.outcome, 'done')
  assert.is(others.filter(({ outcome }) => outcome === 'done').length, 20)
})

test('a letter stays at the broker until what became of it is stored', async () => {
  const { clock, world, near } = await pair()
  const book = addressIn(THIRD, 'notebook', 'n')
  const from = addressIn(NEAR, 'teller', 't')
  await near.runtime.spawn(teller(book), { id: idOf(from) })
  const held: (() => void)[] = []
  let isSlow = false
  const inner = inMemoryJournal()
  const journal: Journal = {
    ...inner,
    durable: true,
    ordered: true,
    append(...args) {
      inner.append(...args)
      return isSlow ? new Promise<void>(resolve => held.push(resolve)) : undefined
    },
  }
  const { broker, transport } = world.outside
  const post = postOffice({ partition: THIRD, broker })
  const options = { name: 'third', namespace: NAMESPACE, host: { clock }, journal, transport, post }
  const third = createRuntime(options)
  await third.spawn(notebook(), { id: idOf(book) })
  isSlow = true
  let receipts = 0
  transport.subscribe(partitionSubject(NAMESPACE, NEAR, 'receipt'), () => ++receipts)
  near.runtime.tell(from, 'tell.on', 1)
  near.runtime.tell(from, 'tell.on', 2)
  await clock.advance(200)
  assert.equal(third.snapshot(book)?.context, { notes: [1, 2] })
  const size = async () => [...(await broker.mailboxes()).values()]
  assert.equal([await size(), receipts], [[2], 0])
  held.shift()?.()
  await clock.advance(200)
  assert.equal(await size(), [1])
  // Whoever stops in between leaves the rest there.
  const stopped = third.stop()
  for (const store of held.splice(0)) store()
  isSlow = false
  await stopped
  assert.equal(await size(), [1])
})

test('messages wait for an actor whose behaviour is not known yet', async () => {
  const { clock, near, far } = await pair()
  const book = addressIn(FAR, 'notebook', 'n')
  const behaviour = notebook()
  await far.runtime.spawn(behaviour, { id: idOf(book) })
  await far.runtime.stop()
  far.live()
  await far.runtime.ready
  near.runtime.tell(book, 'note.add', 1)
  near.runtime.tell(book, 'note.add', 2)
  await clock.advance(100)
  assert.is(far.runtime.snapshot(book), undefined)
  far.runtime.register(behaviour)
  await clock.advance(2_000)
  assert.equal(notesIn(far, book), [1, 2])
})

test('actors of a run that is suspended get everything when they are back', async () => {
  const { clock, near, far } = await pair()
  const book = addressIn(FAR, 'notebook', 'n')
  const run = 'run-with-a-long-name'
  await far.runtime.spawn(notebook(), { id: idOf(book), run })
  near.runtime.tell(book, 'note.add', 1)
  await clock.advance(100)
  await far.runtime.suspendRun(run)
  near.runtime.tell(book, 'note.add', 2)
  near.runtime.tell(book, 'note.add', 3)
  await clock.advance(3_000)
  await far.runtime.spawn(notebook(), { id: idOf(book), run })
  await clock.advance(1_000)
  assert.equal(notesIn(far, book), [1, 2, 3])
})

test('what an actor was given and had not taken when its run was suspended is not lost', async () => {
  const { clock, near, far } = await pair()
  const busy = addressIn(FAR, 'worker', 'w')
  const run = 'run-with-a-long-name'
  const held = gate<string>()
  const seen: unknown[] = []
  const spawn = () =>
    far.runtime.spawn(
      worker(input => {
        seen.push(input)
        return held.promise
      }),
      { id: idOf(busy), run },
    )
  await spawn()
  const asks = [1, 2, 3].map(n => watch(near.runtime.ask(busy, 'work.do', n)))
  await clock.advance(100)
  await far.runtime.suspendRun(run)
  await clock.advance(100)
  await spawn()
  held.open('done')
  await clock.advance(1_000)
  assert.equal(
    asks.map(one => one.outcome),
    ['done', 'done', 'done'],
  )
})

/** Puts a letter into a mailbox of FAR as another node would. */
const letterTo = (to: Address, more: Record<string, unknown> = {}): Uint8Array =>
  codec.encode({ v: 1, id: 'x.1', type: 'note.add', to, home: NEAR, body: 1, ...more } as unknown as Plain)

test('puts a letter of a version it does not know aside, and goes on', async () => {
  const { clock, world, far } = await pair()
  const book = addressIn(FAR, 'notebook', 'n')
  await far.runtime.spawn(notebook(), { id: idOf(book) })
  const { broker } = world.outside
  const subject = mailboxSubject(NAMESPACE, FAR, book)
  const future = letterTo(book, { v: 2 })
  await broker.post(subject, future, 'a')
  await broker.post(subject, future, 'b')
  await broker.post(subject, letterTo(book), 'c')
  await clock.advance(100)
  const parked: unknown[] = []
  for await (const [, record] of far.journal.records.list(PARKED)) parked.push(record)
  assert.equal(
    parked.map(record => (record as { data: Uint8Array }).data),
    [future],
  )
  assert.is(far.reported.length, 2)
  assert.equal(notesIn(far, book), [1])
  assert.equal(await broker.mailboxes(), new Map())
})

test('drops letters that are malformed, forged or in the wrong mailbox, and reports each', async () => {
  const { clock, world, far } = await pair()
  const book = addressIn(FAR, 'notebook', 'n')
  await far.runtime.spawn(notebook(), { id: idOf(book) })
  const { broker, transport } = world.outside
  const subject = mailboxSubject(NAMESPACE, FAR, book)
  const hostile: readonly Uint8Array[] = [
    new Uint8Array([0xc1]),
    codec.encode(null),
    codec.encode([1]),
    letterTo(book, { v: '1' }),
    letterTo(book, { type: 'xstate.done.actor.x' }),
    letterTo(book, { type: 'ac.child.failed' }),
    letterTo(book, { type: 'ac.reply', body: 1 }),
    letterTo(book, { home: -1 }),
    letterTo(book, { at: 1e9 }),
    letterTo(addressIn(FAR, 'notebook', 'other')),
  ]
  for (const [n, data] of hostile.entries()) await broker.post(subject, data, `h${n}`)
  await broker.post(mailboxSubject(NAMESPACE, answersOf(FAR), book), letterTo(book), 'lane')
  const receipts = partitionSubject(NAMESPACE, FAR, 'receipt')
  for (const body of [null, { receipts: 1 }, { receipts: [['x', 1]] }, { receipts: [[null]] }])
    transport.publish(receipts, codec.encode(body as Plain))
  transport.publish(
    receipts,
    codec.encode({
      receipts: [
        [null, 're:x'],
        ['a/b', 'x'],
      ],
    }),
  )
  await broker.post(subject, letterTo(book, { body: 'fine' }), 'fine')
  await clock.advance(100)
  assert.equal(notesIn(far, book), ['fine'])
  assert.is(far.reported.length, hostile.length + 1 + 4)
  assert.equal(await broker.mailboxes(), new Map())
})

test.run()
