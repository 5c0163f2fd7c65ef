import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { LevelStore, Op } from '../../../memory/level.ts'
import { outcomeOf } from '../sample-actors.ts'
import { testSuite } from '../suite.ts'
import { byBytes } from './byte-order.ts'
import { simulatedDisk } from './disk.ts'
import { type FaultRates, faultsOf } from './faults.ts'
import { type Incarnation, incarnate } from './host.ts'
import { prng } from './prng.ts'
import { scheduler } from './scheduler.ts'

const test = testSuite('runtime/testkit/simulation/disk')

function world(seed = 1, rates: FaultRates = {}, reopens = true) {
  const random = prng(seed)
  const time = scheduler({ random: random.fork('scheduler') })
  const faults = faultsOf(rates, random.fork('faults'))
  const disk = simulatedDisk({ scheduler: time, random: random.fork('disk'), faults, reopens })
  let number = 0
  const life = (): Incarnation =>
    incarnate({ scheduler: time, random, node: 'n', number: ++number, nextId: () => 'id' })
  /** What `work` comes to while everything that is scheduled runs. */
  const drive = async <T>(work: Promise<T>): Promise<T> => {
    await time.drain()
    while (time.step()) await time.drain()
    return work
  }
  const open = (owner: Incarnation): Promise<LevelStore> => drive(disk.open(owner))
  return { time, faults, disk, life, drive, open }
}

const put = (key: string, value: string): Op => ({ type: 'put', key, value: new TextEncoder().encode(value) })
const del = (key: string): Op => ({ type: 'del', key })
const text = (value: Uint8Array | undefined): string | undefined => value && new TextDecoder().decode(value)

async function all(store: LevelStore, range?: { from?: string; to?: string }): Promise<readonly string[]> {
  const found: string[] = []
  for await (const [key, value] of store.range(range)) found.push(`${key}=${text(value)}`)
  return found
}

test('keeps what was written, in the order of the keys', async () => {
  const { life, open, drive } = world()
  const store = await open(life())
  await drive(store.batch([put('b', '2'), put('a', '1'), put('c', '3')]))
  await drive(store.batch([del('c'), put('b', '4')]))
  assert.equal(await drive(all(store)), ['a=1', 'b=4'])
  assert.equal(await drive(all(store, { from: 'b' })), ['b=4'])
  assert.equal(await drive(all(store, { to: 'b' })), ['a=1'])
  assert.is(text(await drive(store.get('a'))), '1')
  assert.is(await drive(store.get('c')), undefined)
})

test('iterates over what there was when the iteration began', async () => {
  const { life, open, drive, time } = world()
  const store = await open(life())
  await drive(store.batch([put('a', '1'), put('b', '2')]))
  const entries = store.range()[Symbol.asyncIterator]()
  const first = entries.next()
  time.step()
  await first
  await drive(store.batch([put('b', 'new'), put('c', '3')]))
  assert.is(text((await drive(entries.next())).value?.[1]), '2')
  assert.is((await drive(entries.next())).done, true)
})

test('has the bytes as they were when they were written, whatever the caller does with them', async () => {
  const { life, open, drive } = world()
  const store = await open(life())
  const value = new Uint8Array([1, 2])
  const written = store.batch([{ type: 'put', key: 'a', value }])
  value[0] = 9
  await drive(written)
  const read = await drive(store.get('a'))
  assert.equal([...(read ?? [])], [1, 2])
})

test('merges batches of one turn into one write', async () => {
  const { life, open, drive } = world()
  const store = await open(life())
  await drive(Promise.all([store.batch([put('a', '1')]), store.batch([put('b', '2')]), store.batch([])]))
  assert.is(store.writes, 1)
})

test('belongs to one life, and to the next when that is dead', async () => {
  const { life, open, drive, disk } = world()
  const first = life()
  await open(first)
  assert.is(await outcomeOf(disk.open(life())), 'store-locked')
  first.kill()
  const store = await open(life())
  await drive(store.close())
  await open(life())
})

test('refuses everything after it was closed', async () => {
  const { life, open, drive } = world()
  const store = await open(life())
  await drive(store.close())
  assert.is(await outcomeOf(store.batch([put('a', '1')])), 'journal-closed')
  assert.is(await outcomeOf(store.get('a')), 'journal-closed')
  assert.is(await outcomeOf(all(store)), 'journal-closed')
})

test('keeps every acknowledged write when the process dies', async () => {
  const { life, open, drive } = world()
  const first = life()
  const store = await open(first)
  await drive(store.batch([put('a', '1')]))
  const unanswered = store.batch([put('b', '2')])
  first.kill()
  const second = await open(life())
  assert.equal(await drive(all(second)), ['a=1'])
  assert.is(second.lostTail, 0)
  void unanswered
})

test('keeps at a power cut what was synced and a prefix of what was not, over every seed', async () => {
  const lengths = new Set<number>()
  for (let seed = 0; seed < 60; seed++) {
    const { life, open, drive, disk } = world(seed)
    const first = life()
    const store = await open(first)
    await drive(store.batch([put('0', 'synced')]))
    await drive(store.batch([put('1', 'synced')], { sync: true }))
    for (const key of ['2', '3', '4']) await drive(store.batch([put(key, 'loose'), put('last', key)]))
    first.kill()
    disk.powerCut()
    const second = await open(life())
    const kept = (await drive(all(second))).filter(entry => !entry.startsWith('last'))
    assert.equal(kept, ['0=synced', '1=synced', '2=loose', '3=loose', '4=loose'].slice(0, kept.length))
    assert.ok(kept.length >= 2)
    assert.is(second.lostTail, 5 - kept.length)
    // Of a write that is lost nothing is left, also not of what it wrote over.
    assert.is(text(await drive(second.get('last'))), kept.length === 2 ? undefined : String(kept.length - 1))
    lengths.add(kept.length)
  }
  assert.equal([...lengths].sort(), [2, 3, 4, 5])
})

test('loses one write more when the last that is kept was torn', async () => {
  const { life, open, drive, disk, faults } = world(1, { 'disk.torn': 1 })
  let losses = 0
  for (let i = 0; i < 20; i++) {
    const owner = life()
    const store = await open(owner)
    losses += store.lostTail
    await drive(store.batch([put('a', String(i))]))
    owner.kill()
    disk.powerCut()
  }
  assert.ok((faults.struck['disk.torn'] ?? 0) > 0)
  assert.is(losses, 19)
})

test('refuses a write for which there is no space, and everything after it until it is opened again', async () => {
  const { life, open, drive, disk, faults } = world(1, { 'disk.full': 1 }, false)
  const owner = life()
  const store = await open(owner)
  const refused = outcomeOf(store.batch([put('a', '1')]))
  assert.is(await drive(refused), 'store-failed')
  faults.stop()
  assert.is(await outcomeOf(store.batch([put('a', '1')])), 'store-failed')
  assert.ok(disk.failed(owner))
  assert.is(store.reopen, undefined)
  owner.kill()
  const again = await open(life())
  assert.equal(await drive(all(again)), [])
})

test('goes on after it was opened again, with what there is', async () => {
  const { life, open, drive, disk, faults } = world(1, { 'disk.sync-failed': 1 })
  const owner = life()
  const store = await open(owner)
  assert.is(await drive(outcomeOf(store.batch([put('a', '1')], { sync: true }))), 'store-failed')
  faults.stop()
  await drive(store.reopen?.() ?? Promise.reject())
  await drive(store.batch([put('b', '2')]))
  assert.equal(await drive(all(store)), ['a=1', 'b=2'])
  assert.not.ok(disk.failed(owner))
})

test('leaves open whether a write whose sync failed is safe', async () => {
  const found = new Set<string | undefined>()
  for (let seed = 0; seed < 20; seed++) {
    const { life, open, drive, disk, faults } = world(seed, { 'disk.sync-failed': 1 })
    const owner = life()
    const store = await open(owner)
    assert.is(await drive(outcomeOf(store.batch([put('a', '1')], { sync: true }))), 'store-failed')
    faults.stop()
    owner.kill()
    disk.powerCut()
    const again = await open(life())
    found.add(text(await drive(again.get('a'))))
  }
  assert.equal(found, new Set(['1', undefined]))
})

test('damages one value, and undoes it', async () => {
  const { life, open, drive, disk } = world()
  const store = await open(life())
  await drive(store.batch([put('a', 'some bytes')]))
  for (const kind of ['flip', 'cut'] as const) {
    const undo = disk.damage(kind)
    assert.is.not(text(await drive(store.get('a'))), 'some bytes')
    undo?.()
    assert.is(text(await drive(store.get('a'))), 'some bytes')
  }
})

test('orders keys as LevelDB does, by their bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      assert.is(Math.sign(byBytes(a, b)), Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))))
    }),
  )
  assert.ok(byBytes('\uffff', '\u{10000}') < 0)
})

test.run()
