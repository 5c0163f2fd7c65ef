import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { Embed } from '../memory.ts'
import { analyseEntry } from '../recall/analyse-entry.ts'
import { createRecallIndex } from '../recall/create-recall-index.ts'
import { rank } from '../recall/ranking.ts'
import { encodeVector } from './vector-bytes.ts'
import { createVectorIndex } from './vector-index.ts'
import { vectorScores } from './vector-scores.ts'

const test = testSuite('memory/vectors/ranking-with-vectors')

const TEXTS = [
  'The automobile is at the garage until Friday.',
  'We had soup and bread.',
  'The meeting about the budget was long.',
  'My bicycle has a new bell.',
  'It rained all day and we stayed in.',
  'The cat slept on the keyboard.',
  'Tickets for the concert are sold out.',
  'She planted tulips behind the house.',
  'The printer needs paper again.',
]

/** One direction per topic: a word and its synonyms share theirs. */
const TOPICS = [
  /auto|car\b|garage/i,
  /soup|bread/i,
  /budget|meeting/i,
  /bicycle/i,
  /rain/i,
  /cat/i,
  /concert/i,
  /tulip/i,
  /print/i,
]
const embed: Embed = async texts => texts.map(text => TOPICS.map(topic => (topic.test(text) ? 1 : 0.02)))

async function stored() {
  const index = createRecallIndex({ analyse: analyseEntry })
  const vectors = createVectorIndex()
  const embedded = await embed(TEXTS)
  TEXTS.forEach((text, doc) => {
    index.add({
      doc,
      text,
      who: 0,
      at: doc,
      session: doc,
      kind: 'episode',
      trust: 'untrusted',
      importance: 0.5,
    })
    vectors.add(doc, encodeVector(embedded[doc] ?? []))
  })
  const near = async (question: string) =>
    vectorScores(vectors, Float32Array.from((await embed([question]))[0] ?? []))
  return { index, near }
}

test('a memory that shares no word with the question is found by its meaning, and the score says so', async () => {
  const { index, near } = await stored()
  const question = 'Where is my car?'
  assert.is(
    rank(index, question, { limit: 3, now: 100 }).some(({ doc }) => doc === 0),
    false,
  )
  const [best] = rank(index, question, { limit: 3, now: 100, vectors: await near(question), explain: true })
  assert.is(best?.doc, 0)
  assert.ok((best?.parts?.['meaning'] ?? 0) > 0)
})

test('what is near but not accepted is not found', async () => {
  const { index, near } = await stored()
  const question = 'Where is my car?'
  const vectors = await near(question)
  const found = rank(index, question, { limit: 9, now: 100, vectors, accept: doc => doc !== 0 })
  assert.not.ok(found.some(({ doc }) => doc === 0))
})

test('without vectors ranking is what it is with vectors that know nothing', async () => {
  const { index } = await stored()
  const question = 'Who talked about the budget meeting?'
  const nothing = { near: [], closeness: (docs: Uint32Array) => new Float32Array(docs.length) }
  const options = { limit: 9, now: 100 }
  assert.equal(rank(index, question, { ...options, vectors: nothing }), rank(index, question, options))
})

test.run()
