import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { Finding } from './document.ts'
import { knownAndFresh, knownChapter, knownSince } from './known-chapter.ts'

const test = testSuite('agents/research/known-chapter')

const found = (subtask: string, memory?: Finding['memory']): Finding => ({
  id: `${subtask}-${memory?.run}`,
  statement: 'A lamp burns.',
  subtask,
  citations: [],
  relevance: 1,
  verdict: 'checked',
  ...(memory && { memory }),
})
const LAST = { run: 'run-1', topic: 'the lamp', at: Date.UTC(2026, 2, 1) }
const subtasks = [
  { id: '1', question: 'How does a lamp burn?', terms: [] },
  { id: '2', question: 'What do the sources say about fog?', terms: [] },
]

test('names the runs that findings are known from, and counts known and new ones for each question', () => {
  const text = knownChapter(subtasks, [found('1', LAST), found('1'), found('2')], 3)
  assert.match(text, '1 finding is from memory, of “the lamp” (run run-1, 2026-03-01). 2 new.')
  assert.match(text, '- How does a lamp burn?: 1 known, 1 new')
  assert.match(text, '- fog: 0 known, 1 new')
})

test('says that a report uses fewer of them than were found, and only then', () => {
  const findings = [found('1', LAST), found('1'), found('2')]
  assert.match(knownChapter(subtasks, findings, 1), 'This report uses 1 of the 3')
  assert.not.match(knownChapter(subtasks, findings, 3), 'This report uses')
  assert.equal(knownAndFresh(findings), { known: 1, fresh: 2 })
})

test('says nothing when everything is new', () => {
  assert.is(knownChapter(subtasks, [found('1')], 1), '')
  assert.is(knownSince(found('1')), '')
})

test('a topic read back from a memory cannot put a tag or a picture into the report', () => {
  const topic = '<img src=x> ![p](http://x)\n# head'
  const text = knownChapter(subtasks, [found('1', { ...LAST, topic })], 1)
  assert.not.match(text, '<img')
  assert.not.match(text, /(?<!\\)!\[p/)
  assert.not.match(text, /^# head/m)
})

test.run()
