import * as assert from 'uvu/assert'
import { settle } from '../../runtime/testkit/simulated-clock.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { testRuntime } from '../../runtime/testkit/test-runtime.ts'
import { failure, latch } from '../testdata/agent-rig.ts'
import { type SpawnMemoryOptions, spawnMemory } from './spawn-memory.ts'
import { smallMemory } from './testdata/small-memory.ts'

const test = testSuite('agents/memory/memory-actor')

async function rig(options: SpawnMemoryOptions = {}) {
  const runtime = testRuntime()
  const store = smallMemory(runtime.clock.now)
  const memory = await spawnMemory(runtime, { memory: store, consolidateEveryMs: false, ...options })
  return { runtime, store, memory, notes: memory.namespace('notes') }
}

test('answers the calls of a namespace by messages', async () => {
  const { runtime, memory, notes } = await rig()
  const id = await notes.remember({ text: 'Ana lives in Porto', who: 'Ana', session: 's' })
  const more = await notes.rememberAll([{ text: 'Ben likes trains' }, { text: 'Cleo paints' }])
  assert.is((await notes.get(id))?.text, 'Ana lives in Porto')
  assert.is(await notes.get('nothing'), undefined)
  assert.equal(
    (await notes.recall('where does Ana live, in Porto?')).map(hit => hit.id),
    [id],
  )
  assert.equal(
    (await notes.recent({ limit: 2 })).map(one => one.id),
    more,
  )
  assert.equal(
    (await notes.list({ who: 'Ana' })).memories.map(one => one.id),
    [id],
  )
  assert.is((await notes.update(id, { text: 'Ana lives in Lisbon' })).text, 'Ana lives in Lisbon')
  assert.equal(await notes.forget(id), { memories: 1, derived: 0 })
  assert.is((await notes.stats()).episodes, 2)
  assert.equal((await notes.verify()).problems, [])
  assert.is((await notes.purge()).after, 0)
  assert.equal(await memory.namespaces(), ['notes'])
  assert.is(memory.address, 'memory/main')
  await runtime.stop()
})

test('keeps namespaces apart', async () => {
  const { runtime, memory, notes } = await rig()
  await notes.remember({ text: 'the secret of one customer' })
  assert.equal(await memory.namespace('other').recall('secret customer'), [])
  await runtime.stop()
})

test('keeps no memory in its committed state', async () => {
  const { runtime, memory, notes } = await rig()
  await notes.remember({ text: 'a telltale sentence' })
  await notes.recall('telltale')
  assert.not.match(JSON.stringify(runtime.snapshot(memory.address)?.context), 'telltale')
  await runtime.stop()
})

test('hands on what the store refuses, and does not take it for a failure of the store', async () => {
  const { runtime, memory, notes, store } = await rig()
  assert.is((await failure(notes.remember({ text: '' }))).kind, 'input-invalid')
  assert.is((await failure(notes.update('nothing', { text: 'x' }))).kind, 'memory-unknown')
  assert.is((await failure(memory.namespace('no/name').stats())).kind, 'input-invalid')
  assert.is((await failure(runtime.ask(memory.address, 'memory.recall', null))).kind, 'input-invalid')
  assert.is((await failure(runtime.ask(memory.address, 'memory.apply', null))).kind, 'message-unhandled')
  assert.is((await memory.health()).failures, 0)
  store.before = () => {
    throw new Error('the disk is gone')
  }
  const asked = failure(notes.recall('anything'))
  await runtime.clock.advance(60_000)
  assert.is((await asked).kind, 'effect-failed')
  const { failures, lastFailure } = await memory.health()
  assert.equal([failures, lastFailure?.what], [1, 'recall'])
  await runtime.stop()
})

test('does a few calls at a time, lets some wait, and refuses the next at once', async () => {
  const { runtime, memory, notes, store } = await rig({ maxUnderWay: 2, maxWaiting: 3 })
  const gate = latch()
  store.before = () => gate.promise
  const asked = Array.from({ length: 5 }, (_, i) => {
    return settle().then(() => notes.remember({ text: `memory ${i}` }))
  })
  await settle()
  await settle()
  assert.is(store.log.length, 2)
  assert.is((await failure(notes.recall('memory'))).kind, 'mailbox-full')
  gate.open()
  assert.is(new Set(await Promise.all(asked)).size, 5)
  assert.equal([(await memory.health()).underWay, store.all('notes').length], [0, 5])
  await runtime.stop()
})

test('a call that is cancelled makes room', async () => {
  const { runtime, memory, notes, store } = await rig({ maxUnderWay: 1 })
  const end = new AbortController()
  store.before = () => new Promise(() => {})
  const asked = failure(memory.namespace('notes', { signal: end.signal }).recall('x'))
  await settle()
  end.abort()
  assert.is((await asked).kind, 'cancelled')
  store.before = undefined
  assert.equal(await notes.recall('x'), [])
  await runtime.stop()
})

test('has episodes consolidated on a schedule, where some wait', async () => {
  const { runtime, memory, notes, store } = await rig({ consolidateEveryMs: 60_000 })
  await notes.remember({ text: 'Ana lives in Porto' })
  await memory.namespace('empty').recall('x')
  await runtime.clock.advance(59_000)
  assert.not.ok(store.log.includes('notes.consolidate'))
  await runtime.clock.advance(2_000)
  assert.is(store.log.filter(call => call === 'notes.consolidate').length, 1)
  assert.not.ok(store.log.includes('empty.consolidate'))
  const { consolidations, lastConsolidation } = await memory.health()
  assert.equal([consolidations, lastConsolidation?.namespace, lastConsolidation?.episodes], [1, 'notes', 1])
  await runtime.clock.advance(600_000)
  assert.is(store.log.filter(call => call === 'notes.consolidate').length, 1)
  await runtime.stop()
})

test('looks early when many new ones came', async () => {
  const { runtime, notes, store } = await rig({ consolidateEveryMs: 3_600_000, consolidateAfter: 3 })
  await notes.rememberAll([{ text: 'one' }, { text: 'two' }])
  await settle()
  assert.not.ok(store.log.includes('notes.consolidate'))
  await notes.remember({ text: 'three' })
  await settle()
  await settle()
  assert.ok(store.log.includes('notes.consolidate'))
  await runtime.stop()
})

test('goes on by itself after a failed consolidation', async () => {
  const { runtime, memory, notes, store } = await rig({ consolidateEveryMs: 600_000 })
  await notes.remember({ text: 'Ana lives in Porto' })
  store.before = method => {
    if (method === 'consolidate') throw new Error('no')
  }
  await runtime.clock.advance(1_100_000)
  const { failures, lastFailure, consolidations } = await memory.health()
  assert.equal([failures, lastFailure?.what, consolidations], [1, 'consolidate', 0])
  store.before = undefined
  await runtime.clock.advance(700_000)
  assert.is((await memory.health()).consolidations, 1)
  await runtime.stop()
})

test('consolidates when asked, one after the other, as far as was asked', async () => {
  const { runtime, memory, notes, store } = await rig()
  await notes.rememberAll(Array.from({ length: 5 }, (_, i) => ({ text: `memory ${i}` })))
  const [some, rest] = await Promise.all([notes.consolidate({ limit: 2 }), notes.consolidate()])
  assert.equal([some?.episodes, some?.waiting], [2, 3])
  assert.equal([rest?.episodes, rest?.waiting], [3, 0])
  assert.is((await notes.consolidate()).episodes, 0)
  assert.is(store.log.filter(call => call === 'notes.consolidate').length, 3)
  const refused = failure(runtime.ask(memory.address, 'memory.consolidate', { args: [] }))
  assert.is((await refused).kind, 'input-invalid')
  await runtime.stop()
})

test('what is asked for does not wait for the schedule, and the schedule goes on after it', async () => {
  const { runtime, memory, store } = await rig({ consolidateEveryMs: 60_000 })
  for (const name of ['a', 'b', 'c']) await memory.namespace(name).remember({ text: name })
  const gate = latch()
  store.before = (method, name) => (method === 'consolidate' && name === 'a' ? gate.promise : undefined)
  await runtime.clock.advance(61_000)
  const asked = memory.namespace('c').consolidate()
  await settle()
  gate.open()
  assert.is((await asked).episodes, 1)
  for (let i = 0; i < 5; i++) await settle()
  const order = store.log.filter(call => call.endsWith('consolidate'))
  assert.equal(order, ['a.consolidate', 'c.consolidate', 'b.consolidate'])
  await runtime.stop()
})

test('one actor serves a directory, whoever asks for it', async () => {
  const { runtime, memory, store } = await rig()
  assert.is((await spawnMemory(runtime, { memory: store })).address, memory.address)
  const other = await spawnMemory(runtime, { memory: smallMemory(() => 0, '/other') })
  assert.is.not(other.address, memory.address)
  const taken = failure(spawnMemory(runtime, { name: 'main', memory: smallMemory(() => 0, '/third') }))
  assert.is((await taken).kind, 'definition-invalid')
  assert.is((await failure(spawnMemory(testRuntime()))).kind, 'definition-invalid')
  await runtime.stop()
})

test.run()
