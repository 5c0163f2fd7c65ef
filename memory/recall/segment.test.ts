import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { termIn } from './segment.ts'
import { HASH_LIMIT, termHash } from './term-hash.ts'

const test = testSuite('memory/recall/segment')

const hash = fc.oneof(fc.nat(50), fc.double({ min: 0, max: HASH_LIMIT - 1, noNaN: true }).map(Math.floor))

test('finds each hash where it is and no other, however they are spread', () => {
  fc.assert(
    fc.property(fc.uniqueArray(hash, { maxLength: 200, size: 'max' }), fc.array(hash), (some, others) => {
      const hashes = Float64Array.from(some).sort()
      for (const one of [...some, ...others]) assert.is(termIn(hashes, one), hashes.indexOf(one))
    }),
  )
})

test('finds each of many hashes of words', () => {
  const hashes = Float64Array.from({ length: 30_000 }, (_, i) => termHash(`word${i}`)).sort()
  for (let i = 0; i < hashes.length; i++) assert.is(termIn(hashes, hashes[i] as number), i)
  assert.is(termIn(hashes, termHash('another')), -1)
})

test.run()
