import { isDeepStrictEqual } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { Packr } from 'msgpackr/index-no-eval'
import * as assert from 'uvu/assert'
import { type ErrorKind, RuntimeError } from '../actors/errors.ts'
import { type Plain, toPlain } from '../actors/plain.ts'
import { createCodec } from './codec.ts'
import { testSuite } from './testkit/suite.ts'

const test = testSuite('runtime/codec.hostile', { limitMs: 30_000 })

const codec = createCodec()
const KIB = 1024
const SECRET = 'sk-CANARY-5f1e'

/** Bytes of a peer that keeps no rules. */
const foreign = new Packr({ useRecords: false, moreTypes: true, structuredClone: true })

/** Valid messages for the fuzzer to break. */
const message: fc.Arbitrary<Plain> = fc.array(
  fc.oneof(
    fc.string({ unit: 'binary', maxLength: 90 }),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.uint8Array(),
    fc.dictionary(
      fc.string().filter(key => key !== '__proto__'),
      fc.array(fc.boolean()),
      { noNullPrototype: true },
    ),
  ),
)

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

test('refuses bombs', () => {
  const big = createCodec({ maxBytes: 2 * KIB * KIB })
  for (const head of [0xdd, 0xdf, 0xc6, 0xdb]) {
    refuses('codec-malformed', () => codec.decode(Uint8Array.from([head, 255, 255, 255, 255])))
  }
  const emptyMaps = new Uint8Array(KIB * KIB).fill(0x80)
  emptyMaps.set([0xdd, 0, 0x0f, 0xff, 0xfb])
  refuses('codec-too-large', () => codec.decode(emptyMaps))
  refuses('codec-too-large', () => big.decode(emptyMaps))
  for (const levels of [10_000, 200_000]) {
    refuses('codec-malformed', () => codec.decode(new Uint8Array(levels).fill(0x91)))
  }
  const nested = Uint8Array.from(Array.from({ length: 40_000 }, () => [0xdd, 0, 0, 0x10, 0]).flat())
  refuses('codec-too-large', () => codec.decode(nested))
  refuses('codec-malformed', () => codec.decode(new Uint8Array(0)))
  refuses('codec-malformed', () => codec.decode('text' as never))
})

test('refuses what msgpackr writes for the types it adds to the format', () => {
  const shared = { a: 1 }
  const added = [
    new Date(0),
    new Date(1e15),
    /secret/g,
    new Error('boom'),
    new Set([1]),
    new Float32Array(4),
    new ArrayBuffer(3),
    2n ** 70n,
    undefined,
    [shared, shared],
    new Map([[{}, 1]]),
    2n ** 63n,
  ]
  for (const value of added) {
    refuses('codec-malformed', () => codec.decode(foreign.pack(value)))
    refuses('codec-malformed', () => codec.decode(foreign.pack({ deep: [value] })))
  }
  const records = new Packr({ structures: [] })
  refuses('codec-malformed', () => codec.decode(new Packr({ useRecords: true }).pack([{ a: 1 }, { a: 2 }])))
  records.pack({ a: 1 })
  assert.equal(codec.decode(Uint8Array.from([0x92, 0x40, 0x41])), [0x40, 0x41]) // never ids of a peer's records
  refuses('codec-malformed', () =>
    codec.decode(new Packr({ bundleStrings: true }).pack(['some text', 'other text'])),
  )
})

test('cannot be made to change a prototype', () => {
  refuses('codec-malformed', () =>
    codec.decode(Uint8Array.from([0x81, 0xa9, ...Buffer.from('__proto__'), 0x80])),
  )
  const value = codec.decode(codec.encode(JSON.parse('{"constructor":{"prototype":{"admin":true}}}')))
  assert.is(Object.getPrototypeOf(value), Object.prototype)
  assert.is(({} as Record<string, unknown>)['admin'], undefined)
})

test('never quotes a message in an error, in no field of it', () => {
  const secret = codec.encode({ apiKey: SECRET, list: [SECRET, new Uint8Array(Buffer.from(SECRET))] })
  const attempts: (() => unknown)[] = [
    () => createCodec({ maxBytes: 20 }).encode(SECRET.repeat(3)),
    () => createCodec({ maxNodes: 2 }).encode([SECRET, SECRET, SECRET]),
    () => createCodec({ maxBytes: 20 }).decode(secret),
    () => createCodec({ maxNodes: 2 }).decode(secret),
    () => codec.decode(Buffer.concat([secret, Buffer.from([0xc0])])),
    () => codec.decode(foreign.pack(new Error(SECRET))),
  ]
  for (let at = 0; at < secret.length; at++) {
    for (const byte of [0xc1, 0xd4, 0xdf, 0xff, 0x00, 0xdb]) {
      const broken = Uint8Array.from(secret)
      broken[at] = byte
      attempts.push(() => codec.decode(broken))
    }
    attempts.push(() => codec.decode(secret.subarray(0, at)))
  }
  let thrown = 0
  for (const attempt of attempts) {
    try {
      attempt()
    } catch (error) {
      thrown++
      assert.ok(error instanceof RuntimeError && error.kind.startsWith('codec-'))
      assert.is((error as RuntimeError).cause, undefined)
      for (const shown of [
        String(error),
        (error as Error).stack ?? '',
        JSON.stringify(error),
        JSON.stringify({ ...(error as object) }),
      ]) {
        assert.not.ok(shown.includes(SECRET.slice(0, 6)), shown)
      }
    }
  }
  assert.ok(thrown > secret.length, `${thrown} errors were looked at`)
})

test('withstands mutated and random messages: a value or a refusal, never a hang, and what it yields is plain', () => {
  const seeds = fc.sample(message, { numRuns: 200, seed: 7 }).map(value => codec.encode(value))
  const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.constantFrom('set', 'insert', 'cut')), {
    minLength: 1,
    maxLength: 4,
  })
  const hostile = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc
      .tuple(fc.nat(seeds.length - 1), edits)
      .map(([i, changes]) => mutate(seeds[i] ?? new Uint8Array(), changes)),
  )
  let yielded = 0
  let slowest = 0
  fc.assert(
    fc.property(hostile, bytes => {
      const started = performance.now()
      try {
        const value = codec.decode(bytes)
        yielded++
        assert.ok(isDeepStrictEqual(toPlain(value), value))
        codec.decode(codec.encode(value))
      } catch (error) {
        if (!(error instanceof RuntimeError) || !error.kind.startsWith('codec-')) throw error
      }
      slowest = Math.max(slowest, performance.now() - started)
    }),
    { numRuns: 60_000, interruptAfterTimeLimit: 4_000 },
  )
  assert.ok(yielded > 100, `${yielded} hostile messages were valid`)
  assert.ok(slowest < 500, `the slowest took ${slowest} ms`)
  assert.equal(codec.decode(codec.encode({ still: ['here'] })), { still: ['here'] })
})

function mutate(seed: Uint8Array, changes: readonly (readonly [number, number, string])[]): Uint8Array {
  const bytes = [...seed]
  for (const [position, byte, how] of changes) {
    const at = position % (bytes.length + 1)
    if (how === 'cut') bytes.splice(at, 1)
    else bytes.splice(at, how === 'set' ? 1 : 0, byte)
  }
  return Uint8Array.from(bytes)
}

test('makes of a byte at most 64 bytes in memory, beside 640 KiB, whatever the shape of the message', () => {
  const many = (head: number, count: number, item: (i: number) => number[]): Uint8Array => {
    const bytes = [head, 0, 0, 0, 0]
    for (let i = 0; i < count; i++) bytes.push(...item(i))
    const message = Uint8Array.from(bytes)
    new DataView(message.buffer).setUint32(1, count)
    return message
  }
  const list = (item: (i: number) => number[]) => (count: number) => many(0xdd, count, item)
  const index = (n: number): number[] => [0xa0 + String(n).length, ...Buffer.from(String(n))]
  const key = (i: number): number[] => [0xa4, ...Buffer.from(i.toString(36).padStart(4, 'k'))]
  const shapes: Record<string, (count: number) => Uint8Array> = {
    'empty maps': list(() => [0x80]),
    'empty arrays': list(() => [0x90]),
    'empty bytes': list(() => [0xc4, 0]),
    'maps of one new key': list(i => [0x81, ...key(i), 1]),
    'maps of two new keys': list(i => [0x82, ...key(i), 1, ...key(i + 1), 1]),
    'maps of sparse indices': list(() => [0x81, ...index(1_000), 1]),
    'maps of many sparse indices': list(() => [
      0x84,
      ...[1_000, 2_500, 4_700, 8_000].flatMap(n => [...index(n), 1]),
    ]),
    'maps of small indices': list(i => [0x81, ...index(10 + (i % 90)), 1]),
    'maps of large indices': list(() => [0x81, ...index(60_000), 1]),
    'one map of many keys': count => many(0xdf, count, i => [...key(i), 1]),
    'one map of scattered indices': count => many(0xdf, count, i => [...index(i * 37), 1]),
    doubles: list(i => [0xcb, 63, 240, 0, 0, 0, 0, i >> 8, i & 255]),
    'short strings': list(i => [0xa3, 200, 200, i & 127]),
  }
  for (const [shape, build] of Object.entries(shapes)) {
    for (const message of [largest(build, 2_000), largest(build, 110_000)]) {
      const used = memoryOf(message)
      assert.ok(used < 64 * (10 * KIB + message.length), `${message.length} bytes of ${shape} take ${used}`)
    }
  }
})

/** About the largest message of a shape, with at most `most` parts, that the codec takes. */
function largest(build: (count: number) => Uint8Array, most: number): Uint8Array {
  let [low, high] = [0, most]
  const step = most > 10_000 ? 8_000 : 1
  while (high - low > step) {
    const middle = (low + high) >> 1
    try {
      codec.decode(build(middle))
      low = middle
    } catch {
      high = middle
    }
  }
  return build(low)
}

/** What one decoded message keeps alive, after a collection; without the collector's help it would be noise. */
function memoryOf(message: Uint8Array): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const used = (): number => {
    collect()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  const before = used()
  const kept = Array.from({ length: 2 }, () => codec.decode(message))
  return (used() - before) / kept.length
}

test.run()
