import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { Subtask } from './document.ts'
import { findGaps } from './gaps.ts'
import { CORPUS, corpusOf, document, findingOf } from './testdata/small-corpus.ts'

const test = testSuite('agents/research/gaps')

const SUBTASK: Subtask = { id: 'subtask-1', question: 'How do clients drain?', terms: ['drain'] }
const gapsOf = (
  findings: Parameters<typeof findGaps>[0]['findings'],
  topic = 'clients drain',
  corpus = CORPUS,
) => findGaps({ topic, subtasks: [SUBTASK], findings, corpus })
const kinds = (...args: Parameters<typeof gapsOf>) => gapsOf(...args).map(({ kind }) => kind)
const TWO = [findingOf('The client drains.', 'a.md'), findingOf('The server drains.', 'b.md')]

test('has nothing to say when two good findings from two sources answer', () => {
  assert.equal(gapsOf(TWO), [])
})

test('names the sub-task that nothing answers', () => {
  const [gap] = gapsOf([])
  assert.is(gap?.kind, 'unanswered')
  assert.is(gap?.subtask, 'subtask-1')
  assert.match(gap?.text ?? '', /How do clients drain\?/)
  assert.match(gap?.remedy ?? '', /How do clients drain\?/)
})

test('counts neither unsupported findings nor findings without a citation', () => {
  assert.equal(kinds(TWO.map(one => ({ ...one, verdict: 'unsupported' as const }))), ['unanswered'])
  assert.equal(kinds(TWO.map(one => ({ ...one, citations: [] }))), ['unanswered'])
})

test('tells thin from weak', () => {
  assert.ok(kinds(TWO.slice(0, 1)).includes('thin'))
  assert.equal(kinds(TWO.map(one => ({ ...one, relevance: 0.1 }))), ['weak'])
})

test('names the words of the topic that no source mentions, and no others', () => {
  const [gap] = gapsOf(TWO, 'How do clients drain zebras with the draining?')
  assert.is(gap?.kind, 'unmentioned')
  assert.match(gap?.text ?? '', /zebras/)
  assert.not.match(gap?.text ?? '', /drain/)
})

test('says once that everything rests on a single source', () => {
  const one = TWO.map(finding => ({ ...finding, citations: TWO[0]?.citations ?? [] }))
  const gaps = gapsOf(one)
  assert.equal(
    gaps.map(({ kind, subtask }) => [kind, subtask]),
    [['single-source', undefined]],
  )
  assert.match(gaps[0]?.text ?? '', /a\.md/)
  assert.match(
    gapsOf(one, 'drain', corpusOf([document('a.md', 'drain')]))[0]?.text ?? '',
    /the only one given/,
  )
})

test('names the sub-task that rests on one source when others have more', () => {
  const other: Subtask = {
    id: 'subtask-2',
    question: 'What do the sources say about closing?',
    terms: ['close'],
  }
  const more = [1, 2].map(n => findingOf(`It closes ${n}.`, 'c.md', { subtask: 'subtask-2' }))
  const gaps = findGaps({
    topic: 'drain',
    subtasks: [SUBTASK, other],
    findings: [...TWO, ...more],
    corpus: CORPUS,
  })
  assert.equal(
    gaps.map(({ kind, subtask }) => [kind, subtask]),
    [['single-source', 'subtask-2']],
  )
  assert.match(gaps[0]?.text ?? '', /said about closing .*c\.md/)
})

test.run()
