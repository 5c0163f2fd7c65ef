/**
 * The broker over a cluster of three real servers, every stream with three copies: the conformance, with its clients at
 * different servers, the race that per-subject compare-and-set loses there, and the death of a server.
 */
import * as assert from 'uvu/assert'
import { brokerConformance } from '../cluster/broker.conformance.ts'
import { type BrokerClient, eventually, natsBench, subjects } from '../testkit/nats-broker-bench.ts'
import { type NatsServer, startNatsCluster } from '../testkit/nats-server.ts'
import { bytes, pause, text } from '../testkit/transport-scenario.ts'

const MAX_BYTES = 32 * 1024 * 1024
const bench = natsBench()
const servers: NatsServer[] = []

/** A client whose first server is the one of that number. */
function connect(namespace: string, n: number, mailboxBound = 1_000): Promise<BrokerClient> {
  const urls = servers.map(({ url }) => url)
  return bench.connect([urls[n % 3] ?? '', ...urls], namespace, {
    name: `n${n}`,
    mailboxBound,
    maxBytes: MAX_BYTES,
    replicas: 3,
  })
}

const test = brokerConformance(
  'runtime/transport/nats-broker-cluster',
  async ({ namespace, mailboxBound }) => {
    let clients = 0
    return {
      connect: async () => (await connect(namespace, clients++, mailboxBound)).broker,
      close: async () => {},
    }
  },
  // An election takes up to ten seconds.
  { limitMs: 180_000 },
)

test.afterEach(() => bench.end())

test.before(async () => {
  servers.push(...(await startNatsCluster(3)))
  // The servers elect a leader first; a broker that starts meanwhile waits for it.
  await connect('started', 0)
  await bench.end()
})

test.after(() => Promise.all(servers.map(server => server.stop())))

test('lets exactly one of six contenders create a subject, at servers that race', async () => {
  const clients = await Promise.all([0, 1, 2, 3, 4, 5].map(n => connect('race', n)))
  const reader = clients[0]?.broker
  for (let round = 0; round < 100; round++) {
    const subject = `ac.race.jrn.7.1.${round}`
    const outcomes = await Promise.all(
      clients.map(({ broker }, i) => broker.create(subject, bytes(`by ${i}`))),
    )
    assert.is(outcomes.filter(outcome => outcome === 'created').length, 1, `round ${round}: ${outcomes}`)
    const stored = await reader?.get(subject)
    assert.is(stored && text(stored.data), `by ${outcomes.indexOf('created')}`)
  }
})

test('reads the log while another server stands still', async () => {
  const { broker, connection } = await connect('still', 0)
  const all = Array.from({ length: 20 }, (_, n) => `ac.still.jrn.7.1.${n}`)
  for (const subject of all) assert.is(await broker.create(subject, bytes(subject)), 'created')
  // The client goes where it likes.
  const ours = connection.nc.getServer()
  const still = servers.find(({ port }) => !ours.endsWith(`:${port}`))
  process.kill(still?.pid ?? 0, 'SIGSTOP')
  try {
    // A third of the readers are given to the server that does not answer.
    const reads = Array.from({ length: 16 }, () => subjects(broker, 'ac.still.jrn.>'))
    for (const found of await Promise.all(reads)) assert.equal(found, all)
  } finally {
    process.kill(still?.pid ?? 0, 'SIGCONT')
  }
})

test('goes on, and has lost nothing, when one server after the other dies', async () => {
  const clients = [await connect('death', 0), await connect('death', 1), await connect('death', 2)] as const
  const [{ broker }, { broker: collector }] = clients
  const got: string[] = []
  let resets = 0
  for (const client of clients) client.broker.onReset(() => void resets++)
  await collector.collect(
    7,
    letter => {
      got.push(text(letter.data))
      letter.done()
    },
    { max: 10 },
  )
  const created: string[] = []
  const write = async (n: number): Promise<void> => {
    const subject = `ac.death.jrn.7.1.${n}`
    assert.is(await broker.create(subject, bytes(String(n))), 'created')
    created.push(subject)
    await broker.post(`ac.death.mbx.7.t.a${n}`, bytes(String(n)), `id${n}`)
  }
  let n = 0
  for (const server of servers) {
    for (let i = 0; i < 20; i++) await write(n++)
    const killed = server.kill()
    for (let i = 0; i < 20; i++) await write(n++)
    await killed
    await server.restart()
    // Two of three must be there for the next to die.
    await pause(2_000)
  }
  assert.equal(await subjects(broker, 'ac.death.jrn.>'), created)
  // The last election may take its time on a busy machine.
  await eventually(() => new Set(got).size === n, 'all letters', 90_000)
  assert.is(resets, 0)
})

test.run()
