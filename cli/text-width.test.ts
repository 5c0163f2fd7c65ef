import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { cellsOf, fit, padded, paragraphs } from './text-width.ts'

const test = testSuite('cli/text-width')

/** Letters of one and two cells, marks, emoji, blanks, and what a screen would obey. */
const texts = fc
  .array(
    fc.constantFrom(
      ...['a', 'Z', ' ', '\t', '\n', '日', 'é', '👩‍👩‍👧', '😀', '\u0301', '\u200b', '\u2028'],
      ...['\u001b[2J', '\u001b]0;t\u0007', '\u009b31m', '\u0007', '\r', '\u202e', 'longer words'],
    ),
    { maxLength: 60 },
  )
  .map(parts => parts.join(''))

const OBEYED = /[^\P{Cc}\t\n]|[\u202a-\u202e\u2066-\u2069]/u

test('a fitted text is one line, no wider than it may be, and nothing in it moves a cursor', () => {
  fc.assert(
    fc.property(texts, fc.integer({ min: 0, max: 80 }), (text, width) => {
      const line = fit(text, width)
      assert.ok(cellsOf(line) <= width, JSON.stringify({ line, width }))
      assert.not.match(line, /\n|\t/)
      assert.not.match(line, OBEYED)
    }),
  )
})

test('a text that fits is left whole, one that does not says so', () => {
  assert.is(fit('  a  b\n c ', 80), 'a b c')
  assert.is(fit('abcdef', 6), 'abcdef')
  assert.is(fit('abcdef', 5), 'abcd…')
  assert.is(fit('日本語', 6), '日本語')
  assert.is(fit('日本語', 5), '日本…')
  assert.is(fit('日本語', 4), '日…')
  assert.is(fit('👩‍👩‍👧👩‍👩‍👧', 3), '👩‍👩‍👧…')
})

test('a very long text is cut in no time, and an endless pile of marks stays one character', () => {
  const began = performance.now()
  for (let i = 0; i < 200; i++) fit('word '.repeat(13_000), 80)
  assert.ok(performance.now() - began < 2_000)
  assert.ok(fit(`a${'\u0301'.repeat(60_000)}b`, 80).length < 2_000)
})

test('paragraphs keep every word in order, break where they must, and stay within the width', () => {
  fc.assert(
    fc.property(texts, fc.integer({ min: 8, max: 60 }), (text, width) => {
      const lines = paragraphs(text, width)
      for (const line of lines) {
        assert.ok(cellsOf(line) <= width, JSON.stringify({ line, width }))
        assert.not.match(line, OBEYED)
      }
      const packed = (all: string): string => all.replaceAll(/\s/g, '')
      assert.is(packed(lines.join('')), packed(paragraphs(text).join('')))
    }),
  )
  assert.equal(paragraphs('one two three\n\nfour', 8), ['one two', 'three', '', 'four'])
  assert.equal(paragraphs('abcdefghijklm', 8), ['abcdefgh', 'ijklm'])
})

test('padding counts cells', () => {
  assert.is(padded('日', 4), '日  ')
  assert.is(padded('abcd', 2), 'abcd')
})

test.run()
