import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { analyseQuestion, MOST_ASKED_WORDS } from './query.ts'
import { termHash } from './term-hash.ts'
import { speakerTerm } from './words.ts'

const test = testSuite('memory/recall/query')

const NOW = Date.UTC(2026, 2, 2, 12)
const speakers = new Set(['ana', 'will', 'assistant'].map(name => termHash(speakerTerm(name))))
const analysed = (question: string) => analyseQuestion(question, NOW, term => speakers.has(term))
const stemsOf = (question: string) => analysed(question).words.map(word => word.stem)

test('the words of a question are its telling ones, each once', () => {
  assert.equal(stemsOf('Which dogs and which dog did they walk?'), ['dog', 'walk'])
  assert.equal(stemsOf('What is it?'), [])
})

test('a name of a speaker is no word but says who', () => {
  const { words, speakers: named } = analysed("What is Ana's allergy?")
  assert.equal(
    words.map(word => word.stem),
    stemsOf('allergy'),
  )
  assert.equal(named, [termHash('@ana')])
  assert.equal(analysed('What does Bruno eat?').speakers, [])
})

test('a name that is also a verb counts only with a capital within the question', () => {
  assert.equal(analysed('What will happen?').speakers, [])
  assert.equal(analysed('Will it rain?').speakers, [])
  assert.equal(analysed('What did Will eat?').speakers, [termHash('@will')])
})

test('in lower case a name is a word as well, unless all of the question is in lower case', () => {
  const mixed = analysed('What did the assistant suggest?')
  assert.equal(mixed.speakers, [termHash('@assistant')])
  assert.is(mixed.words.length, 2)
  assert.equal(
    analysed('what did ana eat').words.map(word => word.stem),
    ['eat'],
  )
})

test('words that frame a question are told from those it is about', () => {
  const { words } = analysed('What kind of boat was mentioned recently?')
  assert.equal(
    words.filter(word => !word.frames).map(word => word.stem),
    ['boat'],
  )
})

test('a question for a class asks for its members', () => {
  assert.equal(analysed('pets').words[0]?.classes, [termHash('#pet')])
  assert.equal(analysed('kitten').words[0]?.classes, [])
})

test('the cue says what kind of answer is wanted', () => {
  for (const [question, cue] of [
    ['When did it open?', 'when'],
    ['How long was it?', 'when'],
    ['Where was it?', 'where'],
    ['Which city was it?', 'where'],
    ['Which book was it?', 'title'],
    ['Why was it?', 'other'],
  ] as const)
    assert.is(analysed(question).cue, cue, question)
})

test('only a question in the present asks what is so now', () => {
  for (const question of ['Where does Ana live?', 'What is her current job?'])
    assert.ok(analysed(question).present, question)
  for (const question of ['Where did Ana live?', 'What is the car she had before?', 'Why?'])
    assert.not.ok(analysed(question).present, question)
})

test('a question for what was so before is told from one with "before" that is not', () => {
  for (const question of [
    'Where did Ana live before Porto?',
    'What is the car she had before?',
    'His former job?',
  ])
    assert.ok(analysed(question).former, question)
  for (const question of [
    'Where did Ana live?',
    'What should Ana know before she goes?',
    'Where does she live?',
  ])
    assert.not.ok(analysed(question).former, question)
})

test('of a page that somebody pasted the first words count', () => {
  const page = Array.from({ length: 2_000 }, (_, nth) => `word${nth}`).join(' ')
  assert.is(analysed(page).words.length, MOST_ASKED_WORDS)
})

test('any text is a question', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), text => {
      const { words, spans } = analysed(text)
      assert.ok(words.length <= MOST_ASKED_WORDS)
      for (const { from, to } of spans) assert.ok(from < to)
    }),
  )
})

test.run()
