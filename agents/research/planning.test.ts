import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { extractFindings } from './extraction.ts'
import { planSubtasks, SUBTASKS } from './planning.ts'
import { CORPUS, corpusOf, TOPIC } from './testdata/small-corpus.ts'

const test = testSuite('agents/research/planning')

const DEPTHS = ['quick', 'standard', 'comprehensive'] as const

test('plans 3, 5 or 8 sub-tasks by depth when the corpus offers as many aspects', () => {
  for (const depth of ['quick', 'standard'] as const) {
    assert.is(planSubtasks({ topic: TOPIC, corpus: CORPUS, depth }).length, SUBTASKS[depth], depth)
  }
})

test('begins with the parts of the topic and keeps their subject', () => {
  const plan = planSubtasks({ topic: TOPIC, corpus: CORPUS, depth: 'quick' })
  assert.equal(
    plan.map(({ question }) => question),
    ['How do clients reconnect?', 'How do clients drain?', 'How do clients close?'],
  )
  for (const { terms } of plan) assert.is(terms.at(-1), 'client')
})

test('joins the last parts when the depth allows fewer questions than the topic has parts', () => {
  const topic = 'How do clients connect, reconnect, drain and close?'
  const plan = planSubtasks({ topic, corpus: CORPUS, depth: 'quick' })
  assert.equal(
    plan.map(({ question }) => question),
    ['How do clients connect?', 'How do clients reconnect?', 'How do clients drain and close?'],
  )
})

test('fills up with aspects in the words of the corpus', () => {
  const plan = planSubtasks({ topic: TOPIC, corpus: CORPUS, depth: 'comprehensive' })
  const text = CORPUS.documents
    .map(document => document.text.toLowerCase())
    .join(' ')
    .replace(/\s+/g, ' ')
  assert.ok(plan.length > 3)
  for (const { terms } of plan) {
    for (const term of terms) assert.ok(text.includes(term.toLowerCase()), `"${term}" is not in the corpus`)
  }
})

test('adds at most three focus areas, each in the setting of the topic', () => {
  const focusAreas = ['pending messages', 'pending messages', ' ', 'timeouts', 'licences', 'cost']
  const plan = planSubtasks({ topic: TOPIC, corpus: CORPUS, depth: 'quick', focusAreas })
  const focused = plan.filter(({ focus }) => focus !== undefined)
  assert.equal(
    focused.map(({ focus }) => focus),
    ['pending messages', 'timeouts', 'licences'],
  )
  assert.is(plan.length, 6)
  assert.is(
    focused[0]?.question,
    'What do the sources say about pending messages when clients reconnect, drain or close?',
  )
})

test('asks fewer questions rather than invented ones when the corpus has nothing to add', () => {
  const plan = planSubtasks({ topic: 'zebras', corpus: CORPUS, depth: 'comprehensive' })
  assert.equal(plan, [
    { id: 'subtask-1', question: 'What do the sources say about zebras?', terms: ['zebras'] },
  ])
  assert.is(planSubtasks({ topic: 'zebras', corpus: corpusOf([]), depth: 'quick' }).length, 1)
})

test('gives unique ids and questions, the same ones every time', () => {
  for (const depth of DEPTHS) {
    const plan = planSubtasks({ topic: TOPIC, corpus: CORPUS, depth })
    assert.is(new Set(plan.map(({ id }) => id)).size, plan.length)
    assert.is(new Set(plan.map(({ question }) => question)).size, plan.length)
    assert.equal(plan, planSubtasks({ topic: TOPIC, corpus: CORPUS, depth }))
  }
})

test('looks for what no source mentions by its own words, so that nothing else is taken for an answer', () => {
  const corpus = CORPUS
  const [first] = planSubtasks({ topic: 'What is zymurgy and how do clients drain?', corpus, depth: 'quick' })
  assert.is(first?.question, 'What is zymurgy?')
  assert.equal(first?.terms, ['zymurgy'])
  const passages = corpus.search('zymurgy clients drain', { limit: 60 })
  assert.ok(passages.length > 0)
  assert.ok(first)
  assert.equal(extractFindings({ subtask: first, topic: 'zymurgy', passages }), [])
})

test.run()
