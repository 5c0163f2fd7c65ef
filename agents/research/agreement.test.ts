import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { compareFindings } from './agreement.ts'
import { findingOf } from './testdata/small-corpus.ts'

const test = testSuite('agents/research/agreement')

const compare = (left: string, right: string, sameSource = false) =>
  compareFindings([
    findingOf(left, 'a.md', { id: 'a' }),
    findingOf(right, sameSource ? 'a.md' : 'b.md', { id: 'b' }),
  ])

const CONTRADICT: readonly (readonly [string, string, RegExp])[] = [
  [
    'The client reconnects to the server by default.',
    'The client does not reconnect to the server by default.',
    /holds or not.*client.*server/,
  ],
  [
    'Redaction of secrets is enabled by default.',
    'Redaction of secrets is disabled by default.',
    /enabled or disabled/,
  ],
  ['The logger always flushes its buffer.', 'The logger never flushes its buffer.', /always or never/],
  [
    'The default reconnect delay is 2 seconds.',
    'The default reconnect delay is 5000 ms.',
    /2 seconds or 5000 ms/,
  ],
  ['`maxAttempts` defaults to 10.', '`maxAttempts` has a default of 3.', /10 or 3/],
  ['The option `echo` defaults to true.', 'The option `echo` defaults to false.', /true or false/],
]

for (const [left, right, about] of CONTRADICT) {
  test(`sees that "${right}" contradicts "${left}"`, () => {
    const { contradictions, agreements } = compare(left, right)
    assert.is(contradictions.length, 1)
    assert.equal(contradictions[0]?.findings, ['a', 'b'])
    assert.match(contradictions[0]?.about ?? '', about)
    assert.equal(agreements, [])
  })
}

const COMPATIBLE: readonly (readonly [string, string])[] = [
  ['The option `echo` defaults to true.', 'The option `reply` defaults to false.'],
  [
    'If it is enabled, the client reconnects to the server.',
    'If it is disabled, the client does not reconnect to the server.',
  ],
  ['The client reconnects to the server by default.', 'The logger does not flush its buffer by default.'],
  ['The reconnect delay is 2 seconds.', 'The reconnect delay is 2000 ms.'],
  ['The client keeps 5 servers in the pool.', 'The client keeps 30 seconds in the pool.'],
  ['The TLS delay of the client is 5 seconds.', 'The UDP delay of the client is 9 seconds.'],
]

for (const [left, right] of COMPATIBLE) {
  test(`sees no contradiction between "${left}" and "${right}"`, () => {
    assert.equal(compare(left, right).contradictions, [])
  })
}

test('sees agreement between different sources only', () => {
  const [left, right] = [
    'The client will reconnect to the next server in its list.',
    'Clients reconnect to the next server of their list.',
  ]
  assert.equal(compare(left, right).agreements, [{ findings: ['a', 'b'], sources: ['a.md', 'b.md'] }])
  assert.equal(compare(left, right, true).agreements, [])
})

test('joins agreements that share a finding and takes no difference in number for agreement', () => {
  const text = 'The client will reconnect to the next server in its list.'
  const three = ['a', 'b', 'c'].map(id => findingOf(text, `${id}.md`, { id }))
  assert.equal(compareFindings(three).agreements, [
    { findings: ['a', 'b', 'c'], sources: ['a.md', 'b.md', 'c.md'] },
  ])
  const { agreements } = compare(
    'Every client waits for 2 pending messages.',
    'Every client waits for 9 pending messages.',
  )
  assert.equal(agreements, [])
})

test('counts a finding that quotes two sources as an agreement', () => {
  const citations = ['a.md', 'b.md'].map(source => ({ source, quote: 'Clients drain.', start: 0, end: 14 }))
  const { agreements } = compareFindings([findingOf('Clients drain.', 'a.md', { id: 'a', citations })])
  assert.equal(agreements, [{ findings: ['a'], sources: ['a.md', 'b.md'] }])
})

test('does not compare a sentence with itself when two sub-tasks found it', () => {
  const text = 'The client will not reconnect to the next server.'
  assert.equal(compare(text, text, true), { agreements: [], contradictions: [] })
  assert.equal(compareFindings([]), { agreements: [], contradictions: [] })
})

test.run()
