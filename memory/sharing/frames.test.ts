import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { frameReader, toFrame } from './frames.ts'

const test = testSuite('memory/sharing/frames')

const kindOf = (work: () => unknown): unknown => {
  try {
    work()
  } catch (error) {
    return error instanceof RuntimeError ? error.kind : error
  }
  return undefined
}

test('gives back every message, wherever the stream is cut', () => {
  const message = fc.uint8Array({ minLength: 1, maxLength: 9_000 })
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 6_000 })),
      (messages, cuts) => {
        const stream = Buffer.concat(messages.map(toFrame))
        const read = frameReader(() => 9_000)
        const found: number[][] = []
        let at = 0
        for (const cut of [...cuts, stream.length]) {
          for (const frame of read(stream.subarray(at, at + cut))) found.push([...frame])
          at += cut
        }
        assert.equal(
          found,
          messages.map(one => [...one]),
        )
      },
    ),
    { numRuns: 60 },
  )
})

test('refuses a message that is announced as too long before any of it has come', () => {
  const header = Buffer.alloc(4)
  header.writeUInt32BE(101)
  assert.is(
    kindOf(() => [...frameReader(() => 100)(header)]),
    'codec-too-large',
  )
  header.writeUInt32BE(0xffff_ffff)
  assert.is(
    kindOf(() => [...frameReader(() => 8_388_608)(header)]),
    'codec-too-large',
  )
})

test('refuses an empty message', () => {
  assert.is(
    kindOf(() => [...frameReader(() => 100)(Buffer.alloc(4))]),
    'codec-malformed',
  )
})

test('asks for the limit anew for each message of a chunk', () => {
  let limit = 3
  const read = frameReader(() => limit)
  const found: number[] = []
  const stream = Buffer.concat([toFrame(Buffer.alloc(3)), toFrame(Buffer.alloc(500))])
  for (const frame of read(stream)) {
    found.push(frame.length)
    limit = 500
  }
  assert.equal(found, [3, 500])
})

test('survives what is no protocol: it throws or waits, and never answers more than it got', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 })), chunks => {
      const read = frameReader(() => 1_000)
      let given = 0
      let taken = 0
      try {
        for (const chunk of chunks) {
          given += chunk.length
          for (const frame of read(chunk)) taken += frame.length + 4
        }
      } catch (error) {
        assert.ok(error instanceof RuntimeError && error.kind.startsWith('codec-'))
      }
      assert.ok(taken <= given)
    }),
  )
})

test.run()
