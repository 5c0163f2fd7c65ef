import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { stemsOf, textRank } from './text-rank.ts'

const test = testSuite('memory/consolidation/text-rank')

const ranked = (...texts: readonly string[]) => textRank(texts.map(stemsOf))

test('the sentence that shares words with most others is the most central', () => {
  const ranks = ranked(
    'The harbour of Porto is old.',
    'Boats leave the old harbour.',
    'Porto has many boats.',
    'Cheese is yellow.',
  )
  assert.is(ranks.indexOf(Math.max(...ranks)), 0)
  assert.is(ranks.indexOf(Math.min(...ranks)), 3)
})

test('shares add up to one, also when nothing is alike', () => {
  for (const texts of [
    ['apples'],
    ['apples', 'pears', 'plums'],
    ['red apples', 'red pears', 'stone'],
    ['', ''],
  ]) {
    assert.ok(Math.abs(ranked(...texts).reduce((sum, rank) => sum + rank, 0) - 1) < 1e-9)
  }
})

test('of no text there are no shares', () => {
  assert.equal(ranked(), [])
})

test.run()
