import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { address } from '../actors/address.ts'
import { RuntimeError } from '../actors/errors.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import {
  ALL_ACTORS,
  actorRange,
  byBytes,
  checkedName,
  commitKey,
  commitsFrom,
  HEADS_KEY,
  type KeyRange,
  readKey,
  recordKey,
  recordRange,
  runKey,
  snapshotKey,
} from './journal-keys.ts'

const test = testSuite('memory/journal-keys')

const letters = fc.constantFrom(...'AZaz09_-')
const token = fc.string({ unit: letters, minLength: 1, maxLength: 6 })
const actors = fc.tuple(token, token).map(([type, id]) => address(type, id))
const seqs = fc.integer({ min: 1, max: 2 ** 48 - 1 })
/** Names that look like parts of keys, besides any others. */
const names = fc
  .oneof(
    fc.string({ unit: fc.constantFrom(...'!"%/ a2~'), minLength: 1, maxLength: 8 }),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
  )
  .filter(name => !/\p{Cc}/u.test(name))

const inside = ({ from, to }: KeyRange, key: string) => byBytes(key, from) >= 0 && byBytes(key, to) < 0

test('reads what it named', () => {
  fc.assert(
    fc.property(actors, seqs, names, names, (actor, seq, name, id) => {
      assert.equal(readKey(commitKey(actor, seq)), { kind: 'commit', actor, seq })
      assert.equal(readKey(snapshotKey(actor)), { kind: 'snapshot', actor })
      assert.equal(readKey(runKey(name, actor)), { kind: 'run', run: name, actor })
      assert.equal(readKey(recordKey(name, id)), { kind: 'record', of: name, id })
      assert.equal(readKey(HEADS_KEY), { kind: 'heads' })
    }),
  )
})

test('orders keys as addresses and commits are ordered, each actor in one range', () => {
  fc.assert(
    fc.property(actors, actors, seqs, seqs, (left, right, one, two) => {
      assert.is(inside(actorRange(left), commitKey(right, one)), left === right)
      assert.is(inside(actorRange(left), snapshotKey(right)), left === right)
      assert.ok(inside(ALL_ACTORS, commitKey(left, one)) && inside(ALL_ACTORS, snapshotKey(left)))
      assert.ok(snapshotKey(left) < commitKey(left, one))
      assert.is(commitKey(left, one) < commitKey(left, two), one < two)
      assert.is(inside(commitsFrom(left, one), commitKey(right, two)), left === right && two >= one)
      if (left !== right) assert.is(commitKey(left, one) < commitKey(right, two), left < right)
    }),
  )
})

test('keeps every kind of record in a range of its own, in the order of ids, and apart from all else', () => {
  fc.assert(
    fc.property(names, names, names, names, actors, (kind, other, id, another, actor) => {
      assert.is(inside(recordRange(kind), recordKey(other, id)), kind === other)
      assert.is(
        Math.sign(byBytes(recordKey(kind, id), recordKey(kind, another))),
        Math.sign(byBytes(id, another)),
      )
      for (const key of [runKey(id, actor), commitKey(actor, 1), HEADS_KEY]) {
        assert.not(inside(recordRange(kind), key))
      }
      assert.is(recordKey(kind, id) === recordKey(other, another), kind === other && id === another)
      assert.is(runKey(kind, actor) === runKey(other, actor), kind === other)
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
    'm!other',
    'r!run',
    'r!run!x',
    'r!!x/y',
    'r!%zz!x/y',
    'r!%2!x/y',
    'r!%72!x/y',
    'v!kind!',
    'v!!id',
    'v!kind!\n',
  ]) {
    assert.is(readKey(key), undefined, key)
  }
})

test('accepts 256 characters that are none of control, and no half characters', () => {
  for (const name of ['x', ' ', '!'.repeat(256), '\uffff']) assert.is(checkedName(name, 'id'), name)
  for (const name of ['', 'x'.repeat(257), '\n', '\ud800', undefined as unknown as string]) {
    try {
      checkedName(name, 'id')
      assert.unreachable(JSON.stringify(name))
    } catch (error) {
      assert.is(error instanceof RuntimeError && error.kind, 'address-invalid')
    }
  }
})

test.run()
