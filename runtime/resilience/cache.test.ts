import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import { settle, simulatedClock } from '../testkit/simulated-clock.ts'
import { testSuite } from '../testkit/suite.ts'
import { type CacheOptions, cache } from './cache.ts'
import { retry } from './retry.ts'

const test = testSuite('runtime/resilience/cache')

const isKind = (kind: string) => (error: unknown) => error instanceof RuntimeError && error.kind === kind

test('equal calls are made once, others on their own', async () => {
  const calls: unknown[] = []
  const find = cache()(async (query: { q: string; page: number }) => {
    calls.push(query)
    return { hits: calls.length }
  })
  const first = await find({ q: 'x', page: 1 })
  assert.is(await find({ page: 1, q: 'x' }), first)
  await find({ q: 'x', page: 2 })
  assert.is(calls.length, 2)
  assert.equal(find.info(), { hits: 1, misses: 2, size: 2, pending: 0 })
})

test('a synchronous function stays synchronous, and undefined is a result', () => {
  let calls = 0
  const f = cache()((_: number): undefined => {
    calls++
  })
  assert.is(f(1), undefined)
  assert.is(f(1), undefined)
  assert.is(calls, 1)
})

test('equal calls at the same time share one promise', async () => {
  let calls = 0
  let release: (value: number) => void = () => {}
  const slow = cache()((_: string) => {
    calls++
    return new Promise<number>(resolve => {
      release = resolve
    })
  })
  const all = [slow('a'), slow('a'), slow('a')]
  assert.is(all[0], all[1])
  assert.equal(slow.info(), { hits: 2, misses: 1, size: 0, pending: 1 })
  release(7)
  assert.equal(await Promise.all(all), [7, 7, 7])
  assert.is(await slow('a'), 7)
  assert.is(calls, 1)
  assert.equal(slow.info(), { hits: 3, misses: 1, size: 1, pending: 0 })
})

test('calls under way are shared however little room there is', async () => {
  let calls = 0
  const f = cache({ maxEntries: 1 })(async (n: number) => {
    calls++
    await settle()
    return n
  })
  assert.equal(await Promise.all([f(1), f(2), f(3), f(1), f(2), f(3)]), [1, 2, 3, 1, 2, 3])
  assert.is(calls, 3)
  assert.is(f.info().size, 1)
})

test('a failure reaches all who share it and is not kept', async () => {
  let calls = 0
  const f = cache()(async () => {
    if (++calls === 1) throw new Error('once')
    return calls
  })
  const both = await Promise.allSettled([f(), f()])
  assert.equal(
    both.map(result => result.status),
    ['rejected', 'rejected'],
  )
  assert.is(await f(), 2)
  assert.is(await f(), 2)
  let thrown = 0
  const sync = cache()(() => {
    if (++thrown === 1) throw new Error('once')
    return thrown
  })
  assert.throws(sync)
  assert.is(sync(), 2)
})

test('a result ends with its time to live, counted from when it was there', async () => {
  const clock = simulatedClock()
  let calls = 0
  const f = cache({ ttlSeconds: 60, clock })(async () => {
    calls++
    await new Promise<void>(resolve => {
      clock.at(clock.now() + 50_000, resolve)
    })
    return calls
  })
  const first = f()
  await clock.advance(50_000)
  assert.is(await first, 1)
  await clock.advance(59_999)
  assert.is(await f(), 1)
  await clock.advance(1)
  const second = f()
  await clock.advance(50_000)
  assert.is(await second, 2)
})

test('the least recently used result makes room', () => {
  const calls: number[] = []
  const f = cache({ maxEntries: 2 })((n: number) => calls.push(n))
  for (const n of [1, 2, 1, 3, 1, 2]) f(n)
  assert.equal(calls, [1, 2, 3, 2])
})

test('clear forgets, and a call under way is then answered but not kept', async () => {
  let calls = 0
  const f = cache()(async () => {
    const call = ++calls
    await settle()
    return call
  })
  const old = f()
  f.clear()
  const fresh = f()
  assert.equal(await Promise.all([old, fresh]), [1, 2])
  assert.is(await f(), 2)
  f.clear()
  const unkept = f()
  f.clear()
  assert.is(await unkept, 3)
  assert.is(f.info().size, 0)
  assert.is(await f(), 4)
})

test('a key function says what is the same, and sees this', () => {
  let calls = 0
  const byId = cache({ key: (user: { id: string }) => user.id })((user: { id: string; seen: Date }) => {
    calls++
    return user.seen
  })
  byId({ id: 'a', seen: new Date(1) })
  byId({ id: 'a', seen: new Date(2) })
  byId({ id: 'b', seen: new Date(3) })
  assert.is(calls, 2)

  const tenantKey = function (this: { tenant: string }): string {
    return this.tenant
  }
  const perTenant = cache({ key: tenantKey })(function (this: { tenant: string }) {
    return { tenant: this.tenant }
  })
  assert.equal(perTenant.call({ tenant: 'x' }), { tenant: 'x' })
  assert.equal(perTenant.call({ tenant: 'y' }), { tenant: 'y' })
  assert.is(perTenant.info().size, 2)
})

test('arguments without a key, and keys that are no text, are refused before the call', () => {
  let calls = 0
  const f = cache()((_: unknown) => ++calls)
  assert.throws(() => f(new Map()), isKind('not-plain-data'))
  const numbered = cache({ key: ((n: number) => n) as unknown as (n: number) => string })(
    (n: number) => n + ++calls,
  )
  assert.throws(() => numbered(1), isKind('definition-invalid'))
  assert.is(calls, 0)
})

test('each instance has a cache of its own, a subclass instance too', () => {
  const calls: string[] = []
  class Base {
    readonly name: string
    constructor(name: string) {
      this.name = name
    }
    @cache()
    size(of: string): string {
      calls.push(`${this.name}:${of}`)
      return `${this.name}:${of}`
    }
  }
  class Derived extends Base {
    override size(of: string): string {
      return `derived ${super.size(of)}`
    }
  }
  const [a, b, c] = [new Base('a'), new Base('b'), new Derived('c')]
  for (let i = 0; i < 3; i++) {
    assert.equal([a.size('x'), b.size('x'), c.size('x')], ['a:x', 'b:x', 'derived c:x'])
  }
  assert.equal(calls, ['a:x', 'b:x', 'c:x'])
})

test('static methods and methods without an instance are cached too', () => {
  let calls = 0
  class Registry {
    readonly of = 'an instance'
    @cache()
    static load(name: string): string {
      return `${name}${++calls}`
    }
  }
  assert.equal([Registry.load('a'), Registry.load('a')], ['a1', 'a1'])
  const { load } = Registry
  assert.equal([load('a'), load('a')], ['a2', 'a2'])
})

test('a decorated method has no controls, which would be about no one cache', () => {
  class Plain {
    @cache()
    one(): number {
      return 1
    }
  }
  assert.is('clear' in new Plain().one, false)
})

test('the controls outlive another wrapper around them', async () => {
  let calls = 0
  const f = retry()(cache()(async () => ++calls))
  assert.equal([await f(), await f()], [1, 1])
  f.clear()
  assert.is(await f(), 2)
  assert.is(f.info().misses, 2)
})

test('two functions wrapped by one policy do not share results', () => {
  const policy = cache()
  const [one, two] = [policy(() => 1), policy(() => 2)]
  assert.equal([one(), two(), one(), two()], [1, 2, 1, 2])
})

test('wrong options are refused where they are written', () => {
  const wrong: readonly CacheOptions[] = [{ ttlSeconds: 0 }, { ttlSeconds: Number.NaN }, { maxEntries: 0 }]
  for (const options of wrong) {
    assert.throws(() => cache(options), isKind('definition-invalid'), JSON.stringify(options))
  }
})

test.run()
