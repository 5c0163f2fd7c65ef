import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { systemClock } from '../clock.ts'
import { brokerConformance } from '../cluster/broker.conformance.ts'
import type { Broker, Letter } from '../cluster/broker.ts'
import { type Cut, createSimulatedBroker, type SimulatedBrokerOptions } from './simulated-broker.ts'
import { settle, simulatedClock } from './simulated-clock.ts'
import { bytes, kindOf, text } from './transport-scenario.ts'

const test = brokerConformance('runtime/testkit/simulated-broker', async options => {
  const simulated = createSimulatedBroker(systemClock, options)
  let clients = 0
  return {
    connect: async () => simulated.connect(`client${clients++}`),
    close: async () => {},
  }
})

function scene(options: SimulatedBrokerOptions = {}) {
  const clock = simulatedClock()
  const simulated = createSimulatedBroker(clock, { timeoutMs: 1_000, ...options })
  return { clock, simulated, a: simulated.connect('a'), b: simulated.connect('b') }
}

/** What becomes of a promise, once it does. */
function fate<T>(work: Promise<T>): { now(): T | string } {
  let outcome: T | string = 'open'
  work.then(
    value => {
      outcome = value
    },
    error => {
      outcome = kindOf(error)
    },
  )
  return { now: () => outcome }
}

function collectInto(broker: Broker, letters: Letter[], max = 10) {
  return broker.collect(1, letter => void letters.push(letter), { max })
}

const texts = (letters: readonly Letter[]): string[] => letters.map(({ data }) => text(data))

test('gives a call of an unreachable client up by the clock, and never carries it out', async () => {
  const { clock, simulated, a } = scene()
  simulated.cut('a', 'unreachable')
  const write = fate(a.create('ac.test.jrn.1', bytes('x')))
  await clock.advance(999)
  assert.is(write.now(), 'open')
  await clock.advance(1)
  assert.is(write.now(), 'broker-unavailable')
  simulated.heal('a')
  await settle()
  assert.equal(simulated.stored(), [])
  assert.is(await a.create('ac.test.jrn.1', bytes('y')), 'created')
  assert.equal(clock.pending(), [])
})

test('carries out what waited when the client is reachable in time, in order', async () => {
  const { clock, simulated, a, b } = scene()
  simulated.cut('a', 'unreachable')
  const writes = ['1', '2', '3'].map(n => fate(a.create(`ac.test.jrn.${n}`, bytes(n))))
  await b.create('ac.test.jrn.2', bytes('rival'))
  await clock.advance(500)
  simulated.heal('a')
  await settle()
  assert.equal(
    writes.map(write => write.now()),
    ['created', 'taken', 'created'],
  )
  assert.equal(
    simulated.stored().map(({ subject }) => subject.at(-1)),
    ['2', '1', '3'],
  )
})

test('carries out a call whose answer is lost, and answers the next try', async () => {
  const { clock, simulated, a, b } = scene()
  simulated.cut('a', 'answers-lost')
  const write = fate(a.create('ac.test.jrn.1', bytes('x')))
  const letter = fate(a.post('ac.test.mbx.1.t.a', bytes('x'), 'id1'))
  assert.is(await b.create('ac.test.jrn.1', bytes('rival')), 'taken')
  await clock.advance(1_000)
  assert.equal([write.now(), letter.now()], ['broker-unavailable', 'broker-unavailable'])
  simulated.heal('a')
  assert.is(await a.create('ac.test.jrn.1', bytes('x')), 'created')
  await a.post('ac.test.mbx.1.t.a', bytes('x'), 'id1')
  assert.equal([...(await b.mailboxes())], [['ac.test.mbx.1.t.a', 1]])
})

test('hands on the answer when the road back heals in time', async () => {
  const { clock, simulated, a } = scene()
  simulated.cut('a', 'answers-lost')
  const write = fate(a.create('ac.test.jrn.1', bytes('x')))
  await clock.advance(500)
  assert.is(write.now(), 'open')
  simulated.heal('a')
  await settle()
  assert.is(write.now(), 'created')
})

test('carries out held requests late, also those given up, where nothing is in their way', async () => {
  const { clock, simulated, a, b } = scene()
  simulated.cut('a', 'held')
  const writes = ['1', '2'].map(n => fate(a.create(`ac.test.jrn.${n}`, bytes('zombie'))))
  await clock.advance(1_000)
  assert.equal(
    writes.map(write => write.now()),
    ['broker-unavailable', 'broker-unavailable'],
  )
  await b.create('ac.test.jrn.1', bytes('seal'))
  simulated.heal('a')
  await settle()
  const stored = simulated.stored().map(({ subject, data }) => [subject, text(data)])
  assert.equal(stored, [
    ['ac.test.jrn.1', 'seal'],
    ['ac.test.jrn.2', 'zombie'],
  ])
})

test('takes as long as it is told, both ways, and keeps the order', async () => {
  const { clock, simulated, a, b } = scene()
  simulated.delay('a', 100)
  const slow = fate(a.create('ac.test.jrn.1', bytes('slow')))
  simulated.delay('a', 0)
  const next = fate(a.create('ac.test.jrn.2', bytes('next')))
  assert.is(await b.create('ac.test.jrn.3', bytes('fast')), 'created')
  await clock.advance(99)
  assert.equal([slow.now(), next.now()], ['open', 'open'])
  await clock.advance(1)
  assert.equal([slow.now(), next.now()], ['created', 'created'])
  assert.equal(
    simulated.stored().map(({ data }) => text(data)),
    ['fast', 'slow', 'next'],
  )
  simulated.delay('a', 100)
  const both = fate(a.get('ac.test.jrn.1'))
  await clock.advance(199)
  assert.is(both.now(), 'open')
  await clock.advance(1)
  assert.not.equal(both.now(), 'open')
  assert.equal(clock.pending(), [])
})

test('keeps letters from a cut client until it is back, and from one that was succeeded for good', async () => {
  const { simulated, a, b } = scene()
  const [first, second]: [Letter[], Letter[]] = [[], []]
  await collectInto(a, first)
  await b.post('ac.test.mbx.1.t.a', bytes('1'), 'id1')
  await settle()
  simulated.cut('a', 'unreachable')
  await b.post('ac.test.mbx.1.t.a', bytes('2'), 'id2')
  await settle()
  assert.equal(texts(first), ['1'])
  simulated.heal('a')
  await settle()
  assert.equal(texts(first), ['1', '2'])

  simulated.cut('a', 'held')
  await collectInto(b, second)
  first[0]?.done()
  await b.post('ac.test.mbx.1.t.a', bytes('3'), 'id3')
  simulated.heal('a')
  await settle()
  assert.equal(texts(first), ['1', '2'])
  assert.equal(texts(second), ['1', '2', '3'])
  assert.is((await b.mailboxes()).get('ac.test.mbx.1.t.a'), 3)
})

test('hears that a letter is done once the client is back, or at once when only answers are lost', async () => {
  const { simulated, a, b } = scene()
  const letters: Letter[] = []
  await collectInto(a, letters)
  for (const n of ['1', '2']) await b.post('ac.test.mbx.1.t.a', bytes(n), `id${n}`)
  await settle()
  simulated.cut('a', 'answers-lost')
  letters[0]?.done()
  assert.is((await b.mailboxes()).get('ac.test.mbx.1.t.a'), 1)
  simulated.cut('a', 'unreachable')
  letters[1]?.done()
  assert.is((await b.mailboxes()).get('ac.test.mbx.1.t.a'), 1)
  simulated.heal('a')
  assert.is((await b.mailboxes()).size, 0)
})

test('tells nobody of a wiped store who wanted to hear no more', async () => {
  const { simulated, a } = scene()
  const told: string[] = []
  const tell = (): void => void told.push('told')
  const cancel = a.onReset(tell)
  a.onReset(tell)
  cancel()
  cancel()
  simulated.wipe()
  await settle()
  assert.equal(told, ['told'])
})

test('tells of a wiped store before the next call of a client reaches it', async () => {
  const { simulated, a, b } = scene()
  const order: string[] = []
  a.onReset(() => void order.push('a'))
  b.onReset(() => void order.push('b'))
  const letters: Letter[] = []
  await collectInto(a, letters)
  await a.create('ac.test.jrn.1', bytes('old'))
  await b.post('ac.test.mbx.1.t.a', bytes('old'), 'id1')
  await settle()
  simulated.cut('b', 'unreachable')
  simulated.wipe()
  const write = a.create('ac.test.jrn.1', bytes('new')).then(outcome => void order.push(outcome))
  await write
  await settle()
  assert.equal(order, ['a', 'created'])
  simulated.heal('b')
  assert.equal(order, ['a', 'created', 'b'])
  assert.is((await b.get('ac.test.jrn.1'))?.seq, 1)

  letters[0]?.done()
  await b.post('ac.test.mbx.1.t.a', bytes('new'), 'id1')
  await settle()
  assert.equal(texts(letters), ['old', 'new'])
  simulated.wipe()
  await settle()
  assert.equal(order, ['a', 'created', 'b', 'a', 'b'])
})

test('forgets ids after ten minutes, or of letters that are done when it restarts', async () => {
  const { clock, simulated, a } = scene()
  const post = (id: string): Promise<void> => a.post('ac.test.mbx.1.t.a', bytes(id), id)
  const count = async (): Promise<number> => (await a.mailboxes()).get('ac.test.mbx.1.t.a') ?? 0
  const letters: Letter[] = []
  await post('done')
  await post('kept')
  await collectInto(a, letters, 1)
  await settle()
  letters[0]?.done()
  await post('done')
  assert.is(await count(), 1)
  simulated.restart()
  await post('kept')
  await post('done')
  assert.is(await count(), 2)
  await clock.advance(10 * 60_000 - 1)
  await post('kept')
  assert.is(await count(), 2)
  await clock.advance(1)
  await post('kept')
  assert.is(await count(), 3)
})

test('keeps nothing new while it is full', async () => {
  const { simulated, a } = scene()
  await a.create('ac.test.jrn.1', bytes('x'))
  simulated.setFull(true)
  const outcomes = [
    fate(a.create('ac.test.jrn.1', bytes('x'))),
    fate(a.create('ac.test.jrn.2', bytes('x'))),
    fate(a.post('ac.test.mbx.1.t.a', bytes('x'), 'id1')),
  ]
  await settle()
  assert.equal(
    outcomes.map(outcome => outcome.now()),
    ['created', 'broker-unavailable', 'mailbox-full'],
  )
  simulated.setFull(false)
  assert.is(await a.create('ac.test.jrn.2', bytes('x')), 'created')
  await a.post('ac.test.mbx.1.t.a', bytes('x'), 'id1')
})

type Step =
  | { readonly do: 'create'; readonly by: number; readonly subject: number }
  | { readonly do: 'cut'; readonly by: number; readonly how: Cut }
  | { readonly do: 'heal'; readonly by: number }
  | { readonly do: 'delay'; readonly by: number; readonly ms: number }
  | { readonly do: 'advance'; readonly ms: number }

const client = fc.nat(2)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('create' as const), by: client, subject: fc.nat(4) }),
  fc.record({
    do: fc.constant('cut' as const),
    by: client,
    how: fc.constantFrom<Cut>('unreachable', 'answers-lost', 'held'),
  }),
  fc.record({ do: fc.constant('heal' as const), by: client }),
  fc.record({ do: fc.constant('delay' as const), by: client, ms: fc.nat(400) }),
  fc.record({ do: fc.constant('advance' as const), ms: fc.nat(800) }),
)

/** Three clients write what names them; the story of what became of it. */
async function play(steps: readonly Step[]) {
  const { clock, simulated } = scene()
  const clients = ['0', '1', '2'].map(name => simulated.connect(name))
  const story: string[] = []
  const writes = new Map<string, string[]>()
  for (const [i, now] of steps.entries()) {
    if (now.do === 'advance') await clock.advance(now.ms)
    else if (now.do === 'cut') simulated.cut(String(now.by), now.how)
    else if (now.do === 'heal') simulated.heal(String(now.by))
    else if (now.do === 'delay') simulated.delay(String(now.by), now.ms)
    else {
      const subject = `ac.test.jrn.${now.subject}`
      void clients[now.by]?.create(subject, bytes(String(now.by))).then(
        outcome => {
          story.push(`${i} ${outcome}`)
          writes.set(subject, [...(writes.get(subject) ?? []), `${outcome} ${now.by}`])
        },
        error => void story.push(`${i} ${kindOf(error)}`),
      )
    }
  }
  await clock.advance(2_000)
  for (const name of ['0', '1', '2']) simulated.heal(name)
  await clock.advance(2_000)
  return { story, writes, simulated, pending: clock.pending() }
}

test('stores one of all that is written under a subject, answers every call, and plays the same again', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async steps => {
      const { story, writes, simulated, pending } = await play(steps)
      assert.is(story.length, steps.filter(now => now.do === 'create').length)
      assert.equal(pending, [])
      for (const [subject, outcomes] of writes) {
        const stored = simulated.stored().find(each => each.subject === subject)
        const owner = stored && text(stored.data)
        for (const outcome of outcomes) {
          const [said, by] = outcome.split(' ')
          assert.is(said, by === owner ? 'created' : 'taken')
        }
      }
      assert.equal((await play(steps)).story, story)
    }),
    { numRuns: 60 },
  )
})

test.run()
