import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import { settle, simulatedClock } from '../testkit/simulated-clock.ts'
import { testSuite } from '../testkit/suite.ts'
import { cache } from './cache.ts'
import { fallback } from './fallback.ts'
import { rateLimit } from './rate-limit.ts'
import { retry } from './retry.ts'
import { timeout } from './timeout.ts'
import { bothWays } from './wrap.ts'

const test = testSuite('runtime/resilience/wrap')

const clock = simulatedClock(0)
const policies = {
  retry: retry({ clock }),
  timeout: timeout({ seconds: 1, clock }),
  cache: cache({ clock }),
  rateLimit: rateLimit({ calls: 1000, perSeconds: 1, clock }),
  fallback: fallback(undefined),
}
/** Any of them as plain JavaScript sees it: without types to hold it back. */
type Loose = (...args: unknown[]) => (...args: unknown[]) => unknown
const loose = Object.entries(policies).map(([name, policy]) => [name, policy as unknown as Loose] as const)

const isRefusal = (error: unknown): boolean =>
  error instanceof RuntimeError && error.kind === 'definition-invalid'

test('every policy keeps this, arguments, name and length of a wrapped function', async () => {
  for (const [name, policy] of loose) {
    const greet = async function (this: unknown, greeting: unknown, mark: unknown): Promise<unknown> {
      return [this, greeting, mark]
    }
    const wrapped = policy(greet)
    const self = { name }
    const result = (await Reflect.apply(wrapped, self, ['hello', '!'])) as unknown[]
    assert.is(result[0], self, name)
    assert.equal(result.slice(1), ['hello', '!'], name)
    assert.equal([wrapped.name, wrapped.length], ['greet', 2], name)
  }
})

test('every policy works on methods: of instances, private, static, symbol-named and inherited', async () => {
  const key = Symbol('keyed')
  for (const [name, loosePolicy] of loose) {
    const policy = loosePolicy as unknown as ReturnType<typeof bothWays>
    class Base {
      readonly #secret = name
      @policy
      async plain(extra: string): Promise<string> {
        return this.#secret + extra
      }
      @policy
      async #hidden(): Promise<string> {
        return this.#secret
      }
      @policy
      static async shared(): Promise<unknown> {
        // biome-ignore lint/complexity/noThisInStatic: which class is called is what is tested
        return this
      }
      @policy
      async [key](): Promise<string> {
        return this.#secret
      }
      ask(): Promise<string> {
        return this.#hidden()
      }
    }
    class Derived extends Base {
      override async plain(extra: string): Promise<string> {
        return `derived ${await super.plain(extra)}`
      }
    }
    assert.is(await new Base().plain('!'), `${name}!`)
    assert.is(await new Derived().plain('!'), `derived ${name}!`)
    assert.is(await new Derived().ask(), name)
    assert.is(await new Derived()[key](), name)
    assert.is(await Base.shared(), Base)
    assert.is(await Derived.shared(), Derived)
    assert.equal([Base.prototype.plain.name, Base.prototype.plain.length], ['plain', 1])
  }
})

test('every policy lets the error of the function through with its identity', async () => {
  const mine = new RuntimeError('cancelled', 'mine')
  for (const [name, policy] of loose) {
    const wrapped = policy(async () => {
      throw mine
    })
    assert.is(await Promise.resolve(wrapped()).catch((error: unknown) => error), mine, name)
  }
})

test('anything but a method is refused when it is decorated', () => {
  const kinds = ['class', 'field', 'getter', 'setter', 'accessor', 'unknown']
  for (const [name, policy] of loose) {
    for (const kind of kinds) {
      assert.throws(() => policy(() => 1, { kind, name: 'x' }), isRefusal, `${name} on ${kind}`)
    }
    assert.throws(() => policy(undefined, { kind: 'field', name: 'x' }), isRefusal)
  }
})

test('the decorators of experimentalDecorators are refused, with the fix', () => {
  for (const [, policy] of loose) {
    assert.throws(() => policy({}, 'call', { value: () => 1 }), isRefusal)
    assert.throws(() => policy(class {}, 'call', { value: () => 1 }), isRefusal)
    assert.throws(() => policy({}, Symbol('call'), {}), isRefusal)
  }
})

test('what is no function is refused when it is wrapped', () => {
  for (const [, policy] of loose) {
    for (const wrong of [undefined, null, 'call', 5, {}]) assert.throws(() => policy(wrong), isRefusal)
  }
})

test('a wrapper can be handed to map, whose index is no decorator context', async () => {
  const wrapped = [async () => 1, async () => 2].map(
    policies.retry as (fn: () => Promise<number>) => () => Promise<number>,
  )
  assert.equal(await Promise.all(wrapped.map(fn => fn())), [1, 2])
})

test('retry around timeout limits each attempt, timeout around retry all of them', async () => {
  const time = simulatedClock(0)
  const starts: number[] = []
  class Model {
    @retry({ attempts: 3, backoff: 'fixed', baseMs: 100, clock: time })
    @timeout({ seconds: 1, clock: time })
    each(): Promise<never> {
      starts.push(time.now())
      return new Promise(() => {})
    }

    @timeout({ ms: 250, clock: time })
    @retry({ attempts: 3, backoff: 'fixed', baseMs: 100, clock: time })
    async all(): Promise<never> {
      starts.push(time.now())
      throw new Error('down')
    }
  }
  const each = new Model().each().catch((error: unknown) => error)
  await time.advance(10_000)
  const exhausted = (await each) as RuntimeError
  assert.is(exhausted.kind, 'retries-exhausted')
  assert.is((exhausted.cause as RuntimeError).kind, 'attempt-timeout')
  assert.equal(exhausted.details, { policy: 'retry', attempts: 3, elapsedMs: 3200 })
  assert.equal(starts, [0, 1100, 2200])

  starts.length = 0
  const all = new Model().all().catch((error: unknown) => error)
  await time.advance(10_000)
  assert.is(((await all) as RuntimeError).kind, 'retries-exhausted', '200 ms are less than 250')
  assert.equal(starts, [10_000, 10_100, 10_200])
})

test('a whole stack works in the order it is written', async () => {
  const time = simulatedClock(0)
  let calls = 0
  class Prices {
    @fallback(-1)
    @cache({ ttlSeconds: 60, clock: time })
    @retry({ attempts: 2, backoff: 'fixed', baseMs: 10, clock: time })
    @rateLimit({ calls: 1, perSeconds: 1, clock: time })
    @timeout({ seconds: 5, clock: time })
    async of(product: string): Promise<number> {
      calls++
      if (product === 'gone') throw new Error('no such product')
      return product.length
    }
  }
  const prices = new Prices()
  const same = Promise.all([prices.of('book'), prices.of('book')])
  await time.advance(2000)
  assert.equal(await same, [4, 4])
  assert.is(calls, 1)
  const gone = prices.of('gone')
  await time.advance(5000)
  assert.is(await gone, -1)
  assert.is(calls, 3, 'both attempts were made, and the failure was not cached')
  const again = prices.of('gone')
  await time.advance(5000)
  assert.is(await again, -1)
  assert.is(calls, 5)
  assert.equal(time.pending(), [])
})

test('the context reaches the surrounding code as name and kind, and own properties stay', async () => {
  const seen: unknown[] = []
  const spy = bothWays('spy', ({ name, isMethod, invoke }) => {
    seen.push([name, isMethod])
    return invoke
  })
  class Named {
    @spy
    first(): number {
      return 1
    }
  }
  const second = (): number => 2
  const measured = Object.assign(second, { unit: 'ms' })
  const wrapped = spy(measured)
  assert.equal(seen, [
    ['first', true],
    ['second', false],
  ])
  assert.equal([new Named().first(), wrapped(), wrapped.unit], [1, 2, 'ms'])
  await settle()
})

test.run()
