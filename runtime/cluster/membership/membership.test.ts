import * as assert from 'uvu/assert'
import { RuntimeError } from '../../../actors/errors.ts'
import { nodeSubject } from '../../../actors/subject.ts'
import { createCodec } from '../../codec.ts'
import { simulatedClock } from '../../testkit/simulated-clock.ts'
import { testSuite } from '../../testkit/suite.ts'
import { createWorld, IDLE, type Process, type StartOptions, type World } from '../ownership/world.fixture.ts'
import type { Membership } from './membership.ts'

const test = testSuite('runtime/cluster/membership/membership')
const codec = createCodec()

/** A cluster whose nodes serve nothing: only who is there matters here. */
function cluster() {
  const clock = simulatedClock()
  const world = createWorld(clock)
  const start = (name: string, options: StartOptions = {}) => world.start(name, { serves: false, ...options })
  return { clock, world, start }
}

function joined({ membership, name }: Process): Membership {
  if (!membership) throw new Error(`${name} has not joined`)
  return membership
}

const seen = (one: Process) =>
  joined(one)
    .members()
    .map(({ node }) => node)
    .join()
const stateSeen = (by: Process, node: string) =>
  joined(by)
    .members()
    .find(member => member.node === node)?.state
const kindOf = (error: unknown) => (error instanceof RuntimeError ? error.kind : error)
const sound = (world: World) => assert.equal(world.errors, [])

test('a newcomer knows all who are there after 500 ms, and they know it', async () => {
  const { clock, world, start } = cluster()
  const [n1, n2] = [start('n1'), start('n2')]
  await clock.advance(5_100)
  const n3 = start('n3')
  await clock.advance(499)
  assert.is(n3.membership, undefined)
  await clock.advance(1)
  for (const one of [n1, n2, n3]) assert.is(seen(one), 'n1,n2,n3')
  await clock.advance(20)
  assert.is(stateSeen(n1, 'n3'), 'active')
  sound(world)
})

test('all who start at the same moment find each other', async () => {
  const { clock, start } = cluster()
  const all = ['n1', 'n2', 'n3', 'n4', 'n5'].map(name => start(name))
  await clock.advance(600)
  for (const one of all) assert.is(seen(one), 'n1,n2,n3,n4,n5')
})

test('a node that is silent is gone 6 s after its last heartbeat, and not before', async () => {
  const { clock, start } = cluster()
  const [n1, n2] = [start('n1'), start('n2')]
  await clock.advance(10_000)
  const lastHeard = joined(n1).members()[1]?.heardAt ?? 0
  n2.kill()
  await clock.advance(lastHeard + 5_999 - clock.now())
  assert.is(seen(n1), 'n1,n2')
  assert.not(joined(n1).gone('n2'))
  await clock.advance(251)
  assert.is(seen(n1), 'n1')
  assert.ok(joined(n1).gone('n2'))
})

test('a node that says goodbye is gone at once, also when an older heartbeat of it comes late', async () => {
  const { clock, world, start } = cluster()
  const [n1, n2] = [start('n1'), start('n2')]
  await clock.advance(10_000)
  world.delay('n1', () => 3_000)
  joined(n2).announce()
  await clock.advance(1)
  world.delay('n1', () => 0)
  await joined(n2).leave()
  await clock.advance(1)
  assert.is(seen(n1), 'n1')
  assert.ok(joined(n1).gone('n2'))
  await clock.advance(4_000)
  assert.is(seen(n1), 'n1')
  assert.is(joined(n2).state, 'left')
  assert.is(seen(n2), 'n1')
})

test('tells of changes when they happen: who comes, goes, drains and takes partitions', async () => {
  const { clock, start } = cluster()
  const [n1, n2] = [start('n1'), start('n2')]
  await clock.advance(10_000)
  let changes = 0
  const stop = joined(n1).onChange(() => changes++)
  await clock.advance(5_000)
  assert.is(changes, 0, 'heartbeats without news are none')
  joined(n2).announce({ partitions: new Map([[3, 1]]) })
  await clock.advance(25)
  assert.equal([...(joined(n1).members()[1]?.partitions ?? [])], [[3, 1]])
  assert.is(changes, 1)
  joined(n2).announce({ state: 'draining' })
  await clock.advance(25)
  assert.is(stateSeen(n1, 'n2'), 'draining')
  assert.is(changes, 2)
  stop()
  await joined(n2).leave()
  await clock.advance(25)
  assert.is(changes, 2)
})

test('many announcements in a row make two heartbeats', async () => {
  const { clock, world, start } = cluster()
  const n1 = start('n1')
  await clock.advance(1_100)
  let heard = 0
  n1.transport.subscribe(nodeSubject('test', 'n1', 'hb'), () => heard++)
  for (let i = 0; i < 30; i++) joined(n1).announce({ taking: [i] })
  await clock.advance(30)
  assert.is(heard, 2)
  sound(world)
})

test('a second process of a name refuses to join, and the first stays', async () => {
  const { clock, start } = cluster()
  const [n1, n2] = [start('n1'), start('n2')]
  await clock.advance(2_000)
  const second = start('n1')
  await clock.advance(600)
  assert.is(kindOf(second.refused), 'address-taken')
  assert.is(second.membership, undefined)
  assert.is(joined(n1).state, 'active')
  assert.is(joined(n2).members()[0]?.life, n1.life)
})

test('of two processes of a name that start together one joins', async () => {
  const { clock, start } = cluster()
  const twins = [start('n1'), start('n1')]
  await clock.advance(2_000)
  assert.is(twins.filter(({ membership }) => membership).length, 1)
  assert.equal(twins.map(({ refused }) => kindOf(refused)).filter(Boolean), ['address-taken'])
})

test('a process that was killed may be started again at once, under its name', async () => {
  const { clock, start } = cluster()
  const [first, n2] = [start('n1'), start('n2')]
  await clock.advance(2_000)
  first.kill()
  const second = start('n1')
  await clock.advance(600)
  assert.is(joined(second).state, 'active')
  assert.is(joined(n2).members()[0]?.life, second.life)
})

test('what an earlier process of a name has sent takes nothing from a later one when it comes late', async () => {
  const { clock, world, start } = cluster()
  const [n1, first] = [start('n1'), start('n2')]
  await clock.advance(8_000)
  world.delay('n1', () => 4_000)
  joined(first).announce({ state: 'draining' })
  await clock.advance(100)
  await joined(first).leave()
  first.kill()
  world.delay('n1', () => 0)
  const second = start('n2')
  await clock.advance(1_000)
  for (let i = 0; i < 200; i++) {
    const member = joined(n1)
      .members()
      .find(({ node }) => node === 'n2')
    assert.equal([member?.life, member?.state], [second.life, 'active'])
    assert.not(joined(n1).gone('n2'))
    await clock.advance(25)
  }
})

test('a process that stood still while another got its name leaves when it sees that', async () => {
  const { clock, start } = cluster()
  const [first, n2] = [start('n1'), start('n2')]
  await clock.advance(2_000)
  first.stall()
  await clock.advance(10_000)
  const second = start('n1')
  await clock.advance(5_000)
  first.wake()
  await clock.advance(5_000)
  assert.is(kindOf(first.refused), 'address-taken')
  assert.is(joined(first).state, 'left')
  assert.is(joined(second).state, 'active')
  assert.is(joined(n2).members()[0]?.life, second.life)
})

test('after its event loop stood still a node says so, and takes nobody for dead until a full TTL later', async () => {
  const { clock, start } = cluster()
  const [n1, n2] = [start('n1'), start('n2')]
  await clock.advance(10_000)
  n1.stall()
  n2.kill()
  await clock.advance(20_000)
  n1.wake()
  assert.is(n1.stalls.length, 1)
  assert.ok((n1.stalls[0] ?? 0) > 19_000)
  assert.is(joined(n1).sight, 'fresh')
  await clock.advance(5_900)
  assert.is(seen(n1), 'n1,n2')
  await clock.advance(400)
  assert.is(seen(n1), 'n1')
  assert.is(joined(n1).sight, 'full')
})

test('being late by half a TTL is no stall', async () => {
  const { clock, start } = cluster()
  const n1 = start('n1')
  await clock.advance(10_000)
  n1.stall()
  await clock.advance(3_000)
  n1.wake()
  assert.equal(n1.stalls, [])
  assert.is(joined(n1).sight, 'full')
})

test('a node that is cut off judges nobody, nor for a full TTL after', async () => {
  const { clock, world, start } = cluster()
  const [n1, n2] = [start('n1'), start('n2')]
  await clock.advance(10_000)
  n1.connected = false
  await clock.advance(30_000)
  assert.is(joined(n1).sight, 'none')
  assert.is(seen(n1), 'n1,n2')
  assert.is(seen(n2), 'n2')
  n1.connected = true
  await clock.advance(300)
  assert.is(joined(n1).sight, 'fresh')
  assert.is(seen(n2), 'n1,n2', 'it greets at once')
  n2.kill()
  await clock.advance(5_000)
  assert.not(joined(n1).gone('n2'))
  await clock.advance(2_000)
  assert.ok(joined(n1).gone('n2'))
  sound(world)
})

test('a newcomer cannot tell of anybody that he is gone until it has listened for a TTL', async () => {
  const { clock, start } = cluster()
  const n1 = start('n1')
  await clock.advance(600)
  assert.not(joined(n1).gone('n9'))
  assert.not(joined(n1).gone('n1'))
  await clock.advance(6_000)
  assert.ok(joined(n1).gone('n9'))
  assert.not(joined(n1).gone('n1'))
})

test('joins only once it is connected', async () => {
  const { clock, start } = cluster()
  const n1 = start('n1')
  n1.connected = false
  await clock.advance(5_000)
  assert.is(n1.membership, undefined)
  n1.connected = true
  await clock.advance(1_000)
  assert.is(joined(n1).state, 'active')
})

test('a member of a newer version is in the list, and no more is known of it', async () => {
  const { clock, world, start } = cluster()
  const n1 = start('n1')
  await clock.advance(1_000)
  const publish = () =>
    n1.transport.publish(nodeSubject('test', 'n7', 'hb'), codec.encode({ v: 2, node: 'n7' }))
  publish()
  await clock.advance(1)
  const newer = joined(n1).members()[1]
  assert.equal([newer?.node, newer?.newer, newer?.serves, newer?.partitions.size], ['n7', 2, false, 0])
  await clock.advance(7_000)
  assert.is(seen(n1), 'n1')
  sound(world)
})

test('what is no heartbeat, or comes on the subject of another node, is reported and changes nothing', async () => {
  const { clock, world, start } = cluster()
  const [n1] = [start('n1'), start('n2')]
  await clock.advance(1_000)
  const forged = {
    ...{ ...IDLE, load: { ...IDLE.load } },
    ...{ v: 1, node: 'n2', life: 'l9', seq: 9_999, version: '1', state: 'left', startedAt: 0, upMs: 0 },
    ...{ partitions: {}, taking: [], unable: [] },
  }
  for (const value of [{ node: 'n2' }, { v: 1, node: 'n2' }, forged]) {
    n1.transport.publish(nodeSubject('test', 'n5', 'hb'), codec.encode(value))
  }
  await clock.advance(1)
  assert.is(seen(n1), 'n1,n2')
  assert.equal([...new Set(world.errors.map(kindOf))], ['codec-malformed'])
  assert.is(world.errors.length, 6)
})

test('what a node tells of itself is asked anew for every heartbeat, and a failure of that costs no heartbeat', async () => {
  const { clock, world, start } = cluster()
  let runs = 0
  const self = () => {
    if (++runs > 5) throw new Error('no figures')
    return { ...IDLE, load: { ...IDLE.load, runs } }
  }
  const [n1] = [start('n1'), start('n2', { join: { self } })]
  await clock.advance(2_000)
  assert.ok((joined(n1).members()[1]?.load.runs ?? 0) > 1)
  await clock.advance(20_000)
  assert.is(seen(n1), 'n1,n2')
  assert.is(joined(n1).members()[1]?.load.runs, 5)
  assert.ok(world.errors.length > 0)
})

test('a listener that throws is reported, and the others are told', async () => {
  const { clock, world, start } = cluster()
  const n1 = start('n1')
  await clock.advance(1_000)
  let told = 0
  joined(n1).onChange(() => {
    throw new Error('listener')
  })
  joined(n1).onChange(() => told++)
  start('n2')
  await clock.advance(100)
  assert.ok(told > 0)
  assert.is(world.errors.length, told)
})

test('after leaving nothing is sent and nothing is heard, and leaving again does nothing', async () => {
  const { clock, world, start } = cluster()
  const [n1, n2] = [start('n1'), start('n2')]
  await clock.advance(1_000)
  await joined(n1).leave()
  await joined(n1).leave()
  joined(n1).announce({ taking: [1] })
  await clock.advance(10_000)
  assert.is(seen(n2), 'n2')
  assert.is(joined(n1).state, 'left')
  sound(world)
})

test.run()
