import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { bestOf, offer, ranked, threshold } from './best.ts'

const test = testSuite('memory/recall/best')

test('keeps the best of what is offered in any order, the higher number first among equals', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.record({ score: fc.integer({ min: 1, max: 9 }), doc: fc.nat(9_999) }), {
        selector: ({ doc }) => doc,
        size: 'max',
        maxLength: 300,
      }),
      fc.integer({ min: 1, max: 40 }),
      (offers, k) => {
        const best = bestOf(k)
        for (const { score, doc } of offers) offer(best, score, doc)
        const expected = offers
          .toSorted((one, other) => other.score - one.score || other.doc - one.doc)
          .slice(0, k)
        assert.equal(
          ranked(best),
          expected.map(({ doc, score }) => ({ doc, score })),
        )
        assert.is(threshold(best), expected.length < k ? 0 : expected.at(-1)?.score)
      },
    ),
  )
})

test.run()
