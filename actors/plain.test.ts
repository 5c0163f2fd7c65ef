import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { RuntimeError } from './errors.ts'
import { assertPlain, MAX_DEPTH, sameData, toPlain } from './plain.ts'

const test = testSuite('actors/plain')

/** The path that the refusal of `work` names. */
function refusedAt(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error
    assert.is(error.kind, 'not-plain-data')
    return String(error.details?.['path'])
  }
  throw new Error('nothing was refused')
}

const keys = fc.string({ unit: 'grapheme' }).filter(key => key !== '__proto__')
const plain = fc.letrec<{ value: unknown }>(tie => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ unit: 'grapheme' }),
    fc.uint8Array(),
    fc.array(tie('value')),
    fc.dictionary(keys, tie('value'), { noNullPrototype: true }),
  ),
})).value

/** `value` under so many arrays. */
const wrapped = (value: unknown, levels: number): unknown => {
  let outer = value
  for (let i = 0; i < levels; i++) outer = [outer]
  return outer
}

const BAD: readonly (readonly [name: string, value: unknown])[] = [
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['a bigint', 1n],
  ['a symbol', Symbol('s')],
  ['a function', () => 1],
  ['a Date', new Date(0)],
  ['a Map', new Map()],
  ['a Set', new Set()],
  ['a class', new (class Own {})()],
  ['an Error', new Error('x')],
  ['a RegExp', /x/],
  ['another typed array', new Float64Array(1)],
  ['an ArrayBuffer', new ArrayBuffer(1)],
  ['a promise', Promise.resolve()],
  ['an object of an object', Object.create({ a: 1 })],
  ['an object of an orphan', Object.create(Object.create(null))],
]

test('copies plain data to what is equal and shares nothing with it', () => {
  fc.assert(
    fc.property(plain, value => {
      const copy = toPlain(value)
      assert.equal(copy, value)
      if (typeof value === 'object' && value !== null) assert.is.not(copy, value)
    }),
  )
})

test('is not touched by what happens to the source later', () => {
  const source = { list: [1, { deep: 'a' }], bytes: new Uint8Array([1, 2]) }
  const copy = toPlain(source)
  ;(source.list[1] as { deep: string }).deep = 'b'
  source.list.push(3)
  source.bytes[0] = 9
  assert.equal(copy, { list: [1, { deep: 'a' }], bytes: new Uint8Array([1, 2]) })
})

test('refuses every kind of value that is no plain data, wherever it is, and names its path', () => {
  for (const [name, value] of BAD) {
    assert.is(
      refusedAt(() => toPlain(value, 'it')),
      'it',
      name,
    )
    assert.is(
      refusedAt(() => toPlain({ a: [0, { b: value }] }, 'it')),
      'it.a[1].b',
      name,
    )
    assert.is(
      refusedAt(() => assertPlain({ a: [0, { b: value }] }, undefined, 'it')),
      'it.a[1].b',
      name,
    )
  }
  assert.is(
    refusedAt(() => toPlain(undefined)),
    'message',
  )
})

test('leaves out undefined members, and reads undefined items as null', () => {
  assert.equal(toPlain({ a: undefined, b: 1 }), { b: 1 })
  assert.equal(toPlain([undefined, 1]), [null, 1])
  assert.equal(toPlain(new Array(2)), [null, null])
})

test('takes objects without a prototype, and gives ordinary ones', () => {
  const source = Object.assign(Object.create(null), { a: 1 })
  assert.is(Object.getPrototypeOf(toPlain(source)), Object.prototype)
})

test('turns a Buffer into plain bytes of their own', () => {
  const copy = toPlain(Buffer.from([1, 2, 3])) as Uint8Array
  assert.is(copy.constructor, Uint8Array)
  assert.is(copy.byteLength, copy.buffer.byteLength)
})

test('makes strings and keys well formed', () => {
  assert.is(toPlain('a\uD800b'), 'a\uFFFDb')
  assert.is(toPlain('\u{1F600}'), '\u{1F600}')
  assert.equal(toPlain({ '\uDC00': '\uDC00' }), { '\uFFFD': '\uFFFD' })
})

test('refuses a key named __proto__ and pollutes nothing', () => {
  const hostile = JSON.parse('{"a":{"__proto__":{"polluted":true}}}')
  assert.is(
    refusedAt(() => toPlain(hostile, 'it')),
    'it.a',
  )
  assert.is(
    refusedAt(() => assertPlain(hostile, undefined, 'it')),
    'it.a',
  )
  assert.is((toPlain({ constructor: 'c', prototype: 'p' }) as { constructor: unknown }).constructor, 'c')
  assert.is(({} as Record<string, unknown>)['polluted'], undefined)
})

test('takes nesting up to the limit and refuses deeper, also a cycle', () => {
  assert.ok(toPlain(wrapped('x', MAX_DEPTH)))
  refusedAt(() => toPlain(wrapped('x', MAX_DEPTH + 1)))
  refusedAt(() => toPlain(wrapped([], MAX_DEPTH)))
  const cycle: unknown[] = []
  cycle.push(cycle)
  refusedAt(() => toPlain(cycle))
  refusedAt(() => assertPlain(cycle, undefined, 'it'))
})

test('asserts exactly what can be copied', () => {
  const anything = fc.oneof(plain, fc.anything({ withDate: true, withMap: true, withBigInt: true }))
  fc.assert(
    fc.property(anything, fc.integer({ min: 0, max: MAX_DEPTH + 2 }), (inner, levels) => {
      const value = wrapped(inner, levels)
      if (inner === undefined) return
      let copied = true
      try {
        toPlain(value)
      } catch {
        copied = false
      }
      if (copied) assertPlain(value, undefined, 'it')
      else refusedAt(() => assertPlain(value, undefined, 'it'))
    }),
  )
})

test('does not look again at what was there before, and still sees that something moved too deep', () => {
  let read = 0
  const watched = {
    get a() {
      read++
      return 1
    },
  }
  const before = { watched, list: [watched] }
  assertPlain(before, undefined, 'it')
  const once = read
  assertPlain({ watched, list: [watched], more: 1 }, before, 'it')
  assert.is(read, once)

  let list: unknown = null
  for (let i = 0; i < MAX_DEPTH; i++) {
    const longer = { next: list }
    assertPlain(longer, list, 'it')
    list = longer
  }
  refusedAt(() => assertPlain({ next: list }, list, 'it'))
})

test('refuses what unfolds without end from shared references', () => {
  let doubled: unknown = ['x']
  for (let i = 0; i < 40; i++) doubled = [doubled, doubled]
  refusedAt(() => toPlain(doubled))
  refusedAt(() => assertPlain(doubled, undefined, 'it'))
})

test('two values are the same data when they would be stored the same', () => {
  const same: readonly (readonly [unknown, unknown])[] = [
    [1, 1],
    [null, null],
    [{ a: 1, b: undefined }, { a: 1 }],
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    [
      [1, [2]],
      [1, [2]],
    ],
    [new Uint8Array([1, 2]), new Uint8Array([1, 2])],
  ]
  for (const [a, b] of same) assert.ok(sameData(a, b) && sameData(b, a), JSON.stringify([a, b]))
  const other: readonly (readonly [unknown, unknown])[] = [
    [1, '1'],
    [null, {}],
    [null, undefined],
    [{ a: 1 }, { a: 2 }],
    [{ a: null }, {}],
    [[], {}],
    [{ length: 0 }, []],
    [[1], [1, 2]],
    [[1, undefined], [1]],
    [new Uint8Array([1]), new Uint8Array([2])],
    [new Uint8Array([1]), [1]],
    [new Uint8Array([1]), { 0: 1 }],
  ]
  for (const [a, b] of other) assert.not.ok(sameData(a, b) || sameData(b, a), JSON.stringify([a, b]))
})

test.run()
