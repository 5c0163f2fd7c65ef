import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { familyTerm, indexTerms, isTelling, MOST_WORDS, speakerTerms, stem, wordsOf } from './words.ts'

const test = testSuite('memory/recall/words')

test('words are split at what is no letter or digit, and a possessive gives its noun', () => {
  assert.equal(wordsOf("Ana's dog-eared book: 7:30, v2.9!"), [
    'Ana',
    'dog',
    'eared',
    'book',
    '7:30',
    'v2',
    '9',
  ])
  assert.equal(wordsOf('Ana’s _private_ note'), ['Ana', 'private', 'note'])
})

test('what is no word gives none', () => {
  for (const text of ['', ' \n\t', '!?…', '🎉🎉', '___']) assert.equal(wordsOf(text), [])
})

test('keys and hashes are no words, and scripts without spaces are split', () => {
  assert.equal(wordsOf(`see ${'f'.repeat(65)}`), ['see'])
  assert.ok(wordsOf('東京に住んでいます').length > 1)
})

test('stop words and lone letters tell nothing', () => {
  for (const word of ['the', 'which', "don't", 'a', 'x']) assert.not.ok(isTelling(word), word)
  for (const word of ['dog', 'go', '7', 'é']) assert.ok(isTelling(word), word)
})

test('forms of a word meet in one stem, irregular ones too', () => {
  for (const forms of [
    ['go', 'going', 'goes', 'went', 'gone'],
    ['buy', 'buying', 'bought'],
    ['child', 'children', 'kids'],
    ['mother', 'mom', 'mum'],
    ['photo', 'photos', 'picture', 'pictures'],
    ['two', '2', 'second'],
    // Of the plural of "life" and the verb the verb is said more often, of where somebody lives.
    ['live', 'lives', 'living', 'lived'],
  ])
    assert.is(new Set(forms.map(stem)).size, 1, forms.join())
})

test('words of one root share a family, and short ones keep to themselves', () => {
  for (const [one, other] of [
    ['paint', 'painter'],
    ['adopt', 'adoption'],
    ['volunteer', 'volunteering'],
    ['motivate', 'motivation'],
  ] as const)
    assert.is(familyTerm(stem(one)), familyTerm(stem(other)), one)
  assert.is.not(familyTerm(stem('cat')), familyTerm(stem('cater')))
})

test('a memory is kept under its stems, their families and classes, and the names of its speaker', () => {
  const { terms, length } = indexTerms('The puppy and another puppy slept', 'Ana Sá')
  assert.is(length, 3)
  assert.is(terms.get('puppi'), 2)
  assert.is(terms.get(stem('sleeping')), 1)
  assert.is(terms.get(`#${stem('pet')}`), 1)
  assert.is(terms.get(familyTerm('puppi')), 2)
  assert.equal(speakerTerms('Ana Sá'), ['@ana', '@sá'])
  for (const term of speakerTerms('Ana Sá')) assert.is(terms.get(term), 1)
})

test('no text is too long, and none has more words than are kept', () => {
  assert.is(wordsOf('ab '.repeat(MOST_WORDS * 2)).length, MOST_WORDS)
})

test('whatever the text, terms are counted and none is empty', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.option(fc.string()), (text, who) => {
      const { terms, length } = indexTerms(text, who ?? undefined)
      assert.ok(length >= 0)
      for (const [term, count] of terms) assert.ok(term.length > 0 && count > 0)
    }),
  )
})

test.run()
