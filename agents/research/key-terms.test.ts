import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { keyTerms, mostFrequent, phrasesOf } from './key-terms.ts'
import { CORPUS, corpusOf, TOPIC } from './testdata/small-corpus.ts'
import { terms } from './tokens.ts'

const test = testSuite('agents/research/key-terms')

test('finds the phrases that the corpus connects with a topic, in readable form', () => {
  const found = keyTerms(TOPIC, CORPUS, { limit: 20 })
  const texts = found.map(({ text }) => text)
  assert.ok(
    texts.some(text => text.startsWith('pending ')),
    texts.join(', '),
  )
  const all = CORPUS.documents
    .map(({ text }) => text.toLowerCase())
    .join(' ')
    .replace(/\s+/g, ' ')
  for (const text of texts) assert.ok(all.includes(text.toLowerCase()), `"${text}" is no form of the corpus`)
})

test('never offers the words of the topic itself', () => {
  const own = new Set(terms(TOPIC))
  for (const { stems } of keyTerms(TOPIC, CORPUS)) assert.not(stems.every(stem => own.has(stem)))
})

test('offers only what occurs near the given stems', () => {
  const near = keyTerms(TOPIC, CORPUS, { near: new Set(['nowher']) })
  assert.equal(near, [])
})

test('has no terms for a corpus without documents or a topic that nobody mentions', () => {
  assert.equal(keyTerms(TOPIC, corpusOf([])), [])
  assert.equal(keyTerms('zebras', CORPUS), [])
})

test('gives the same terms in the same order every time', () => {
  assert.equal(keyTerms(TOPIC, CORPUS), keyTerms(TOPIC, CORPUS))
})

test('cuts phrases at stop words and punctuation and keeps identifiers whole', () => {
  assert.equal(phrasesOf('The pending buffer, and `maxAttempts`.'), [
    '`maxAttempts`',
    'pending',
    'pending buffer',
    'buffer',
  ])
})

test('prefers the most frequent form, then the first in the alphabet', () => {
  assert.is(
    mostFrequent(
      new Map([
        ['b', 1],
        ['a', 1],
        ['c', 2],
      ]),
    ),
    'c',
  )
  assert.is(
    mostFrequent(
      new Map([
        ['b', 1],
        ['a', 1],
      ]),
    ),
    'a',
  )
})

test.run()
