import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { postingsIn, type Segment } from './segment.ts'
import { drafted, draftFor, draftPostings, draftTerm } from './segment-draft.ts'

const test = testSuite('memory/recall/segment-draft')

type List = readonly (readonly [doc: number, tf: number])[]

const LENGTHS = Uint16Array.from({ length: 40 }, (_, doc) => 5 + ((doc * 7) % 11))
const NONE = new Uint8Array(40)

function segmentOf(terms: readonly List[], removed: Uint8Array = NONE): Segment {
  const draft = draftFor(
    terms.length,
    terms.reduce((sum, list) => sum + list.length, 0),
  )
  for (const [hash, list] of terms.entries()) {
    const docs = Uint16Array.from(list, ([doc]) => doc)
    const tfs = Uint8Array.from(list, ([, tf]) => tf)
    draftPostings(draft, docs, tfs, 0, list.length, removed)
    draftTerm(draft, hash, LENGTHS)
  }
  const making = drafted(0, 40, draft)
  for (;;) {
    const { done, value } = making.next()
    if (done) return value
  }
}

function listIn(segment: Segment, hash: number): List {
  const found = postingsIn(segment, hash)
  if (!found) return []
  const list: [number, number][] = []
  for (let i = found.start; i < found.end; i++) list.push([found.docs[i] as number, found.tfs[i] as number])
  assert.is(found.maxTf, Math.max(...list.map(([, tf]) => tf)))
  assert.is(found.minLength, Math.min(...list.map(([doc]) => LENGTHS[doc] as number)))
  return list
}

/** Few memories and counts, so that many lists are the same and more begin alike. */
const list: fc.Arbitrary<List> = fc
  .uniqueArray(fc.tuple(fc.nat(4), fc.integer({ min: 1, max: 2 })), { selector: ([doc]) => doc })
  .map(all => all.toSorted(([one], [other]) => one - other))

test('gives every term its own postings, and keeps those that are the same once', () => {
  fc.assert(
    fc.property(fc.array(list, { maxLength: 60, size: 'max' }), fc.nat(4), (terms, gone) => {
      const removed = NONE.map((_, doc) => (doc === gone ? 1 : 0))
      const segment = segmentOf(terms, removed)
      const left = terms.map(all => all.filter(([doc]) => doc !== gone))
      for (const [hash, wanted] of left.entries()) assert.equal(listIn(segment, hash), wanted)
      const different = new Set(left.filter(all => all.length > 0).map(all => JSON.stringify(all)))
      assert.is(segment.maxTfs.length, different.size)
      assert.is(segment.docs.length, segment.offsets[different.size])
    }),
  )
})

test('shares no list between terms that stand in the same memories, but not as often', () => {
  const segment = segmentOf([
    [
      [1, 1],
      [2, 1],
    ],
    [
      [1, 1],
      [2, 2],
    ],
    [
      [1, 1],
      [2, 1],
    ],
  ])
  assert.equal([...segment.lists], [0, 1, 0])
})

test.run()
