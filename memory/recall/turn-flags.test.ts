import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { FLAGS, turnFlags } from './turn-flags.ts'

const test = testSuite('memory/recall/turn-flags')

const namesIn = (text: string): readonly string[] => {
  const flags = turnFlags(text)
  return Object.entries(FLAGS).flatMap(([name, bit]) => ((flags & bit) === 0 ? [] : [name]))
}

test('a sentence has the flags of what it says', () => {
  assert.equal(namesIn('Where did you go? 😊'), ['asks'])
  assert.equal(namesIn('Did it rain? It did not rain.'), [])
  assert.equal(namesIn('The roof was mended two weeks ago.'), ['time'])
  assert.equal(namesIn('The deploy waits for Carla.'), ['name'])
  assert.equal(namesIn("I'm allergic to nuts"), ['self'])
  assert.equal(namesIn('Thanks, sounds good!'), ['courtesy'])
  assert.equal(namesIn('The meeting is in Porto'), ['name', 'place'])
  assert.equal(namesIn('it is called "the long road"'), ['quote'])
})

test('a month counts as one, a verb of the same letters does not', () => {
  assert.equal(namesIn('it opens in may'), ['time'])
  assert.equal(namesIn('it may open'), [])
})

test('what is shown and not said has no flags', () => {
  assert.equal(namesIn('[shares a photo of me in Rome last year?]'), [])
  assert.equal(namesIn('look at this [a photo of me]'), [])
})

test('what has no words has no flags', () => {
  for (const text of ['', '???', '🎉?', '"…"']) assert.is(turnFlags(text), 0)
})

test('flags of any text fit in 16 bits, and come fast for long ones', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), text => {
      const flags = turnFlags(text)
      assert.ok(Number.isInteger(flags) && flags >= 0 && flags < 2 ** 16)
    }),
  )
  for (const piece of ['[', '"', ' ?', 'last ', 'In A', '\u{1F600}', '-?)']) {
    const begun = performance.now()
    turnFlags(piece.repeat(65_536 / piece.length))
    assert.ok(performance.now() - begun < 1_000, piece)
  }
})

test.run()
