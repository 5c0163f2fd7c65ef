import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { brokerKills, wipes } from './cluster-broker-kills.ts'
import { drains } from './cluster-drains.ts'
import { runLink } from './cluster-link.ts'
import { nodeKills } from './cluster-node-kills.ts'
import { partitions } from './cluster-partitions.ts'
import { type ClusterCase, runClusterCase } from './cluster-round.ts'

const test = testSuite('.ci/faults/cluster', { limitMs: 200_000 })

const say = (): void => {}

/** Makes `count` faults; nothing may be lost or done again, and there must have been work. */
async function survives(one: ClusterCase, count: number, seed: number): Promise<void> {
  const { problems, faults, lost, repeated, figures } = await runClusterCase(one, { count, seed, say })
  assert.equal(problems, [])
  assert.equal([faults, lost, repeated], [count, 0, 0])
  assert.ok((figures['jobs done, a third of them as runs'] ?? 0) > 10, JSON.stringify(figures))
  assert.ok((figures['entries of logs that were compared'] ?? 0) > 100, JSON.stringify(figures))
}

test('loses and repeats nothing when nodes are killed, or stand still and come back', () =>
  survives(nodeKills, 6, 70))
test('loses and repeats nothing when the broker is killed', () => survives(brokerKills, 4, 71))
test('gives back to the broker what it has lost', () => survives(wipes, 2, 72))
test('loses and repeats nothing when nodes are cut off', () => survives(partitions, 4, 73))
test('does nothing twice when nodes are restarted one after the other', () => survives(drains, 2, 74))

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
