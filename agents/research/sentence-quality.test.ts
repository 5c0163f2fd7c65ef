import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { hasCode, isAdvice, needsAntecedent, quality } from './sentence-quality.ts'

const test = testSuite('agents/research/sentence-quality')

const judge = (statement: string, more: Partial<Parameters<typeof quality>[0]> = {}): number =>
  quality({ statement, raw: statement, inList: false, headings: [], source: 'a.md', ...more })

const USELESS: readonly (readonly [string, string])[] = [
  ['a fragment', 'Pending messages of the client.'],
  ['a question', 'How does the client drain its pending messages?'],
  ['a lead-in', 'The client has several options for draining:'],
  ['a start in the middle', 'which is why the client drains its messages.'],
  ['boilerplate', 'The client is licensed under the MIT license for all users.'],
  ['a pointer elsewhere', 'See the migration guide for more information on how to drain.'],
  ['a pointer to code', 'The example below will attempt to connect to different servers.'],
  ['code', 'The call is const a = { b: [1, 2] }; return a => b;'],
  ['an open bracket', 'The client drains (as all of them do when it is closed.'],
]

for (const [what, statement] of USELESS) {
  test(`has no use for ${what}`, () => {
    assert.is(judge(statement), 0)
  })
}

test('has no use for a list of links', () => {
  const raw = '[The client is here](a), [the server is there](b).'
  assert.is(judge('The client is here, the server is there.', { raw }), 0)
})

test('has no use for sentences under a licence or a changelog heading', () => {
  const statement = 'The client drains all pending messages before it closes.'
  assert.ok(judge(statement) > 0)
  for (const heading of ['License', 'Contributors', '1.2.0 (2024-01-01)', 'Table of Contents']) {
    assert.is(judge(statement, { headings: ['Client', heading] }), 0, heading)
  }
  assert.ok(judge(statement, { source: 'docs/CHANGELOG.md' }) < judge(statement) / 2)
})

test('takes a named option from a list, but no other list item without an end', () => {
  assert.ok(judge('`timeout`: how long to wait for the response', { inList: true }) > 0)
  assert.is(judge('how long to wait for the response', { inList: true }), 0)
  assert.is(judge('A list of servers to connect to', { inList: true }), 0)
})

test('prefers a sentence with a subject to one without', () => {
  assert.ok(
    judge('The client removes a stream from the array.') >
      judge('Removes a stream from the array of streams.'),
  )
})

test('knows which sentences lean on the one before', () => {
  for (const text of [
    'This closes it.',
    'However, it waits.',
    'When it resolves, all is done.',
    'These options matter.',
  ])
    assert.ok(needsAntecedent(text), text)
  for (const text of [
    'It is recommended to drain first.',
    'The client waits.',
    'Italy is large.',
    'When the client closes, it waits.',
  ])
    assert.not(needsAntecedent(text), text)
})

test('knows advice and code when it sees them', () => {
  assert.ok(isAdvice('You should drain before closing.'))
  assert.not(isAdvice('`reply`: where the reply should be sent'))
  assert.ok(isAdvice('Do not close before draining.'))
  assert.not(isAdvice('These limits do not exist when draining.'))
  assert.not(isAdvice('The client drains.'))
  assert.ok(hasCode('The maxAttempts option limits it.'))
  assert.ok(hasCode('Call `drain`.'))
  assert.not(hasCode('The client drains.'))
})

test.run()
