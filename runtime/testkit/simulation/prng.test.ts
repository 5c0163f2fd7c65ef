import * as assert from 'uvu/assert'
import { testSuite } from '../suite.ts'
import { prng } from './prng.ts'

const test = testSuite('runtime/testkit/simulation/prng')

const draws = (seed: number | string, n: number): readonly number[] => {
  const random = prng(seed)
  return Array.from({ length: n }, () => random.next())
}

test('gives the same numbers for the same seed, and others for others', () => {
  assert.equal(draws(1, 50), draws(1, 50))
  assert.not.equal(draws(1, 50), draws(2, 50))
})

test('keeps the numbers of a seed: a stored regression depends on them', () => {
  assert.equal(
    draws('agenticraft', 4).map(value => Math.floor(value * 2 ** 32)),
    PINNED,
  )
})

test('is uniform enough for the probabilities of faults', () => {
  for (const seed of [0, 1, 2, 'x']) {
    const buckets = new Array<number>(16).fill(0)
    for (const value of draws(seed, 16_000))
      buckets[Math.floor(value * 16)] = (buckets[Math.floor(value * 16)] ?? 0) + 1
    // Chi-square with 15 degrees of freedom: above 44.3 once in 10,000.
    const chi = buckets.reduce((sum, seen) => sum + (seen - 1_000) ** 2 / 1_000, 0)
    assert.ok(chi < 44.3, `chi-square ${chi} of seed ${seed}`)
  }
})

test('is uniform in the first number over neighbouring seeds, too', () => {
  const low = Array.from({ length: 10_000 }, (_, seed) => prng(seed).next()).filter(
    value => value < 0.1,
  ).length
  assert.ok(low > 850 && low < 1_150, `${low} of 10,000 below 0.1`)
})

test('forks streams that do not depend on what was drawn, nor on each other', () => {
  const drawn = prng(1)
  drawn.next()
  assert.is(drawn.fork('a').next(), prng(1).fork('a').next())
  assert.is.not(prng(1).fork('a').next(), prng(1).fork('b').next())
  assert.is.not(prng(1).fork('a').fork('b').next(), prng(1).fork('b').fork('a').next())
})

test('draws whole numbers within their bounds, both ends included', () => {
  const random = prng(3)
  const seen = new Set(Array.from({ length: 500 }, () => random.between(2, 5)))
  assert.equal([...seen].sort(), [2, 3, 4, 5])
  assert.is(random.below(1), 0)
})

test('never says yes to probability 0 and always to 1', () => {
  const random = prng(4)
  for (let i = 0; i < 1_000; i++) assert.equal([random.chance(0), random.chance(1)], [false, true])
})

const PINNED: readonly number[] = [866805715, 2535897932, 3127565932, 911379607]

test.run()
