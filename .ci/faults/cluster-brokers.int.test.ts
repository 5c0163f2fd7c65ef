/** Short forms of what happens to the broker alone. */
import { testSuite } from '../../runtime/testkit/suite.ts'
import { brokerHangs } from './cluster-broker-hangs.ts'
import { brokerKills, wipes } from './cluster-broker-kills.ts'
import { brokersOfMany } from './cluster-of-brokers.ts'
import { survives } from './cluster-survives.ts'

const test = testSuite('.ci/faults/cluster-brokers', { limitMs: 200_000 })

test('loses and repeats nothing when the broker is killed', () => survives(brokerKills, 4, 71))
test('gives back to the broker what it has lost', () => survives(wipes, 2, 72))
test('loses and repeats nothing when the broker stands still and goes on', () => survives(brokerHangs, 2, 77))
test('loses and repeats nothing when one of three brokers is killed', () => survives(brokersOfMany, 2, 78))

test.run()
