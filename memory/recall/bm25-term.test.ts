import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { contribution, inverseFrequency, type ScoredTerm, scoredTerms } from './bm25-term.ts'

const test = testSuite('memory/recall/bm25-term')

const BM25 = { k1: 0.9, b: 0.4 }
const COLLECTION = { live: 10_000, averageLength: 12 }

const weights = fc.array(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 12 })
const standing = fc.record({ tf: fc.integer({ min: 1, max: 255 }), length: fc.nat(65_535) })

const scored = (all: readonly number[], frequency = 17): ScoredTerm[] =>
  scoredTerms(
    all.map((weight, hash) => ({ hash, weight })),
    all.map(() => frequency),
    COLLECTION,
    BM25,
  )

test('gives what the formula gives', () => {
  const [term] = scored([2], 100)
  const idf = Math.log(1 + (10_000 - 100 + 0.5) / 100.5)
  const expected = (2 * idf * 3 * 1.9) / (3 + 0.9 * (0.6 + (0.4 * 24) / 12))
  assert.ok(term && Math.abs(contribution(term, 3, 24) - expected) < 1e-8)
})

test('adds up to the same in any order', () => {
  fc.assert(
    fc.property(weights, fc.array(standing, { minLength: 12, maxLength: 12 }), (all, standings) => {
      const parts = scored(all).map((term, nth) => {
        const { tf, length } = standings[nth] as { tf: number; length: number }
        return contribution(term, tf, length)
      })
      const sum = (some: readonly number[]): number => some.reduce((total, part) => total + part, 0)
      assert.is(sum(parts), sum(parts.toReversed()))
      assert.is(sum(parts), sum(parts.toSorted((one, other) => one - other)))
      assert.is(sum(parts) - sum(parts.slice(1)), parts[0] ?? 0)
    }),
  )
})

test('is bounded by the most often and the shortest', () => {
  fc.assert(
    fc.property(weights, standing, standing, (all, one, other) => {
      for (const term of scored(all)) {
        const bound = contribution(term, Math.max(one.tf, other.tf), Math.min(one.length, other.length))
        assert.ok(contribution(term, one.tf, one.length) <= bound)
        assert.ok(contribution(term, 1, 65_535) > 0)
      }
    }),
  )
})

test('leaves out what has no weight, stands nowhere, or is nothing beside the others', () => {
  assert.equal(scored([0, -1, Number.NaN, Number.POSITIVE_INFINITY]), [])
  assert.equal(scored([1], 0), [])
  assert.equal(
    scored([1, 1e-20]).map(({ nth }) => nth),
    [0],
  )
})

test('a term that all have is worth little, but never nothing', () => {
  assert.ok(inverseFrequency(10, 10) > 0)
  // More than there are: removed ones count until they are expunged.
  assert.ok(inverseFrequency(10, 5_000) > 0)
  assert.ok(inverseFrequency(10_000, 1) > inverseFrequency(10_000, 2))
})

test.run()
