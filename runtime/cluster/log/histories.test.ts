/** A partition whose broker lost, kept for long or stored late what a node wrote: one history goes on, and no other. */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { allOf, keysOf, nodesOf, put } from '../../testkit/log-nodes.ts'
import { settle } from '../../testkit/simulated-clock.ts'
import { testSuite } from '../../testkit/suite.ts'
import type { Broker, Stored } from '../broker.ts'

const test = testSuite('runtime/cluster/log (histories)')

const putAll = async (store: Parameters<typeof put>[0], ...keys: string[]): Promise<void> => {
  for (const key of keys) await put(store, key)
}

/** Holds back writes from `hold` to `release`: those of snapshots, or others. */
function gate(what = '.snp.') {
  let opened: Promise<void> | undefined
  let release = (): void => {}
  const wrap = (broker: Broker): Broker => ({
    ...broker,
    async create(subject, data) {
      if (subject.includes(what)) await opened
      return broker.create(subject, data)
    },
  })
  const hold = (): void => {
    opened = new Promise(resolve => {
      release = resolve
    })
  }
  return { wrap, hold, release: () => release() }
}

test('a zombie whose snapshot was under way purges nothing of the owner after it, and stops', async () => {
  const { node, subjects, clock } = nodesOf()
  for (const pause of [0, 5_000]) {
    const { wrap, hold, release } = gate()
    const first = await node('a', { wrap }).take()
    await putAll(first.store, 'a1', 'a2')
    hold()
    const covering = first.stores.cover()
    await settle()
    const second = await node('b').take()
    await putAll(second.store, 'b1', 'b2')
    await second.stores.cover()
    await put(second.store, 'b3')
    const snapshots = subjects().filter(subject => subject.startsWith('snp.'))
    await clock.advance(pause)
    release()
    await covering
    for (const snapshot of snapshots) assert.ok(subjects().includes(snapshot), `${snapshot} is gone`)
    if (pause > 0) assert.is(first.lost, true)
    await second.stores.giveUp(undefined)
    assert.equal(await keysOf((await node('c').take()).store), ['a1', 'a2', 'b1', 'b2', 'b3'])
    await node('d').take()
  }
})

test('a copy of an epoch that the broker lost, and that was begun anew, is read again and not mixed', async () => {
  const { node, broker, loseTail, errors } = nodesOf()
  const [a, b] = [node('a'), node('b')]
  const first = await a.take()
  await put(first.store, 'one')
  const kept = broker.stored().length
  const second = await b.take()
  await putAll(second.store, 'b1', 'b2', 'b3')
  await loseTail(kept)
  second.stores.abandon()
  const third = await a.take()
  assert.is(third.stores.epoch, second.stores.epoch)
  await putAll(third.store, 'a1', 'a2', 'a3', 'a4', 'a5')
  await third.stores.giveUp('b')
  const fourth = await b.take()
  assert.equal(await keysOf(fourth.store), ['a1', 'a2', 'a3', 'a4', 'a5', 'one'])
  assert.equal(await keysOf(fourth.store), await keysOf(third.store))
  assert.equal(
    errors.map(error => (error as { kind: string }).kind),
    ['store-corrupt'],
  )
})

test('a copy of a lost epoch that was begun anew by nobody goes on where the log ends', async () => {
  const { node, broker, loseTail, errors } = nodesOf()
  const [a, b] = [node('a'), node('b')]
  await put((await a.take()).store, 'one')
  const kept = broker.stored().length
  await put((await b.take()).store, 'two')
  const second = await b.take()
  await putAll(second.store, 'three', 'four')
  await loseTail(kept)
  second.stores.abandon()
  const third = await b.take()
  assert.equal(await keysOf(third.store), ['four', 'one', 'three', 'two'])
  assert.equal(await keysOf((await node('c').take()).store), ['four', 'one', 'three', 'two'])
  assert.equal(errors, [])
})

test('a copy is not uploaded behind the entries of another epoch of the same number', async () => {
  const { node, broker, loseTail } = nodesOf()
  const [a, b] = [node('a'), node('b')]
  await put((await a.take()).store, 'one')
  const kept = broker.stored().length
  const second = await b.take()
  await putAll(second.store, 'b1', 'b2', 'b3')
  await loseTail(kept)
  second.stores.abandon()
  const third = await a.take()
  await put(third.store, 'a1')
  third.stores.abandon()
  // The log ends at 2.1, and the disk of b at 2.3 of the epoch that is gone.
  assert.equal(await keysOf((await b.take()).store), ['a1', 'one'])
})

test('a copy that does not say which epoch it is of is read again', async () => {
  const { node } = nodesOf()
  const [a, b] = [node('a'), node('b')]
  const first = await a.take()
  await putAll(first.store, 'one', 'two')
  await first.stores.giveUp('b')
  const origin = (await a.log.tip()).origin
  await b.copy.batch([
    { type: 'put', key: 'place', value: Buffer.from(JSON.stringify({ epoch: 1, n: 1, origin })) },
    { type: 'put', key: 's!s!ghost', value: Buffer.from('boo') },
  ])
  assert.equal(await keysOf((await b.take()).store), ['one', 'two'])
})

test('a late duplicate of an entry that was purged is not where the log ends', async () => {
  for (const rest of [['later'], []]) {
    const { node, broker, subjects } = nodesOf()
    const first = await node('a').take()
    await putAll(first.store, 'k1', 'k2', 'k3', 'k4', 'k5')
    const late = broker.stored().find(({ subject }) => subject.endsWith('jrn.7.1.3')) as Stored
    await first.stores.cover()
    await putAll(first.store, ...rest)
    assert.is(await broker.connect('late').create(late.subject, late.data), 'created')
    first.stores.abandon()
    const expected = ['k1', 'k2', 'k3', 'k4', 'k5', ...rest]
    for (const name of ['b', 'c', 'a', 'd'])
      assert.equal(await keysOf((await node(name).take()).store), expected)
    const last = await node('e').take()
    await last.stores.cover()
    assert.not.ok(subjects().includes('jrn.7.1.3'), 'it is swept')
    assert.ok(
      subjects().some(subject => subject.startsWith('jrn.7.1.')),
      'the seal stays',
    )
  }
})

test('a late duplicate right behind a snapshot does not hide where the log ends', async () => {
  const { node, broker } = nodesOf()
  const first = await node('a').take()
  await putAll(first.store, 'k1', 'k2')
  const late = broker.stored().find(({ subject }) => subject.endsWith('jrn.7.1.1')) as Stored
  await first.stores.giveUp(undefined)
  const second = await node('b').take()
  // The snapshot is of a place before any entry of its epoch.
  await second.stores.cover()
  assert.is(await broker.connect('late').create(late.subject, late.data), 'created')
  assert.is((await node('c').log.tip()).epoch, second.stores.epoch)
  assert.equal(await keysOf((await node('c').take()).store), ['k1', 'k2'])
})

test('a claim whose seal comes when its place was purged is lost, and ends nothing', async () => {
  const { node } = nodesOf()
  const a = node('a')
  const first = await a.take()
  await putAll(first.store, 'k1', 'k2')
  const { wrap, hold, release } = gate('.jrn.')
  const b = node('b', { wrap })
  hold()
  const claimed = b.take().catch(error => error.message)
  await settle()
  await putAll(first.store, 'k3', 'k4')
  await first.stores.cover()
  release()
  assert.match(await claimed, 'did not get')
  assert.equal((await a.log.tip()).place, first.stores.place)
  await put(first.store, 'k5')
  assert.is(first.lost, false)
  assert.equal(await keysOf((await node('c').take()).store), ['k1', 'k2', 'k3', 'k4', 'k5'])
})

test('a copy ahead of the seal that ended its epoch is read again, and told of once', async () => {
  const { node, broker, loseTail, errors } = nodesOf()
  const [a, b] = [node('a'), node('b')]
  const first = await a.take()
  await put(first.store, 'one')
  const kept = broker.stored().length
  await putAll(first.store, 'x', 'y', 'z')
  await loseTail(kept)
  first.stores.abandon()
  const second = await b.take()
  await put(second.store, 'b1')
  await second.stores.giveUp('a')
  for (let times = 0; times < 3; times++) assert.equal(await keysOf((await a.take()).store), ['b1', 'one'])
  assert.is(errors.length, 1)
})

test('entries are in the copy before the next are read, from where the copy goes to', async () => {
  const { node, broker } = nodesOf()
  const first = await node('a').take()
  for (let n = 0; n < 300; n++) await put(first.store, `k${n % 10}`, `${n}`)
  let [read, applied, most, messages] = [0, 0, 0, 0]
  const b = node('b', {
    wrap: client => ({
      ...client,
      async *read(pattern, from) {
        for await (const stored of client.read(pattern, from)) {
          messages++
          if (pattern.includes('.jrn.')) most = Math.max(most, ++read - applied)
          yield stored
        }
      },
    }),
  })
  const { batch } = b.copy
  Object.assign(b.copy, {
    async batch(...args: Parameters<typeof batch>) {
      await batch(...args)
      applied++
    },
  })
  const second = await b.take()
  assert.is(second.stores.place.epoch, 2)
  assert.ok(read >= 300, `${read} were read`)
  assert.ok(most <= 3, `${most} entries were held at once`)
  await put(second.store, 'more')
  await second.stores.giveUp('b')
  messages = 0
  await b.take()
  assert.ok(messages < 10, `${messages} were read again of what the copy had`)
  assert.ok(broker.stored().length > 300)
})

test('the log keeps the seals of the last epochs only, and asks for those alone', async () => {
  const { node, broker, subjects } = nodesOf()
  let asked = 0
  const wrap = (client: Broker): Broker => ({
    ...client,
    purge: async (...args) => {
      asked++
      await client.purge(...args)
    },
  })
  const nodes = ['a', 'b', 'c'].map(name => node(name, { wrap }))
  const early = node('early')
  await put((await early.take()).store, 'k0')
  for (let n = 1; n <= 40; n++) {
    const taken = await (nodes[n % 3] as (typeof nodes)[number]).take()
    await put(taken.store, `k${n % 7}`)
    asked = 0
    if (n % 3 > 0) await taken.stores.cover()
    assert.ok(asked < 60, `${asked} purges`)
  }
  const seals = subjects().filter(subject => subject.startsWith('jrn.'))
  assert.ok(seals.length >= 16 && seals.length <= 24, `${seals.length} entries are left`)
  assert.is(subjects().filter(subject => subject.endsWith('.end')).length, 1)
  assert.equal(await keysOf((await early.take()).store), ['k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6'])
  assert.equal(await keysOf((await node('d').take()).store), ['k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6'])
  void broker
})

test('whatever is stored late once more, what was acknowledged is there for whoever takes over', async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('write' as const), at: fc.nat(9) }),
    fc.record({ do: fc.constant('late' as const), at: fc.nat() }),
    fc.constantFrom(
      { do: 'take' as const, at: 0 },
      { do: 'giveUp' as const, at: 0 },
      { do: 'cover' as const, at: 0 },
    ),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async steps => {
      const { node, broker, errors } = nodesOf()
      const nodes = ['a', 'b', 'c'].map(name => node(name))
      const late = broker.connect('late')
      const known = new Map<string, Stored>()
      let turn = 0
      const take = () => (nodes[turn++ % 3] as (typeof nodes)[number]).take()
      let owner = await take()
      const expected = new Set<string>()
      for (const { do: what, at } of steps) {
        for (const stored of broker.stored()) known.set(stored.subject, stored)
        if (what === 'write') {
          await put(owner.store, `k${at}`)
          expected.add(`k${at}`)
        } else if (what === 'cover') await owner.stores.cover()
        else if (what === 'late') {
          // What is not there any more was purged.
          const present = new Set(broker.stored().map(({ subject }) => subject))
          const gone = [...known.values()].filter(
            ({ subject }) => !present.has(subject) && subject.includes('.jrn.'),
          )
          const again = gone[at % Math.max(1, gone.length)]
          if (again) await late.create(again.subject, again.data)
        } else {
          if (what === 'giveUp') await owner.stores.giveUp(undefined)
          owner = await take()
        }
      }
      owner = await take()
      assert.equal(await keysOf(owner.store), [...expected].sort())
      assert.equal(errors, [])
    }),
    { numRuns: 200 },
  )
})

test('whatever end of the log the broker loses, the next owner serves what the log then says, and so does everybody after it', async () => {
  const step = fc.record({
    do: fc.constantFrom(
      'write' as const,
      'write' as const,
      'take' as const,
      'giveUp' as const,
      'cover' as const,
      'lose' as const,
    ),
    at: fc.nat(30),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async steps => {
      const { node, broker, loseTail } = nodesOf()
      const nodes = ['a', 'b', 'c'].map(name => node(name))
      let serial = 0
      let owner = await nodes[0]?.take()
      const takeWith = async (at: number): Promise<void> => {
        owner = await (nodes[at % 3] as (typeof nodes)[number]).take()
        const other = nodesOf()
        for (const { subject, data } of broker.stored()) await other.broker.connect('x').create(subject, data)
        const fresh = await other.node('fresh').take()
        assert.equal(await allOf(owner.store), await allOf(fresh.store))
      }
      for (const { do: what, at } of steps) {
        if (!owner) throw new Error('nobody owns it')
        if (what === 'write') await put(owner.store, `k${at % 7}`, `${serial++}`)
        else if (what === 'cover') await owner.stores.cover()
        else {
          if (what === 'giveUp') await owner.stores.giveUp(undefined)
          if (what === 'lose') {
            owner.stores.abandon()
            const { length } = broker.stored()
            // Less than back to the last snapshot: what was purged for one that is lost is lost as well.
            const last = broker.stored().findLastIndex(({ subject }) => subject.endsWith('.end'))
            await loseTail(Math.max(length - at, last + 1, 1))
          }
          await takeWith(at)
        }
      }
    }),
    { numRuns: 200 },
  )
})

test.run()
