import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { createReferences } from './references.ts'
import { findingOf } from './testdata/small-corpus.ts'

const test = testSuite('agents/research/references')

test('numbers quotes in the order of first use, the same quote always the same', () => {
  const references = createReferences()
  const [a, b] = [findingOf('One.'), findingOf('Two.', 'b.md')]
  assert.equal([a, b, a].map(references.mark), [' [1]', ' [2]', ' [1]'])
  assert.is(references.mark({ ...a, citations: [] }), '')
  assert.is(references.mark({ ...a, citations: [...a.citations, ...b.citations, ...a.citations] }), ' [1][2]')
})

test('lists path, line, title and quote on one line, without live tags', () => {
  const references = createReferences()
  const quote = 'A <b>bold</b>\n> claim.'
  references.mark(
    findingOf('x', 'b.md', { citations: [{ source: 'b.md', quote, start: 8, end: 8 + quote.length }] }),
  )
  assert.equal(references.list([{ source: 'b.md', title: 'Bees', text: 'One.\nTwo\n' }]), [
    '- [1] b.md:2 (Bees): “A &lt;b>bold&lt;/b> claim.”',
  ])
  assert.equal(references.list([]), ['- [1] b.md: “A &lt;b>bold&lt;/b> claim.”'])
  assert.equal(createReferences().list([]), [])
})

test.run()
