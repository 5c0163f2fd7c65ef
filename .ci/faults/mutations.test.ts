import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { prng } from '../../runtime/testkit/simulation/prng.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { MUTATIONS, mutate } from './mutations.ts'

const test = testSuite('.ci/faults/mutations')
const seeds = fc.integer({ min: 0, max: 2 ** 31 })

test('always changes the bytes, and leaves those it was given alone', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20_000 }), seeds, (bytes, seed) => {
      const before = Buffer.from(bytes)
      const { bytes: after } = mutate(bytes, prng(seed))
      assert.ok(after === undefined || Buffer.compare(after, before) !== 0)
      assert.is(Buffer.compare(bytes, before), 0)
    }),
  )
})

test('makes every kind of mutation, each of them often', () => {
  const random = prng(1)
  const bytes = Buffer.from(Array.from({ length: 9_000 }, (_, at) => at % 251))
  const counts = new Map<string, number>()
  for (let made = 0; made < 700; made++) {
    const { kind } = mutate(bytes, random)
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  for (const kind of MUTATIONS) assert.ok((counts.get(kind) ?? 0) > 50, `${kind}: ${counts.get(kind)}`)
})

test('makes the same mutation from the same seed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1 }), seeds, (bytes, seed) => {
      assert.equal(mutate(bytes, prng(seed)), mutate(bytes, prng(seed)))
    }),
  )
})

test('reaches every part of a file', () => {
  const random = prng(2)
  const bytes = new Uint8Array(10)
  const flipped = new Set<number>()
  for (let made = 0; made < 2_000; made++) {
    const mutation = mutate(bytes, random)
    if (mutation.kind === 'flip') mutation.bytes?.forEach((byte, at) => void (byte !== 0 && flipped.add(at)))
  }
  assert.is(flipped.size, 10)
})

test.run()
