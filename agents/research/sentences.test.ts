import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { globSync } from 'tinyglobby'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { sentences } from './sentences.ts'

const test = testSuite('agents/research/sentences', { limitMs: 60_000 })

const texts = (text: string): string[] => sentences(text).map(sentence => sentence.text)

const assertExact = (text: string): void => {
  let last = 0
  for (const sentence of sentences(text)) {
    assert.is(text.slice(sentence.start, sentence.end), sentence.text)
    assert.ok(sentence.start >= last && sentence.end > sentence.start)
    assert.is(sentence.text, sentence.text.trim())
    last = sentence.end
  }
}

const whole: readonly (readonly [name: string, sentence: string])[] = [
  ['abbreviations', 'Use a queue, e.g. NATS, i.e. a broker, vs. Redis or others.'],
  ['titles and authors', 'Dr. Smith et al. Showed it in Fig. 3 on p. 12 of vol. 2.'],
  ['acronyms with points', 'The U.S. Navy funded it.'],
  ['version numbers', 'Upgrade to 2.9.10 or v2.11.0 first.'],
  ['inline code', 'Call `nc.drain(). Then` before exit.'],
  ['file names', 'Edit nats.conf and package.json. '.trim()],
  ['bare URLs', 'See https://example.com/a.b?c=1.Two and go on.'],
  ['link targets', 'See [the docs](https://example.com/A. B/c) for more.'],
  ['file extensions before capitals', 'The Node.js API is stable.'],
  ['lower case after a question mark', '"Really?" he said.'],
  ['soft line breaks', 'A server\nkeeps it\r\nin memory.'],
]
for (const [name, sentence] of whole) {
  test(`does not split at ${name}`, () => {
    assert.equal(texts(`${sentence}\n\nAnother one.`), [sentence, 'Another one.'])
  })
}

const pairs: readonly (readonly [name: string, first: string, second: string])[] = [
  ['an abbreviation of time', 'It waits 500 ms.', 'Then it stops.'],
  ['etc. before a capital', 'It has queues, streams, etc.', 'Each is durable.'],
  ['code at the start of the next', 'Close it.', '`drain()` waits.'],
  ['bold closing marks', '**Never do this.**', 'It loses data.'],
  ['a URL with a final point', 'See https://example.com.', 'It helps.'],
  ['a link with a final point', 'See [this](a.md).', 'It helps.'],
  ['a quoted end', 'He said "stop."', 'They did.'],
]
for (const [name, first, second] of pairs) {
  test(`splits after ${name}`, () => assert.equal(texts(`${first} ${second}`), [first, second]))
}

test('a list item is its own sentence without its marker', () => {
  assert.equal(texts('Modes:\n\n- at most once\n- At least once.\n  It acks.\n1. one\n   - nested'), [
    'Modes:',
    'at most once',
    'At least once.',
    'It acks.',
    'one',
    'nested',
  ])
})

test('headings, tables, code, HTML, badges and front matter are no sentences', () => {
  const text = [
    '---\ntitle: Not this.\n---',
    '# Not this. Nor this',
    '[![Not](https://a.b/c.svg)](https://a.b)',
    '| Not | this. |\n| --- | --- |\n| nor | this |',
    '```js\n// Not this. Never.\n```',
    '    not.this()',
    '<p align="center">Not this.</p>',
    'Only this.',
  ].join('\n\n')
  assert.equal(texts(text), ['Only this.'])
})

test('a quotation is read past its marks and quoted as it stands', () => {
  assert.equal(texts('> One line\n> goes on. Two.'), ['One line\n> goes on.', 'Two.'])
})

test('nothing comes from an empty or blank text', () => {
  assert.equal(texts(''), [])
  assert.equal(texts(' \n\t\n---\n'), [])
})

test('a byte order mark does not shift the offsets', () => {
  assert.equal(sentences('\uFEFFOne. Two.'), [
    { start: 1, end: 5, text: 'One.' },
    { start: 6, end: 10, text: 'Two.' },
  ])
})

test('offsets are exact in every installed Markdown file', () => {
  const files = globSync('node_modules/**/*.md', { absolute: true, followSymbolicLinks: false })
  assert.ok(files.length > 100)
  for (const file of files) assertExact(readFileSync(file, 'utf8'))
})

test('offsets are exact in any text', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '\n',
      '\r\n',
      '\r',
      '> ',
      '- ',
      '# ',
      '`',
      '```',
      '|',
      '---',
      '. ',
      '! ',
      '](',
      '<a',
      '\t',
    ),
    fc.string({ unit: 'binary', maxLength: 8 }),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), pieces => assertExact(pieces.join(''))),
    { numRuns: 300 },
  )
})

test('hostile repetition takes time in proportion to its length', () => {
  for (const piece of [
    '[',
    '](',
    '`',
    '``a`',
    '<a ',
    '![',
    '> ',
    '- ',
    '*',
    'e.g. ',
    '. ',
    'a|',
    'http://',
  ]) {
    const started = performance.now()
    sentences(piece.repeat(Math.ceil(40_000 / piece.length)))
    assert.ok(performance.now() - started < 4_000, `"${piece}" took ${performance.now() - started} ms`)
  }
})

test.run()
