import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { isStopWord, stem, terms, tokens } from './tokens.ts'

const test = testSuite('agents/research/tokens')

test('gives an identifier and its parts', () => {
  assert.equal(tokens('ackWait max_ack_pending HTTPServer'), [
    ...['ackwait', 'ack', 'wait'],
    ...['max_ack_pending', 'max', 'ack', 'pending'],
    ...['httpserver', 'http', 'server'],
  ])
})

test('keeps version numbers and amounts whole', () => {
  assert.equal(tokens('NATS 2.9.10 holds 1,048,576 bytes.'), [
    'nats',
    '2.9.10',
    'holds',
    '1,048,576',
    'bytes',
  ])
})

test('splits at points, slashes and hyphens between words', () => {
  assert.equal(tokens('nats.js at-least-once a/b'), ['nats', 'js', 'at', 'least', 'once', 'a', 'b'])
})

test('reads typographic and plain apostrophes alike and drops a possessive', () => {
  assert.equal(tokens("the server’s don’t don't"), ['the', 'server', "don't", "don't"])
})

test('segments scripts without spaces', () => {
  assert.ok(tokens('メッセージを送信する').includes('送信'))
})

test('ignores keys and data that look like one endless word', () => {
  assert.equal(tokens(`key ${'a'.repeat(65)} end`), ['key', 'end'])
})

test('terms are stemmed, without stop words and lone letters', () => {
  assert.equal(terms('When does a server redeliver the messages? x'), ['server', 'redeliv', 'messag'])
})

test('one word in several forms has one stem', () => {
  assert.is(new Set(['connect', 'connected', 'connecting', 'connection', 'connections'].map(stem)).size, 1)
})

test('stop words leave negations and nouns alone', () => {
  assert.ok(['the', 'when', "don't", 'its'].every(isStopWord))
  assert.not(['not', 'no', 'message', 'stream'].some(isStopWord))
})

test('any text gives lower-case, non-empty words and never throws', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      for (const word of tokens(text)) {
        assert.ok(word.length > 0)
        assert.is(word, word.toLowerCase())
      }
      terms(text)
    }),
  )
})

test.run()
