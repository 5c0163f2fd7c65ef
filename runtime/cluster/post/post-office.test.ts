import * as assert from 'uvu/assert'
import { inMemoryJournal } from '../../../memory/in-memory-journal.ts'
import { createRuntime } from '../../create-runtime.ts'
import { begun, FAR, NEAR, notesIn, pair, THIRD, teller } from '../../testkit/partition-pair.ts'
import { addressIn, idOf, type Partition, partitions } from '../../testkit/partitions.ts'
import { asker, echo, gate, kindOf, notebook, watch, worker } from '../../testkit/sample-actors.ts'
import { testSuite } from '../../testkit/suite.ts'
import { postOffice } from './post-office.ts'

const test = testSuite('runtime/cluster/post/post-office')

test('lets actors of different partitions ask each other, and brings answers and errors back', async () => {
  const { clock, near, far } = await pair()
  const to = addressIn(FAR, 'echo', 'e')
  const from = addressIn(NEAR, 'asker', 'a')
  await far.runtime.spawn(echo(), { id: idOf(to) })
  await near.runtime.spawn(asker(), { id: idOf(from) })
  const said = watch(near.runtime.ask(from, 'ask.on', { to, type: 'echo.say', body: { a: [1] } }))
  const nobody = addressIn(FAR, 'echo', 'nobody')
  const refused = watch(near.runtime.ask(from, 'ask.on', { to: nobody, type: 'echo.say', body: 1 }))
  await clock.advance(100)
  assert.equal(said.outcome, { a: [1] })
  assert.is(refused.outcome, 'actor-not-found')
  assert.equal([near.reported, far.reported], [[], []])
  assert.is(far.runtime.deadLetters().length, 1)
})

test('answers those who ask from outside in another partition', async () => {
  const { clock, near, far } = await pair()
  const to = addressIn(FAR, 'echo', 'e')
  await far.runtime.spawn(echo(), { id: idOf(to) })
  const said = watch(near.runtime.ask(to, 'echo.say', 'hello'))
  const keyed = [1, 2].map(() => watch(near.runtime.ask(to, 'echo.say', 'once', { key: 'k' })))
  const refused = watch(near.runtime.ask(addressIn(FAR, 'echo', 'nobody'), 'echo.say'))
  await clock.advance(100)
  assert.equal(
    [said, ...keyed, refused].map(one => one.outcome),
    ['hello', 'once', 'once', 'actor-not-found'],
  )
})

test('answers an actor that does not live where its address says', async () => {
  const { clock, near, far } = await pair()
  const to = addressIn(FAR, 'echo', 'e')
  // As the actors of a run do: this one's address belongs to a third partition.
  const from = addressIn(THIRD, 'asker', 'a')
  await far.runtime.spawn(echo(), { id: idOf(to) })
  await near.runtime.spawn(asker(), { id: idOf(from) })
  const said = watch(near.runtime.ask(from, 'ask.on', { to, type: 'echo.say', body: 'hi' }))
  const nobody = addressIn(FAR, 'echo', 'nobody')
  await clock.advance(100)
  const refused = watch(near.runtime.ask(from, 'ask.on', { to: nobody, type: 'echo.say', body: 1 }))
  await clock.advance(100)
  assert.equal([said.outcome, refused.outcome], ['hi', 'actor-not-found'])
})

test('tells in order, and keeps nothing once everything is received', async () => {
  const { clock, world, near, far } = await pair()
  const book = addressIn(FAR, 'notebook', 'n')
  const from = addressIn(NEAR, 'teller', 't')
  await far.runtime.spawn(notebook(), { id: idOf(book) })
  await near.runtime.spawn(teller(book), { id: idOf(from) })
  const numbers = Array.from({ length: 150 }, (_, i) => i)
  for (const n of numbers) near.runtime.tell(from, 'tell.on', n)
  near.runtime.tell(book, 'note.add', 'from outside')
  await clock.advance(1_000)
  const notes = notesIn(far, book) as unknown[]
  assert.equal(
    notes.filter(note => note !== 'from outside'),
    numbers,
  )
  assert.is(notes.length, numbers.length + 1)
  assert.equal(await world.outside.broker.mailboxes(), new Map())
  await near.runtime.stop()
  const outstanding = (await near.journal.read(from))?.snapshot?.state.outstanding
  assert.equal(outstanding?.outbox, [])
  // Nothing is posted again later.
  await far.runtime.stop()
  assert.equal(clock.pending(), [])
})

test('a chain of asks over three partitions comes back', async () => {
  const world = partitions()
  const three = [NEAR, FAR, THIRD].map(number => world.found(number)) as [Partition, Partition, Partition]
  await begun(world, ...three)
  const [one, two] = [addressIn(NEAR, 'asker', 'a'), addressIn(FAR, 'asker', 'b')]
  const last = addressIn(THIRD, 'echo', 'e')
  await three[0].runtime.spawn(asker(), { id: idOf(one) })
  await three[1].runtime.spawn(asker(), { id: idOf(two) })
  await three[2].runtime.spawn(echo(), { id: idOf(last) })
  const inner = { to: last, type: 'echo.say', body: 'deep' }
  const said = watch(three[0].runtime.ask(one, 'ask.on', { to: two, type: 'ask.on', body: inner }))
  const cycle = { to: two, type: 'ask.on', body: { to: one, type: 'ask.on', body: inner } }
  await world.clock.advance(100)
  const refused = watch(three[0].runtime.ask(one, 'ask.on', cycle))
  await world.clock.advance(100)
  assert.equal([said.outcome, refused.outcome], ['deep', 'ask-cycle'])
})

test('a cancellation travels, and one that overtakes nothing', async () => {
  const { clock, near, far } = await pair()
  const busy = addressIn(FAR, 'worker', 'w')
  const from = addressIn(NEAR, 'asker', 'a')
  const signals: AbortSignal[] = []
  const endless = worker((_, { signal }) => {
    signals.push(signal)
    return new Promise(() => {})
  })
  await far.runtime.spawn(endless, { id: idOf(busy) })
  await near.runtime.spawn(asker(), { id: idOf(from) })
  const stop = new AbortController()
  const asked = watch(
    near.runtime.ask(from, 'ask.on', { to: busy, type: 'work.do', body: 1 }, { signal: stop.signal }),
  )
  await clock.advance(100)
  assert.is(signals[0]?.aborted, false)
  stop.abort()
  await clock.advance(100)
  assert.is(asked.outcome, 'cancelled')
  assert.is(signals[0]?.aborted, true)
})

test('an ask is worked on once, however often it comes', async () => {
  const { clock, world, near, far } = await pair()
  world.keepsTwice = () => true
  world.dropsReceipt = () => true
  let done = 0
  const to = addressIn(FAR, 'worker', 'w')
  const from = addressIn(NEAR, 'asker', 'a')
  const held = gate<string>()
  await far.runtime.spawn(
    worker(() => {
      done++
      return held.promise
    }),
    { id: idOf(to) },
  )
  await near.runtime.spawn(asker(), { id: idOf(from) })
  const said = watch(near.runtime.ask(from, 'ask.on', { to, type: 'work.do', body: 1 }))
  await clock.advance(20_000)
  held.open('done')
  await clock.advance(20_000)
  world.dropsReceipt = () => false
  await clock.advance(20_000)
  assert.equal([done, said.outcome], [1, 'done'])
  assert.equal(await world.outside.broker.mailboxes(), new Map())
})

test('what is sent while the broker cannot be reached arrives when it can, in order', async () => {
  const { clock, broker, near, far } = await pair()
  const book = addressIn(FAR, 'notebook', 'n')
  const from = addressIn(NEAR, 'teller', 't')
  await far.runtime.spawn(notebook(), { id: idOf(book) })
  await near.runtime.spawn(teller(book), { id: idOf(from) })
  broker.cut('p3', 'answers-lost')
  for (const n of [1, 2, 3]) near.runtime.tell(from, 'tell.on', n)
  await clock.advance(7_000)
  broker.heal('p3')
  broker.cut('p3', 'unreachable')
  const late = watch(near.runtime.ask(addressIn(FAR, 'echo', 'e'), 'echo.say', 1, { timeoutMs: 1_000 }))
  await clock.advance(7_000)
  assert.is(late.outcome, 'deadline-exceeded')
  broker.heal('p3')
  await clock.advance(20_000)
  assert.equal([near.runtime.deadLetters(), far.runtime.deadLetters()], [[], []])
  assert.equal(notesIn(far, book), [1, 2, 3])
  assert.equal(near.reported, [])
})

test('what a broker forgot is posted again, in order', async () => {
  const { clock, broker, near, far } = await pair()
  const book = addressIn(FAR, 'notebook', 'n')
  const from = addressIn(NEAR, 'teller', 't')
  await near.runtime.spawn(teller(book), { id: idOf(from) })
  await far.runtime.spawn(notebook(), { id: idOf(book) })
  await far.runtime.stop()
  for (const n of [1, 2, 3]) near.runtime.tell(from, 'tell.on', n)
  await clock.advance(100)
  broker.wipe()
  await clock.advance(100)
  near.runtime.tell(from, 'tell.on', 4)
  await far.live().spawn(notebook(), { id: idOf(book) })
  await clock.advance(100)
  assert.equal(notesIn(far, book), [1, 2, 3, 4])
})

test('a message whose predecessor the broker lost waits until both are sent again', async () => {
  const { clock, world, near, far } = await pair()
  const book = addressIn(FAR, 'notebook', 'n')
  const from = addressIn(NEAR, 'teller', 't')
  await far.runtime.spawn(notebook(), { id: idOf(book) })
  await near.runtime.spawn(teller(book), { id: idOf(from) })
  // Nobody tells of this reset: the letter is kept, acknowledged, and gone.
  world.losesLetter = () => true
  near.runtime.tell(from, 'tell.on', 1)
  await clock.advance(50)
  world.losesLetter = () => false
  near.runtime.tell(from, 'tell.on', 2)
  await clock.advance(50)
  assert.equal(notesIn(far, book), [])
  await clock.advance(5_000)
  assert.equal(notesIn(far, book), [1, 2])
})

test('an answer that is too large becomes one that says so', async () => {
  const { clock, near, far } = await pair()
  const to = addressIn(FAR, 'worker', 'w')
  const from = addressIn(NEAR, 'asker', 'a')
  await far.runtime.spawn(
    worker(() => 'x'.repeat(300_000)),
    { id: idOf(to) },
  )
  await near.runtime.spawn(asker(), { id: idOf(from) })
  const said = watch(near.runtime.ask(from, 'ask.on', { to, type: 'work.do', body: 1 }))
  const big = watch(near.runtime.ask(to, 'work.do', 'x'.repeat(300_000)))
  await clock.advance(100)
  assert.equal([said.outcome, big.outcome], ['codec-too-large', 'codec-too-large'])
})

test('needs a shared bus and a journal that lasts', () => {
  const { clock, outside } = partitions()
  const post = postOffice({ partition: NEAR, broker: outside.broker })
  const journal = { ...inMemoryJournal(), durable: true }
  const { transport } = outside
  for (const options of [{ post }, { post, transport }, { post, journal }]) {
    const refused = kindOf(() => createRuntime({ ...options, host: { clock } }))
    assert.is(refused, 'definition-invalid')
  }
  for (const wrong of [{ resendMs: 0 }, { max: Number.NaN }])
    assert.is(
      kindOf(() => postOffice({ partition: NEAR, broker: outside.broker, ...wrong })),
      'definition-invalid',
    )
})

test.run()
