import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { Category, Conversation } from './conversations.ts'
import { type Answered, answered, anyAt, DEPTH, figures, recallAt, reciprocalRank } from './figures.ts'

const test = testSuite('bench/memory-recall/figures')

const one = (evidence: readonly number[], turns: readonly number[], category: Category = 4): Answered => ({
  question: { text: 'q', evidence, category },
  turns,
  ms: 2,
})

test('recall is the share of the evidence among the first', () => {
  assert.is(recallAt([one([1, 2], [1, 9, 2])], 1), 50)
  assert.is(recallAt([one([1, 2], [1, 9, 2])], 3), 100)
  assert.is(recallAt([one([1], [1]), one([1], [9])], 5), 50)
})

test('any is one of the evidence among the first', () => {
  assert.is(anyAt([one([1, 2], [9, 1]), one([1], [9])], 2), 50)
  assert.is(anyAt([one([1, 2], [9, 1])], 1), 0)
})

test('the reciprocal rank is that of the first evidence', () => {
  assert.is(reciprocalRank([one([1, 2], [9, 2, 1])]), 0.5)
  assert.is(reciprocalRank([one([1], [])]), 0)
})

test('adversarial questions have figures of their own and no part in the others', () => {
  const values = figures([one([1], [1]), one([1], [9], 5)], 'x ')
  assert.is(values['x R@10'], 100)
  assert.is(values['x single-hop: R@10'], 100)
  assert.is(values['x adversarial: R@10'], 0)
  assert.is(values['x multi-hop: R@10'], undefined)
  assert.is(values['x p99'], 2)
})

test('no questions, no figures', () => {
  assert.throws(
    () => figures([one([1], [1], 5)]),
    (error: unknown) => error instanceof RangeError,
  )
})

test('each question is put to the search of its conversation, and no more hits count than were asked for', () => {
  const conversation = (name: string): Conversation => ({
    name,
    speakers: [],
    turns: [],
    questions: [{ text: `of ${name}`, evidence: [3], category: 4 }],
  })
  const asked: string[] = []
  const all = answered([conversation('a'), conversation('b')], ({ name }) => text => {
    asked.push(`${name}: ${text}`)
    return Array.from({ length: DEPTH + 5 }, (_, nth) => nth)
  })
  assert.equal([...new Set(asked)], ['a: of a', 'b: of b'])
  for (const { turns, ms } of all) {
    assert.is(turns.length, DEPTH)
    assert.ok(ms >= 0)
  }
})

test.run()
