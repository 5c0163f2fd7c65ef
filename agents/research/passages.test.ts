import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { globSync } from 'tinyglobby'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { Document, Passage } from './document.ts'
import { passages } from './passages.ts'
import { sentences } from './sentences.ts'

const test = testSuite('agents/research/passages', { limitMs: 60_000 })

const markdown = (text: string, format: Document['format'] = 'markdown'): Passage[] =>
  passages({ source: 'a.md', title: 'A', text, format })
const texts = (found: readonly Passage[]): string[] => found.map(passage => passage.text)

function assertExact(text: string, format: Document['format']): void {
  let last = 0
  for (const passage of markdown(text, format)) {
    assert.is(text.slice(passage.start, passage.end), passage.text)
    assert.ok(passage.start >= last && passage.end > passage.start, `${last} ${passage.start} ${passage.end}`)
    last = passage.end
    for (const sentence of sentences(passage.text)) {
      assert.is(text.slice(passage.start + sentence.start, passage.start + sentence.end), sentence.text)
    }
  }
}

test('paragraphs, list items, tables and code are passages; headings are what stands above them', () => {
  const found = markdown(
    [
      '# Top',
      'Intro\nin two lines.',
      '## Usage of `x`',
      '- first\n- second\n  goes on\n  1. nested',
      '```js\nconst a = 1\n\nb()\n```',
      '### Deep\n\n| a | b |\n| - | - |\n| 1 | 2 |',
      '## Other\n\n> A quote.',
      'Set\n===\n\nEnd.',
    ].join('\n\n'),
  )
  assert.equal(
    found.map(({ text, headings, code }) => [text, headings.join(' > '), code ?? false]),
    [
      ['Intro\nin two lines.', 'Top', false],
      ['- first', 'Top > Usage of x', false],
      ['- second\n  goes on', 'Top > Usage of x', false],
      ['1. nested', 'Top > Usage of x', false],
      ['```js\nconst a = 1\n\nb()\n```', 'Top > Usage of x', true],
      ['| a | b |\n| - | - |\n| 1 | 2 |', 'Top > Usage of x > Deep', false],
      ['A quote.', 'Top > Other', false],
      ['End.', 'Set', false],
    ],
  )
})

test('code holds no sentences, fenced or indented, also in a list', () => {
  const found = markdown('Text:\n\n    Call it. Then stop.\n\n- item\n\n  ```sh\n  Run it. Now.\n  ```\n')
  const code = found.filter(passage => passage.code)
  assert.is(code.length, 2)
  for (const passage of code) assert.equal(sentences(passage.text), [])
})

test('badges, comments and rules are no passages', () => {
  const text = '[![x](https://a.b/c.svg)](https://a.b)\n\n<!-- note -->\n\n---\n\n[ref]: https://a.b\n\nText.'
  assert.equal(texts(markdown(text)), ['Text.'])
})

test('front matter is no passage', () => {
  assert.equal(texts(markdown('---\ntitle: Hidden\n---\n\nShown.')), ['Shown.'])
})

test('plain text is split at blank lines, whatever the line ends', () => {
  assert.equal(texts(markdown('\uFEFFOne\ntwo\n \t\nThree\r\n\r\nFour\r\rFive\n\n\n', 'text')), [
    'One\ntwo',
    'Three',
    'Four',
    'Five',
  ])
})

test('JSON is one run of data', () => {
  assert.equal(
    markdown('{\n\n "a": 1 }\n', 'json').map(({ text, code }) => [text, code]),
    [['{\n\n "a": 1 }', true]],
  )
})

test('a long paragraph is cut at sentence ends and nothing of it is lost', () => {
  const sentence = 'This is a sentence of some length about nothing at all.'
  const text = Array(200).fill(sentence).join(' ')
  const found = markdown(text)
  assert.ok(found.length > 4)
  for (const passage of found) {
    assert.ok(passage.text.length <= 2_000)
    assert.ok(passage.text.startsWith('This') && passage.text.endsWith('all.'))
  }
  assert.is(texts(found).join(' '), text)
})

test('text without a place to cut is cut without halving a character', () => {
  for (const format of ['text', 'json', 'markdown'] as const) {
    const text = `a${'\u{1F600}'.repeat(5_000)}`
    const found = markdown(text, format)
    assert.is(texts(found).join(''), text)
    assert.ok(found.every(passage => passage.text.isWellFormed()))
  }
})

test('an empty document has no passages', () => {
  for (const format of ['text', 'json', 'markdown', 'html', 'pdf'] as const) {
    for (const text of ['', ' \n\t', '\uFEFF']) assert.equal(markdown(text, format), [])
  }
})

test('passages and their sentences are exact in every installed Markdown file', () => {
  const files = globSync('node_modules/**/*.md', { absolute: true, followSymbolicLinks: false })
  assert.ok(files.length > 100)
  let count = 0
  for (const file of files) {
    const text = readFileSync(file, 'utf8')
    assertExact(text, 'markdown')
    count += markdown(text).length
  }
  assert.ok(count > 5_000, `only ${count} passages`)
})

test('passages are exact in any text of any format', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '\n',
      '\n\n',
      '\r\n',
      '\r',
      '> ',
      '- ',
      '1. ',
      '# ',
      '```',
      '|',
      '---',
      '    ',
      '<p>',
      '\t',
      '. ',
    ),
    fc.string({ unit: 'binary', maxLength: 8 }),
  )
  const format = fc.constantFrom<Document['format']>('markdown', 'html', 'text', 'json', 'pdf')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), format, (pieces, kind) =>
      assertExact(pieces.join(''), kind),
    ),
    { numRuns: 400 },
  )
})

test('hostile repetition takes time in proportion to its length', () => {
  for (const piece of ['- ', '> ', '* a\n', '[', '`', '<!--', '|a', '# a\n', '\n\n', '1. ', '<p>']) {
    const started = performance.now()
    markdown(piece.repeat(Math.ceil(200_000 / piece.length)))
    markdown(piece.repeat(Math.ceil(200_000 / piece.length)), 'text')
    assert.ok(performance.now() - started < 5_000, `"${piece}" took ${performance.now() - started} ms`)
  }
})

test.run()
