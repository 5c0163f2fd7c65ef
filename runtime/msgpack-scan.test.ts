import * as assert from 'uvu/assert'
import { type ErrorKind, RuntimeError } from '../actors/errors.ts'
import { MAX_DEPTH } from '../actors/plain.ts'
import { scanMessagePack } from './msgpack-scan.ts'
import { testSuite } from './testkit/suite.ts'

const test = testSuite('runtime/msgpack-scan')

const scan = (bytes: readonly number[], maxNodes = 1_000) => scanMessagePack(Uint8Array.from(bytes), maxNodes)
const accepts = (...bytes: number[]): void => assert.equal(scan(bytes), [])
const key = (text: string): number[] => [0xa0 + text.length, ...new TextEncoder().encode(text)]

function refuses(bytes: readonly number[], kind: ErrorKind = 'codec-malformed', maxNodes = 1_000): void {
  try {
    scan(bytes, maxNodes)
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error
    assert.is(error.kind, kind)
    return
  }
  assert.unreachable(`accepted ${bytes.slice(0, 20)}`)
}

test('accepts every form of plain data in the format', () => {
  const forms = [
    [0x00],
    [0x40],
    [0x7f],
    [0xe0],
    [0xff],
    [0xc0],
    [0xc2],
    [0xc3],
    [0xcc, 255],
    [0xcd, 1, 2],
    [0xce, 1, 2, 3, 4],
    [0xcf, 0, 0, 0, 1, 0, 0, 0, 0],
    [0xd0, 128],
    [0xd1, 255, 0],
    [0xd2, 255, 0, 0, 0],
    [0xd3, 255, 255, 255, 255, 255, 255, 255, 0],
    [0xca, 63, 128, 0, 0],
    [0xcb, 63, 240, 0, 0, 0, 0, 0, 0],
    [0xa0],
    [0xa2, 65, 66],
    [0xd9, 1, 65],
    [0xda, 0, 1, 65],
    [0xdb, 0, 0, 0, 1, 65],
    [0xc4, 1, 9],
    [0xc5, 0, 1, 9],
    [0xc6, 0, 0, 0, 1, 9],
    [0xc4, 0],
    [0x90],
    [0x92, 1, 2],
    [0xdc, 0, 1, 5],
    [0xdd, 0, 0, 0, 1, 5],
    [0x80],
    [0x81, ...key('a'), 1],
    [0xde, 0, 1, ...key('a'), 1],
    [0xdf, 0, 0, 0, 1, 0xd9, 1, 65, 1],
  ]
  for (const form of forms) {
    accepts(...form)
    accepts(0x92, ...form, 0x81, ...key('k'), ...form)
  }
})

test('refuses every proper prefix of a message, and every message with a byte behind it', () => {
  const message = [
    0x82,
    ...key('a'),
    0x92,
    0xcb,
    63,
    240,
    0,
    0,
    0,
    0,
    0,
    0,
    0xd9,
    2,
    65,
    66,
    ...key('b'),
    0xc4,
    2,
    1,
    2,
  ]
  accepts(...message)
  for (let end = 0; end < message.length; end++) refuses(message.slice(0, end))
  refuses([...message, 0xc0])
})

test('refuses every extension header with every type, at the top and inside', () => {
  for (let type = 0; type < 256; type++) {
    const forms = [
      [0xd4, type, 0],
      [0xd5, type, 0, 0],
      [0xd6, type, 0, 0, 0, 0],
      [0xd7, type, ...new Array(8).fill(0)],
      [0xd8, type, ...new Array(16).fill(0)],
      [0xc7, 1, type, 0],
      [0xc8, 0, 1, type, 0],
      [0xc9, 0, 0, 0, 1, type, 0],
      [0xc7, 0, type],
    ]
    for (const form of forms) {
      refuses(form)
      refuses([0x91, ...form])
      refuses([0x81, ...key('k'), ...form])
      refuses([0x81, ...form, 1])
    }
  }
  refuses([0xc1])
})

test('refuses keys that are not strings, and the key __proto__ in each of its spellings', () => {
  for (const bad of [
    [1],
    [0xc0],
    [0xc2],
    [0x90],
    [0x80],
    [0xc4, 1, 65],
    [0xcb, 63, 240, 0, 0, 0, 0, 0, 0],
    [0xe0],
  ]) {
    refuses([0x81, ...bad, 1])
  }
  const proto = [...new TextEncoder().encode('__proto__')]
  for (const head of [[0xa9], [0xd9, 9], [0xda, 0, 9], [0xdb, 0, 0, 0, 9]]) {
    refuses([0x81, ...head, ...proto, 0x80])
    accepts(...head, ...proto)
  }
  accepts(0x81, ...key('__proto_'), 1)
  accepts(0x81, ...key('constructor'), 1)
})

test('refuses headers that promise more than there is before anything is made of them', () => {
  for (const head of [0xdd, 0xdf, 0xdb, 0xc6]) {
    refuses([head, 255, 255, 255, 255])
    refuses([head, 255, 255, 255, 255, 1, 2, 3], undefined, Number.MAX_SAFE_INTEGER)
  }
  refuses([0xdc, 0, 3, 1, 2])
  refuses([0xde, 0, 2, ...key('a'), 1, 0xa0])
})

test('refuses numbers that are not finite, and whole numbers that are not exact', () => {
  for (const word of [
    [0x7f, 0xf0],
    [0xff, 0xf0],
    [0x7f, 0xf8],
  ])
    refuses([0xcb, ...word, 0, 0, 0, 0, 0, 0])
  for (const word of [
    [0x7f, 0x80],
    [0xff, 0x80],
    [0x7f, 0xc0],
  ])
    refuses([0xca, ...word, 0, 0])
  accepts(0xcf, 0, 0x1f, 255, 255, 255, 255, 255, 255)
  refuses([0xcf, 0, 0x20, 0, 0, 0, 0, 0, 0])
  refuses([0xcf, 0, 0x20, 0, 0, 0, 0, 0, 1])
  refuses([0xcf, 255, 255, 255, 255, 255, 255, 255, 255])
  accepts(0xd3, 255, 0xe0, 0, 0, 0, 0, 0, 1)
  refuses([0xd3, 255, 0xe0, 0, 0, 0, 0, 0, 0])
  refuses([0xd3, 128, 0, 0, 0, 0, 0, 0, 0])
})

test('accepts as many levels as toPlain and no more, without using the stack', () => {
  const nest = (levels: number, inner: number[]): number[] => [...new Array(levels).fill(0x91), ...inner]
  accepts(...nest(MAX_DEPTH - 1, [0x90]))
  refuses(nest(MAX_DEPTH, [0x90]))
  accepts(...nest(MAX_DEPTH, [0xc0]))
  refuses(nest(MAX_DEPTH, [0xc4, 0]))
  refuses(nest(200_000, [0xc0]))
})

test('counts every value and key, and the slots that keys like indices take', () => {
  refuses([0x93, 1, 2, 3], 'codec-too-large', 3)
  scan([0x93, 1, 2, 3], 4)
  refuses([0x81, ...key('a'), 1], 'codec-too-large', 2)
  scan([0x81, ...key('a'), 1], 3)
  // 1.5 * 1001 + 16 slots of 8 bytes are 189 nodes of 64 bytes, beside map, key and value.
  refuses([0x81, ...key('1000'), 1], 'codec-too-large', 191)
  scan([0x81, ...key('1000'), 1], 192)
  for (const cheap of ['2024', '01', '1e3', '-5', '', 'id', '9999']) scan([0x81, ...key(cheap), 1], 3)
})

test('tells where a decoder would lose a byte order mark', () => {
  const text = (length: number): number[] => [0xef, 0xbb, 0xbf, ...new Array(length - 3).fill(65)]
  assert.equal(scan([0x91, 0xd9, 65, ...text(65)]), [{ header: 1, start: 3, end: 68 }])
  assert.equal(scan([0xd9, 64, ...text(64)]), [])
})

test.run()
