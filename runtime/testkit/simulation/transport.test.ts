import * as assert from 'uvu/assert'
import { transportConformance } from '../../transport/transport.conformance.ts'
import { text } from '../transport-scenario.ts'
import { type FaultRates, faultsOf } from './faults.ts'
import { incarnate } from './host.ts'
import { prng } from './prng.ts'
import { scheduler } from './scheduler.ts'
import { simulatedNetwork } from './transport.ts'

function world(seed: number, rates: FaultRates = {}, start = 0) {
  const random = prng(seed)
  const time = scheduler({ random: random.fork('scheduler'), start })
  const faults = faultsOf(rates, random.fork('faults'))
  const errors: unknown[] = []
  const network = simulatedNetwork({
    scheduler: time,
    random: random.fork('network'),
    faults,
    onError: error => void errors.push(error),
  })
  const life = (node: string) => incarnate({ scheduler: time, random, node, number: 1, nextId: () => 'id' })
  return { time, faults, network, life, errors }
}

const run = async ({ time }: ReturnType<typeof world>): Promise<void> => {
  await time.drain()
  while (time.step()) await time.drain()
}

// The suite waits in real time, so simulated time follows it here.
const test = transportConformance('runtime/testkit/simulation/transport', async onError => {
  const { time, life } = world(1, {}, Date.now())
  const network = simulatedNetwork({
    scheduler: time,
    random: prng('network'),
    faults: faultsOf({}, prng('faults')),
    onError,
  })
  let open = true
  const pump = (): void => {
    while (time.step(Date.now())) {}
    time.pass(Math.max(0, Date.now() - time.now))
    if (open) setImmediate(pump)
  }
  setImmediate(pump)
  const connections: { close(): Promise<void> }[] = []
  return {
    async connect() {
      const connection = network.connect(life(`node${connections.length}`))
      connections.push(connection)
      return connection
    },
    async close() {
      for (const connection of connections) await connection.close()
      open = false
    },
  }
})

const bytes = (value: number): Uint8Array => new TextEncoder().encode(String(value))

/** What a subscriber gets of the messages 0 to 199. */
async function received(seed: number, rates: FaultRates) {
  const made = world(seed, rates)
  const got: number[] = []
  const [from, to] = [made.network.connect(made.life('a')), made.network.connect(made.life('b'))]
  to.subscribe('x', ({ data }) => got.push(Number(text(data))))
  for (let i = 0; i < 200; i++) {
    from.publish('x', bytes(i))
    if (i % 10 === 0) await run(made)
  }
  await run(made)
  return { got, struck: made.faults.struck, hash: made.time.hash() }
}

test('delivers every message once and in order when nothing is wrong', async () => {
  const { got } = await received(1, {})
  assert.equal(
    got,
    Array.from({ length: 200 }, (_, i) => i),
  )
})

test('drops, duplicates and reorders as often as it says', async () => {
  const { got, struck } = await received(2, { 'net.drop': 0.1, 'net.duplicate': 0.1, 'net.reorder': 0.1 })
  const { 'net.drop': dropped = 0, 'net.duplicate': duplicated = 0, 'net.reorder': reordered = 0 } = struck
  assert.ok(dropped > 0 && duplicated > 0 && reordered > 0)
  assert.is(new Set(got).size, 200 - dropped)
  assert.is(got.length, 200 - dropped + duplicated)
  assert.not.equal(
    got,
    [...got].sort((a, b) => a - b),
  )
})

test('keeps the order of a wire when messages are late', async () => {
  const { got, struck } = await received(3, { 'net.delay': 0.3 })
  assert.ok((struck['net.delay'] ?? 0) > 0)
  assert.equal(
    got,
    Array.from({ length: 200 }, (_, i) => i),
  )
})

test('cuts one direction alone, for a while', async () => {
  const made = world(4, { 'net.partition': 1 })
  const [a, b] = [made.network.connect(made.life('a')), made.network.connect(made.life('b'))]
  const got: string[] = []
  a.subscribe('to-a', () => got.push('a'))
  b.subscribe('to-b', () => got.push('b'))
  a.publish('to-b', bytes(1))
  made.faults.stop()
  b.publish('to-a', bytes(1))
  await run(made)
  assert.equal(got, ['a'])
  a.publish('to-b', bytes(2))
  await run(made)
  assert.equal(got, ['a', 'b'])
})

test('does the same for the same seed', async () => {
  const rates = { 'net.drop': 0.1, 'net.duplicate': 0.1, 'net.reorder': 0.1, 'net.delay': 0.1 }
  const [first, again, other] = [await received(5, rates), await received(5, rates), await received(6, rates)]
  assert.equal(first, again)
  assert.is.not(first.hash, other.hash)
})

test('forgets a node that died: nothing reaches it, and requests to it find nobody', async () => {
  const made = world(7)
  const dying = made.life('b')
  const [a, b] = [made.network.connect(made.life('a')), made.network.connect(dying)]
  const got: number[] = []
  b.subscribe('x', ({ data }) => got.push(Number(text(data))))
  a.publish('x', bytes(1))
  dying.kill()
  await run(made)
  assert.equal(got, [])
  const outcome = await a.request('x', bytes(2), { timeoutMs: 10 }).catch(error => error.kind)
  assert.is(outcome, 'no-responders')
})

test('lets a request whose answer is lost end at its time', async () => {
  const made = world(8, { 'net.drop': 1 })
  const [a, b] = [made.network.connect(made.life('a')), made.network.connect(made.life('b'))]
  b.subscribe('x', ({ reply }) => reply?.(bytes(1)))
  const outcome = a.request('x', bytes(1), { timeoutMs: 500 }).catch(error => error.kind)
  await run(made)
  assert.is(await outcome, 'request-timeout')
  assert.is(made.time.now, 500)
})

test.run()
