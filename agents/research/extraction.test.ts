import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { type Subtask, finding as schema } from './document.ts'
import { extractFindings } from './extraction.ts'
import { planSubtasks } from './planning.ts'
import { CORPUS, corpusOf, document, TOPIC } from './testdata/small-corpus.ts'

const test = testSuite('agents/research/extraction')

const SUBTASKS = planSubtasks({ topic: TOPIC, corpus: CORPUS, depth: 'quick' })
const extract = (subtask: Subtask, corpus = CORPUS, limit = 8) =>
  extractFindings({ subtask, topic: TOPIC, passages: corpus.search(subtask.question), limit })
const [RECONNECT, DRAIN, CLOSE] = SUBTASKS as [Subtask, Subtask, Subtask]
const textOf = (source: string, corpus = CORPUS) =>
  corpus.documents.find(one => one.source === source)?.text ?? ''

test('finds answers to each sub-task', () => {
  assert.match(extract(RECONNECT)[0]?.statement ?? '', /reconnect/)
  assert.match(extract(DRAIN)[0]?.statement ?? '', /[Dd]rain/)
  assert.match(extract(CLOSE)[0]?.statement ?? '', /[Cc]los/)
})

test('quotes to the letter and states without marks, across hard line breaks', () => {
  const found = SUBTASKS.flatMap(subtask => extract(subtask))
  assert.ok(found.length >= 6)
  for (const { citations } of found) {
    for (const { source, quote, start, end } of citations) assert.is(textOf(source).slice(start, end), quote)
  }
  const wrapped = found.find(({ citations }) =>
    citations[0]?.quote.includes('**reconnect** to the next server in its\nlist.'),
  )
  assert.is(wrapped?.statement.includes('the client will reconnect to the next server in its list.'), true)
  const linked = found.find(({ citations }) =>
    citations[0]?.quote.includes('[drain](https://example.org/drain)'),
  )
  assert.is(linked?.statement, 'You should drain a connection before you close it.')
  const blockquote = found.find(({ citations }) => citations[0]?.quote.includes('\n> message'))
  assert.is(
    blockquote?.statement,
    'The client keeps a pending buffer while it reconnects, so that no published message is lost during a short outage.',
  )
})

test('takes no code, table row, question, heading, fragment or licence', () => {
  const all = SUBTASKS.flatMap(subtask => extract(subtask, CORPUS, 50))
    .map(({ statement }) => statement)
    .join('\n')
  for (const unwanted of ['never reconnect here', '30 seconds', 'How do', 'licensed', 'badge', '##', '|']) {
    assert.not(all.includes(unwanted), unwanted)
  }
})

test('quotes a sentence that begins with "It" only together with the sentence before it', () => {
  const found = SUBTASKS.flatMap(subtask => extract(subtask, CORPUS, 50))
  for (const { statement } of found) assert.not(/^(?:It|This|They|However)\b/.test(statement), statement)
  const orphan = corpusOf([
    document('b.md', 'How do clients reconnect?\n\nIt makes the client reconnect to all servers.'),
  ])
  assert.equal(extract(RECONNECT, orphan), [])
})

test('gives findings that fit the schema, unchecked, with relevance falling from at most 1', () => {
  const found = extract(RECONNECT)
  for (const one of found) {
    schema.parse(one)
    assert.is(one.verdict, 'unchecked')
    assert.is(one.theme, undefined)
    assert.is(one.subtask, RECONNECT.id)
    assert.ok(one.relevance > 0 && one.relevance <= 1)
  }
  const relevance = found.map(one => one.relevance)
  assert.equal(
    relevance,
    [...relevance].sort((a, b) => b - a),
  )
})

test('gives ids that are unique and the same in every run', () => {
  const ids = () => SUBTASKS.flatMap(subtask => extract(subtask)).map(({ id }) => id)
  assert.is(new Set(ids()).size, ids().length)
  assert.equal(ids(), ids())
})

test('says a thing once when sources repeat it, and keeps to its limit', () => {
  const sentence = 'When the connection is lost, the client will reconnect to the next server.'
  const copies = corpusOf([1, 2, 3].map(n => document(`${n}.md`, sentence)))
  const [one, ...more] = extract(RECONNECT, copies)
  assert.equal(more, [])
  assert.equal(
    one?.citations.map(({ source }) => source),
    ['1.md', '2.md', '3.md'],
  )
  assert.is(extract(RECONNECT, CORPUS, 2).length, 2)
  assert.is(extract(RECONNECT, CORPUS, 0).length, 0)
})

test('keeps what different sources say differently, for the comparison', () => {
  const delays = [2, 5].map(n =>
    document(`${n}.md`, `The client waits ${n} seconds before it tries to reconnect.`),
  )
  assert.is(extract(RECONNECT, corpusOf(delays)).length, 2)
})

test('finds nothing in nothing', () => {
  assert.equal(extractFindings({ subtask: RECONNECT, topic: TOPIC, passages: [] }), [])
  assert.equal(extract({ id: 's', question: 'What do the sources say about zebras?', terms: [] }), [])
})

test('quotes to the letter whatever the document holds', () => {
  const piece = fc.constantFrom(
    'The client will reconnect when it can. ',
    '- ',
    '> ',
    '\n',
    '\n\n',
    '`',
    '**',
    '[a](b)',
    '# ',
    '| a | b |\n',
    '```\n',
    'It drains. ',
    'Émile reconnects 😀. ',
    '\r\n',
    '    ',
    '<b>',
    'Clients reconnect if the `x` fails. ',
    '。',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), pieces => {
      const corpus = corpusOf([document('x.md', pieces.join(''))])
      const found = extract(RECONNECT, corpus)
      assert.is(new Set(found.map(({ id }) => id)).size, found.length)
      for (const { citations, statement } of found) {
        assert.ok(statement.trim() !== '')
        for (const { quote, start, end } of citations)
          assert.is(textOf('x.md', corpus).slice(start, end), quote)
      }
    }),
    { numRuns: 150 },
  )
})

test.run()
