import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { globSync } from 'tinyglobby'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { type Corpus, createCorpus } from './corpus-index.ts'
import type { Document } from './document.ts'

const test = testSuite('agents/research/corpus-index', { limitMs: 60_000 })

const doc = (source: string, text: string): Document => ({ source, title: source, text, format: 'markdown' })

const GUIDE = [
  '# Guide',
  '## Delivery',
  'A consumer acknowledges each message. The server redelivers what is not acknowledged\nwithin `ackWait`.',
  '## Storage',
  'Streams are kept on disk; see [the **limits**](https://example.com/l_i_m) for *retention*.',
  '- Call `nc.drain()` before exit.\n- It’s safe — always.',
  '> Quoted text\n> goes on here.',
].join('\n\n')

const corpusOf = (...texts: string[]): Promise<Corpus> =>
  createCorpus(texts.map((text, n) => doc(`${n}.md`, text)))

let real: Corpus

test.before(async () => {
  const files = globSync(['node_modules/nats/**/*.md', 'node_modules/xstate/**/*.md']).toSorted()
  assert.ok(files.length > 1)
  real = await createCorpus(files.map(file => doc(file, readFileSync(file, 'utf8'))))
})

test('finds other forms of a word and parts of an identifier', async () => {
  const corpus = await corpusOf(GUIDE)
  for (const query of ['acknowledgement redelivery', 'ackWait', 'ack wait', 'ACKNOWLEDGE']) {
    assert.ok(corpus.search(query)[0]?.text.startsWith('A consumer'), query)
  }
})

test('a match in a heading counts more than one in the text', async () => {
  const filler = 'unrelated words stand here to make both of the same length'
  const corpus = await corpusOf(`# Other\n\nThe storage ${filler}.`, `# Storage\n\nThe thing ${filler}.`)
  assert.equal(
    corpus.search('storage').map(passage => passage.source),
    ['1.md', '0.md'],
  )
})

test('limits, excludes before the limit, and orders equal scores by place', async () => {
  const corpus = await corpusOf('same words\n\nsame words\n\nsame words', 'other')
  const places = (limit: number, exclude?: (start: number) => boolean): number[] =>
    corpus
      .search('words', { limit, ...(exclude && { exclude: passage => exclude(passage.start) }) })
      .map(passage => passage.start)
  assert.equal(places(2), [0, 12])
  assert.equal(
    places(2, start => start === 0),
    [12, 24],
  )
})

test('a query of stop words, of nothing, or of unknown words finds nothing', async () => {
  const corpus = await corpusOf(GUIDE)
  for (const query of ['', 'the of and', '???', 'zebra']) assert.equal(corpus.search(query), [])
})

test('an empty corpus answers', async () => {
  const corpus = await createCorpus([])
  assert.equal([corpus.passages, corpus.search('x'), corpus.quote('x', 'y')], [[], [], undefined])
})

const QUOTES: readonly (readonly [name: string, quote: string, literal: string])[] = [
  ['to the letter', 'A consumer acknowledges each message.', 'A consumer acknowledges each message.'],
  ['across a line break', 'not acknowledged within `ackWait`.', 'not acknowledged\nwithin `ackWait`.'],
  ['without code ticks', 'Call nc.drain() before exit.', 'Call `nc.drain()` before exit.'],
  ['with a code span at its edge', 'nc.drain() before exit', '`nc.drain()` before exit'],
  [
    'without a link target and emphasis',
    'see the limits for retention',
    'see [the **limits**](https://example.com/l_i_m) for *retention',
  ],
  ['with plain quotes and dashes', "It's safe - always.", 'It’s safe — always.'],
  ['without quotation marks of lines', 'Quoted text goes on here.', 'Quoted text\n> goes on here.'],
  ['with spaces around', '  Streams are  kept ', 'Streams are kept'],
]
for (const [name, quote, literal] of QUOTES) {
  test(`finds a quote ${name}`, async () => {
    const corpus = await corpusOf(GUIDE)
    const found = corpus.quote('0.md', quote)
    assert.is(found?.quote, literal)
    assert.is(GUIDE.slice(found?.start, found?.end), literal)
  })
}

test('does not find what is not there', async () => {
  const corpus = await corpusOf(GUIDE)
  for (const quote of [
    '',
    ' ',
    '~~',
    '...',
    'A consumer never acknowledges',
    'each message The server',
    'Aconsumer',
  ]) {
    assert.is(corpus.quote('0.md', quote), undefined, quote)
  }
  assert.is(corpus.quote('other.md', 'A consumer'), undefined)
})

test('any slice of a document is found as it stands', async () => {
  const corpus = await corpusOf(GUIDE)
  fc.assert(
    fc.property(fc.nat(GUIDE.length - 1), fc.integer({ min: 1, max: 80 }), (start, length) => {
      const slice = GUIDE.slice(start, start + length)
      if (slice.trim() === '') return
      assert.is(corpus.quote('0.md', slice)?.quote, slice)
    }),
  )
})

test('what is found under any query is a literal part of the source', async () => {
  const corpus = await corpusOf(GUIDE)
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      const found = corpus.quote('0.md', text)
      if (found !== undefined) assert.is(GUIDE.slice(found.start, found.end), found.quote)
      corpus.search(text)
    }),
  )
})

const QUESTIONS: readonly (readonly [question: string, source: RegExp, expected: RegExp])[] = [
  ['What happens when the connection to the server is dropped?', /nats/, /reconnect/i],
  ['How do I drain a subscription?', /nats/, /drain/i],
  ['How do queue groups distribute messages?', /nats/, /queue group/i],
  ['What is a finite state machine?', /xstate/, /state machine|statechart/i],
]
for (const [question, source, expected] of QUESTIONS) {
  test(`on real documents, answers "${question}" among its first five`, () => {
    const found = real.search(question, { limit: 5 })
    assert.ok(
      found.some(passage => source.test(passage.source) && expected.test(passage.text)),
      JSON.stringify(found.map(passage => passage.text.slice(0, 80))),
    )
  })
}

test('every real passage can be quoted from its own text', () => {
  for (const { source, text, start } of real.passages.filter((_, index) => index % 7 === 0)) {
    const found = real.quote(source, text)
    assert.is(found?.quote, text)
    assert.ok((found?.start ?? 0) <= start)
  }
})

test.run()
