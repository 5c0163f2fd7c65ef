import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { coverageOf } from './coverage.ts'
import type { Subtask } from './document.ts'
import type { Known } from './team-memory.ts'

const test = testSuite('agents/research/coverage')

const task = (id: string, question: string, ...terms: string[]): Subtask => ({ id, question, terms })
const knownOf = (question: string, statement: string, run = 'run-1'): Known => ({
  id: `id of ${statement}`,
  statement,
  question,
  terms: [],
  citations: [{ source: 'a.md', quote: statement, start: 0, end: statement.length }],
  relevance: 0.8,
  run,
  topic: 'reconnecting',
  at: 1_000,
})

const RECONNECT = 'How do clients reconnect?'
const DRAIN = 'What do the sources say about draining?'
const KNOWN = [
  knownOf(RECONNECT, 'The client will attempt to reconnect.'),
  knownOf(RECONNECT, 'It waits two seconds between attempts.'),
]

test('a question that was answered well enough is not asked again, in other forms of its words either', () => {
  const subtasks = [task('1', 'How does the client reconnect?', 'reconnect'), task('2', DRAIN, 'drain')]
  const { open, findings } = coverageOf({ subtasks, known: KNOWN, enough: 2 })
  assert.equal(
    open.map(one => one.id),
    ['2'],
  )
  assert.equal(
    findings.map(one => one.subtask),
    ['1', '1'],
  )
})

test('questions that differ in what they are about are not the same, however much else they share', () => {
  const setting = 'when a lighthouse warns ships at night in a storm'
  const about = (what: string) => `What do the sources say about ${what} ${setting}?`
  const known = [knownOf(about('fog'), 'Fog hides it.'), knownOf(about('fog'), 'A horn sounds.')].map(
    one => ({
      ...one,
      terms: ['fog'],
    }),
  )
  const { open } = coverageOf({ subtasks: [task('1', about('wages'), 'wages')], known, enough: 2 })
  assert.is(open.length, 1)
})

test('with fewer answers than are enough, a question is researched again and keeps what is known', () => {
  const subtasks = [task('1', RECONNECT, 'reconnect')]
  const { open, findings } = coverageOf({ subtasks, known: KNOWN.slice(0, 1), enough: 2 })
  assert.is(open.length, 1)
  assert.is(findings.length, 1)
})

test('a known finding says which run it is from and when it was learned, and keeps its quotes', () => {
  const { findings } = coverageOf({ subtasks: [task('1', RECONNECT)], known: KNOWN, enough: 2 })
  assert.equal(findings[0]?.memory, { run: 'run-1', topic: 'reconnecting', at: 1_000 })
  assert.equal(findings[0]?.citations, KNOWN[0]?.citations)
})

test('the answered questions of the run that is continued are taken over, those of other runs are not', () => {
  const other = [
    knownOf('What is a lamp?', 'A lamp burns.', 'run-2'),
    knownOf('What is a lamp?', 'It shines.', 'run-2'),
  ]
  const subtasks = [task('1', DRAIN, 'drain')]
  const { subtasks: all, open } = coverageOf({
    subtasks,
    known: [...KNOWN, ...other],
    enough: 2,
    continues: 'run-1',
  })
  assert.equal(
    all.map(one => one.question),
    [DRAIN, RECONNECT],
  )
  assert.equal(
    open.map(one => one.id),
    ['1'],
  )
})

test('a finding of another question goes to the one whose most specific word it holds, else it is not used', () => {
  const subtasks = [task('1', DRAIN, 'drain')]
  const known = [
    knownOf(RECONNECT, 'Draining a connection lets messages under way finish.'),
    knownOf(RECONNECT, 'It waits two seconds.'),
  ]
  const { findings, open } = coverageOf({ subtasks, known, enough: 2 })
  assert.equal(
    findings.map(one => one.statement),
    ['Draining a connection lets messages under way finish.'],
  )
  assert.is(open.length, 1, 'what is known by the way does not answer a question')
})

test.run()
