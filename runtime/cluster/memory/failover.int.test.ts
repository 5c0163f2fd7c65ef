/** The memory of a cluster on a simulated broker: what one node remembers, over deaths, hand-overs, zombies and purges. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import * as assert from 'uvu/assert'
import { RuntimeError } from '../../../actors/errors.ts'
import { type LevelStore, openLevel } from '../../../memory/level.ts'
import type { Memory, Namespace, NewMemory } from '../../../memory/memory.ts'
import { failingStore } from '../../../memory/testdata/failing-store.ts'
import { type ClusterRig, clusterRig, type RigNode } from '../../testkit/cluster-rig.ts'
import { testSuite } from '../../testkit/suite.ts'
import type { Served } from '../partition-host.ts'
import type { Requests } from '../requests.ts'
import { clusterMemory } from './client.ts'
import { memoryOwner } from './owner.ts'
import { memoryPartition, ownerSubject } from './place.ts'

const test = testSuite('runtime/cluster/memory/failover', { limitMs: 120_000 })

const SPACE = 'customer-7'
const PARTITION = memoryPartition(SPACE)
const folders: string[] = []
/** Of nodes that died, too. */
const disks: LevelStore[] = []
test.after(async () => {
  await Promise.all(disks.map(disk => disk.close()))
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** Simulated time passes while real disks are waited for. */
const LONG = { patienceMs: 3_600_000 }
const LIMIT = 7_200_000

interface Scene {
  readonly rig: ClusterRig
  readonly folder: string
  readonly memory: Memory
  readonly space: Namespace
  node(name: string): Promise<RigNode>
  within<T>(work: Promise<T>): Promise<T>
  owner(): RigNode
  others(node: RigNode): readonly RigNode[]
  taken(by: readonly RigNode[]): Promise<number>
}

type Settings = { readonly snapshotBytes?: number; readonly consolidateEveryMs?: number | false }

async function scene(
  names: readonly string[],
  { snapshotBytes, ...settings }: Settings = {},
): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), 'agenticraft-cluster-memory-'))
  folders.push(folder)
  const rig = clusterRig()
  const nodes: RigNode[] = []
  // One partition is on a disk: 64 databases for each node would be most of the test's time.
  const openCopy = async (dir: string): Promise<LevelStore> => {
    if (basename(dir) !== String(PARTITION)) return failingStore().store
    const disk = await openLevel(join(folder, dir))
    disks.push(disk)
    return disk
  }
  const more = (served: Served, requests: Requests) =>
    memoryOwner({
      ...{ served, requests, namespace: 'test', host: { clock: rig.clock } },
      report: error => assert.unreachable(String(error)),
      consolidateEveryMs: false,
      ...settings,
    })
  const host = { clock: rig.clock, id: () => crypto.randomUUID() }
  const memory = clusterMemory({ requests: rig.requests(), namespace: 'test', host, ...LONG })
  const isServed = (by: readonly RigNode[]): boolean =>
    by.some(({ ownership }) => ownership.owned().has(PARTITION))
  const made: Scene = {
    ...{ rig, folder, memory, space: memory.namespace(SPACE) },
    async node(name) {
      const options = { openCopy, more, ...(snapshotBytes !== undefined && { snapshotBytes }) }
      const node = await rig.node(name, options)
      nodes.push(node)
      return node
    },
    within: work => rig.within(work, LIMIT),
    owner: () => nodes.find(({ ownership }) => ownership.owned().has(PARTITION)) as RigNode,
    others: node => nodes.filter(one => one !== node),
    taken: by => rig.until(() => isServed(by), LIMIT),
  }
  for (const name of names) await made.node(name)
  await made.taken(nodes)
  await rig.clock.advance(10_000)
  return made
}

const AT = Date.UTC(2025, 2, 4, 10)
/** Scores fade with time. */
const LATER = AT + 86_400_000 * 100
const TALK: readonly NewMemory[] = [
  { who: 'Ana', text: 'Hello! I live in Porto and I love jazz.', at: AT, session: 'call 1' },
  { who: 'Ben', text: 'We will call before ten.', at: AT + 60_000, session: 'call 1', trust: 'agent' },
  { who: 'Ana', text: 'I moved to Lisbon last month.', at: AT + 86_400_000 * 70, session: 'call 2' },
]

async function everything(space: Namespace): Promise<unknown> {
  const recalled = await space.recall('Where does Ana live?', { explain: true, at: LATER })
  const { memories } = await space.list({ limit: 1_000 })
  const facts = await space.facts()
  const { indexBytes: _, ...stats } = await space.stats()
  return { recalled, memories, facts, stats }
}

test('what is remembered at one node is there at the next, recalled as before, with facts and their history', async () => {
  const { space, memory, within, owner, others, taken } = await scene(['a', 'b'])
  for (const one of TALK) await within(space.remember(one))
  const { facts } = await within(space.consolidate())
  assert.ok(facts >= 2)
  const before = await within(everything(space))
  const dead = owner()
  await dead.die()
  await taken(others(dead))
  assert.equal(await within(everything(space)), before)
  assert.equal((await within(space.verify())).problems, [])
  assert.equal(await within(memory.namespaces()), [SPACE])
  const [home] = await within(space.facts('Ana', { predicate: 'lives in' }))
  assert.is(home?.fact?.object, 'Lisbon')
  assert.is((await within(space.history(home?.id ?? ''))).length, 2)
  // What was consolidated is not consolidated again.
  assert.is((await within(space.consolidate())).episodes, 0)
  await within(space.remember({ text: 'I sold my piano.', who: 'Ana' }))
  assert.is((await within(space.list())).memories.filter(({ kind }) => kind === 'episode').length, 4)
})

test('over many owners, snapshots and an index of its own segments, nothing is lost and nothing is there twice', async () => {
  const { rig, space, within, owner, others, taken, node } = await scene(['a', 'b'], {
    snapshotBytes: 200_000,
  })
  const texts: string[] = []
  for (let round = 0; round < 3; round++) {
    const batch = Array.from({ length: 900 }, (_, i) => `word${i} of round${round} and some more of it`)
    await within(space.rememberAll(batch.map(text => ({ text }))))
    texts.push(...batch)
    const dead = owner()
    await dead.die()
    await node(`n${round}`)
    await taken(others(dead))
  }
  assert.ok(rig.broker.stored().some(({ subject }) => subject.includes(`.snp.${PARTITION}.`)))
  assert.is((await within(space.stats())).episodes, texts.length)
  assert.equal((await within(space.verify())).problems, [])
  for (const i of [0, 450, 899]) {
    const found = await within(space.recall(`word${i}`, { limit: 3 }))
    assert.equal(
      found.map(({ text }) => text.split(' ')[0]),
      Array(3).fill(`word${i}`),
    )
  }
})

test('a call whose owner dies under it is done once, by the next', async () => {
  const { space, within, owner, others, taken } = await scene(['a', 'b'])
  await within(space.remember({ text: 'first' }))
  const dead = owner()
  // It is stored, and nobody hears of it.
  const asked = Array.from({ length: 20 }, (_, i) => space.remember({ text: `number ${i}` }))
  await dead.die()
  await taken(others(dead))
  const ids = await within(Promise.all(asked))
  assert.is(new Set(ids).size, 20)
  const { memories } = await within(space.list({ limit: 100 }))
  assert.equal(memories.map(({ text }) => text).sort(), ['first', ...ids.map((_, i) => `number ${i}`)].sort())
})

test('a node that is cut off acknowledges nothing, and is not believed once its successor was heard', async () => {
  const { rig, space, within, owner, others, taken } = await scene(['a', 'b'])
  await within(space.remember({ text: 'before' }))
  const zombie = owner()
  // It still hears its callers, but not the broker, nor the others.
  rig.broker.cut(zombie.name, 'unreachable')
  const unheard = space.remember({ text: 'during' })
  zombie.membership.leave().catch(() => {})
  await taken(others(zombie))
  await within(unheard)
  rig.broker.heal(zombie.name)
  await within(space.remember({ text: 'after' }))
  const { memories } = await within(space.list())
  assert.equal(
    memories.map(({ text }) => text),
    ['before', 'during', 'after'],
  )
})

test('a hand-over in order closes the memory, and the next one opens what it sealed', async () => {
  const { space, within, owner, others, taken } = await scene(['a', 'b'])
  await within(space.rememberAll(TALK))
  const before = await within(everything(space))
  const leaving = owner()
  const [, after] = await within(Promise.all([leaving.drain(), everything(space)]))
  await taken(others(leaving))
  assert.equal(after, before)
  assert.equal(await within(everything(space)), before)
  assert.equal(leaving.reported, [])
})

test('after a purge neither the log nor the disk of its owner holds what was forgotten', async () => {
  const { rig, folder, space, within, owner, others, taken } = await scene(['a', 'b'])
  await within(space.rememberAll(TALK))
  await within(space.consolidate())
  await within(space.remember({ text: 'The weather was fine.', who: 'Ben' }))
  const inLog = (word: string): boolean =>
    rig.broker.stored().some(({ data }) => Buffer.from(data).includes(word))
  const inFiles = (word: string): boolean =>
    readdirSync(join(folder, owner().name), { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .some(({ parentPath, name }) => readFileSync(join(parentPath, name)).includes(word))
  assert.equal([inLog('Lisbon'), inFiles('Lisbon')], [true, true])
  await within(space.forget({ who: 'Ana' }))
  assert.is(inLog('Lisbon'), true)
  const { memories } = await within(space.purge())
  assert.ok(memories >= 4)
  for (const word of ['Lisbon', 'Porto', 'jazz'])
    assert.equal([inLog(word), inFiles(word)], [false, false], word)
  const dead = owner()
  await dead.die()
  await taken(others(dead))
  assert.equal((await within(space.verify())).problems, [])
  assert.equal(
    (await within(space.list())).memories.map(({ text }) => text),
    ['We will call before ten.', 'The weather was fine.'],
  )
  assert.is((await within(space.stats())).forgottenSincePurge, 0)
})

test('calls and answers larger than a message travel in parts, and what is too large is refused in words', async () => {
  const { space, within } = await scene(['a'])
  const long = Array.from({ length: 60 }, (_, i) => ({ text: `${i} `.padEnd(60_000, 'lorem ipsum ') }))
  assert.is((await within(space.rememberAll(long))).length, 60)
  const { memories } = await within(space.list({ limit: 100 }))
  assert.equal(
    memories.map(({ text }) => text),
    long.map(({ text }) => text),
  )
  await within(space.rememberAll(long))
  await within(space.rememberAll(long))
  const kindOf = (work: Promise<unknown>) =>
    within(
      work.then(
        () => undefined,
        error => (error instanceof RuntimeError ? error.kind : 'other'),
      ),
    )
  assert.is(await kindOf(space.list({ limit: 1_000 })), 'codec-too-large')
  assert.is(await kindOf(space.rememberAll(Array(200).fill(long[0]))), 'codec-too-large')
  assert.is(await kindOf(space.remember({ text: '' })), 'input-invalid')
  assert.is(await kindOf(space.update('nobody', { importance: 1 })), 'memory-unknown')
})

test('exports and imports go over in pages, and an export ends with its owner', async () => {
  const { memory, space, within, owner, others, taken } = await scene(['a', 'b'])
  await within(space.rememberAll(Array.from({ length: 1_000 }, (_, i) => ({ text: `line ${i}` }))))
  await within(space.rememberAll(Array.from({ length: 500 }, (_, i) => ({ text: `more ${i}` }))))
  const lines: string[] = []
  const read = async (): Promise<void> => {
    for await (const line of space.export()) lines.push(line)
  }
  await within(read())
  assert.is(lines.length, 1_501)
  // Of the same partition, which is the one with a disk.
  const twin = Array.from({ length: 500 }, (_, i) => `twin ${i}`).find(
    name => memoryPartition(name) === PARTITION,
  ) as string
  const copy = memory.namespace(twin)
  assert.equal(await within(copy.import(lines)), { imported: 1_500, known: 0 })
  assert.equal(await within(copy.import(lines)), { imported: 0, known: 1_500 })
  assert.equal(await within(memory.namespaces()), [SPACE, twin].sort())

  const reading = space.export()[Symbol.asyncIterator]()
  await within(reading.next() as Promise<unknown>)
  const dead = owner()
  await dead.die()
  await taken(others(dead))
  const rest = async (): Promise<string> => {
    for (;;) if ((await reading.next()).done) return 'all of it'
  }
  assert.is(await within(rest().catch((error: RuntimeError) => error.kind)), 'store-failed')
})

test('what waits is consolidated by the owner, without being asked', async () => {
  const { rig, space, within } = await scene(['a'], { consolidateEveryMs: 60_000 })
  await within(space.rememberAll(TALK))
  assert.is((await within(space.stats())).waiting, 3)
  await rig.clock.advance(60_000)
  const done = async (): Promise<void> => {
    while ((await space.stats()).waiting > 0);
  }
  await within(done())
  assert.ok((await within(space.stats())).facts >= 2)
})

test('names that are no tokens have subjects of their own', () => {
  const names = [
    'main',
    'Ana & Ben',
    'ana.ben',
    'h_0123456789abcdef0123456789abcdef',
    'Zoë',
    '*',
    '>',
    'x'.repeat(200),
  ]
  const subjects = names.map(name => ownerSubject('main', name))
  assert.is(subjects[0], 'ac.main.memory.main')
  assert.is(new Set(subjects).size, names.length)
  for (const subject of subjects) assert.match(subject, /^ac\.main\.memory\.[A-Za-z0-9_-]{1,64}$/)
})

test.run()
