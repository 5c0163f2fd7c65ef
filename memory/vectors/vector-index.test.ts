import fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { RuntimeError } from '../../actors/errors.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { clusters, mulberry32 } from './testdata/clusters.ts'
import { decodeVector, encodeVector, toUnit } from './vector-bytes.ts'
import { createVectorIndex, type VectorIndex } from './vector-index.ts'
import { vectorScores } from './vector-scores.ts'

const test = testSuite('memory/vectors/vector-index', { limitMs: 60_000 })

const kindIs = (kind: string) => (error: RuntimeError) => error.kind === kind

/** As the index should: over the stored bytes, all of them, in double precision. */
function bruteForce(
  stored: ReadonlyMap<number, Uint8Array>,
  query: readonly number[],
  k: number,
  accept = (_: number) => true,
) {
  const unit = toUnit(query)
  return [...stored]
    .filter(([doc]) => accept(doc))
    .map(([doc, bytes]) => {
      const row = decodeVector(bytes)?.values ?? new Int8Array()
      let [dot, square] = [0, 0]
      row.forEach((value, at) => {
        dot += value * (unit[at] ?? 0)
        square += value * value
      })
      return { doc, score: dot / Math.sqrt(square) }
    })
    .sort((a, b) => b.score - a.score)
    .slice(0, k)
}

const component = fc.integer({ min: -20, max: 20 })
const vectorOf = (dimensions: number) =>
  fc
    .array(component, { minLength: dimensions, maxLength: dimensions })
    .filter(vector => vector.some(value => value !== 0))

/** Memories stored, stored again and forgotten, over a few pages of numbers. */
const histories = fc.integer({ min: 1, max: 19 }).chain(dimensions =>
  fc.record({
    steps: fc.array(
      fc.record({
        doc: fc.oneof(
          fc.integer({ min: 0, max: 12 }),
          fc.integer({ min: 4_090, max: 4_100 }),
          fc.constant(4_294_967_295),
        ),
        vector: fc.option(vectorOf(dimensions), { freq: 3 }),
      }),
      { maxLength: 60 },
    ),
    query: vectorOf(dimensions),
    k: fc.integer({ min: 0, max: 20 }),
    odd: fc.boolean(),
  }),
)

test('the nearest are those of brute force, whatever was stored, replaced and removed', () => {
  fc.assert(
    fc.property(histories, ({ steps, query, k, odd }) => {
      const index = createVectorIndex()
      const stored = new Map<number, Uint8Array>()
      for (const { doc, vector } of steps) {
        if (vector) {
          stored.set(doc, encodeVector(vector))
          index.add(doc, encodeVector(vector))
        } else {
          stored.delete(doc)
          index.remove(doc)
        }
      }
      const accept = (doc: number): boolean => !odd || doc % 2 === 1
      const found = index.top(query, k, accept)
      const wanted = bruteForce(stored, query, k, accept)
      assert.is(index.size, stored.size)
      assert.is(found.length, wanted.length)
      found.forEach(({ doc, score }, at) => {
        // Equal cosines may come in any order of rounding: the scores are what must agree, rank by rank.
        assert.ok(Math.abs(score - (wanted[at]?.score ?? 2)) < 1e-5)
        assert.ok(stored.has(doc) && accept(doc))
      })
      assert.is(new Set(found.map(({ doc }) => doc)).size, found.length)
    }),
    { numRuns: 300 },
  )
})

test('of equal cosines the newer memory comes first', () => {
  const index = createVectorIndex()
  for (const doc of [3, 9, 1, 7]) index.add(doc, encodeVector([1, 2, 3]))
  assert.equal(
    index.top([1, 2, 3], 3).map(({ doc }) => doc),
    [9, 7, 3],
  )
})

function filled(rows: readonly Float32Array[], exactUpTo?: number): VectorIndex {
  const index = createVectorIndex(exactUpTo === undefined ? {} : { exactUpTo })
  rows.forEach((row, doc) => {
    index.add(doc, encodeVector(row))
  })
  return index
}

function recallAt10(
  rows: readonly Float32Array[],
  queries: readonly Float32Array[],
  accept?: (doc: number) => boolean,
): number {
  const [exact, filtered] = [filled(rows), filled(rows, 0)]
  const found = queries.map(query => {
    const wanted = new Set(exact.top(query, 10, accept).map(({ doc }) => doc))
    return filtered.top(query, 10, accept).filter(({ doc }) => wanted.has(doc)).length / wanted.size
  })
  return found.reduce((sum, part) => sum + part, 0) / found.length
}

test('the search by signs finds at least 95 % of the ten nearest on clustered vectors', () => {
  for (const [dimensions, seed] of [
    [384, 1],
    [256, 2],
    [100, 3],
  ] as const) {
    const { rows, queries } = clusters({ seed, count: 12_000, dimensions, queries: 20 })
    const recall = recallAt10(rows, queries)
    assert.ok(recall >= 0.95, `${dimensions} dimensions: ${recall}`)
  }
})

test('what is not accepted takes no place among the candidates', () => {
  const { rows, queries } = clusters({ seed: 4, count: 6_000, dimensions: 128, queries: 20 })
  assert.ok(recallAt10(rows, queries, doc => doc % 50 === 0) >= 0.95)
})

test('vectors of another model or length are refused, and so is such a query', () => {
  const index = createVectorIndex({ model: 'openai/small' })
  index.add(1, encodeVector([1, 2], 'openai/small'))
  assert.throws(() => index.add(2, encodeVector([1, 2], 'openai/large')), kindIs('embedding-mismatch'))
  assert.throws(() => index.add(2, encodeVector([1, 2])), kindIs('embedding-mismatch'))
  assert.throws(() => index.add(2, encodeVector([1, 2, 3], 'openai/small')), kindIs('embedding-mismatch'))
  assert.throws(() => index.top([1, 2, 3], 1), kindIs('embedding-mismatch'))
  assert.throws(() => index.cosines([1], Uint32Array.of(1)), kindIs('embedding-mismatch'))
  assert.throws(() => index.add(2, Uint8Array.of(9, 9)), kindIs('store-corrupt'))
  assert.is(index.size, 1)
  assert.is(index.has(2), false)
})

test('an index of many chunks is the same after removing most of them', () => {
  const { rows, queries } = clusters({ seed: 5, count: 9_000, dimensions: 16, queries: 5 })
  const index = filled(rows)
  const bytes = index.bytes
  const random = mulberry32(6)
  const kept = new Map<number, Uint8Array>()
  rows.forEach((row, doc) => {
    if (random() < 0.1) kept.set(doc, encodeVector(row))
    else index.remove(doc)
  })
  assert.is(index.size, kept.size)
  assert.ok(index.bytes < bytes / 2)
  for (const query of queries) {
    const wanted = bruteForce(kept, [...query], 10)
    assert.equal(
      index.top(query, 10).map(({ doc }) => doc),
      wanted.map(({ doc }) => doc),
    )
  }
})

test('cosines are given for each memory asked for, and NaN for one without a vector', () => {
  const index = createVectorIndex()
  const shown = (docs: readonly number[]): string[] =>
    [...index.cosines([5, 0], Uint32Array.from(docs))].map(cosine => cosine.toFixed(3))
  assert.equal(shown([1]), ['NaN'])
  index.add(1, encodeVector([1, 0]))
  index.add(2, encodeVector([-3, 0]))
  assert.equal(shown([2, 7, 1]), ['-1.000', 'NaN', '1.000'])
})

test('closeness is 1 for the same direction, 0 for the background and for no vector', () => {
  const { rows } = clusters({ seed: 8, count: 500, dimensions: 64, queries: 0 })
  const index = filled(rows)
  const query = rows[17] as Float32Array
  const { near, closeness } = vectorScores(index, query, { candidates: 5 })
  assert.is(near.length, 5)
  assert.is(near[0]?.doc, 17)
  const close = closeness(Uint32Array.from({ length: 501 }, (_, doc) => doc))
  assert.ok((close[17] ?? 0) > 0.999)
  assert.is(close[500], 0)
  const zero = close.filter(value => value === 0).length
  assert.ok(zero > 75 && zero < 190, `${zero} of 501 are background: a quarter should be`)
  assert.ok(close.every(value => value >= 0 && value <= 1))
})

test('an empty index has nothing near', () => {
  const index = createVectorIndex()
  assert.equal(index.top([1], 5), [])
  assert.is(index.background([1]), 0)
  assert.is(index.dimensions, undefined)
  index.remove(4)
  index.add(4, encodeVector([1, 1]))
  index.remove(4)
  assert.is(index.size, 0)
  assert.equal(index.top([1, 1], 5), [])
})

test.run()
