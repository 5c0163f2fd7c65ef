import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { continuedTopic } from './continued-topic.ts'

const test = testSuite('agents/research/continued-topic')

const NOW = Date.UTC(2026, 2, 10, 12)
const DAY = 86_400_000

test('a topic that refers to nothing stays as it is', () => {
  for (const topic of [
    'How do clients reconnect?',
    'Why plants continue to grow at night, focusing on roots',
  ])
    assert.equal(continuedTopic(topic, NOW), { continues: false, subject: topic, focus: [] })
})

test('a request to go on is taken apart into its subject and what it focuses on', () => {
  const cases = [
    ['Continue our analysis of reconnecting, focusing on draining', 'reconnecting', ['draining']],
    ['Continue our AI analysis', 'AI analysis', []],
    [
      'Continue the research on lighthouses with a focus on fog and keepers',
      'lighthouses',
      ['fog', 'keepers'],
    ],
    [
      'Please continue with our report about reconnecting, especially draining.',
      'reconnecting',
      ['draining'],
    ],
    ['Carry on with reconnecting', 'reconnecting', []],
    ['Continue.', '', []],
    ['Continue our analysis', '', []],
  ] as const
  for (const [request, subject, focus] of cases) {
    const read = continuedTopic(request, NOW)
    assert.equal([request, read.continues, read.subject, read.focus], [request, true, subject, [...focus]])
  }
})

test('the time that the request names is where the earlier work is looked for', () => {
  const read = continuedTopic(
    'Continue our analysis of reconnecting from yesterday, focusing on draining',
    NOW,
  )
  assert.equal([read.subject, read.focus], ['reconnecting', ['draining']])
  const today = NOW - (NOW % DAY)
  assert.equal([read.since, read.until], [today - DAY, today])
})

test('a request of hostile length is read in no time', () => {
  const request = `Continue our analysis of ${'focusing on '.repeat(20_000)}`
  const began = process.cpuUsage().user
  continuedTopic(request, NOW)
  assert.ok(process.cpuUsage(undefined).user - began < 1_000_000)
})

test.run()
