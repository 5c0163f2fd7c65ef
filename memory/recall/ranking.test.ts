import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { ask, DAY, found, STORED, storeOf } from './testdata/small-store.ts'
import { FEATURE_MEANINGS, FEATURES, RECALL_WEIGHTS } from './weights.ts'

const test = testSuite('memory/recall/ranking')

const FILLER = Array.from({ length: 30 }, (_, nth) => ({ text: `something else number${nth} about weather` }))

const TALK = storeOf([
  { who: 'Ana', text: 'I adopted a kitten last week', session: 'a', daysAgo: 90 },
  { who: 'Bruno', text: 'How lovely! What is the name of the kitten?', session: 'a', daysAgo: 90 },
  { who: 'Ana', text: 'She is Misha', session: 'a', daysAgo: 90 },
  { who: 'Bruno', text: 'I adopted a habit of running', session: 'b', daysAgo: 30 },
  ...FILLER,
])

test('the memory with the words of the question comes first', () => {
  assert.is(found(TALK, 'Who adopted a kitten?')[0], 0)
})

test('who is named comes before who is not', () => {
  assert.is(found(TALK, 'What did Ana adopt?')[0], 0)
  assert.is(found(TALK, 'What did Bruno adopt?')[0], 3)
  assert.ok((ask(TALK, 'What did Bruno adopt?')[0]?.parts?.['speaker'] ?? 0) > 0)
})

test('an answer without words of the question is found by the question before it', () => {
  const hit = ask(TALK, "What is the kitten's name?").find(({ doc }) => doc === 2)
  assert.ok((hit?.parts?.['answers'] ?? 0) > 0)
})

test('a question that asks when prefers what says a time', () => {
  const store = storeOf([{ text: 'the boat sank' }, { text: 'the boat sank last week' }, ...FILLER])
  assert.is(ask(store, 'When did the boat sink?')[0]?.doc, 1)
  assert.ok((ask(store, 'When did the boat sink?')[0]?.parts?.['whenTime'] ?? 0) > 0)
  assert.is(ask(store, 'Why did the boat sink?')[0]?.parts?.['whenTime'], undefined)
})

test('a question that asks where prefers what names a place, and one for a title what quotes one', () => {
  const store = storeOf([
    { text: 'we went to sail' },
    { text: 'we went to sail in Porto' },
    { text: 'I read a book' },
    { text: 'I read a book, "Moby Dick"' },
    ...FILLER,
  ])
  assert.is(found(store, 'Where did we go to sail?')[0], 1)
  assert.is(found(store, 'Which book did I read?')[0], 3)
})

test('a time that the question names is where it is looked for', () => {
  const store = storeOf([
    { text: 'the boat was mended', daysAgo: 200 },
    { text: 'the boat was mended', daysAgo: 40 },
    { text: 'the boat was mended', daysAgo: 1 },
    ...FILLER,
  ])
  assert.is(found(store, 'What was mended in January?')[0], 1)
  assert.is(found(store, 'What was mended in August 2025?')[0], 0)
})

test('of two answers to a question in the present the newer comes first, and its age counts for no other', () => {
  const store = storeOf([
    { text: 'Ana lives in Porto now', daysAgo: 5 },
    { text: 'Ana lives in Faro now', daysAgo: 300 },
    ...FILLER,
  ])
  assert.is(found(store, 'In which town does Ana live?')[0], 0)
  assert.is(ask(store, 'In which town did Ana live?')[0]?.parts?.['newest'], undefined)
})

test('a state asked for in a month is what was said last before its end, however long before', () => {
  const store = storeOf([
    { text: 'Ana lives in Faro', daysAgo: 320 },
    { text: 'Ana lives in Porto', daysAgo: 180 },
    { text: 'Ana lives in Braga', daysAgo: 1 },
    ...FILLER,
  ])
  const month = new Date(STORED - 100 * DAY).toLocaleString('en', { month: 'long', timeZone: 'UTC' })
  assert.is(found(store, `Where did Ana live in ${month}?`)[0], 1)
})

test('a fact that holds counts for more, but not where something before it is asked for', () => {
  const store = storeOf([
    { who: 'Ana', text: 'Ana lives in Porto', kind: 'fact', daysAgo: 40 },
    { who: 'Ana', text: 'Ana lives in Porto', daysAgo: 40 },
    ...FILLER,
  ])
  const part = (question: string) => ask(store, question).find(({ doc }) => doc === 0)?.parts?.['fact']
  const monthOf = (daysAgo: number) =>
    new Date(STORED - daysAgo * DAY).toLocaleString('en', { month: 'long', timeZone: 'UTC' })
  for (const question of ['Where does Ana live?', `Where did Ana live in ${monthOf(10)}?`])
    assert.ok((part(question) ?? 0) > 0, question)
  for (const question of ['Where did Ana live before Porto?', `Where did Ana live in ${monthOf(100)}?`])
    assert.is(part(question), undefined, question)
})

test('an answer that no newer one stands beside loses nothing by its age', () => {
  const store = storeOf([{ text: 'Ana lives in Porto', daysAgo: 300 }, ...FILLER])
  assert.is(ask(store, 'Where does Ana live now?')[0]?.parts?.['newest'], undefined)
})

test('what has the words, but not of whom the question names, scores less', () => {
  const store = storeOf([
    { who: 'Ana', text: 'I live in Porto' },
    { who: 'Ana', text: 'Priya came' },
    ...FILLER,
  ])
  assert.is(ask(store, 'Where does Ana live?')[0]?.parts?.['elsewhere'], undefined)
  const alone = storeOf([{ who: 'Ana', text: 'I live in Porto' }, ...FILLER])
  assert.ok((ask(alone, 'Where does Priya live?')[0]?.parts?.['elsewhere'] ?? 0) < 0)
})

test('a class finds its members, and a root what grew from it', () => {
  const store = storeOf([{ text: 'my puppy barks' }, { text: 'her motivation grew' }, ...FILLER])
  assert.is(found(store, 'Are there any pets?')[0], 0)
  assert.is(found(store, 'What motivates her?')[0], 1)
})

test('more important memories come first of equal ones', () => {
  const store = storeOf([{ text: 'a boat', importance: 0.9 }, { text: 'a boat', importance: 0.2 }, ...FILLER])
  assert.equal(found(store, 'boat').slice(0, 2), [0, 1])
})

test('of equal memories the newer comes first', () => {
  assert.equal(
    found(storeOf([{ text: 'a boat' }, { text: 'a boat' }, ...FILLER]), 'boat').slice(0, 2),
    [1, 0],
  )
})

test('what is not accepted is not found, nor what was removed', () => {
  const store = storeOf([{ text: 'a boat' }, { text: 'a boat' }, ...FILLER])
  assert.equal(found(store, 'boat', { accept: doc => doc !== 1 }), [0])
  store.remove(0)
  assert.equal(found(store, 'boat'), [1])
})

test('at most as many come as were asked for, best first', () => {
  const hits = ask(TALK, 'weather', { limit: 3 })
  assert.is(hits.length, 3)
  assert.ok(hits.every(({ score }, nth) => nth === 0 || score <= (hits[nth - 1]?.score ?? 0)))
})

test('the score says whether there is an answer', () => {
  const known = ask(TALK, 'When did Ana adopt a kitten?')[0]?.score ?? 0
  const unknown = ask(TALK, 'What is the mortgage rate of the harbour bank about?')[0]?.score ?? 0
  assert.ok(known >= RECALL_WEIGHTS.known, String(known))
  assert.ok(unknown < RECALL_WEIGHTS.known, String(unknown))
})

test('an embedder brings memories that share no word, and says so', () => {
  const vectors = {
    near: [{ doc: 3, score: 0.8 }],
    closeness: (docs: Uint32Array) => Float32Array.from(docs, doc => (doc === 3 ? 0.8 : 0)),
  }
  const hit = ask(TALK, 'kitten', { vectors }).find(({ doc }) => doc === 3)
  assert.ok(Math.abs((hit?.parts?.['meaning'] ?? 0) - 0.8 * RECALL_WEIGHTS.features.meaning) < 1e-6)
})

test('no words, only stop words, or words that nobody said find nothing', () => {
  for (const query of ['', ' ', '🎉', 'what is it?', 'zeppelin xylophone', '!!!'])
    assert.equal(ask(TALK, query), [], query)
  assert.equal(ask(storeOf([]), 'boat'), [])
})

const words = fc.constantFrom(
  'Ana',
  'Bruno',
  'kitten',
  'adopted',
  'when',
  'where',
  'pet',
  'yesterday',
  'is',
  '🎉',
  'in May',
  '"x"',
)

test('parts sum to the score, which is from 0 to 1, whatever is asked', () => {
  fc.assert(
    fc.property(fc.array(words, { maxLength: 12 }), asked => {
      for (const { score, parts = {} } of ask(TALK, asked.join(' '))) {
        const sum = Object.values(parts).reduce((total, part) => total + part, 0)
        assert.ok(Math.abs(sum - score) < 1e-9, `${sum} ${score}`)
        assert.ok(score > 0 && score <= 1)
        for (const name of Object.keys(parts)) assert.ok((FEATURES as readonly string[]).includes(name), name)
      }
    }),
  )
})

test('an importance that nobody gave has no part in a score, and one above the middle has', () => {
  const store = storeOf([
    { text: 'the boat was mended' },
    { text: 'the boat sank', importance: 0.9 },
    ...FILLER,
  ])
  const [mended, sank] = [0, 1].map(one => ask(store, 'boat').find(({ doc }) => doc === one)?.parts)
  assert.is(mended?.['importance'], undefined)
  assert.ok((sank?.['importance'] ?? 0) > 0)
})

test('a score of more than 1 is 1, and its parts shrink with it', () => {
  const features = { ...RECALL_WEIGHTS.features, context: 5 }
  const hit = ask(TALK, 'kitten adopted', { weights: { ...RECALL_WEIGHTS, features } })[0]
  assert.is(hit?.score, 1)
  assert.ok(Math.abs(Object.values(hit?.parts ?? {}).reduce((a, b) => a + b, 0) - 1) < 1e-9)
})

test('the same question has the same answer, and parts only when asked for', () => {
  assert.equal(ask(TALK, 'kitten'), ask(TALK, 'kitten'))
  assert.ok(ask(TALK, 'kitten', { explain: false }).every(hit => hit.parts === undefined))
})

test('long and strange questions are answered in bounded time', () => {
  for (const query of [
    'kitten '.repeat(1_500),
    'a'.repeat(10_000),
    '🎉'.repeat(5_000),
    "'".repeat(10_000),
    'in May '.repeat(1_500),
  ]) {
    const begun = performance.now()
    ask(TALK, query, { now: STORED + DAY })
    assert.ok(performance.now() - begun < 1_000, query.slice(0, 10))
  }
})

test('every feature has a weight and says what it means', () => {
  for (const feature of FEATURES) {
    assert.ok(Number.isFinite(RECALL_WEIGHTS.features[feature]), feature)
    assert.ok(FEATURE_MEANINGS[feature].length > 0, feature)
  }
})

test.run()
