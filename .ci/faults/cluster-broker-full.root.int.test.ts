import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { brokerFull, clusterBrokerFull } from './cluster-broker-full.ts'
import { survives } from './cluster-survives.ts'

const test = testSuite('.ci/faults/cluster-broker-full', { limitMs: 200_000 })

test('says so when its disk or a stream is full, loses nothing, and goes on once there is space', async () => {
  assert.is(clusterBrokerFull.unable?.(), undefined)
  const figures = await survives(brokerFull, 2, 100)
  assert.ok((figures['of these full disks'] ?? 0) > 0, JSON.stringify(figures))
})

test.run()
