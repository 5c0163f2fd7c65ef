/** A partition's stores on a simulated broker: as a journal, over takeovers, zombies, a broker that forgets, and disks. */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { journalConformance } from '../../../actors/journal.conformance.ts'
import { journalOn } from '../../../memory/journal-on.ts'
import type { LevelStore } from '../../../memory/level.ts'
import { failingStore } from '../../../memory/testdata/failing-store.ts'
import { createCodec } from '../../codec.ts'
import { createSimulatedBroker } from '../../testkit/simulated-broker.ts'
import { simulatedClock } from '../../testkit/simulated-clock.ts'
import { testSuite } from '../../testkit/suite.ts'
import { claim } from './claim.ts'
import { partitionLog } from './partition-log.ts'
import type { ReplicatedStores } from './replicated-store.ts'

const test = testSuite('runtime/cluster/log/replicated-store')

const bytes = (text: string): Uint8Array => Buffer.from(text)
const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** Nodes that share a broker; each has a disk that outlives its stores. */
function cluster(snapshotBytes?: number) {
  const clock = simulatedClock()
  const broker = createSimulatedBroker(clock, { namespace: 'main' })
  const errors: unknown[] = []
  let lives = 0
  /** Who the members say owns the partition: the last who took it. */
  let owner = ''
  const node = (name: string, copy: LevelStore = failingStore().store) => {
    const client = broker.connect(name)
    const log = partitionLog({ broker: client, namespace: 'main', partition: 7 })
    const take = async (): Promise<{ stores: ReplicatedStores; lost: boolean }> => {
      const taken = { lost: false }
      const life = `life-${++lives}`
      const options = {
        log,
        copy: { ...copy, close: async () => {} },
        deed: await log.tip(),
        node: name,
        life,
        mayRestore: async () => owner === life,
        origin: `origin-${lives}`,
        now: () => clock.now(),
        ...(snapshotBytes !== undefined && { snapshotBytes }),
        onLost: () => {
          taken.lost = true
        },
        report: (error: unknown) => void errors.push(error),
      }
      const stores = await claim(options)
      assert.ok(stores, `${name} did not get the partition`)
      owner = life
      return Object.assign(taken, { stores })
    }
    return { name, log, copy, client, take }
  }
  return { clock, broker, node, errors }
}

const put = (store: LevelStore, key: string, value = key): Promise<void> =>
  store.batch([{ type: 'put', key, value: bytes(value) }])

async function contents(store: LevelStore): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for await (const [key, value] of store.range()) found[key] = Buffer.from(value).toString()
  return found
}

const journalFixture = async () => {
  const { node } = cluster(2_000)
  let at = 0
  const open = async () => {
    const { stores } = await node(`node-${++at}`).take()
    return {
      stores,
      journal: await journalOn(stores.store('journal'), { encoder: createCodec(), snapshotEvery: 5 }),
    }
  }
  let current = await open()
  return {
    journal: current.journal,
    snapshotEvery: 5,
    async reopen() {
      await current.journal.close()
      await current.stores.giveUp(undefined)
      // Every time on another node, whose disk knows nothing.
      current = await open()
      return current.journal
    },
    async close() {
      await current.journal.close()
    },
  }
}

journalConformance('runtime/cluster/log/replicated-store', journalFixture, { keeps: true })

test('what one node wrote is there for the next, whose disk is empty, and apart by store', async () => {
  const { node } = cluster()
  const a = node('a')
  const b = node('b')
  const first = await a.take()
  await put(first.stores.store('journal'), 'k', 'one')
  await put(first.stores.store('memory'), 'k', 'two')
  const second = await b.take()
  assert.equal(await contents(second.stores.store('journal')), { k: 'one' })
  assert.equal(await contents(second.stores.store('memory')), { k: 'two' })
  assert.is(second.stores.epoch, 2)
})

test('a zombie writes nothing after the seal: its write never settles, and it is told', async () => {
  const { node } = cluster()
  const [a, b] = [node('a'), node('b')]
  const first = await a.take()
  await put(first.stores.store('s'), 'before')
  const second = await b.take()
  const outcome = Promise.race([put(first.stores.store('s'), 'after').then(() => 'written'), settledLater()])
  assert.is(await outcome, undefined)
  assert.is(first.lost, true)
  await put(second.stores.store('s'), 'theirs')
  assert.equal(await contents(second.stores.store('s')), { before: 'before', theirs: 'theirs' })
  first.stores.abandon()
  await put(first.stores.store('s'), 'on its way out')
  assert.equal(Object.keys(await contents(second.stores.store('s'))), ['before', 'theirs'])
})

const settledLater = async (): Promise<undefined> => {
  for (let i = 0; i < 20; i++) await settled()
  return undefined
}

test('a write that was stored and sealed behind before it was heard of never settles', async () => {
  const { node, broker, clock } = cluster()
  const a = node('a')
  const first = await a.take()
  broker.cut('a', 'answers-lost')
  let isSettled = false
  void put(first.stores.store('journal'), 'late').then(() => {
    isSettled = true
  })
  await clock.advance(5_000)
  const second = await node('b').take()
  broker.heal('a')
  await clock.advance(5_000)
  assert.equal([isSettled, first.lost], [false, true])
  assert.equal(await contents(second.stores.store('journal')), { late: 'late' })
})

test('a write that takes long settles when nobody has taken over meanwhile', async () => {
  const { node, broker, clock } = cluster()
  const { stores } = await node('a').take()
  broker.cut('a', 'answers-lost')
  const written = put(stores.store('journal'), 'late')
  await clock.advance(5_000)
  broker.heal('a')
  await written
  assert.is(await stores.isOwned(), true)
})

test('an owner that was taken over finds out when it is asked, a second after its last word at most', async () => {
  const { node, clock } = cluster()
  const first = await node('a').take()
  await put(first.stores.store('journal'), 'k')
  await node('b').take()
  await clock.advance(1_001)
  assert.is(await first.stores.isOwned(), false)
  assert.is(first.lost, true)
})

test('given up in order, it names who should take it, and nothing is lost', async () => {
  const { node } = cluster()
  const [a, b] = [node('a'), node('b')]
  const first = await a.take()
  await Promise.all(['x', 'y', 'z'].map(key => put(first.stores.store('s'), key)))
  await first.stores.giveUp('b')
  const tip = await b.log.tip()
  assert.equal([tip.epoch, tip.owner, tip.place.n], [2, undefined, 0])
  const second = await b.take()
  assert.equal(await contents(second.stores.store('s')), { x: 'x', y: 'y', z: 'z' })
})

test('takes what its own disk has and reads only the rest, and takes nothing of another history', async () => {
  const { node } = cluster()
  const [a, b] = [node('a'), node('b')]
  const first = await a.take()
  await put(first.stores.store('s'), 'one')
  const second = await b.take()
  await put(second.stores.store('s'), 'two')
  await second.stores.giveUp('a')
  const third = await a.take()
  assert.equal(await contents(third.stores.store('s')), { one: 'one', two: 'two' })
  const foreign = failingStore()
  await foreign.store.batch([
    { type: 'put', key: 'place', value: bytes('{"epoch":2,"n":0,"origin":"another"}') },
    { type: 'put', key: 's!s!ghost', value: bytes('boo') },
  ])
  await third.stores.giveUp('c')
  const fourth = await node('c', foreign.store).take()
  assert.equal(await contents(fourth.stores.store('s')), { one: 'one', two: 'two' })
})

test('a value larger than a message goes over in several entries, and counts only when all are there', async () => {
  const { node } = cluster()
  const [a, b, c] = [node('a'), node('b'), node('c')]
  const first = await a.take()
  const large = 'x'.repeat(2_500_000)
  await put(first.stores.store('s'), 'large', large)
  const second = await b.take()
  assert.equal(
    Object.values(await contents(second.stores.store('s'))).map(value => value.length),
    [large.length],
  )
  // The second of three parts finds the partition sealed.
  const parts = put(second.stores.store('s'), 'torn', large)
  void parts
  await c.take().then(async third => {
    assert.equal(Object.keys(await contents(third.stores.store('s'))).includes('large'), true)
  })
})

test('snapshots let the log be purged, seals stay, and a new node reads little', async () => {
  const { node, broker } = cluster(5_000)
  const [a, b] = [node('a'), node('b')]
  const first = await a.take()
  for (let i = 0; i < 200; i++)
    await put(first.stores.store('s'), `k${i % 20}`, `value ${i} ${'.'.repeat(200)}`)
  await settledLater()
  let entries = 0
  for await (const _ of a.client.read('ac.main.jrn.7.>')) entries++
  assert.ok(entries < 100, `${entries} entries are left`)
  assert.ok(await a.client.get('ac.main.jrn.7.0.1'), 'the first seal is there')
  const second = await b.take()
  const found = await contents(second.stores.store('s'))
  assert.is(Object.keys(found).length, 20)
  assert.ok(found['k19']?.startsWith('value 199 '))
  void broker
})

test('a broker that has forgotten all is given it again by the owner, and by one that comes back', async () => {
  const { node, broker } = cluster()
  const [a, b] = [node('a'), node('b')]
  const first = await a.take()
  await put(first.stores.store('s'), 'one')
  broker.wipe()
  await settledLater()
  await put(first.stores.store('s'), 'two')
  const second = await b.take()
  assert.is(second.stores.epoch, 2)
  assert.equal(await contents(second.stores.store('s')), { one: 'one', two: 'two' })
  broker.wipe()
  second.stores.abandon()
  const third = await b.take()
  assert.is(third.stores.epoch, 3)
  assert.equal(await contents(third.stores.store('s')), { one: 'one', two: 'two' })
})

test('a zombie that wakes to a broker that has forgotten loses against the owner of today', async () => {
  const { node, broker } = cluster()
  const [a, b] = [node('a'), node('b')]
  const first = await a.take()
  await put(first.stores.store('s'), 'one')
  const second = await b.take()
  await put(second.stores.store('s'), 'two')
  broker.cut('a', 'unreachable')
  broker.wipe()
  await settledLater()
  const zombie = put(first.stores.store('s'), 'zombie')
  void zombie
  broker.heal('a')
  await settledLater()
  assert.is(first.lost, true)
  assert.equal(await contents(second.stores.store('s')), { one: 'one', two: 'two' })
})

test('a disk that fails is opened again and brought to the end of the log', async () => {
  const { node } = cluster()
  const disk = failingStore()
  const a = node('a', disk.store)
  const { stores } = await a.take()
  const journal = stores.store('s')
  await put(journal, 'one')
  disk.nextWrite = 'lost'
  const refused = await put(journal, 'two').catch(error => error.kind)
  assert.is(refused, 'store-failed')
  await journal.reopen?.()
  await put(journal, 'three')
  assert.equal(await contents(journal), { one: 'one', three: 'three', two: 'two' })
})

test('a snapshot that is asked for leaves nothing in the log of what was deleted, of earlier owners either', async () => {
  const { node, broker } = cluster()
  const [a, b] = [node('a'), node('b')]
  const first = await a.take()
  await put(first.stores.store('s'), 'of the first', 'a secret')
  const second = await b.take()
  await put(second.stores.store('s'), 'of the second', 'a secret')
  // Its own copy knows what the first epoch held, so that it reads none of it again.
  const third = await b.take()
  const store = third.stores.store('s')
  await store.batch(['of the first', 'of the second'].map(key => ({ type: 'del', key }) as const))
  const written = [put(store, 'kept'), third.stores.cover(), put(store, 'kept too'), third.stores.cover()]
  await Promise.all(written)
  const inLog = broker.stored().filter(({ data }) => Buffer.from(data).includes('a secret'))
  assert.equal(inLog, [])
  const fourth = await node('c').take()
  assert.equal(Object.keys(await contents(fourth.stores.store('s'))), ['kept', 'kept too'])
})

test('a snapshot that is asked for and fails is told to whoever asked, and can be asked for again', async () => {
  const { node, broker, errors } = cluster()
  const { stores } = await node('a').take()
  await put(stores.store('s'), 'k')
  broker.setFull(true)
  const refused = await stores.cover().then(
    () => undefined,
    error => error.kind,
  )
  assert.is(refused, 'broker-unavailable')
  assert.equal(errors, [])
  broker.setFull(false)
  await stores.cover()
  assert.ok(broker.stored().some(({ subject }) => subject.endsWith('.end')))
})

test('whatever is cut off, lost and taken over, what was acknowledged is there and nobody writes twice', async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('write' as const), key: fc.integer({ min: 0, max: 9 }) }),
    fc.constant({ do: 'take' as const }),
    fc.constant({ do: 'wipe' as const }),
    fc.constant({ do: 'giveUp' as const }),
    fc.constant({ do: 'wait' as const }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async steps => {
      const { node, broker } = cluster(3_000)
      const nodes = ['a', 'b', 'c'].map(name => node(name))
      let turn = 0
      let owner = await nodes[0]?.take()
      const expected: Record<string, string> = {}
      let i = 0
      for (const { do: what, ...more } of steps) {
        if (what === 'write') {
          const [key, value] = [`k${(more as { key: number }).key}`, `${i++}${'.'.repeat(300)}`]
          await put(owner?.stores.store('s') as LevelStore, key, value)
          expected[key] = value
        } else if (what === 'wipe') {
          broker.wipe()
          // Whoever is alive is told before anybody takes over.
          await settledLater()
        } else if (what === 'wait') await settledLater()
        else {
          if (what === 'giveUp') await owner?.stores.giveUp(undefined)
          owner = await nodes[++turn % 3]?.take()
        }
      }
      owner = await nodes[++turn % 3]?.take()
      assert.equal(await contents(owner?.stores.store('s') as LevelStore), expected)
    }),
    { numRuns: 150 },
  )
})

test.run()
