import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import { testSuite } from '../testkit/suite.ts'
import { cacheKey } from './cache-key.ts'

const test = testSuite('runtime/resilience/cache-key')

test('members count in any order, elements in theirs', () => {
  assert.is(cacheKey([{ a: 1, b: { c: 2, d: 3 } }]), cacheKey([{ b: { d: 3, c: 2 }, a: 1 }]))
  assert.is.not(cacheKey([[1, 2]]), cacheKey([[2, 1]]))
})

test('keeps apart what JSON runs together', () => {
  const different: readonly (readonly unknown[])[] = [
    [],
    [undefined],
    [null],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [0],
    [-0],
    ['0'],
    [0n],
    [false],
    ['false'],
    [{}],
    [{ a: undefined }],
    [[]],
    [[undefined]],
    ['a', 'b'],
    ['a","b'],
    [['a', 'b']],
    ['\ud800'],
    ['\ufffd'],
  ]
  assert.is(new Set(different.map(cacheKey)).size, different.length)
})

test('two lists of arguments have the same key exactly when they are equal', () => {
  const values = fc.anything({ withBigInt: true, withNullPrototype: false, maxDepth: 3 })
  const few = fc.constantFrom<unknown>(
    0,
    -0,
    '0',
    null,
    undefined,
    '',
    [],
    {},
    [0],
    { a: 0 },
    { a: undefined },
  )
  const args = fc.array(fc.oneof(values, few), { maxLength: 3 })
  fc.assert(
    fc.property(args, args, (a, b) => {
      assert.is(cacheKey(a) === cacheKey(b), isDeepStrictEqual(a, b))
      assert.is(cacheKey(a), cacheKey(structuredClone(a)))
    }),
    { numRuns: 500 },
  )
})

test('what has no faithful text is refused with its path', () => {
  const cycle: Record<string, unknown> = {}
  cycle['self'] = cycle
  const cases: readonly (readonly [unknown, string])[] = [
    [() => 1, 'arguments[0]'],
    [{ a: [{ b: Symbol('s') }] }, 'arguments[0].a[0].b'],
    [{ [Symbol('s')]: 1 }, 'arguments[0]'],
    [new Date(0), 'arguments[0]'],
    [new Map(), 'arguments[0]'],
    [{ bytes: new Uint8Array(2) }, 'arguments[0].bytes'],
    [new (class Point {})(), 'arguments[0]'],
    [Object.create({ inherited: true }), 'arguments[0]'],
  ]
  for (const [value, path] of cases) {
    assert.throws(
      () => cacheKey([value]),
      (error: unknown) =>
        error instanceof RuntimeError && error.kind === 'not-plain-data' && error.details?.['path'] === path,
      path,
    )
  }
  assert.throws(
    () => cacheKey([cycle]),
    (error: unknown) => error instanceof RuntimeError && error.kind === 'not-plain-data',
  )
})

test.run()
