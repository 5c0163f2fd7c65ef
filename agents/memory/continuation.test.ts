import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { resolveContinuation } from './continuation.ts'

const test = testSuite('agents/memory/continuation')

/** A Wednesday afternoon. */
const NOW = Date.UTC(2026, 2, 11, 15)
const DAY = (date: number, month = 2) => Date.UTC(2026, month, date)

interface Case {
  readonly text: string
  readonly query: string
  readonly continues: boolean
  readonly since?: number
  readonly until?: number
}

const CASES: readonly Case[] = [
  {
    text: 'Continue our AI analysis from yesterday',
    query: 'our AI analysis',
    continues: true,
    since: DAY(10),
    until: DAY(11),
  },
  {
    text: 'Continue our analysis of reconnecting, focusing on draining',
    query: 'our analysis of reconnecting, focusing on draining',
    continues: true,
  },
  { text: 'Please continue.', query: '', continues: true },
  {
    text: "Let's pick up where we left off with the pricing review",
    query: 'the pricing review',
    continues: true,
  },
  { text: 'As we discussed, compare the two brokers', query: 'compare the two brokers', continues: true },
  {
    text: 'Compare the brokers, as we discussed last week',
    query: 'Compare the brokers',
    continues: true,
    since: DAY(2),
    until: DAY(9),
  },
  {
    text: 'What did I say yesterday about draining?',
    query: 'What did I say about draining?',
    continues: true,
    since: DAY(10),
    until: DAY(11),
  },
  {
    text: 'Could you resume the work on NATS since Tuesday?',
    query: 'the work on NATS?',
    continues: true,
    since: DAY(10),
    until: NOW,
  },
  {
    text: 'Follow up on the invoice from two days ago',
    query: 'the invoice',
    continues: true,
    since: DAY(9),
    until: DAY(10),
  },
  { text: 'What we agreed on before March', query: '', continues: true, since: 0, until: DAY(1) },
  {
    text: 'In our last conversation you named a book. Which one?',
    query: 'you named a book. Which one?',
    continues: true,
  },
  {
    text: 'Do you remember what my dog is called?',
    query: 'Do you remember what my dog is called?',
    continues: true,
  },
  // A time alone sets a window, and stays part of what is asked.
  {
    text: 'Summarise the news of last week',
    query: 'Summarise the news of last week',
    continues: false,
    since: DAY(2),
    until: DAY(9),
  },
  {
    text: 'What happened today?',
    query: 'What happened today?',
    continues: false,
    since: DAY(11),
    until: NOW,
  },
  // These point nowhere.
  {
    text: 'How do plants continue growing after frost?',
    query: 'How do plants continue growing after frost?',
    continues: false,
  },
  { text: 'What happened in 2019?', query: 'What happened in 2019?', continues: false },
  {
    text: 'Resume formatting tips for engineers',
    query: 'Resume formatting tips for engineers',
    continues: false,
  },
  { text: 'Write a resume', query: 'Write a resume', continues: false },
  { text: 'Plan the release for next week', query: 'Plan the release for next week', continues: false },
  { text: '', query: '', continues: false },
]

for (const { text, ...expected } of CASES)
  test(`reads "${text}"`, () => assert.equal(resolveContinuation(text, NOW), expected))

test('a window lies in the past and is not empty, whatever the text', () => {
  const words = fc.constantFrom(
    'continue',
    'our',
    'yesterday',
    'last',
    'week',
    'since',
    'before',
    'tomorrow',
    'May',
    '3',
    'as',
    'we',
    'said',
    ',',
    '.',
  )
  const texts = fc.oneof(
    fc.string({ maxLength: 80 }),
    fc.array(words, { maxLength: 12 }).map(all => all.join(' ')),
  )
  fc.assert(
    fc.property(texts, text => {
      const { query, since, until } = resolveContinuation(text, NOW)
      assert.is(since === undefined, until === undefined)
      if (since !== undefined && until !== undefined) assert.ok(since < until && until <= NOW)
      assert.ok(query.length <= text.length)
    }),
  )
})

test('a long request is read in no time, and keeps all of its words', () => {
  const long = `Continue. ${'as we to, please '.repeat(5_000)}the end`
  const began = performance.now()
  const { query, continues } = resolveContinuation(long, NOW)
  assert.ok(performance.now() - began < 500)
  assert.ok(continues && query.endsWith('the end') && query.length > long.length - 100)
})

test.run()
