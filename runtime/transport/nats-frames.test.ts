import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import { testSuite } from '../testkit/suite.ts'
import {
  decodeFrame,
  encodeFrame,
  type Item,
  isFrame,
  LITERAL,
  MAX_FRAME_ITEMS,
  parseReplyToken,
  replyToken,
  sizeInFrame,
} from './nats-frames.ts'

const test = testSuite('runtime/transport/nats-frames')

const encode = (items: readonly Item[]): Uint8Array =>
  encodeFrame(
    items,
    items.reduce((sum, item) => sum + sizeInFrame(item), 0),
  )

const anyItem: fc.Arbitrary<Item> = fc
  .record({
    kind: fc.constantFrom('message', 'request', 'named', 'answer'),
    number: fc.nat({ max: 2 ** 48 - 1 }),
    replyTo: fc.constantFrom('a', 'ac.t.inbox.1', `${'x'.repeat(64)}.y`),
    data: fc.uint8Array({ maxLength: 40 }),
  })
  .map(({ kind, number, replyTo, data }): Item => {
    if (kind === 'message') return { kind, data }
    return kind === 'named' ? { kind, replyTo, data } : { kind: kind as 'request' | 'answer', number, data }
  })
const anyFrame = fc.array(anyItem, { minLength: 1, maxLength: 20 })

/** `codec-malformed`, `whole`, or any other error as text. */
const outcome = (data: Uint8Array): string => {
  try {
    decodeFrame(data)
    return 'whole'
  } catch (error) {
    return error instanceof RuntimeError ? error.kind : String(error)
  }
}

test('gives back every item as it was put in', () => {
  fc.assert(
    fc.property(anyFrame, items => {
      const frame = encode(items)
      assert.ok(isFrame(frame, ''))
      assert.equal(
        decodeFrame(frame),
        items.map(item => ({ ...item, data: new Uint8Array(item.data) })),
      )
    }),
  )
})

test('reads a frame that stands anywhere in a larger buffer', () => {
  const frame = encode([{ kind: 'answer', number: 7, data: new Uint8Array([1, 2, 3]) }])
  const larger = new Uint8Array(frame.length + 10)
  larger.set(frame, 5)
  assert.equal(decodeFrame(larger.subarray(5, 5 + frame.length)), [
    { kind: 'answer', number: 7, data: new Uint8Array([1, 2, 3]) },
  ])
})

test('refuses a frame that is cut off inside an item', () => {
  fc.assert(
    fc.property(anyFrame, fc.nat(), (items, cut) => {
      const frame = encode(items)
      const whole = new Set<number>()
      for (let n = 1; n <= items.length; n++) whole.add(encode(items.slice(0, n)).length)
      const length = 2 + (cut % (frame.length - 2))
      assert.is(outcome(frame.subarray(0, length)), whole.has(length) ? 'whole' : 'codec-malformed')
    }),
  )
})

test('refuses what is no frame with nothing but codec-malformed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), bytes => {
      assert.ok(['whole', 'codec-malformed'].includes(outcome(new Uint8Array([0xc1, 1, ...bytes]))))
    }),
  )
  const header = [0xc1, 1]
  for (const hostile of [
    [0xc1],
    [0xc1, 2, 0, 0, 0, 0, 0],
    header,
    [...header, 9, 0, 0, 0, 0],
    [...header, 0, 0xff, 0xff, 0xff, 0xff],
    [...header, 2, 0xff, 0xff],
    [...header, 2, 0, 3, 0x61, 0x2e, 0x3e, 0, 0, 0, 0],
  ]) {
    assert.is(outcome(new Uint8Array(hostile)), 'codec-malformed', `accepts ${hostile}`)
  }
})

test('refuses more items than a frame may have', () => {
  const item = (): Item => ({ kind: 'message', data: new Uint8Array(0) })
  assert.is(outcome(encode(Array.from({ length: MAX_FRAME_ITEMS }, item))), 'whole')
  assert.is(outcome(encode(Array.from({ length: MAX_FRAME_ITEMS + 1 }, item))), 'codec-malformed')
})

test('takes for a frame only what begins so and does not say otherwise', () => {
  const inbox = '_AC.ns.node.abc'
  const frame = new Uint8Array([0xc1, 1])
  assert.ok(isFrame(frame, replyToken(inbox, 1, 2)))
  assert.not.ok(isFrame(frame, LITERAL))
  assert.not.ok(isFrame(frame, replyToken(inbox, 1, 1, true)))
  assert.not.ok(isFrame(new Uint8Array([0xc0]), ''))
  assert.not.ok(isFrame(new Uint8Array(0), ''))
})

test('reads from a reply subject what was written into it, and nothing from a foreign one', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 48 }), fc.nat({ max: 500 }), fc.boolean(), (first, more, literal) => {
      const inbox = '_AC.ns.node.Abc123'
      const read = parseReplyToken(replyToken(inbox, first, first + more, literal))
      assert.equal(read, { inbox, first, last: first + more })
    }),
  )
  for (const foreign of ['', '_INBOX.a.1-1', '_AC.1-1', 'ac.ns.ctl.1-1', '_AC.ns.node.abc.r', '_AC.ns.*.1-1'])
    assert.is(parseReplyToken(foreign), undefined)
})

test.run()
