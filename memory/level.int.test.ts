import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { type LevelStore, type Op, openLevel } from './level.ts'
import { collect, kindOf } from './testdata/commits.ts'

const test = testSuite('memory/level', { limitMs: 20_000 })

const withStore = (body: (store: LevelStore, dir: string) => Promise<void>) => async () => {
  const dir = await mkdtemp(join(tmpdir(), 'ac-level-'))
  const store = await openLevel(dir)
  try {
    await body(store, dir)
  } finally {
    await store.close()
    await rm(dir, { recursive: true, force: true })
  }
}

const put = (key: string, size = 1): Op => ({ type: 'put', key, value: new Uint8Array(size).fill(7) })
const keys = async (store: LevelStore, range = {}) => (await collect(store.range(range))).map(([key]) => key)

test(
  'gives what was put, in byte order, and not what was deleted',
  withStore(async store => {
    await store.batch(['b', 'a', 'é', 'Z', 'a!'].map(key => put(key)))
    await store.batch([{ type: 'del', key: 'b' }], { sync: true })
    assert.equal(await keys(store), ['Z', 'a', 'a!', 'é'])
    assert.equal(await keys(store, { from: 'a', to: 'b' }), ['a', 'a!'])
    assert.equal([...((await store.get('a')) ?? [])], [7])
    assert.is(await store.get('b'), undefined)
  }),
)

test(
  'merges what is asked for during a write into the next one, in order, and bounds it by size',
  withStore(async store => {
    const done: number[] = []
    const all = Array.from({ length: 200 }, (_, at) =>
      store.batch([put('last', at + 1), put(`k${at}`)], { sync: at % 2 === 0 }).then(() => done.push(at)),
    )
    await Promise.all(all)
    assert.is(store.writes, 1)
    assert.equal(
      done,
      [...done].sort((a, b) => a - b),
    )
    assert.is((await store.get('last'))?.length, 200)
    const first = store.batch([put('x')])
    await new Promise(resolve => setImmediate(resolve))
    await Promise.all([first, store.batch([put('y')]), store.batch([put('z')])])
    assert.is(store.writes, 3)
    await Promise.all([1, 2, 3].map(at => store.batch([put(`big${at}`, 700_000)])))
    assert.is(store.writes, 6)
  }),
)

test(
  'waits with an empty batch for those before it, and writes nothing for it',
  withStore(async store => {
    const write = store.batch([put('a')])
    await store.batch([])
    assert.is(store.writes, 1)
    assert.equal(await keys(store), ['a'])
    await write
    await store.batch([])
    assert.is(store.writes, 1)
  }),
)

test(
  'finishes what was asked for before a close, refuses what comes after, and is free for the next',
  withStore(async (store, dir) => {
    const writes = [put('a'), put('b')].map(op => store.batch([op]))
    const closing = store.close()
    assert.is(await kindOf(() => store.batch([put('c')])), 'journal-closed')
    await Promise.all([...writes, closing, store.close()])
    for (const work of [() => store.get('a'), () => keys(store), () => store.batch([])]) {
      assert.is(await kindOf(work), 'journal-closed')
    }
    const again = await openLevel(dir)
    assert.equal(await keys(again), ['a', 'b'])
    assert.is(again.lostTail, 0)
    await again.close()
  }),
)

test(
  'iterates over one moment while others write',
  withStore(async store => {
    await store.batch(Array.from({ length: 600 }, (_, at) => put(`k${String(at).padStart(4, '0')}`)))
    let seen = 0
    for await (const [key] of store.range()) {
      if (seen++ === 0) await store.batch([put('k0300x'), put('zz'), { type: 'del', key: 'k0599' }])
      assert.not.ok(key === 'k0300x' || key === 'zz')
    }
    assert.is(seen, 600)
  }),
)

test(
  'does nothing when asked to open again without need, and refuses it after a close',
  withStore(async store => {
    await store.batch([put('a')])
    const iteration = store.range()[Symbol.asyncIterator]()
    await store.reopen?.()
    assert.is((await iteration.next()).value?.[0], 'a')
    await store.close()
    assert.is(await kindOf(async () => store.reopen?.()), 'journal-closed')
  }),
)

test.run()
