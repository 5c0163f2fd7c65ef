import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { RuntimeError } from '../errors.ts'
import { lruCache } from './cache.ts'

const test = testSuite('actors/policies/cache')

test('the entry not used for longest leaves first', () => {
  const cache = lruCache<number>({ maxEntries: 2, now: () => 0 })
  cache.set('a', 1)
  cache.set('b', 2)
  assert.is(cache.get('a'), 1)
  cache.set('c', 3)
  assert.is(cache.get('b'), undefined)
  assert.equal([cache.get('a'), cache.get('c'), cache.size()], [1, 3, 2])
})

test('setting a key again replaces its value and counts as a use', () => {
  const cache = lruCache<number>({ maxEntries: 2, now: () => 0 })
  cache.set('a', 1)
  cache.set('b', 2)
  cache.set('a', 10)
  cache.set('c', 3)
  assert.equal([cache.get('a'), cache.get('b'), cache.get('c')], [10, undefined, 3])
})

test('an entry ends with its time to live, which a use does not prolong', () => {
  let now = 1000
  const cache = lruCache<string>({ maxEntries: 5, ttlMs: 100, now: () => now })
  cache.set('a', 'x')
  now = 1099
  assert.is(cache.get('a'), 'x')
  now = 1100
  assert.is(cache.get('a'), undefined)
  assert.is(cache.size(), 0)
  cache.set('a', 'y')
  now = 1199
  assert.is(cache.get('a'), 'y')
})

test('delete and clear forget', () => {
  const cache = lruCache<number>({ maxEntries: 5, now: () => 0 })
  cache.set('a', 1)
  cache.set('b', 2)
  assert.is(cache.delete('a'), true)
  assert.is(cache.delete('a'), false)
  cache.clear()
  assert.equal([cache.get('b'), cache.size()], [undefined, 0])
})

test('names of built-in members are keys like any other', () => {
  const cache = lruCache<number>({ maxEntries: 5, now: () => 0 })
  assert.is(cache.get('__proto__'), undefined)
  cache.set('__proto__', 1)
  cache.set('constructor', 2)
  assert.equal([cache.get('__proto__'), cache.get('constructor'), cache.get('toString')], [1, 2, undefined])
})

test('behaves as a list ordered by use, under any sequence of operations', () => {
  const operations = fc.array(
    fc.record({ op: fc.constantFrom('get', 'set', 'delete'), key: fc.constantFrom(...'abcdef') }),
    { maxLength: 200, size: 'max' },
  )
  fc.assert(
    fc.property(operations, fc.integer({ min: 1, max: 5 }), (list, maxEntries) => {
      const cache = lruCache<number>({ maxEntries, now: () => 0 })
      let model: [string, number][] = []
      list.forEach(({ op, key }, i) => {
        const found = model.find(([k]) => k === key)
        const rest = model.filter(([k]) => k !== key)
        if (op === 'get') {
          assert.is(cache.get(key), found?.[1])
          if (found) model = [...rest, found]
        } else if (op === 'set') {
          cache.set(key, i)
          model = [...rest, [key, i] as [string, number]].slice(-maxEntries)
        } else {
          assert.is(cache.delete(key), found !== undefined)
          model = rest
        }
        assert.is(cache.size(), model.length)
      })
    }),
  )
})

test('a cache without room or time is refused', () => {
  for (const wrong of [{ maxEntries: 0 }, { maxEntries: 1.5 }, { maxEntries: 1, ttlMs: 0 }]) {
    assert.throws(
      () => lruCache({ ...wrong, now: () => 0 }),
      (error: unknown) => error instanceof RuntimeError && error.kind === 'definition-invalid',
    )
  }
})

test.run()
