import { createHash } from 'node:crypto'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { type Header, hashOf, NO_HASH, openRecord, sealRecord, UNCHAINED } from './chained-record.ts'

const test = testSuite('memory/chained-record')

const hashes = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map(bytes => Buffer.from(bytes).toString('latin1'))
const headers: fc.Arbitrary<Header> = fc.record(
  {
    rest: fc.constantFrom(undefined, 'asleep' as const, 'ended' as const),
    ofRun: fc.boolean(),
    number: fc.nat({ max: 2 ** 48 - 1 }),
    seq: fc.nat({ max: 2 ** 48 - 1 }),
    previous: hashes,
  },
  { noNullPrototype: true },
)
const keys = fc.string({ unit: 'grapheme', maxLength: 40 })
const bodies = fc.uint8Array({ maxLength: 200 })

test('gives back what it sealed, under a hash of its own', () => {
  fc.assert(
    fc.property(keys, headers, bodies, (key, header, body) => {
      const sealed = sealRecord(key, header, body)
      const {
        own,
        body: found,
        ...rest
      } = openRecord(key, sealed) as Extract<ReturnType<typeof openRecord>, { own: string }>
      assert.equal(rest, header)
      assert.equal([...found], [...body])
      assert.is(own, hashOf(sealed))
      assert.is(own.length, 16)
    }),
  )
})

test('is named by the hash it says it uses, over all but itself, and the key', () => {
  const sealed = sealRecord('a!é!0', UNCHAINED, new Uint8Array([1, 2, 3]))
  const expected = createHash('sha256').update(sealed.subarray(17)).update('a!é!0').digest()
  assert.ok(expected.subarray(0, 16).equals(sealed.subarray(1, 17)))
})

test('finds every flipped bit, every cut, and a record under another key', () => {
  const header: Header = { rest: 'asleep', ofRun: true, number: 7, seq: 9, previous: NO_HASH }
  const value = sealRecord(
    'key',
    header,
    Uint8Array.from({ length: 60 }, (_, at) => at),
  )
  for (let bit = 0; bit < value.length * 8; bit++) {
    const broken = Uint8Array.from(value)
    broken[bit >> 3] = (broken[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    assert.ok('damage' in openRecord('key', broken), `bit ${bit}`)
  }
  for (let length = 0; length < value.length; length++) {
    assert.ok('damage' in openRecord('key', value.subarray(0, length)), `length ${length}`)
  }
  assert.equal(openRecord('kez', value), { damage: 'flipped' })
  assert.equal(openRecord('key', Uint8Array.from(value).fill(1, 0, 1)), { damage: 'version' })
})

test.run()
