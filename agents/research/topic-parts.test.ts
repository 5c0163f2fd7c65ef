import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { questionAbout, subjectOf, topicParts } from './topic-parts.ts'

const test = testSuite('agents/research/topic-parts')

const CASES: readonly (readonly [string, readonly string[], string])[] = [
  [
    'How do clients reconnect, drain and close?',
    ['How do clients reconnect?', 'How do clients drain?', 'How do clients close?'],
    'when clients reconnect, drain or close',
  ],
  [
    'How does the client reconnect and retry?',
    ['How does the client reconnect?', 'How does the client retry?'],
    'when the client reconnects or retries',
  ],
  [
    'how do I open and close connections',
    ['How do I open connections?', 'How do I close connections?'],
    'when I open or close connections',
  ],
  [
    'How do clients and servers reconnect?',
    ['How do clients reconnect?', 'How do servers reconnect?'],
    'when clients or servers reconnect',
  ],
  [
    'How can nats clients reconnect to servers, drain and close?',
    [
      'How can nats clients reconnect to servers?',
      'How can nats clients drain?',
      'How can nats clients close?',
    ],
    'when nats clients can reconnect to servers, can drain or can close',
  ],
  [
    'How do transports work and what do they cost?',
    ['How do transports work?', 'What do transports cost?'],
    'when transports work',
  ],
  ['How are errors handled?', ['How are errors handled?'], 'when errors are handled'],
  ['What is redaction?', ['What is redaction?'], 'in connection with redaction'],
  [
    'Redaction and child loggers in pino',
    [
      'What do the sources say about redaction in pino?',
      'What do the sources say about child loggers in pino?',
    ],
    'in connection with redaction and child loggers',
  ],
  [
    'Logging: transports, redaction and cost',
    [
      'What do the sources say about transports in connection with logging?',
      'What do the sources say about redaction in connection with logging?',
      'What do the sources say about cost in connection with logging?',
    ],
    'in connection with transports, redaction and cost',
  ],
  [
    'actor supervision',
    ['What do the sources say about actor supervision?'],
    'in connection with actor supervision',
  ],
]

test('gives objects of one verb that verb: "handle redaction and transports in production"', () => {
  const read = topicParts('How does pino handle redaction and transports in production?')
  assert.equal(
    read.parts.map(({ question }) => question),
    ['How does pino handle redaction?', 'How does pino handle transports in production?'],
  )
  assert.equal(
    topicParts('How does it start up and stop?').parts.map(({ question }) => question),
    ['How does it start up?', 'How does it stop?'],
  )
})

for (const [topic, questions, setting] of CASES) {
  test(`takes "${topic}" apart`, () => {
    const read = topicParts(topic)
    assert.equal(
      read.parts.map(({ question }) => question),
      questions,
    )
    assert.is(read.setting, setting)
  })
}

test('turns a subject into a question and back', () => {
  assert.is(subjectOf(questionAbout('pending messages')), 'pending messages')
  assert.is(subjectOf('How do clients close?'), undefined)
})

test('finds at least one part, and a question mark on each, in whatever is typed', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string({ unit: 'grapheme' }),
        fc.constantFrom('How do', 'how do ,', 'and', ': a, b', '???'),
      ),
      topic => {
        const { parts } = topicParts(topic)
        assert.ok(parts.length > 0)
        for (const { question } of parts) assert.match(question, /\?$/)
      },
    ),
  )
})

test('tells a verb from what it is done to, and stays whole where it cannot', () => {
  const setting = (topic: string) => topicParts(topic).setting
  assert.is(setting('How does a lighthouse warn ships?'), 'when a lighthouse warns ships')
  assert.is(setting('How does nats route messages?'), 'when nats routes messages')
  assert.is(
    setting('How does the web server handle slow consumers?'),
    'in connection with “How does the web server handle slow consumers”',
  )
})

test.run()
