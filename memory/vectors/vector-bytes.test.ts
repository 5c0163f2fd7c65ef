import fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { RuntimeError } from '../../actors/errors.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { clusters } from './testdata/clusters.ts'
import { decodeVector, encodeVector, modelPrint, toUnit } from './vector-bytes.ts'

const test = testSuite('memory/vectors/vector-bytes', { limitMs: 30_000 })

const vectors = fc
  .array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }), {
    minLength: 1,
    maxLength: 64,
  })
  .filter(vector => vector.some(value => Math.abs(value) > 1e-6))

const cosine = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let [dot, aa, bb] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] as number, b[i] as number]
    dot += x * y
    aa += x * x
    bb += y * y
  }
  return dot / Math.sqrt(aa * bb)
}

test('the direction comes back, for a byte a dimension and five', () => {
  fc.assert(
    fc.property(vectors, vector => {
      const bytes = encodeVector(vector, 'm')
      assert.is(bytes.length, vector.length + 5)
      const stored = decodeVector(bytes)
      assert.is(stored?.model, modelPrint('m'))
      // Half a step of 1/127 of the largest in each of n dimensions turns a vector by no more than this.
      const least = 1 / Math.sqrt(1 + vector.length / (4 * 127 * 127))
      assert.ok(cosine(vector, stored?.values ?? []) >= least - 1e-9)
    }),
  )
})

test('bytes are read where they stand in a larger buffer', () => {
  const bytes = encodeVector([1, -2, 3])
  const larger = new Uint8Array(bytes.length + 3)
  larger.set(bytes, 3)
  assert.equal(decodeVector(larger.subarray(3))?.values, new Int8Array([42, -85, 127]))
})

test('what has no direction is refused, and foreign bytes are not read', () => {
  for (const vector of [
    [],
    [0, 0],
    [Number.NaN, 1e-300, Number.NaN].fill(Number.NaN),
    [Number.POSITIVE_INFINITY],
  ]) {
    assert.throws(
      () => encodeVector(vector),
      (error: RuntimeError) => error.kind === 'input-invalid',
    )
  }
  for (const bytes of [[], [1, 0, 0, 0, 0], [2, 0, 0, 0, 0, 1]]) {
    assert.is(decodeVector(Uint8Array.from(bytes)), undefined)
  }
})

test('models are told apart, and no name is told from any', () => {
  const names = ['openai/text-embedding-3-small', 'openai/text-embedding-3-large', '', 'a', 'b']
  const prints = new Set(names.map(modelPrint))
  assert.is(prints.size, names.length)
  assert.not.ok(prints.has(modelPrint(undefined)))
})

test('the ten nearest by bytes are at least 95 % the ten nearest by floats', () => {
  const { rows, queries } = clusters({ seed: 7, count: 5_000, dimensions: 384, queries: 30 })
  const stored = rows.map(row => toUnit([...(decodeVector(encodeVector(row))?.values ?? [])]))
  const nearest = (among: readonly Float32Array[], query: Float32Array): number[] =>
    among
      .map((row, at) => ({ at, near: cosine(row, query) }))
      .sort((a, b) => b.near - a.near)
      .slice(0, 10)
      .map(({ at }) => at)
  let same = 0
  for (const query of queries) {
    const exact = new Set(nearest(rows, query))
    same += nearest(stored, query).filter(at => exact.has(at)).length
  }
  assert.ok(same / (queries.length * 10) >= 0.95, `${same} of ${queries.length * 10}`)
})

test.run()
