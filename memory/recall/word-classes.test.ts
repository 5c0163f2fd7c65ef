import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { CLASSES_NAMED, CLASSES_OF } from './word-classes.ts'
import { BASE_FORMS } from './word-forms.ts'
import { stem } from './words.ts'

const test = testSuite('memory/recall/word-classes')

test('a word belongs to the classes that a question may name', () => {
  for (const [member, head] of [
    ['kitten', 'pet'],
    ['pottery', 'hobby'],
    ['guitar', 'instrument'],
    ['sister', 'family'],
    ['daughter', 'sibling'],
  ] as const) {
    const named = CLASSES_NAMED.get(stem(head)) ?? []
    const of = CLASSES_OF.get(stem(member)) ?? []
    assert.is(
      named.some(name => of.includes(name)),
      head !== 'sibling',
      `${member} ${head}`,
    )
  }
})

test('every class that can be asked for has members, its own names among them', () => {
  for (const [head, names] of CLASSES_NAMED)
    for (const name of names) {
      assert.ok(CLASSES_OF.get(head)?.includes(name), `${head} ${name}`)
      assert.ok([...CLASSES_OF.values()].filter(all => all.includes(name)).length > 1, name)
    }
})

test('a base form is no form of another, so that reading a word once is enough', () => {
  for (const [form, base] of BASE_FORMS) assert.not.ok(BASE_FORMS.has(base), `${form} ${base}`)
})

test.run()
