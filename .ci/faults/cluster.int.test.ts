import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { drains } from './cluster-drains.ts'
import { runLink } from './cluster-link.ts'
import { nodeKills } from './cluster-node-kills.ts'
import { partitions } from './cluster-partitions.ts'
import { survives } from './cluster-survives.ts'
import { majorUpgrade, upgrades } from './cluster-upgrades.ts'

const test = testSuite('.ci/faults/cluster', { limitMs: 200_000 })

const say = (): void => {}

test('loses and repeats nothing when nodes are killed, or stand still and come back', () =>
  survives(nodeKills, 6, 70))
test('loses and repeats nothing when nodes are cut off', () => survives(partitions, 4, 73))
test('does nothing twice when nodes are restarted one after the other', () => survives(drains, 2, 74))
test('does nothing twice when nodes are rolled to a build that writes more, and both are there', async () => {
  const figures = await survives(upgrades, 2, 77)
  assert.is(figures['versions side by side, at most'], 2)
})
test('delivers what nodes of this version could not read once those of a later one have taken over', async () => {
  const figures = await survives(majorUpgrade, 3, 78)
  assert.ok((figures['letters put aside, at most'] ?? 0) > 0, JSON.stringify(figures))
})

test('brings 20,000 messages once and in order over a link that loses, doubles and delays them', async () => {
  const { problems, faults, lost, repeated, figures } = await runLink({ count: 20_000, seed: 75, say })
  assert.equal(problems, [])
  assert.equal([lost, repeated], [0, 0])
  assert.ok(faults >= 20_000)
  for (const what of ['letters lost', 'letters kept twice', 'letters delayed', 'receipts lost'])
    assert.ok((figures[what] ?? 0) > 100, JSON.stringify(figures))
})

test('finds what is lost on that link when nothing is sent again', async () => {
  const { problems, lost } = await runLink({ count: 1, seed: 76, resendMs: 10_000_000, say })
  assert.ok(lost > 0)
  assert.ok(problems.length > 0)
})

test.run()
