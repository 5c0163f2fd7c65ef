import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import { testSuite } from '../testkit/suite.ts'
import { fallback } from './fallback.ts'

const test = testSuite('runtime/resilience/fallback')

const first = new Error('first')
const second = new Error('second')
const rejects = async (_: string): Promise<string> => {
  throw first
}
const throws = (_: string): string => {
  throw first
}
const caught = async (work: () => unknown): Promise<unknown> => {
  try {
    return await work()
  } catch (error) {
    return error
  }
}

test('a call that succeeds never sees its fallback', async () => {
  let used = 0
  const count = (): string => String(++used)
  assert.is(await fallback(count)(async (name: string) => name)('x'), 'x')
  assert.is(fallback(count)((name: string) => name)('x'), 'x')
  assert.is(used, 0)
})

test('a failed call is answered by the value or by the function', async () => {
  assert.is(await fallback('value')(rejects)('x'), 'value')
  assert.is(await fallback(async (name: string) => `for ${name}`)(rejects)('x'), 'for x')
  assert.is(await fallback((name: string) => `for ${name}`)(rejects)('x'), 'for x')
})

test('a synchronous function stays synchronous', () => {
  assert.is(fallback('value')(throws)('x'), 'value')
  assert.is(fallback((name: string) => `for ${name}`)(throws)('x'), 'for x')
})

test('falsy values are values', async () => {
  const failing = async (): Promise<unknown> => {
    throw first
  }
  assert.is(await fallback('')(failing)(), '')
  assert.is(await fallback(0)(failing)(), 0)
  assert.is(await fallback(false)(failing)(), false)
  assert.is(await fallback(null)(failing)(), null)
  assert.is(await fallback(undefined)(failing)(), undefined)
})

test('the fallback runs on the same instance with the same arguments', async () => {
  class Client {
    readonly host = 'b.example'
    @fallback(function (this: Client, path: string, page: number): string {
      return `${this.host}${path}${page}`
    })
    async get(_path: string, _page: number): Promise<string> {
      throw first
    }
  }
  assert.is(await new Client().get('/x', 2), 'b.example/x2')
})

test('when both fail both errors are in the cause', async () => {
  const failing = async (): Promise<string> => {
    throw second
  }
  const throwing = (): string => {
    throw second
  }
  const attempts = [
    () => fallback(failing)(rejects)('x'),
    () => fallback(throwing)(rejects)('x'),
    () => fallback(throwing)(throws)('x'),
  ]
  for (const attempt of attempts) {
    const error = (await caught(attempt)) as RuntimeError
    assert.instance(error, RuntimeError)
    assert.equal([error.kind, error.retryable], ['fallback-failed', false])
    assert.equal(error.details, { policy: 'fallback' })
    assert.instance(error.cause, AggregateError)
    const { errors } = error.cause as AggregateError
    assert.is(errors[0], first)
    assert.is(errors[1], second)
  }
})

test('a cancelled call is not replaced, its error comes through as it is', async () => {
  for (const stop of [AbortSignal.abort().reason, new RuntimeError('cancelled', 'stop')]) {
    const call = async (): Promise<string> => {
      throw stop
    }
    assert.is(await caught(() => fallback('value')(call)()), stop)
  }
})

test('when says which errors to fall back on', async () => {
  const only = fallback('value', { when: error => error === second })
  const other = async (): Promise<string> => {
    throw second
  }
  assert.is(await caught(() => only(rejects)('x')), first)
  assert.is(await only(other)(), 'value')
})

test.run()
