/** Whatever happened to the nodes and to the bus: once it is over, every partition has one owner, the one it should have. */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { type SimulatedClock, simulatedClock } from '../../testkit/simulated-clock.ts'
import { prng } from '../../testkit/simulation/prng.ts'
import { testSuite } from '../../testkit/suite.ts'
import { desiredOwner, PARTITIONS } from '../placement.ts'
import { createWorld, flaws, type Process, type World } from './world.fixture.ts'

const test = testSuite('runtime/cluster/ownership.property', { limitMs: 110_000 })

const NAMES = ['n1', 'n2', 'n3', 'n4', 'n5']
const KINDS = [
  'start',
  'restart',
  'kill',
  'drain',
  'stall',
  'wake',
  'cut off',
  'connect',
  'cut',
  'mend',
  'delay',
] as const
const DISTURBANCES = [...KINDS, 'write', 'break', 'busy'] as const

interface Fault {
  readonly kind: (typeof DISTURBANCES)[number]
  readonly node: string
  readonly other: string
  readonly amount: number
  /** How long to wait afterwards. */
  readonly ms: number
}

const name = fc.constantFrom(...NAMES)
const fault: fc.Arbitrary<Fault> = fc.record({
  kind: fc.constantFrom(...DISTURBANCES),
  node: name,
  other: name,
  amount: fc.integer({ min: 0, max: PARTITIONS - 1 }),
  ms: fc.oneof(fc.integer({ min: 0, max: 600 }), fc.integer({ min: 0, max: 12_000 })),
})

/** n5 serves pools only. */
const start = (world: World, node: string): Process =>
  world.start(node, {
    serves: node !== 'n5',
    own: { unableMs: 5_000, rebalanceAfterMs: 10_000, graceMs: 2_000 },
  })

const isOver = (one: Process | undefined): boolean =>
  !one?.alive || one.refused !== undefined || one.membership?.state === 'left'

function drain(one: Process | undefined): void {
  void one?.ownership?.drain(3_000).then(() => one.kill())
}

function inflict(world: World, { kind, node, other, amount }: Fault): void {
  const one = world.nodes.get(node)
  const acts: Record<Fault['kind'], () => void> = {
    start: () => void (isOver(one) && start(world, node)),
    // Also over one that is there, and may stand still.
    restart: () => void start(world, node),
    kill: () => one?.kill(),
    drain: () => drain(one),
    stall: () => one?.stall(),
    wake: () => one?.wake(),
    'cut off': () => void (one && Object.assign(one, { connected: false })),
    connect: () => void (one && Object.assign(one, { connected: true })),
    cut: () => world.cut(node, other),
    mend: () => world.cut(node, other, false),
    delay: () => world.delay(node, () => amount * 100),
    write: () => {
      for (let p = amount; p < PARTITIONS; p++) one?.write(p)
    },
    break: () => one?.broken.add(amount),
    busy: () => one?.busy.add(amount),
  }
  acts[kind]()
}

function calmDown(world: World): void {
  for (const one of world.processes) {
    one.connected = true
    one.broken.clear()
    one.busy.clear()
    one.wake()
  }
  for (const node of NAMES) {
    world.delay(node, () => 0)
    for (const other of NAMES) world.cut(node, other, false)
  }
  for (const node of ['n1', 'n2', 'n5']) if (isOver(world.nodes.get(node))) start(world, node)
}

/** An audit after 30 s, or the longest wait between two tries, then a hand-over. */
const BOUND_MS = 60_000

async function play(
  faults: readonly Fault[],
  seed: number,
): Promise<{ world: World; clock: SimulatedClock }> {
  const clock = simulatedClock()
  const world = createWorld(clock, prng(seed).next)
  for (const node of NAMES.slice(0, 3)) start(world, node)
  await clock.advance(8_000)
  for (const one of faults) {
    inflict(world, one)
    await clock.advance(one.ms)
  }
  calmDown(world)
  for (let waited = 0; waited < BOUND_MS && !isAsWanted(world); waited += 1_000) await clock.advance(1_000)
  return { world, clock }
}

const serving = (world: World): string[] =>
  world.processes.filter(one => !isOver(one) && one.name !== 'n5').map(({ name }) => name)

const isAsWanted = (world: World): boolean =>
  world.processes.every(one => isOver(one) || one.ownership) &&
  flaws(world).length === 0 &&
  world.log.every(({ owner }, partition) => owner === desiredOwner(partition, serving(world)))

test('after any faults every partition is owned by the one live node it should have, within 60 s, and no epoch was taken twice', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fault, { minLength: 1, maxLength: 14 }), fc.nat(), async (faults, seed) => {
      const { world, clock } = await play(faults, seed)
      assert.equal(flaws(world), [])
      assert.ok(isAsWanted(world), 'not where it should be')
      const names = serving(world)
      assert.is(new Set(names).size, names.length, 'two processes of a name are left')
      const seals = new Set(world.seals.map(({ partition, epoch }) => `${partition}@${epoch}`))
      assert.is(seals.size, world.seals.length)
      // And it stays so.
      const log = JSON.stringify(world.log)
      await clock.advance(10_000)
      assert.is(JSON.stringify(world.log), log)
    }),
    { numRuns: 40 },
  )
})

test.run()
