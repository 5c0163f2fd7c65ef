import * as assert from 'uvu/assert'
import { address } from '../../actors/address.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { readAcknowledged, settle } from './owed-commits.ts'

const test = testSuite('.ci/faults/owed-commits')
const A = address('writer', 'a')
const B = address('writer', 'b')
const acknowledged = ['ack 11 writer/a 1 -', 'ack 12 writer/b 1 sync', 'ack 13 writer/a 2 -'].map(
  readAcknowledged,
)
const none = new Map()

test('owes what was synced and all that was appended before it', () => {
  const settled = settle(none, acknowledged, new Map([[B, { seq: 1, n: 12 }]]))
  assert.is(settled.lost.length, 1)
  assert.is(settled.unsyncedLost, 1)
})

test('lets go of what came after the last sync', () => {
  const found = new Map([
    [A, { seq: 1, n: 11 }],
    [B, { seq: 1, n: 12 }],
  ])
  assert.equal(settle(none, acknowledged, found), { lost: [], holes: [], unsyncedLost: 1 })
})

test('owes what was there before, acknowledged or not', () => {
  assert.is(settle(new Map([[A, { seq: 4, n: 9 }]]), [], new Map([[A, { seq: 3, n: 8 }]])).lost.length, 1)
  assert.is(settle(new Map([[A, { seq: 4, n: 9 }]]), [], none).lost.length, 1)
})

test('sees a commit that survived an earlier one', () => {
  const unsynced = ['ack 11 writer/a 1 -', 'ack 12 writer/b 1 -'].map(readAcknowledged)
  const settled = settle(none, unsynced, new Map([[B, { seq: 1, n: 12 }]]))
  assert.equal([settled.lost.length, settled.holes.length], [0, 1])
})

test('does not take a commit of a later life for the one that was lost', () => {
  const settled = settle(
    none,
    acknowledged,
    new Map([
      [A, { seq: 2, n: 10 }],
      [B, { seq: 1, n: 12 }],
    ]),
  )
  assert.is(settled.lost.length, 1)
})

test.run()
