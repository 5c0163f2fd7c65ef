/** What a partition does while the broker refuses: it waits, says so, and makes room where it can. */
import * as assert from 'uvu/assert'
import { RuntimeError } from '../../../actors/errors.ts'
import { keysOf, nodesOf, put } from '../../testkit/log-nodes.ts'
import { settle, simulatedClock } from '../../testkit/simulated-clock.ts'
import { testSuite } from '../../testkit/suite.ts'
import type { Broker } from '../broker.ts'
import { isFull, patience } from './patience.ts'

const test = testSuite('runtime/cluster/log/patience')

const kindsOf = (errors: readonly unknown[]) => errors.map(error => (error as RuntimeError).kind)

/** A broker that refuses calls of one name at once, while `error` is there. */
function refusing(name: 'create' | 'get' | 'last' | 'read') {
  const how: { error: RuntimeError | undefined; calls: number } = { error: undefined, calls: 0 }
  const refuse = async (): Promise<void> => {
    if (!how.error) return
    how.calls++
    throw how.error
  }
  const wrap = (broker: Broker): Broker => ({
    ...broker,
    create: async (...args) => {
      if (name === 'create') await refuse()
      return broker.create(...args)
    },
    get: async subject => {
      if (name === 'get') await refuse()
      return broker.get(subject)
    },
    last: async pattern => {
      if (name === 'last') await refuse()
      return broker.last(pattern)
    },
  })
  return { how, wrap }
}

const refusal = (retryable = true): RuntimeError =>
  new RuntimeError('broker-unavailable', 'refused', { retryable })

test('waits longer each time, up to two seconds, and at once as long for what is refused for good', async () => {
  const clock = simulatedClock()
  const told: unknown[] = []
  const { waits } = patience(clock, error => void told.push(error))
  const lengthOf = async (wait: ReturnType<typeof waits>, error: RuntimeError): Promise<number> => {
    const began = clock.now()
    const waited = wait(error)
    const [due = Number.NaN] = clock.pending()
    await clock.advance(due - began)
    await waited
    return due - began
  }
  const wait = waits()
  const lengths: number[] = []
  for (let times = 0; times < 8; times++) lengths.push(await lengthOf(wait, refusal()))
  assert.equal(lengths, [50, 100, 200, 400, 800, 1_600, 2_000, 2_000])
  assert.is(await lengthOf(waits(), refusal(false)), 2_000)
  assert.is(told.length, 1)
})

test('tells of the first failure, every half minute of the same trouble, and of the next trouble', async () => {
  const clock = simulatedClock()
  const told: number[] = []
  const began = clock.now()
  const { waits, over } = patience(clock, () => void told.push((clock.now() - began) / 1_000))
  const wait = waits()
  const trouble = async (ms: number): Promise<void> => {
    const until = clock.now() + ms
    while (clock.now() < until) {
      const waited = wait(refusal(false))
      await clock.advance(2_000)
      await waited
    }
  }
  await trouble(70_000)
  assert.equal(told, [0, 30, 60])
  over()
  await trouble(2_000)
  assert.equal(told, [0, 30, 60, 70])
})

test('what is no trouble of the broker is thrown', async () => {
  const { waits } = patience(simulatedClock(), () => {})
  const error = new RuntimeError('transport-closed', 'closed')
  assert.is(await waits()(error).catch(thrown => thrown), error)
})

test('a write that the broker refuses at once is tried again now and then, and is told of once', async () => {
  const { node, clock, errors } = nodesOf()
  for (const retryable of [true, false]) {
    errors.length = 0
    const { how, wrap } = refusing('create')
    const { store } = await node('a', { wrap }).take()
    how.error = refusal(retryable)
    const written = put(store, 'k')
    await clock.advance(20_000)
    assert.ok(how.calls >= 10 && how.calls <= 20, `${how.calls} tries in 20 s`)
    assert.equal(kindsOf(errors), ['broker-unavailable'])
    how.error = undefined
    await clock.advance(2_000)
    await written
    assert.ok((await keysOf(store)).includes('k'))
  }
})

test('an owner that may not look whether it still is one asks now and then', async () => {
  const { node, clock, errors } = nodesOf()
  const { how, wrap } = refusing('get')
  const { stores, store } = await node('a', { wrap }).take()
  await put(store, 'k')
  await clock.advance(2_000)
  how.error = refusal()
  const asked = stores.isOwned()
  await clock.advance(20_000)
  assert.ok(how.calls <= 20, `${how.calls} tries in 20 s`)
  assert.equal(kindsOf(errors), ['broker-unavailable'])
  how.error = undefined
  await clock.advance(2_000)
  assert.is(await asked, true)
})

test('what a broker has forgotten is given back with pauses while it refuses', async () => {
  const { node, broker, clock } = nodesOf()
  const { how, wrap } = refusing('last')
  const { store } = await node('a', { wrap }).take()
  await put(store, 'k')
  how.error = refusal()
  broker.wipe()
  await clock.advance(20_000)
  assert.ok(how.calls >= 5 && how.calls <= 40, `${how.calls} tries in 20 s`)
  how.error = undefined
  await clock.advance(2_000)
  await put(store, 'more')
  assert.equal(await keysOf((await node('b').take()).store), ['k', 'more'])
})

test('one that has lost the partition waits no longer', async () => {
  const { node, clock } = nodesOf()
  const { how, wrap } = refusing('create')
  const { stores, store } = await node('a', { wrap }).take()
  how.error = refusal()
  void put(store, 'k')
  await clock.advance(5_000)
  const { calls } = how
  stores.abandon()
  await clock.advance(20_000)
  assert.is(how.calls, calls)
  assert.equal(clock.pending(), [])
})

/** A log of at most `limit` bytes, shared by all nodes; the last `reserve` are for snapshots. */
function limited(limit: number, reserve = 0) {
  const sizes = new Map<string, number>()
  const used = (): number => [...sizes.values()].reduce((sum, size) => sum + size, 0)
  const wrap = (broker: Broker): Broker => ({
    ...broker,
    hasRoom: async bytes => used() + bytes < limit - reserve,
    async create(subject, data) {
      if (!sizes.has(subject) && used() + data.length > limit)
        throw new RuntimeError('broker-unavailable', 'full', { details: { isFull: true } })
      const written = await broker.create(subject, data)
      sizes.set(subject, data.length)
      return written
    },
    async purge(pattern, before) {
      await broker.purge(pattern, before)
      for (const subject of sizes.keys()) if (!(await broker.get(subject))) sizes.delete(subject)
    },
  })
  return { wrap, sizes }
}

test('a full log makes room by a snapshot, long before one is due', async () => {
  const { wrap } = limited(96 * 1024, 32 * 1024)
  const { node, clock, errors } = nodesOf()
  const { store } = await node('a', { wrap }).take()
  let written = 0
  const writing = (async () => {
    for (; written < 100; written++) await put(store, `k${written % 3}`, Buffer.alloc(7_000))
  })()
  for (let times = 0; times < 100 && written < 100; times++) {
    await clock.advance(2_000)
    await settle()
  }
  await writing
  assert.ok(errors.every(isFull))
  assert.equal(await keysOf((await node('b').take()).store), ['k0', 'k1', 'k2'])
})

test('a snapshot that found no room leaves nothing of itself in the log, and is not begun again at once', async () => {
  const { wrap, sizes } = limited(3_650_000)
  const { node, clock } = nodesOf()
  const { store } = await node('a', { wrap }).take()
  for (let n = 0; n < 4; n++) await put(store, `k${n}`, Buffer.alloc(700_000))
  void put(store, 'k4', Buffer.alloc(1_000_000))
  let parts = 0
  const { set } = sizes
  sizes.set = (subject, size) => {
    if (subject.includes('.snp.')) parts++
    return set.call(sizes, subject, size)
  }
  await clock.advance(5_000)
  assert.equal(
    [...sizes.keys()].filter(subject => subject.includes('.snp.')),
    [],
  )
  const once = parts
  assert.ok(once >= 1, 'it was tried')
  await clock.advance(30_000)
  assert.ok(parts <= 4 * once, `${parts} parts were written in 35 s`)
})

test.run()
