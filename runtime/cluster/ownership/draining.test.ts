import * as assert from 'uvu/assert'
import { simulatedClock } from '../../testkit/simulated-clock.ts'
import { testSuite } from '../../testkit/suite.ts'
import { PARTITIONS } from '../placement.ts'
import { createWorld, flaws, isSealedOnce, of, owned, type Process, type World } from './world.fixture.ts'

const test = testSuite('runtime/cluster/ownership/draining', { limitMs: 60_000 })

async function cluster(names: readonly string[], loadMs = 50) {
  const clock = simulatedClock()
  const world = createWorld(clock)
  const nodes = names.map(name => world.start(name, { loadMs }))
  await clock.advance(15_000 + 32 * loadMs)
  return { clock, world, nodes: nodes as [Process, Process, Process] }
}

const unserved = ({ processes, log }: World): number[] =>
  [...log.keys()].filter(p => !processes.some(({ alive, serving }) => alive && serving.has(p)))

/** The longest time that a partition was served by nobody, and the most that nobody served at a time. */
async function watch(world: World, advance: (ms: number) => Promise<void>, ms: number) {
  const since = new Map<number, number>()
  let [longest, most] = [0, 0]
  for (let at = 0; at <= ms; at += 5) {
    const gaps = unserved(world)
    for (let p = 0; p < PARTITIONS; p++) {
      if (!gaps.includes(p)) since.delete(p)
      else since.set(p, since.get(p) ?? at)
      longest = Math.max(longest, at - (since.get(p) ?? at))
    }
    most = Math.max(most, gaps.length)
    await advance(5)
  }
  return { longest, most }
}

test('a node that goes serves each partition until it is its turn, two for each of those who take over', async () => {
  for (const loadMs of [50, 500]) {
    const { clock, world, nodes } = await cluster(['n1', 'n2', 'n3'], loadMs)
    let left = false
    void of(nodes[0])
      .drain()
      .then(() => {
        left = true
      })
    const { longest, most } = await watch(world, clock.advance, 6_000)
    assert.ok(left)
    assert.ok(most > 0 && most <= 4, `${most} at a time`)
    assert.ok(longest <= loadMs + 250, `${longest} ms`)
    assert.equal(flaws(world), [])
    assert.equal(world.errors, [])
  }
})

test('what others take slowly is given up at once after half the grace, and the node is gone in time', async () => {
  const { clock, world, nodes } = await cluster(['n1', 'n2'], 4_000)
  let left = false
  void of(nodes[0])
    .drain(6_000)
    .then(() => {
      left = true
    })
  await clock.advance(2_900)
  assert.ok(unserved(world).length <= 2)
  await clock.advance(600)
  assert.ok(left)
  await clock.advance(60_000)
  assert.equal(flaws(world), [])
})

test('a partition with something under way keeps others waiting for nothing, and has the grace to end it', async () => {
  const { clock, world, nodes } = await cluster(['n1', 'n2', 'n3'])
  const [n1] = nodes
  const busy = owned(n1).slice(0, 5)
  for (const p of busy) n1.busy.add(p)
  void of(n1).drain(8_000)
  await clock.advance(2_000)
  assert.equal(owned(n1), busy)
  assert.equal(unserved(world), [])
  await clock.advance(7_000)
  assert.equal(flaws(world), [])
})

test('a successor that stands still is given no more, and others take over what it was given', async () => {
  const { clock, world, nodes } = await cluster(['n1', 'n2', 'n3'])
  const [n1, n2, n3] = nodes
  n2.stall()
  void of(n1)
    .drain()
    .then(() => n1.kill())
  await clock.advance(5_000)
  const lost = unserved(world).filter(p => !n2.serving.has(p))
  assert.ok(lost.length <= 4, `${lost.length} wait for one who is not there`)
  await clock.advance(4_000)
  n2.kill()
  await clock.advance(2_000)
  assert.is(owned(n3).length, PARTITIONS)
  assert.equal(flaws(world), [])
})

test('a node that is killed while it goes leaves nothing unserved for longer than the TTL and 2 s', async () => {
  const { clock, world, nodes } = await cluster(['n1', 'n2', 'n3'])
  const [n1] = nodes
  void of(n1).drain()
  await clock.advance(400)
  const left = n1.serving.size
  assert.ok(left > 0, 'it has given up everything already')
  n1.kill()
  const { longest } = await watch(world, clock.advance, 9_000)
  assert.ok(longest <= 8_000, `${longest} ms`)
  assert.equal(flaws(world), [])
  assert.ok(isSealedOnce(world))
})

test('those who take over get ready while the partitions are still served', async () => {
  const { clock, world, nodes } = await cluster(['n1', 'n2', 'n3'])
  const [n1, n2, n3] = nodes
  const all = owned(n1)
  void of(n1).drain()
  await clock.advance(100)
  assert.is(n1.serving.size, all.length)
  assert.ok(n2.prepared.size > 0 && n3.prepared.size > 0)
  await clock.advance(4_000)
  assert.equal(
    [...n2.prepared, ...n3.prepared].sort((a, b) => a - b),
    all,
  )
  assert.equal(flaws(world), [])
})

test('what was got ready for nothing is let go', async () => {
  const { clock, world, nodes } = await cluster(['n1', 'n2'])
  const [n1, n2] = nodes
  for (const p of owned(n1)) n1.busy.add(p)
  void of(n1).drain()
  await clock.advance(1_000)
  assert.ok(n2.prepared.size > 0)
  world.start('n3')
  await clock.advance(30_000)
  assert.equal(
    [...n2.prepared].filter(p => !n2.serving.has(p)),
    [],
  )
  assert.equal(flaws(world), [])
})

test.run()
