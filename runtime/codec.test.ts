import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { type ErrorKind, RuntimeError } from '../actors/errors.ts'
import { type Plain, toPlain } from '../actors/plain.ts'
import { createCodec } from './codec.ts'
import { testSuite } from './testkit/suite.ts'

const test = testSuite('runtime/codec', { limitMs: 30_000 })

const codec = createCodec()
const KIB = 1024

function thrownBy(act: () => unknown): RuntimeError {
  try {
    act()
  } catch (error) {
    if (error instanceof RuntimeError) return error
    throw error
  }
  assert.unreachable('nothing was thrown')
  throw new Error('unreachable')
}

const refuses = (kind: ErrorKind, act: () => unknown, what = ''): void =>
  assert.is(thrownBy(act).kind, kind, what)

/** Not uvu's `equal`: it takes a key named `constructor` for the class. */
const same = (actual: Plain, expected: Plain): void => assert.ok(isDeepStrictEqual(actual, expected))

const leaf: fc.Arbitrary<Plain> = fc.oneof(
  fc.constantFrom(null, true, false, '', '\uFEFF', 'constructor', '\u0000'),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(n => (n === 0 ? 0 : n)),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'binary', minLength: 20, maxLength: 300, size: 'max' }),
  fc.string({ minLength: 60, maxLength: 70, size: 'max' }).map(text => `\uFEFF${text}`),
  fc.uint8Array({ maxLength: 300, size: 'max' }),
)
const name = fc
  .oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      'constructor',
      'toJSON',
      'hasOwnProperty',
      'length',
      'then',
      '0',
      '17',
      '1000',
      `\uFEFF${'k'.repeat(80)}`,
    ),
  )
  .filter(key => key !== '__proto__')
const plain: fc.Arbitrary<Plain> = fc.letrec<{ value: Plain }>(tie => ({
  value: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 6 }),
    fc.dictionary(name, tie('value'), { maxKeys: 6, noNullPrototype: true }),
  ),
})).value

test('gives back any plain data as it was', () => {
  fc.assert(
    fc.property(plain, value => {
      same(codec.decode(codec.encode(value)), toPlain(value))
    }),
    { numRuns: 2_000 },
  )
})

test('gives back numbers at the edges of every width', () => {
  const edges = [
    0,
    31,
    32,
    63,
    64,
    127,
    128,
    255,
    256,
    65_535,
    65_536,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32 - 1,
    2 ** 32,
  ]
  const numbers = [...edges, ...edges.map(n => -n - 1), 0.1, -1.5, 2 ** 53 - 1, 1e308, 5e-324, -(2 ** 53 - 1)]
  assert.equal(codec.decode(codec.encode(numbers)), numbers)
  assert.ok(Object.is(codec.decode(codec.encode(-0)), 0))
})

test('keeps objects of more than 65,535 keys, and long texts that begin with a byte order mark', () => {
  const wide = createCodec({ maxBytes: 4 * KIB * KIB, maxNodes: 1_000_000 })
  const many = Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`k${i}`, i]))
  same(wide.decode(wide.encode(many)), many)
  for (const length of [61, 62, 63, 64, 65, 250, 252, 253, 65_530, 65_536]) {
    const text = `\uFEFF${'x'.repeat(length)}`
    const value = { before: [text, 'é'], [text]: `\uFEFF${text}`, after: text }
    same(wide.decode(wide.encode(value)), value)
  }
})

test('encodes lone surrogates as U+FFFD, so that every string decoded is well formed', () => {
  assert.equal(codec.decode(codec.encode(['a\uD800b', { text: '\uDC00' }])), ['a\uFFFDb', { text: '\uFFFD' }])
  // The bytes of surrogates, and of nothing at all, from a peer that does not care.
  for (const hostile of [
    [0xa3, 0xed, 0xa0, 0x80],
    [0xa2, 0xff, 0xfe],
    [0xd9, 70, ...new Array(70).fill(0xe2)],
  ]) {
    const decoded = codec.decode(Uint8Array.from(hostile))
    assert.ok(typeof decoded === 'string' && decoded.isWellFormed())
  }
})

test('refuses to encode anything but plain data, so that no extension is ever written', () => {
  class Point {
    x = 1
  }
  const bad: readonly unknown[] = [
    undefined,
    1n,
    10n ** 30n,
    Symbol('s'),
    () => 1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    new Date(),
    /x/,
    new Error('e'),
    new Map(),
    new Set(),
    new Point(),
    new Float64Array(2),
    new ArrayBuffer(2),
    new DataView(new ArrayBuffer(2)),
    Promise.resolve(),
    new Proxy(new Date(), {}),
    Object.create({ inherited: 1 }),
    { toJSON: () => 1 },
    JSON.parse('{"__proto__":{"admin":true}}'),
  ]
  for (const value of bad) {
    refuses('not-plain-data', () => codec.encode(value as Plain))
    if (value === undefined) continue // left out of objects, and null in arrays, as toPlain documents
    refuses('not-plain-data', () => codec.encode([1, { deep: value }] as unknown as Plain))
  }
})

test('writes keys that msgpackr looks at itself as any other key', () => {
  const tricky = JSON.parse(
    '{"constructor":"x","toJSON":"y","hasOwnProperty":1,"then":null,"valueOf":[],"length":-1}',
  )
  same(codec.decode(codec.encode(tricky)), tricky)
})

test('refuses what is cyclic, too deep or expands without end, quickly', () => {
  const cycle: Record<string, unknown> = {}
  cycle['self'] = cycle
  refuses('not-plain-data', () => codec.encode(cycle as Plain))
  let doubled: Plain = 'x'
  for (let i = 0; i < 60; i++) doubled = { left: doubled, right: doubled }
  const started = performance.now()
  refuses('codec-too-large', () => codec.encode(doubled))
  refuses('codec-too-large', () => codec.encode(new Array(2 ** 31)))
  assert.ok(performance.now() - started < 1_000)
})

test('caps the size of what it encodes and decodes, before it works on it', () => {
  const small = createCodec({ maxBytes: 100 })
  assert.is(small.encode('x'.repeat(98)).length, 100)
  refuses('codec-too-large', () => small.encode('x'.repeat(99)))
  refuses('codec-too-large', () => small.encode('é'.repeat(60)))
  refuses('codec-too-large', () => small.encode(new Uint8Array(101)))
  refuses('codec-too-large', () => small.decode(new Uint8Array(101)))
  refuses('codec-too-large', () => codec.encode('x'.repeat(256 * KIB)))
  refuses('codec-too-large', () => codec.decode(new Uint8Array(256 * KIB + 1)))
})

test('refuses limits that would be none', () => {
  for (const limit of [0, -1, Number.NaN]) {
    refuses('definition-invalid', () => createCodec({ maxBytes: limit }))
    refuses('definition-invalid', () => createCodec({ maxNodes: limit }))
  }
})

test('decodes whatever it encodes under limits of any size', () => {
  fc.assert(
    fc.property(
      plain,
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 300 }),
      (value, maxNodes, maxBytes) => {
        const tight = createCodec({ maxNodes, maxBytes })
        let bytes: Uint8Array
        try {
          bytes = tight.encode(value)
        } catch (error) {
          return error instanceof RuntimeError && error.kind === 'codec-too-large'
        }
        tight.decode(bytes)
        return bytes.length <= maxBytes
      },
    ),
    { numRuns: 500 },
  )
})

test('shares no memory: not with the packet, not with the value, not between messages', () => {
  const sent = new Uint8Array([1, 2, 3])
  const packet = codec.encode({ sent })
  sent.fill(9)
  const other = codec.encode({ sent })
  assert.is(packet.byteLength, packet.buffer.byteLength)
  assert.is.not(packet.buffer, other.buffer)
  const decoded = codec.decode(Buffer.from(packet)) as { sent: Uint8Array }
  packet.fill(0)
  assert.equal(decoded, { sent: new Uint8Array([1, 2, 3]) })
  assert.is(decoded.sent.constructor, Uint8Array)
  assert.is(decoded.sent.buffer.byteLength, 3)
})

test('lends the bytes it would pack until it is used next, and refuses the same', () => {
  const small = createCodec({ maxBytes: 64 })
  const packed = small.pack({ a: 1 })
  assert.equal(Uint8Array.from(small.lend({ a: 1 })), packed)
  assert.equal(Uint8Array.from(small.lend({ a: 1, b: undefined } as unknown as Plain)), packed)
  for (const bad of ['x'.repeat(100), { at: new Date(0) }, Number.NaN])
    refuses(thrownBy(() => small.encode(bad as Plain)).kind, () => small.lend(bad as Plain))
})

test('leaves the packet as it was', () => {
  const packet = codec.encode(['text', `\uFEFF${'x'.repeat(90)}`])
  const before = Uint8Array.from(packet)
  codec.decode(packet)
  assert.equal(packet, before)
  assert.equal(
    Reflect.ownKeys(packet).filter(key => Number.isNaN(Number(String(key)))),
    [],
  )
})

test.run()
