import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { address } from '../actors/address.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import { hashOf, sealRecord, UNCHAINED } from './chained-record.ts'
import { knownOf, moveActor, moveRecord, NO_HEAD, noHeads, readOrder, sameBytes, stampOf } from './heads.ts'

const test = testSuite('memory/heads')
const hash = (text: string) => hashOf(sealRecord(text, UNCHAINED, new Uint8Array()))
const actorOf = (at: number) => address('tester', `n${at}`)

const moves = fc.array(
  fc.record({ at: fc.nat(3), to: fc.option(fc.nat(5), { nil: undefined }), record: fc.boolean() }),
  { maxLength: 30 },
)

test('has a stamp of what there is, whatever was there before and in whichever order it came', () => {
  fc.assert(
    fc.property(moves, all => {
      const heads = noHeads()
      const end = new Map<string, { at: number; to: number; record: boolean }>()
      const move = (into: typeof heads, at: number, to: number | undefined, record: boolean) => {
        if (record) moveRecord(into, `v!kind!${at}`, to === undefined ? undefined : hash(`r${to}`))
        else {
          const next = { ...NO_HEAD, seq: 1, hash: hash(`c${at} ${to}`), snapshot: hash(`s${at} ${to}`) }
          moveActor(into, actorOf(at), to === undefined ? undefined : next)
        }
      }
      for (const { at, to, record } of all) {
        move(heads, at, to, record)
        if (to === undefined) end.delete(`${record} ${at}`)
        else end.set(`${record} ${at}`, { at, to, record })
      }
      const direct = noHeads()
      for (const { at, to, record } of [...end.values()].reverse()) move(direct, at, to, record)
      assert.ok(sameBytes(stampOf(heads), stampOf(direct)))
      assert.is(heads.actors.size + heads.records.size, end.size)
      direct.order++
      assert.not(sameBytes(stampOf(heads), stampOf(direct)))
    }),
  )
})

test('reads the order of its own stamps, and of no damaged one', () => {
  const heads = noHeads()
  heads.order = 2 ** 48 - 1
  moveActor(heads, actorOf(1), { ...NO_HEAD, hash: hash('x') })
  const stamp = stampOf(heads)
  assert.is(readOrder(stamp), 2 ** 48 - 1)
  for (let bit = 0; bit < stamp.length * 8; bit++) {
    const broken = Uint8Array.from(stamp)
    broken[bit >> 3] = (broken[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    assert.is(readOrder(broken), undefined, `bit ${bit}`)
  }
  for (const length of [0, 3, 25]) assert.is(readOrder(stamp.subarray(0, length)), undefined)
})

test('counts removals of actors there were', () => {
  const heads = noHeads()
  moveActor(heads, actorOf(1), undefined)
  assert.is(heads.removals, 0)
  moveActor(heads, actorOf(1), { ...NO_HEAD, seq: 1, rest: 'asleep', run: 'r' })
  const head = heads.actors.get(actorOf(1)) ?? NO_HEAD
  assert.equal(knownOf(actorOf(1), head), { actor: actorOf(1), rest: 'asleep', run: 'r' })
  moveActor(heads, actorOf(1), undefined)
  assert.is(heads.removals, 1)
})

test.run()
