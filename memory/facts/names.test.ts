import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { nameOfRelation, normalName, sameName } from './names.ts'

const test = testSuite('memory/facts/names')

const ALIKE: readonly (readonly [string, string])[] = [
  ['Porto', 'porto'],
  ['The  Netherlands.', 'netherlands'],
  ['Ana’s wife', "Ana's Wife"],
  ['a red car', 'my red car'],
  ['"Dune"', 'Dune'],
  ['Ｐｏｒｔｏ', 'Porto'],
]
for (const [one, two] of ALIKE)
  test(`"${one}" and "${two}" name the same`, () => {
    assert.ok(sameName(one, two))
  })

test('different things stay different, and an article alone is a name', () => {
  assert.is(sameName('Ana', "Ana's wife"), false)
  assert.is(sameName('theatre', 'atre'), false)
  assert.is(normalName('The'), 'the')
})

test('relations are named after the person', () => {
  assert.is(nameOfRelation('Ana', 'wife'), "Ana's wife")
  assert.is(nameOfRelation('Lucas', 'dog'), "Lucas' dog")
})

test('a normal name is its own normal name, but for an article that was hidden behind another', () => {
  fc.assert(
    fc.property(fc.string(), text => {
      const once = normalName(text)
      assert.ok(once.length <= text.normalize('NFKC').toLowerCase().length)
      assert.not.match(once, /\s{2}|^\s|\s$/)
    }),
  )
})

test.run()
