import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { openLevel } from '../level.ts'
import { countersKey, familyRange, recordKey, waitingKey } from './keys.ts'
import { kindOf, linesOf, type Opened, openedIn, withStore } from './testdata/opened.ts'

const test = testSuite('memory/store/damage', { limitMs: 60_000 })

/** Writes `change` of what stands under a key into the closed store. */
async function damaged(
  opened: Opened,
  key: string,
  change: (bytes: Uint8Array) => Uint8Array | undefined,
): Promise<void> {
  await opened.memory.close()
  const store = await openLevel(opened.dir)
  const value = change(Uint8Array.from((await store.get(key)) ?? []))
  await store.batch([value ? { type: 'put', key, value } : { type: 'del', key }], { sync: true })
  await store.close()
  const again = await openedIn(opened.dir)
  opened.memory = again.memory
  opened.space = again.space
  opened.damage.push = (...errors) => again.damage.push(...errors)
  Object.defineProperty(opened, 'damage', { value: again.damage, configurable: true })
}

const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, at) => (at === 20 ? byte ^ 1 : byte))

test(
  'a damaged record is reported with its place, and all others are usable',
  withStore(async opened => {
    const ids = await opened.space.rememberAll(
      ['alpha one', 'beta one', 'gamma one'].map(text => ({ text, session: 's' })),
    )
    await damaged(opened, recordKey(1, 1), flipped)
    const { space } = opened
    assert.is(await kindOf(() => space.get(ids[1] ?? '')), 'store-corrupt')
    const left = [ids[0], ids[2]]
    assert.equal(
      (await space.list()).memories.map(({ id }) => id),
      left,
    )
    assert.equal(
      (await space.recent()).map(({ id }) => id),
      left,
    )
    assert.equal((await space.recall('one')).map(({ id }) => id).sort(), left.toSorted())
    assert.ok(opened.damage.length > 0)
    assert.is((await linesOf(space)).length, 3)
    const { problems } = await space.verify()
    assert.ok(problems.some(problem => problem.includes('number 1 of namespace "main"')))
    assert.is((await space.forget(ids[1] ?? '')).memories, 1)
    assert.is(await space.get(ids[1] ?? ''), undefined)
    assert.equal(
      (await space.verify()).problems.filter(problem => !problem.includes('session')),
      [],
    )
    await space.remember({ text: 'delta', session: 's' })
    assert.is((await space.recent({ session: 's' })).length, 3)
  }),
)

test(
  'an index that is damaged, or lacks a part, is made anew without losing anything',
  withStore(async opened => {
    for (let at = 0; at < 5_000; at += 1_000) {
      await opened.space.rememberAll(
        Array.from({ length: 1_000 }, (_, nth) => ({ text: `word${at + nth} all` })),
      )
      await new Promise(resolve => setTimeout(resolve, 100))
    }
    await opened.memory.close()
    const store = await openLevel(opened.dir)
    const keys: string[] = []
    for await (const [key] of store.range(familyRange('x', 1))) keys.push(key)
    await store.close()
    assert.ok(keys.length > 1, `${keys}`)
    const again = await openedIn(opened.dir)
    opened.memory = again.memory
    for (const change of [flipped, (bytes: Uint8Array) => bytes.subarray(0, 100), () => undefined]) {
      await damaged(opened, keys[0] ?? '', change)
      assert.is((await opened.space.recall('word7')).length, 1)
      assert.is(opened.damage.length, 1)
      assert.is((await opened.space.recall('all', { limit: 200 })).length, 200)
      assert.equal((await opened.space.verify()).problems, [])
      await opened.space.remember({ text: 'one more all' })
    }
  }),
)

test(
  'counters that are damaged close the namespace, not the others',
  withStore(async opened => {
    await opened.space.remember({ text: 'one' })
    await opened.memory.namespace('other').remember({ text: 'two' })
    await damaged(opened, countersKey(1), flipped)
    assert.is(await kindOf(() => opened.space.list()), 'store-corrupt')
    assert.is((await opened.memory.namespace('other').list()).memories.length, 1)
  }),
)

test(
  'verify finds each thing that does not agree',
  withStore(async opened => {
    const [id = ''] = await opened.space.rememberAll([
      { text: 'Ana lives in Porto', who: 'Ana', session: 's' },
    ])
    await opened.space.consolidate()
    await opened.memory.close()
    const store = await openLevel(opened.dir)
    const all: [string, Uint8Array][] = []
    for await (const [key, value] of store.range()) all.push([key, Uint8Array.from(value)])
    await store.close()
    const again = await openedIn(opened.dir)
    opened.memory = again.memory
    assert.ok(id)
    for (const family of ['e', 'i', 's', 'w', 'f', 'd'] as const) {
      const [key = '', value = new Uint8Array()] = all.find(([one]) => one.startsWith(`${family}!`)) ?? []
      await damaged(opened, key, () => undefined)
      assert.ok((await opened.space.verify()).problems.length > 0, `without ${key}`)
      await damaged(opened, key, () => value)
      assert.equal((await opened.space.verify()).problems, [], `with ${key}`)
    }
    await damaged(opened, waitingKey(1, 77), () => Uint8Array.of(1))
    assert.ok((await opened.space.verify()).problems.length > 0)
  }),
)

test.run()
