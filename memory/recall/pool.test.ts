import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { poolOf, weigh } from './pool.ts'
import { analyseQuestion } from './query.ts'
import type { RecallIndex } from './recall-index.ts'
import { DAY, type Line, STORED, storeOf } from './testdata/small-store.ts'
import { RECALL_WEIGHTS, type RecallWeights } from './weights.ts'

const test = testSuite('memory/recall/pool')

const chat = (session: string, count: number): readonly Line[] =>
  Array.from({ length: count }, (_, nth) => ({ text: `chatter ${nth}`, session }))

function pooled(
  store: RecallIndex,
  query: string,
  weights: Partial<RecallWeights> = {},
  accept = (_: number) => true,
) {
  const all = { ...RECALL_WEIGHTS, ...weights }
  const question = analyseQuestion(query, STORED + DAY, term => store.documentFrequency(term) > 0)
  const pool = poolOf(store, question, weigh(store, question.words, all), all, accept)
  return { ...pool, docs: [...pool.docs] }
}

const OF_ONE_SESSION: readonly Line[] = [
  ...chat('a', 5),
  { text: 'the boat sank', session: 'a' },
  ...chat('a', 5),
  { text: 'elsewhere', session: 'b' },
]

test('those around a hit in its session join it, and no others', () => {
  const { docs } = pooled(storeOf(OF_ONE_SESSION), 'boat', { sessions: 0, window: 2 })
  assert.equal(docs, [3, 4, 5, 6, 7])
})

test('the whole of the best sessions joins, up to its reach', () => {
  assert.equal(pooled(storeOf(OF_ONE_SESSION), 'boat').docs, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  assert.equal(pooled(storeOf(OF_ONE_SESSION), 'boat', { sessionReach: 3 }).docs, [2, 3, 4, 5, 6, 7, 8])
})

test('what is not accepted is not in the pool, though it says what its neighbours are about', () => {
  const { docs, matches } = pooled(storeOf(OF_ONE_SESSION), 'boat', {}, doc => doc !== 6)
  assert.not.ok(docs.includes(6))
  assert.ok(matches.docs.includes(6))
})

test('a pool is bounded by the weights whatever the store', () => {
  const store = storeOf(Array.from({ length: 3_000 }, (_, nth) => ({ text: `boat ${nth}`, session: 'one' })))
  const { candidates, sessions, window, sessionReach } = RECALL_WEIGHTS
  const most = candidates * (1 + 2 * window) + sessions * (1 + 2 * sessionReach)
  assert.ok(pooled(store, 'boat').docs.length <= most)
})

test('a question of a time without words has the memories of that time', () => {
  const store = storeOf([
    { text: 'boat', daysAgo: 30 },
    { text: 'pier', daysAgo: 0 },
    { text: 'sail', daysAgo: 9 },
  ])
  assert.equal(pooled(store, 'What was it yesterday?').docs, [1])
})

test('a word that stands nowhere weighs most, so that nothing answers a question of such words', () => {
  const store = storeOf(OF_ONE_SESSION)
  const { idf, terms } = weigh(
    store,
    analyseQuestion('boat chatter zeppelin', STORED, () => false).words,
    RECALL_WEIGHTS,
  )
  assert.ok((idf[2] as number) > (idf[0] as number) && (idf[0] as number) > (idf[1] as number))
  assert.not.ok(terms.some(({ word }) => word === 2))
})

test('memories that an embedder found are in the pool', () => {
  const store = storeOf(OF_ONE_SESSION)
  const question = analyseQuestion('boat', STORED, () => false)
  const asked = weigh(store, question.words, RECALL_WEIGHTS)
  const { docs } = poolOf(store, question, asked, RECALL_WEIGHTS, () => true, [{ doc: 11, score: 0.9 }])
  assert.ok(docs.includes(11))
})

test.run()
