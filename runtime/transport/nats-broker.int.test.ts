/** The broker over a real nats-server: the conformance, what it refuses, and who collects. */
import * as assert from 'uvu/assert'
import { brokerConformance } from '../cluster/broker.conformance.ts'
import type { Broker, Letter } from '../cluster/broker.ts'
import { errorOf, eventually, natsBench, subjects } from '../testkit/nats-broker-bench.ts'
import { type NatsServer, startNatsServer } from '../testkit/nats-server.ts'
import { bytes, refuses, text } from '../testkit/transport-scenario.ts'

const bench = natsBench()
let server: NatsServer

const test = brokerConformance('runtime/transport/nats-broker', async ({ namespace, mailboxBound }) => {
  let clients = 0
  return {
    async connect() {
      const client = await bench.connect(server.url, namespace, { mailboxBound, name: `n${clients++}` })
      return client.broker
    },
    close: async () => {},
  }
})

test.before(async () => {
  server = await startNatsServer({ jetStream: true })
})
test.after(() => server.stop())
test.afterEach(() => bench.end())

test('leaves a partition to one of two that collect at once, whatever the order', async () => {
  const a = await bench.connect(server.url, 'both', { name: 'a' })
  const b = await bench.connect(server.url, 'both', { name: 'b' })
  const got: { by: string; letter: string }[] = []
  const collect = (by: string, broker: Broker) =>
    broker.collect(
      1,
      ({ data, done }) => {
        got.push({ by, letter: text(data) })
        done()
      },
      { max: 4 },
    )
  for (let round = 0; round < 15; round++) {
    const names = [`a${round}`, `b${round}`]
    await Promise.all([collect(names[0] ?? '', a.broker), collect(names[1] ?? '', b.broker)])
    const from = got.length
    for (let i = 0; i < 4; i++)
      await a.broker.post('ac.both.mbx.1.t.a', bytes(`${round}.${i}`), `id${round}.${i}`)
    await eventually(() => got.length >= from + 4, `the letters of round ${round}`)
    const round4 = got.slice(from)
    assert.equal(
      round4.map(({ letter }) => letter),
      [0, 1, 2, 3].map(i => `${round}.${i}`),
    )
    assert.is(new Set(round4.map(({ by }) => by)).size, 1)
    assert.ok(names.includes(round4[0]?.by ?? ''))
  }
})

test('hands over far more than a server lets wait for one connection', async () => {
  const { broker, connection } = await bench.connect(server.url, 'heavy', { maxBytes: 128 * 1024 * 1024 })
  let lost = 0
  connection.onStatus(status => void (status === 'disconnected' && lost++))
  const data = new Uint8Array(900_000)
  for (let i = 0; i < 80; i++) await broker.post(`ac.heavy.mbx.1.t.a${i}`, data, `id${i}`)
  let got = 0
  const take = ({ done }: Letter): void => {
    got++
    done()
  }
  await broker.collect(1, take, { max: 1_000 })
  await eventually(() => got === 80, 'all letters', 15_000)
  assert.is(lost, 0)
})

test('refuses writes to a full log, keeps what it has, and takes more after a purge', async () => {
  const { broker } = await bench.connect(server.url, 'full', { maxBytes: 100_000 })
  const data = new Uint8Array(10_000)
  const outcomes: unknown[] = []
  for (let i = 0; i < 12; i++) {
    outcomes.push(await broker.create(`ac.full.jrn.1.${i}`, data).catch(error => error.kind))
  }
  assert.equal(outcomes.slice(0, 9), Array(9).fill('created'))
  assert.equal(outcomes.slice(10), ['broker-unavailable', 'broker-unavailable'])
  assert.is(await broker.create('ac.full.jrn.1.3', data), 'created')
  assert.is((await subjects(broker, 'ac.full.jrn.>')).length, outcomes.indexOf('broker-unavailable'))
  const seq = (await broker.get('ac.full.jrn.1.4'))?.seq
  await broker.purge('ac.full.jrn.1.*', seq)
  assert.is(await broker.create('ac.full.jrn.1.11', data), 'created')
  const posts: unknown[] = []
  for (let i = 0; i < 12; i++) {
    posts.push(await broker.post(`ac.full.mbx.1.t.a${i}`, data, `id${i}`).catch(error => error.kind))
  }
  assert.is(posts[8], undefined)
  assert.is(posts[11], 'mailbox-full')
})

test('says what is wrong with the server or the options', async () => {
  const plain = await bench.server({})
  const noJetStream = await errorOf(bench.connect(plain.url, 'bad'))
  assert.equal([noJetStream.kind, noJetStream.retryable], ['broker-unavailable', false])

  const strict = await bench.server({
    jetStream: true,
    config: `authorization { users: [{ user: u, password: p, permissions: {
      publish: ["$JS.API.STREAM.>", "ac.bad.log.identity"], subscribe: ["_AC.>"] } }] }`,
  })
  const { broker } = await bench.connect(strict.url.replace('//', '//u:p@'), 'bad')
  for (const work of [
    broker.create('ac.bad.jrn.1', bytes('x')),
    broker.post('ac.bad.mbx.1.t.a', bytes('x'), 'id1'),
    broker.collect(1, () => {}, { max: 1 }),
  ]) {
    const error = await errorOf(work)
    assert.equal([error.kind, error.retryable], ['broker-unavailable', false])
  }

  const small = await bench.server({ jetStream: true, config: 'jetstream { max_file_store: 10MB }' })
  const noRoom = await errorOf(bench.connect(small.url, 'bad', { maxBytes: 20_000_000 }))
  assert.is(noRoom.kind, 'broker-unavailable')

  const single = await errorOf(bench.connect(server.url, 'bad', { replicas: 3 }))
  assert.is(single.kind, 'definition-invalid')
  for (const options of [{ maxBytes: 0 }, { mailboxBound: 1.5 }, { replicas: Number.NaN }]) {
    assert.is((await errorOf(bench.connect(server.url, 'bad', options))).kind, 'definition-invalid')
  }
  const { connection } = await bench.connect(server.url, 'taken')
  await connection.nc.request(
    '$JS.API.STREAM.CREATE.AC_other_MBX',
    JSON.stringify({
      name: 'AC_other_MBX',
      subjects: ['ac.other.mbx.>'],
      retention: 'workqueue',
      storage: 'file',
    }),
  )
  assert.is((await errorOf(bench.connect(server.url, 'other'))).kind, 'definition-invalid')
})

test('changes streams that exist to what is asked, and leaves alone what is not', async () => {
  const first = await bench.connect(server.url, 'changed', { mailboxBound: 2 })
  const post = (n: number) => first.broker.post('ac.changed.mbx.1.t.a', bytes('x'), `id${n}`)
  await post(1)
  await post(2)
  await refuses('mailbox-full', post(3))
  await bench.connect(server.url, 'changed', { name: 'second' })
  await refuses('mailbox-full', post(3))
  await bench.connect(server.url, 'changed', { name: 'third', mailboxBound: 3 })
  await post(3)
  await refuses('mailbox-full', post(4))
})

test.run()
