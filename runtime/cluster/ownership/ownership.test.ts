import * as assert from 'uvu/assert'
import { nodeSubject } from '../../../actors/subject.ts'
import { createCodec } from '../../codec.ts'
import { type SimulatedClock, simulatedClock } from '../../testkit/simulated-clock.ts'
import { testSuite } from '../../testkit/suite.ts'
import { PARTITIONS } from '../placement.ts'
import {
  createWorld,
  flaws,
  isSealedOnce,
  kinds,
  of,
  owned,
  type Process,
  type StartOptions,
  wantedBy,
} from './world.fixture.ts'

const test = testSuite('runtime/cluster/ownership/ownership', { limitMs: 30_000 })

async function cluster(names: readonly string[], options: StartOptions = {}) {
  const clock = simulatedClock()
  const world = createWorld(clock)
  const nodes = names.map(name => world.start(name, options))
  await clock.advance(15_000)
  return { clock, world, nodes }
}

/** Simulated ms until it holds; throws when it does not within `limitMs`. */
async function until(clock: SimulatedClock, limitMs: number, holds: () => boolean): Promise<number> {
  const begun = clock.now()
  while (!holds()) {
    if (clock.now() - begun > limitMs) throw new Error(`not within ${limitMs} ms`)
    await clock.advance(25)
  }
  return clock.now() - begun
}

test('nodes that start together share all partitions, each as the placement says', async () => {
  const { world, nodes } = await cluster(['n1', 'n2', 'n3'])
  assert.equal(flaws(world), [])
  for (const one of nodes) assert.equal(owned(one), wantedBy(['n1', 'n2', 'n3'], one.name))
  for (let p = 0; p < PARTITIONS; p++) {
    const { epoch = 0, owner = '' } = world.log[p] ?? {}
    for (const one of nodes) assert.equal(of(one).ownerOf(p), { node: owner, epoch })
  }
  assert.ok(isSealedOnce(world))
  assert.equal(world.errors, [])
})

test('after a kill everything is taken over within the TTL and 2 s, and only what the dead node had', async () => {
  const { clock, world, nodes } = await cluster(['n1', 'n2', 'n3'])
  const before = [...world.log]
  nodes[1]?.kill()
  const took = await until(clock, 8_000, () => flaws(world).length === 0)
  assert.ok(took > 4_900, `nobody may act before the TTL: ${took} ms`)
  for (let p = 0; p < PARTITIONS; p++) {
    if (before[p]?.owner !== 'n2') assert.equal(world.log[p], before[p])
  }
  assert.ok(isSealedOnce(world))
})

test('a drained node has handed everything over within 1 s, and is gone', async () => {
  const { clock, world, nodes } = await cluster(['n1', 'n2', 'n3'])
  const [n1, n2] = nodes as [Process, Process]
  let left = false
  void of(n2)
    .drain()
    .then(() => {
      left = true
    })
  await until(clock, 1_000, () => left && flaws(world).length === 0)
  assert.equal(owned(n2), [])
  assert.is(n1.membership?.members().length, 2)
  assert.equal(world.errors, [])
})

test('two of three nodes drained at the same moment leave everything to the third within 2 s', async () => {
  const { clock, world, nodes } = await cluster(['n1', 'n2', 'n3'])
  const [n1, n2] = nodes as [Process, Process]
  void of(n1).drain()
  void of(n2).drain()
  await until(clock, 2_000, () => owned(nodes[2] as Process).length === PARTITIONS)
  assert.equal(flaws(world), [])
})

test('the last node drains as well, and whoever comes next takes all at once', async () => {
  const { clock, world, nodes } = await cluster(['n1'])
  const drained = of(nodes[0] as Process).drain()
  await clock.advance(500)
  await drained
  assert.ok(world.log.every(({ owner }) => owner === undefined))
  world.start('n2')
  await until(clock, 2_000, () => flaws(world).length === 0)
})

test('draining waits for what is under way up to the grace, and not for ever', async () => {
  const { clock, nodes } = await cluster(['n1', 'n2'])
  const n1 = nodes[0] as Process
  const [busy = 0] = owned(n1)
  n1.busy.add(busy)
  let left = false
  void of(n1)
    .drain(5_000)
    .then(() => {
      left = true
    })
  await clock.advance(4_900)
  assert.not(left)
  assert.equal(owned(n1), [busy])
  await clock.advance(200)
  assert.ok(left)
})

test('draining without the broker ends, and others take over', async () => {
  const { clock, world, nodes } = await cluster(['n1', 'n2'])
  const [n1, n2] = nodes as [Process, Process]
  n1.connected = false
  const drained = of(n1).drain(1_000)
  await clock.advance(6_500)
  await drained
  n1.kill()
  await clock.advance(3_000)
  assert.is(owned(n2).length, PARTITIONS)
  assert.ok(kinds(world).every(kind => kind === 'broker-unavailable'))
})

test('a node that is added gets its share, once the members were stable for 3 s, and nothing else moves', async () => {
  const { clock, world } = await cluster(['n1', 'n2'])
  const before = [...world.log]
  world.start('n3')
  await clock.advance(3_400)
  assert.equal(world.log, before)
  await clock.advance(3_000)
  assert.equal(flaws(world), [])
  const share = wantedBy(['n1', 'n2', 'n3'], 'n3')
  for (let p = 0; p < PARTITIONS; p++) {
    if (!share.includes(p)) assert.equal(world.log[p], before[p])
    else assert.is(world.log[p]?.owner, 'n3')
  }
  assert.ok(isSealedOnce(world))
})

test('a partition handed over is served again within 250 ms', async () => {
  const { clock, world } = await cluster(['n1', 'n2'])
  world.start('n3')
  const unserved = new Map<number, number>()
  let longest = 0
  await until(clock, 20_000, () => {
    for (let p = 0; p < PARTITIONS; p++) {
      if ([...world.nodes.values()].some(one => one.serving.has(p))) unserved.delete(p)
      else unserved.set(p, unserved.get(p) ?? clock.now())
      longest = Math.max(longest, clock.now() - (unserved.get(p) ?? clock.now()))
    }
    return world.nodes.get('n3')?.serving.size === wantedBy(['n1', 'n2', 'n3'], 'n3').length
  })
  assert.ok(longest <= 250, `${longest} ms`)
})

test('a busy partition is handed over when it is quiet, and after 60 s all the same, one at a time', async () => {
  const { clock, world, nodes } = await cluster(['n1'])
  const n1 = nodes[0] as Process
  const share = wantedBy(['n1', 'n2'], 'n2')
  const [calm = 0, ...busy] = share
  for (const p of share) n1.busy.add(p)
  world.start('n2')
  await clock.advance(30_000)
  assert.is(owned(n1).length, PARTITIONS)
  n1.busy.delete(calm)
  await clock.advance(1_000)
  assert.not(owned(n1).includes(calm))
  await clock.advance(31_000)
  assert.is(owned(n1).length, PARTITIONS - 1, 'the first has its grace of 20 s now')
  await clock.advance(22_000)
  assert.is(owned(n1).length, PARTITIONS - 2)
  await clock.advance(21_000 * busy.length)
  assert.equal(flaws(world), [])
  assert.is(owned(n1).length, PARTITIONS - share.length)
})

test('nothing is handed to a node that serves pools only, and alone it claims nothing', async () => {
  const { clock, world, nodes } = await cluster(['n1'], { serves: false })
  assert.equal(owned(nodes[0] as Process), [])
  assert.is(of(nodes[0] as Process).ownerOf(0), undefined)
  assert.is(world.seals.length, 0)
  world.start('n2')
  await clock.advance(10_000)
  assert.equal(flaws(world), [])
  assert.is(owned(world.nodes.get('n2') as Process).length, PARTITIONS)
})

test('a node that was killed and is started again takes its own back without waiting for the TTL', async () => {
  const { clock, world, nodes } = await cluster(['n1', 'n2', 'n3'])
  nodes[1]?.kill()
  await clock.advance(1_000)
  world.start('n2')
  await until(clock, 2_000, () => flaws(world).length === 0)
})

test('a cluster that was killed as a whole is whole again within the TTL and 3 s of the first start', async () => {
  const { clock, world, nodes } = await cluster(['n1', 'n2', 'n3'])
  for (const one of nodes) one.kill()
  await clock.advance(60_000)
  world.start('n4')
  await clock.advance(5_000)
  assert.ok(
    world.log.every(({ owner }) => owner !== 'n4'),
    'it cannot know yet that they are gone',
  )
  await clock.advance(4_000)
  assert.equal(flaws(world), [])
})

test('a node that stood still forgets what others took meanwhile, without having to write', async () => {
  const { clock, world, nodes } = await cluster(['n1', 'n2', 'n3'])
  const n2 = nodes[1] as Process
  const had = owned(n2).length
  n2.stall()
  await clock.advance(10_000)
  assert.is(n2.serving.size, had)
  assert.ok(world.log.every(({ owner }) => owner !== 'n2'))
  n2.wake()
  await until(clock, 1_000, () => n2.serving.size === 0)
  await clock.advance(20_000)
  assert.equal(flaws(world), [])
  assert.equal(owned(n2), wantedBy(['n1', 'n2', 'n3'], 'n2'))
  assert.ok(isSealedOnce(world))
})

test('a partition that is lost to a seal is forgotten at once', async () => {
  const { clock, world, nodes } = await cluster(['n1', 'n2'])
  const n1 = nodes[0] as Process
  const [p = 0] = owned(n1)
  let told = 0
  of(n1).onChange(() => told++)
  const { epoch } = world.log[p] as { epoch: number }
  world.log[p] = { epoch: epoch + 1, owner: 'n2' }
  n1.write(p)
  assert.not(owned(n1).includes(p))
  assert.ok(told > 0)
  of(n1).lost(p, epoch)
  of(n1).lost(99, 1)
  await clock.advance(20_000)
  assert.equal(flaws(world), [])
})

test('a partition that another seals while it is being taken over is not owned for a moment', async () => {
  for (const tells of [false, true]) {
    const { clock, world, nodes } = await cluster(['n1'], { loadMs: 500 })
    const n1 = nodes[0] as Process
    const { epoch } = world.log[5] as { epoch: number }
    world.log[5] = { epoch: epoch + 1 }
    n1.write(5)
    await until(clock, 5_000, () => world.log[5]?.epoch === epoch + 2)
    world.log[5] = { epoch: epoch + 3, owner: 'n9' }
    if (tells) of(n1).lost(5, epoch + 2)
    let claimed = false
    of(n1).onChange(() => {
      if (of(n1).owned().get(5) === epoch + 2) claimed = true
    })
    await clock.advance(15_000)
    assert.not(claimed)
    assert.equal(flaws(world), [])
  }
})

test('late news of an epoch that was lost before does not cost the one held now', async () => {
  const { world, nodes } = await cluster(['n1'])
  const n1 = nodes[0] as Process
  world.log.forEach((deed, p) => {
    of(n1).lost(p, deed.epoch - 1)
  })
  assert.is(owned(n1).length, PARTITIONS)
})

test('an owner that has lost a partition without noticing finds out within 30 s', async () => {
  const { clock, world, nodes } = await cluster(['n1', 'n2'])
  const n1 = nodes[0] as Process
  const [p = 0] = owned(n1)
  const { epoch } = world.log[p] as { epoch: number }
  world.log[p] = { epoch: epoch + 1, owner: 'n9' }
  await clock.advance(45_000)
  assert.equal(flaws(world), [])
  assert.ok((world.log[p]?.epoch ?? 0) > epoch + 1)
})

test('a live owner that does not vouch for a partition keeps it for a TTL and no longer', async () => {
  const { clock, world } = await cluster(['n1', 'n2'])
  const p = wantedBy(['n1', 'n2'], 'n1')[0] ?? 0
  const { epoch } = world.log[p] as { epoch: number }
  const n1 = world.nodes.get('n1') as Process
  world.log[p] = { epoch: epoch + 1, owner: 'n2' }
  n1.write(p)
  await clock.advance(5_500)
  assert.is(world.log[p]?.owner, 'n2')
  await clock.advance(3_000)
  assert.is(world.log[p]?.owner, 'n1')
  assert.equal(flaws(world), [])
})

test('nothing is taken from a member of a newer version while it is there', async () => {
  const { clock, world, nodes } = await cluster(['n1'], { serves: false })
  world.log[7] = { epoch: 3, owner: 'n7' }
  const beat = createCodec().encode({ v: 2, node: 'n7' })
  const publish = () => nodes[0]?.transport.publish(nodeSubject('test', 'n7', 'hb'), beat)
  publish()
  world.start('n2')
  for (let i = 0; i < 20; i++) {
    publish()
    await clock.advance(1_000)
  }
  assert.equal(world.log[7], { epoch: 3, owner: 'n7' })
  assert.is(flaws(world).length, 1)
  await clock.advance(9_000)
  assert.equal(flaws(world), [])
})

test('what a node cannot serve goes to another, and comes back to it later', async () => {
  const { clock, world, nodes } = await cluster(['n1', 'n2'], { own: { unableMs: 20_000 } })
  const n1 = nodes[0] as Process
  const [p = 0] = owned(n1)
  const { epoch } = world.log[p] as { epoch: number }
  n1.broken.add(p)
  world.log[p] = { epoch: epoch + 1 }
  n1.write(p)
  await clock.advance(12_000)
  assert.is(world.log[p]?.owner, 'n2')
  assert.equal(flaws(world), [])
  assert.equal(kinds(world), ['store-failed'])
  n1.broken.clear()
  await clock.advance(40_000)
  assert.is(world.log[p]?.owner, 'n1')
  assert.equal(flaws(world), [])
})

test('what no node can serve is tried again and again, more and more seldom', async () => {
  const { clock, world, nodes } = await cluster(['n1'])
  const n1 = nodes[0] as Process
  n1.broken.add(5)
  const { epoch } = world.log[5] as { epoch: number }
  world.log[5] = { epoch: epoch + 1 }
  n1.write(5)
  const before = world.seals.length
  await clock.advance(300_000)
  const tries = world.seals.length - before
  assert.ok(tries >= 10 && tries <= 40, `${tries} tries in five minutes`)
  n1.broken.clear()
  await clock.advance(31_000)
  assert.equal(flaws(world), [])
})

test('two nodes that cannot hear each other take busy partitions from one another less than 6 times a minute', async () => {
  const { clock, world, nodes } = await cluster(['n1', 'n2'])
  const cut = (isCut: boolean) => {
    world.cut('n1', 'n2', isCut)
    world.cut('n2', 'n1', isCut)
  }
  cut(true)
  const work = async (seconds: number) => {
    for (let i = 0; i < seconds * 2; i++) {
      for (const one of nodes) for (let p = 0; p < PARTITIONS; p++) one.write(p)
      await clock.advance(500)
    }
  }
  await work(120)
  const first = world.seals.length
  await work(180)
  const perMinute = (world.seals.length - first) / 3 / PARTITIONS
  assert.ok(perMinute < 6, `${perMinute} of each partition in a minute`)
  cut(false)
  await clock.advance(75_000)
  assert.equal(flaws(world), [])
  assert.ok(isSealedOnce(world))
})

test('a node whose name another process has now stops serving', async () => {
  const { clock, world, nodes } = await cluster(['n1', 'n2'])
  const first = nodes[0] as Process
  first.stall()
  await clock.advance(10_000)
  const second = world.start('n1')
  await clock.advance(8_000)
  first.wake()
  await clock.advance(10_000)
  assert.is(first.serving.size, 0)
  assert.is(first.membership?.state, 'left')
  assert.is(of(second).owned().size, wantedBy(['n1', 'n2'], 'n1').length)
})

test('after stop nothing is decided any more, and what is owned stays', async () => {
  const { clock, world, nodes } = await cluster(['n1'])
  const n1 = nodes[0] as Process
  of(n1).stop()
  world.start('n2')
  await clock.advance(20_000)
  assert.is(owned(n1).length, PARTITIONS)
  assert.is(world.seals.length, PARTITIONS)
})

test.run()
