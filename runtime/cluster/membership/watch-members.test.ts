import * as assert from 'uvu/assert'
import { nodeSubject } from '../../../actors/subject.ts'
import { createCodec } from '../../codec.ts'
import { simulatedClock } from '../../testkit/simulated-clock.ts'
import { testSuite } from '../../testkit/suite.ts'
import { createInProcessBus } from '../../transport/in-process.ts'
import { type Heartbeat, writeHeartbeat } from './heartbeat.ts'
import { watchMembers } from './watch-members.ts'

const test = testSuite('runtime/cluster/membership/watch-members')

const codec = createCodec()
const BEAT: Heartbeat = {
  ...{ node: 'a', life: 'x', seq: 1, version: '0.1.0', state: 'active', serves: true, startedAt: 0, upMs: 0 },
  ...{ partitions: new Map([[3, 1]]), taking: [], unable: [], types: [], models: [], tools: [] },
  load: { actors: 0, runs: 0, lagMs: 0 },
}

test('somebody who only looks sees nodes of later versions: fields more are left out, another major is told', async () => {
  const clock = simulatedClock()
  const bus = createInProcessBus({ clock })
  const watch = watchMembers({ transport: bus.connect(), codec, clock, namespace: 'test' })
  const publisher = bus.connect()
  const send = (node: string, fields: object): void =>
    publisher.publish(nodeSubject('test', node, 'hb'), codec.encode(fields as never))
  send('a', { ...(writeHeartbeat(BEAT) as object), lanes: ['fast'], zone: { name: 'z' } })
  send('b', { v: 2, whatever: true })
  await clock.advance(100)
  assert.equal(
    watch.members().map(({ node, newer, partitions }) => [node, newer, partitions.size]),
    [
      ['a', undefined, 1],
      ['b', 2, 0],
    ],
  )
  await clock.advance(7_000)
  assert.equal(watch.members(), [])
  watch.stop()
})

test.run()
