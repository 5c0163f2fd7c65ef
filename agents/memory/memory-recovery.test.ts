import * as assert from 'uvu/assert'
import type { createRuntime } from '../../runtime/create-runtime.ts'
import { atEveryCommit, livedThrough } from '../../runtime/testkit/lives.ts'
import { mortal } from '../../runtime/testkit/mortal.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { scriptedModel } from '../models/scripted.ts'
import { type SpawnMemoryOptions, spawnMemory } from './spawn-memory.ts'
import { smallMemory } from './testdata/small-memory.ts'

const test = testSuite('agents/memory/memory-recovery')

const FACT = {
  subject: 'Ana',
  predicate: 'lives in',
  object: 'Porto',
  single: true,
  sentence: 'Ana lives in Porto.',
  from: ['e1'],
  since: null,
  until: null,
  confidence: 0.9,
}

/** A program that remembers twice under keys, consolidates and recalls; the store outlives its processes. */
function program(options: () => SpawnMemoryOptions = () => ({})) {
  const store = smallMemory()
  return {
    store,
    life: {
      behaviours: [],
      program: async (runtime: Parameters<typeof spawnMemory>[0]) => {
        const memory = await spawnMemory(runtime, { memory: store, consolidateEveryMs: false, ...options() })
        const notes = (key: string) => memory.namespace('notes', { key })
        await notes('one').remember({ text: 'I live in Porto', who: 'Ana' })
        await notes('two').rememberAll([{ text: 'Ben paints' }, { text: 'Cleo sings' }])
        const done = await notes('three').consolidate()
        const hits = await notes('four').recall('who lives in Porto?')
        // How much it stored is told once: a repeated batch finds it there.
        return { waiting: done.waiting, hits: hits.map(hit => hit.kind).sort() }
      },
    },
  }
}

test('killed at any commit, it has stored everything once', async () => {
  const lives = () => {
    const { store, life } = program()
    return { ...life, store }
  }
  const commits = await atEveryCommit(lives, (outcome, _, { store }) => {
    assert.equal(outcome, { waiting: 0, hits: ['episode'] })
    assert.equal(
      store.all('notes').map(one => one.text),
      ['I live in Porto', 'Ben paints', 'Cleo sings'],
    )
  })
  assert.ok(commits > 8)
})

test('killed at any commit, a proposal that was paid for and kept is not asked for again', async () => {
  let most = 0
  const lives = () => {
    const model = scriptedModel(() => ({ object: { facts: [FACT], ended: [], insights: [] } }))
    const { store, life } = program(() => ({ model, env: {} }))
    return { ...life, store, model }
  }
  await atEveryCommit(lives, (outcome, world, { store, model }) => {
    assert.equal(outcome, { waiting: 0, hits: ['episode', 'fact'] })
    assert.equal(store.all('notes').filter(one => one.kind === 'fact').length, 1)
    most = Math.max(most, model.calls.length)
    // Only a call that was in flight at the one death may be made again.
    assert.ok(model.calls.length <= 2)
    assert.ok(world.commits > 0)
  })
  assert.is(most, 2)
})

test('killed between the write and its commit, a write is made again under the same key', async () => {
  const { store, life } = program()
  const world = mortal()
  let killed = false
  store.after = method => {
    if (method !== 'rememberAll' || killed) return undefined
    killed = true
    world.die()
    return new Promise(() => {})
  }
  await livedThrough(world, life)
  assert.is(store.log.filter(call => call === 'notes.rememberAll').length, 3)
  assert.equal(
    store.all('notes').map(one => one.text),
    ['I live in Porto', 'Ben paints', 'Cleo sings'],
  )
})

test('a schedule goes on in the next process, with its health', async () => {
  const world = mortal()
  const store = smallMemory()
  const start = (runtime: ReturnType<typeof createRuntime>) =>
    spawnMemory(runtime, { memory: store, consolidateEveryMs: 60_000 })
  const first = await start(world.live())
  await first.namespace('notes').remember({ text: 'Ana lives in Porto' })
  await world.clock.advance(61_000)
  await first.namespace('notes').remember({ text: 'Ben paints' })
  world.die()
  await world.clock.advance(30_000)
  const second = await start(world.live())
  assert.is((await second.health()).consolidations, 1)
  await world.clock.advance(31_000)
  assert.is((await second.health()).consolidations, 2)
  assert.is(store.log.filter(call => call === 'notes.consolidate').length, 2)
})

test('killed and started again with other settings, it takes them', async () => {
  const world = mortal()
  const store = smallMemory()
  const first = await spawnMemory(world.live(), { memory: store, consolidateEveryMs: 60_000, maxUnderWay: 1 })
  await first.namespace('notes').remember({ text: 'Ana lives in Porto', who: 'Ana' })
  world.die()
  const model = scriptedModel([{ object: { facts: [FACT], ended: [], insights: [] } }])
  const options = { memory: store, model, env: {}, consolidateEveryMs: 5_000, maxUnderWay: 2 } as const
  const second = await spawnMemory(world.live(), options)
  await world.clock.advance(6_000)
  model.assertComplete()
  assert.is((await second.health()).lastConsolidation?.facts, 1)
  world.die()
  const third = await spawnMemory(world.live(), { memory: store, consolidateEveryMs: false })
  await third.namespace('notes').remember({ text: 'Ben paints' })
  await world.clock.advance(200_000_000)
  assert.is((await third.health()).consolidations, 1)
  assert.is((await third.namespace('notes').consolidate()).by, 'extraction')
})

test.run()
