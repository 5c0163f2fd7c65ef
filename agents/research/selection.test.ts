import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { Subtask } from './document.ts'
import { keyFindings, sectionFindings, usable, valueFor } from './selection.ts'
import { findingOf } from './testdata/small-corpus.ts'

const test = testSuite('agents/research/selection')

const subtask = (id: string): Subtask => ({ id, question: `${id}?`, terms: [] })

test('shows a statement once, with the citations of all who found it', () => {
  const [first, again] = [
    findingOf('Clients drain.'),
    findingOf('clients drain', 'b.md', { subtask: 'subtask-2', relevance: 0.55 }),
  ]
  const [one, ...rest] = usable([first, again])
  assert.equal(rest, [])
  assert.is(one?.subtask, 'subtask-1')
  assert.is(one?.relevance, 0.55)
  assert.equal(
    one?.citations.map(({ source }) => source),
    ['a.md', 'b.md'],
  )
  assert.is(usable([first, { ...again, relevance: 0.9 }])[0]?.subtask, 'subtask-2')
})

test('leaves out unsupported findings, uncited ones, and quotes within another quote', () => {
  const whole = findingOf('Clients drain. Then they close.')
  const part = findingOf('Clients drain.')
  const bad = findingOf('Zebras drain.', 'b.md', { verdict: 'unsupported' })
  assert.equal(usable([part, whole, bad, findingOf('Uncited.', 'c.md', { citations: [] })]), [whole])
})

test('lets every sub-task have its turn before one has two', () => {
  const rich = [1, 2, 3].map(n => findingOf(`Apple${n} banana${n}.`, 'a.md', { relevance: 0.9 }))
  const poor = findingOf('Cherry plum.', 'b.md', { subtask: 'subtask-2', relevance: 0.2 })
  const stray = findingOf('Date fig.', 'c.md', { subtask: 'unknown' })
  const chosen = keyFindings(
    [subtask('subtask-1'), subtask('subtask-2')],
    [...rich, poor, stray],
    'general',
    3,
  )
  assert.equal(chosen, [rich[0], poor, stray])
})

test('repeats itself only when there is nothing else to reach the number', () => {
  const twins = ['Clients drain buffers now.', 'Clients drain buffers, now.', 'Servers close.'].map(
    (text, n) => findingOf(text, `${n}.md`),
  )
  const rows = [subtask('subtask-1')]
  assert.equal(
    new Set(keyFindings(rows, twins, 'general', 2).map(({ statement }) => statement.split(' ')[0])),
    new Set(['Clients', 'Servers']),
  )
  assert.is(keyFindings(rows, twins, 'general', 3).length, 3)
})

test('values code for technical readers and plain short sentences for others', () => {
  const [code, plain] = [findingOf('Call `drain()` on it.'), findingOf('Draining takes a moment.')]
  assert.ok(valueFor('technical', code) > valueFor('technical', plain))
  assert.ok(valueFor('general', code) < valueFor('general', plain))
  assert.ok(valueFor('executive', findingOf('word '.repeat(40))) < valueFor('executive', plain))
})

test('shows a section in the order of its sources and at most two findings to executives', () => {
  const at = (n: number) =>
    findingOf(`Fact${n} holds${n}.`, 'a.md', {
      relevance: n / 10,
      citations: [{ source: 'a.md', quote: 'q', start: 90 - n, end: 91 }],
    })
  const all = [at(1), at(2), at(3)]
  assert.equal(
    sectionFindings(subtask('subtask-1'), all, 'technical').map(({ relevance }) => relevance),
    [0.3, 0.2, 0.1],
  )
  assert.is(sectionFindings(subtask('subtask-1'), all, 'executive').length, 2)
  assert.equal(sectionFindings(subtask('other'), all, 'general'), [])
})

test.run()
