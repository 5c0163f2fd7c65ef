import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { ANALYSIS_VERSION } from './analysis-version.ts'
import { createRecallIndex } from './create-recall-index.ts'
import type { IndexEntry } from './recall-index.ts'
import { decodeSegment, isOutdated } from './segment-codec.ts'
import { analyse } from './testdata/index-model.ts'

const test = testSuite('memory/recall/segment-codec', { limitMs: 60_000 })

const entry = (doc: number, text: string): IndexEntry => ({
  doc,
  text,
  who: doc % 3,
  at: 5_000 + doc,
  session: 10,
  kind: 'fact',
  trust: 'agent',
  importance: 1,
  ...(doc > 10 && { prev: doc - 1 }),
})

async function segment(): Promise<Uint8Array> {
  const index = createRecallIndex({ analyse })
  for (let doc = 10; doc < 40; doc++) index.add(entry(doc, `${doc % 7} ${doc % 5} ${doc} ${doc}`))
  return (await index.seal({ all: true }))?.put[0]?.bytes ?? new Uint8Array()
}

const isCorrupt = (error: { kind?: string }): boolean => error.kind === 'store-corrupt'
const open = (...segments: Uint8Array[]) => createRecallIndex({ analyse, segments })

/** With a checksum that is right, so that only what it says can be wrong. */
function resealed(bytes: Uint8Array): Uint8Array {
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(8, crc32(bytes.subarray(12)), isLittle)
  return bytes
}
const isLittle = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1

test('reads what it wrote, from any place in memory', async () => {
  const bytes = await segment()
  for (const shift of [0, 1, 4, 8]) {
    const moved = new Uint8Array(bytes.length + shift)
    moved.set(bytes, shift)
    const { segment: read, columns } = decodeSegment(moved.subarray(shift))
    assert.is(read.base, 10)
    assert.is(read.end, 40)
    assert.is(columns.at[3], 5_013)
    assert.is(read.docs.buffer === moved.buffer, false, 'the bytes it came in can go')
  }
})

test('refuses a segment of texts that were analysed in another way, and says that this is all', async () => {
  const bytes = await segment()
  const whole = bytes.slice()
  assert.not.throws(() => open(resealed(whole)))
  new DataView(bytes.buffer).setUint32(36, ANALYSIS_VERSION + 1, isLittle)
  const refusedWith = (wanted: boolean) => (error: Error) =>
    isCorrupt(error as { kind?: string }) && isOutdated(error as never) === wanted
  assert.throws(() => open(bytes), refusedWith(false))
  assert.throws(() => open(resealed(bytes)), refusedWith(true))
})

test('refuses bytes of which one bit is another, wherever it is', async () => {
  const bytes = await segment()
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Uint8Array.from(bytes)
    damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8))
    assert.throws(() => open(damaged), isCorrupt, `byte ${at}`)
  }
})

test('refuses what is too short, too long, or no segment at all', async () => {
  const bytes = await segment()
  for (const size of [0, 1, 63, 64, 100, bytes.length - 1])
    assert.throws(() => open(bytes.subarray(0, size)), isCorrupt)
  assert.throws(() => open(Uint8Array.of(...bytes, 0)), isCorrupt)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), random => {
      assert.throws(() => open(random), isCorrupt)
    }),
  )
})

test('never takes a forged segment for one whose lists are in no order', async () => {
  const bytes = await segment()
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      changes => {
        const forged = Uint8Array.from(bytes)
        for (const [at, value] of changes) if (at > 11) forged[at] = value
        let index: ReturnType<typeof open>
        try {
          index = open(resealed(forged))
        } catch (error) {
          assert.ok(isCorrupt(error as { kind?: string }), String(error))
          return
        }
        // What is accepted can be searched, and its sessions have ends.
        index.top(
          [1, 2, 3, 20].map(hash => ({ hash, weight: 1 })),
          10,
          { bm25: { k1: 0.9, b: 0.4 } },
        )
        for (let doc = 10, steps = 0; doc >= 0; doc = index.next(doc), steps++) assert.ok(steps <= 65_536)
      },
    ),
    { numRuns: 2_000 },
  )
})

test('refuses two segments that hold the same memory', async () => {
  const bytes = await segment()
  assert.throws(() => open(bytes, bytes), isCorrupt)
})

test('tells one of an earlier format apart from one that is damaged, or of a later', async () => {
  const bytes = await segment()
  for (const [version, wanted] of [
    [0, false],
    [1, true],
    [3, false],
  ] as const) {
    bytes[4] = version
    assert.throws(
      () => open(resealed(bytes)),
      (error: Error) => isCorrupt(error as { kind?: string }) && isOutdated(error as never) === wanted,
    )
  }
})

test.run()
