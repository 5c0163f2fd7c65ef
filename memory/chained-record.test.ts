import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { type Address, address } from '../actors/address.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import {
  actorRange,
  commitKey,
  hashRecord,
  NO_HASH,
  openRecord,
  readKey,
  sameHash,
  sealRecord,
  snapshotKey,
  xor,
} from './chained-record.ts'

const test = testSuite('memory/chained-record')

const letters = fc.constantFrom(...'AZaz09_-')
const token = fc.string({ unit: letters, minLength: 1, maxLength: 6 })
const actors = fc.tuple(token, token).map(([type, id]) => address(type, id))
const seqs = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })
const bodies = fc.uint8Array({ maxLength: 200 })

test('uses the checksum it says it uses', () => {
  assert.is(crc32('123456789'), 0xcbf43926)
})

test('reads back what it named and sealed', () => {
  fc.assert(
    fc.property(actors, seqs, bodies, (actor, seq, body) => {
      const key = commitKey(actor, seq)
      assert.equal(readKey(key), { kind: 'commit', actor, seq })
      assert.equal(readKey(snapshotKey(actor)), { kind: 'snapshot', actor })
      const previous = hashRecord(key, body)
      const opened = openRecord(key, sealRecord(key, previous, body))
      assert.ok('body' in opened)
      if ('body' in opened) {
        assert.ok(sameHash(opened.previous, previous))
        assert.ok(Buffer.from(body).equals(opened.body))
      }
    }),
  )
})

test('orders keys as addresses and commits are ordered, each actor in one range', () => {
  fc.assert(
    fc.property(actors, actors, seqs, seqs, (left, right, one, two) => {
      const inside = ({ from, to }: { from: string; to: string }, key: string) => key >= from && key < to
      assert.is(inside(actorRange(left), commitKey(right, one)), left === right)
      assert.is(inside(actorRange(left), snapshotKey(right)), left === right)
      assert.ok(snapshotKey(left) < commitKey(left, one))
      assert.is(commitKey(left, one) < commitKey(left, two), one < two)
      if (left !== right) assert.is(commitKey(left, one) < commitKey(right, two), left < right)
    }),
  )
})

test('knows no other keys', () => {
  for (const key of [
    '',
    'a',
    'a!',
    'a!x!0',
    'a!x/y!',
    'a!x/y!1',
    'a!x/y/z!0',
    'a!x/y!0!',
    'b!x/y!0',
    'a!x/.!0',
  ]) {
    assert.is(readKey(key), undefined, key)
  }
})

test('finds every flipped bit, every cut, and a record under another key', () => {
  const key = commitKey('a/b' as Address, 7)
  const value = sealRecord(
    key,
    hashRecord(key, NO_HASH),
    Uint8Array.from({ length: 60 }, (_, at) => at),
  )
  for (let bit = 0; bit < value.length * 8; bit++) {
    const broken = Uint8Array.from(value)
    broken[bit >> 3] = (broken[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    assert.ok('damage' in openRecord(key, broken), `bit ${bit}`)
  }
  for (let length = 0; length < value.length; length++) {
    assert.ok('damage' in openRecord(key, value.subarray(0, length)), `length ${length}`)
  }
  assert.equal(openRecord(commitKey('a/b' as Address, 8), value), { damage: 'flipped' })
})

test('has a digest of heads in which order does not count and what is taken away is gone', () => {
  const [one, two] = [hashRecord('1', NO_HASH), hashRecord('2', NO_HASH)]
  assert.ok(sameHash(xor(xor(NO_HASH, one), two), xor(xor(NO_HASH, two), one)))
  assert.ok(sameHash(xor(xor(one, two), one), two))
})

test.run()
