import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import type { Address } from './address.ts'
import { bySending, Marks, placeOf } from './marks.ts'

const test = testSuite('actors/marks')

const A = 'teller/a' as Address
const B = 'teller/b' as Address
const at = (seq: number, k: number, life = 'l1') => ({ life, seq, k })

test('reads the place of a message from its id, and nothing from ids of other makers', () => {
  assert.equal(placeOf('teller/a.l1.3.0', A), at(3, 0))
  for (const [id, from] of [
    ['teller/a.l1.3.0', undefined],
    ['teller/a.l1.3.0', B],
    ['teller/a.l1.3.0.cancel', A],
    ['teller/a.l1.3', A],
    ['teller/a.l1.x.0', A],
    ['teller/a.l1.3.idle', A],
    ['teller/ab.l1.3.0', A],
    ['node/x.l1.4', 'node/x' as Address],
    ['key:teller/a:k', A],
    ['', A],
  ] as const)
    assert.is(placeOf(id, from), undefined, id)
})

test('covers what was noted and all before it, of that sender and that life alone', () => {
  const marks = new Marks()
  assert.is(marks.covers(A, at(1, 0)), false)
  marks.note(A, at(3, 1))
  const covered = [at(1, 7), at(3, 0), at(3, 1)]
  for (const place of covered) assert.is(marks.covers(A, place), true)
  for (const place of [at(3, 2), at(4, 0), at(1, 0, 'l2')]) assert.is(marks.covers(A, place), false)
  assert.is(marks.covers(B, at(1, 0)), false)
})

test('a mark never goes back, but a new life of the sender begins anew', () => {
  const marks = new Marks()
  marks.note(A, at(3, 1))
  marks.note(A, at(2, 5))
  assert.is(marks.covers(A, at(3, 1)), true)
  marks.note(A, at(1, 0, 'l2'))
  assert.is(marks.covers(A, at(1, 0, 'l2')), true)
  assert.is(marks.covers(A, at(3, 1)), false)
})

test('one sender’s messages, each once and in order, are all new; all sent again are all old', () => {
  const places = fc.uniqueArray(fc.tuple(fc.nat(50), fc.nat(5)), { selector: ([seq, k]) => `${seq}.${k}` })
  fc.assert(
    fc.property(places, fc.nat(100), (given, cut) => {
      const sent = [...given].sort(([a, x], [b, y]) => a - b || x - y)
      const marks = new Marks()
      const taken = sent.slice(0, cut)
      for (const [seq, k] of taken) {
        assert.is(marks.covers(A, at(seq, k)), false)
        marks.note(A, at(seq, k))
      }
      const loaded = new Marks()
      loaded.load(marks.store())
      for (const [i, [seq, k]] of sent.entries()) assert.is(loaded.covers(A, at(seq, k)), i < taken.length)
    }),
  )
})

test('is bounded by the senders that are still there', () => {
  const marks = new Marks()
  const senders = Array.from({ length: 1_000 }, (_, i) => `teller/t${i}` as Address)
  const isGone = (sender: Address): boolean => sender !== 'teller/t3'
  for (const sender of senders) {
    marks.note(sender, at(1, 0))
    marks.prune(isGone)
  }
  const left = Object.keys(marks.store())
  assert.ok(left.includes('teller/t3'))
  assert.ok(left.length <= 128, `${left.length}`)
  const all = new Marks()
  for (const sender of senders) {
    all.note(sender, at(1, 0))
    all.prune(() => false)
  }
  assert.is(Object.keys(all.store()).length, 1_000)
})

test('of other partitions it remembers the senders heard last, and asks nobody whether they are gone', () => {
  const marks = new Marks()
  const senders = Array.from({ length: 5_000 }, (_, i) => `teller/t${i}` as Address)
  const refuse = (sender: Address): boolean => {
    throw new Error(`asked about ${sender}`)
  }
  const first = senders[0] as Address
  for (const [i, sender] of senders.entries()) {
    marks.note(sender, { ...at(1, 0), home: 7 })
    // Heard all the time.
    marks.note(first, { ...at(i + 2, 0), home: 7 })
    marks.prune(refuse)
  }
  const left = Object.keys(marks.store())
  assert.ok(left.length >= 1_024 && left.length <= 2 * 1_024, `${left.length}`)
  for (const sender of [first, ...senders.slice(-1_000)]) assert.ok(marks.covers(sender, at(1, 0)), sender)
  assert.is(marks.store()[first]?.home, 7)
  const loaded = new Marks()
  loaded.load(marks.store())
  assert.equal(loaded.store(), marks.store())
})

test('knows a message by its id', () => {
  const marks = new Marks()
  marks.note(A, at(3, 1))
  assert.ok(marks.has(A, 'teller/a.l1.3.1'))
  assert.not(marks.has(A, 'teller/a.l1.3.2'))
  assert.not(marks.has(A, 'key:teller/a:x'))
  assert.not(marks.has(undefined, 'teller/a.l1.3.1'))
})

test('sorts messages by the order in which they were sent; ids without a place come first', () => {
  const ids = [
    'teller/a.l1.10.0',
    'teller/a.l1.2.1',
    'teller/a.l1.2.0',
    'teller/a.l1.9.end-0',
    'teller/a.l1.2.10',
  ]
  assert.equal(
    ids.sort((a, b) => bySending(A, a, b)),
    ['teller/a.l1.9.end-0', 'teller/a.l1.2.0', 'teller/a.l1.2.1', 'teller/a.l1.2.10', 'teller/a.l1.10.0'],
  )
})

test.run()
