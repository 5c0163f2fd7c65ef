import * as assert from 'uvu/assert'
import { z } from 'zod'
import { RuntimeError } from '../../actors/errors.ts'
import { NO_USAGE } from '../../actors/events.ts'
import { journalOn } from '../../memory/journal-on.ts'
import { failingStore } from '../../memory/testdata/failing-store.ts'
import { createCodec } from '../../runtime/codec.ts'
import { createRuntime } from '../../runtime/create-runtime.ts'
import { errorOf, type Gate, gate, watch } from '../../runtime/testkit/sample-actors.ts'
import { settle, simulatedClock } from '../../runtime/testkit/simulated-clock.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { RunResult } from '../workflow/run-workflow.ts'
import type { RunnableWorkflow, RunSurroundings } from '../workflow/runnable.ts'
import { type RunHost, runHost } from './run-host.ts'
import { takeTurns } from './turns.ts'

const test = testSuite('agents/cluster/run-host')

/** A workflow that a test ends, run by run. */
function heldWorkflow() {
  const started: string[] = []
  const gates = new Map<string, Gate<string>>()
  const workflow: RunnableWorkflow = {
    name: 'held',
    description: 'waits',
    input: z.object({}),
    async run(_, { runtime, runId, signal }: RunSurroundings) {
      started.push(runId)
      const opened = gate<string>()
      gates.set(runId, opened)
      if (signal.aborted) opened.fail(signal.reason)
      signal.addEventListener('abort', () => opened.fail(signal.reason))
      const output = await opened.promise.catch((error: RuntimeError) => error.kind)
      const status = output === 'cancelled' ? 'cancelled' : 'done'
      await runtime.runs.finish(runId, { status, usage: NO_USAGE, result: { output } })
      return { runId, status, output } as unknown as RunResult
    },
    behaviours: () => [],
    replayed: () => null,
    render: String,
  }
  return { workflow, started, end: (run: string, output = 'over') => gates.get(run)?.open(output) }
}

async function hosted(store = failingStore().store, atOnce = 8, turns = takeTurns(atOnce)) {
  const clock = simulatedClock()
  const journal = await journalOn(store, { encoder: createCodec() })
  const runtime = createRuntime({ journal, host: { clock } })
  await runtime.ready
  const held = heldWorkflow()
  const told: [string, string][] = []
  const reported: unknown[] = []
  const host = runHost({
    runtime,
    workflows: [held.workflow],
    folder: '/',
    env: {},
    turns,
    tell: (run, event) => void told.push([run, event.type]),
    report: error => void reported.push(error),
  })
  return { clock, runtime, host, ...held, told, reported }
}

async function listed(host: RunHost) {
  const found: (readonly [id: string, status: string])[] = []
  for await (const [id, { status }] of host.briefs()) found.push([id, status])
  return found
}

const order = (id: string) => ({ id, workflow: 'held', input: {}, options: {} })

test('a run that is started twice is one run, and its record says how it ended', async () => {
  const { host, started, end } = await hosted()
  assert.is((await host.start(order('r1'))).status, 'running')
  assert.is((await host.start(order('r1'))).status, 'running')
  await settle()
  assert.equal([started, host.active], [['r1'], 1])
  end('r1')
  await settle()
  assert.equal([(await host.get('r1'))?.status, host.active], ['done', 0])
  assert.is((await host.start(order('r1'))).status, 'done')
  await settle()
  assert.equal(started, ['r1'])
})

test('goes on with what another left, and only with that', async () => {
  const { store } = failingStore()
  const before = await hosted({ ...store, close: async () => {} })
  await before.host.start(order('ended'))
  await before.host.start(order('left'))
  await settle()
  before.end('ended')
  await settle()
  before.host.stop()
  await before.runtime.stop()
  const after = await hosted(store)
  await after.host.resume()
  await settle()
  assert.equal(after.started, ['left'])
  assert.equal(await listed(after.host), [
    ['ended', 'done'],
    ['left', 'running'],
  ])
})

test('a run has ended when its result is kept as its workflow gives it, also when its node died just before', async () => {
  const { store } = failingStore()
  const before = await hosted({ ...store, close: async () => {} })
  const finish = gate()
  const { run } = before.workflow
  Object.assign(before.workflow, {
    run: async (...args: Parameters<typeof run>) => {
      const result = await run(...args)
      await finish.promise
      return result
    },
  })
  await before.host.start(order('r1'))
  await settle()
  before.end('r1')
  await settle()
  assert.is((await before.runtime.runs.get('r1'))?.status, 'done')
  const seen = await before.host.get('r1')
  assert.equal([seen?.status, seen?.result, seen?.finishedAt], ['running', undefined, undefined])
  await before.runtime.stop()

  const after = await hosted(store)
  await after.host.resume()
  await settle()
  assert.equal(after.started, ['r1'])
  after.end('r1', 'the report')
  await settle()
  const { status, result } = (await after.host.get('r1')) ?? {}
  assert.equal([status, result], ['done', { runId: 'r1', status: 'done', output: 'the report' }])
})

test('carries out so many at a time, and leaves those that wait when it stops', async () => {
  const { host, started, end } = await hosted(undefined, 1)
  for (const id of ['a', 'b', 'c']) await host.start(order(id))
  await settle()
  assert.equal([started, host.active], [['a'], 3])
  host.stop()
  end('a')
  await settle()
  assert.equal(started, ['a'])
  assert.is((await host.get('b'))?.status, 'running')
})

test('cancels a run that is under way, and refuses to cancel another', async () => {
  const { host } = await hosted()
  await host.start(order('r1'))
  await settle()
  await host.cancel('r1')
  await settle()
  assert.is((await host.get('r1'))?.status, 'cancelled')
  assert.is((await errorOf(host.cancel('r1'))).kind, 'run-unknown')
})

test('lists a run as what it is, also when its node died in between, or kept no such list', async () => {
  const { store } = failingStore()
  const before = await hosted({ ...store, close: async () => {} })
  const { runs, journal } = before.runtime
  for (const id of ['missed', 'unlisted']) {
    await before.host.start(order(id))
    await settle()
    before.end(id)
    await settle()
  }
  const missed = await runs.get('missed')
  await journal.records.put('run-brief', 'missed', { ...missed, status: 'running' } as never)
  await journal.records.remove('run-brief', 'unlisted')
  assert.equal(await listed(before.host), [['missed', 'running']])
  before.host.gone()
  const after = await hosted(store)
  await after.host.resume()
  assert.equal([after.started, after.reported], [[], []])
  assert.equal(await listed(after.host), [
    ['missed', 'done'],
    ['unlisted', 'done'],
  ])
})

test('a cancellation that was answered holds for whoever serves the partition next, and is kept until the run has ended', async () => {
  const { store } = failingStore()
  const before = await hosted({ ...store, close: async () => {} })
  await before.host.start(order('r1'))
  await settle()
  // It is lost before it could end the run.
  Object.assign(before.runtime.runs, { finish: () => new Promise(() => {}) })
  await before.host.cancel('r1')
  before.host.gone()
  const after = await hosted({ ...store, close: async () => {} })
  await after.host.resume()
  await settle()
  assert.is((await after.host.get('r1'))?.status, 'cancelled')
  for (const kind of ['open-run', 'cancelled-run'])
    for await (const [id] of after.runtime.journal.records.list(kind)) assert.unreachable(`${kind} ${id}`)
})

test('a cancellation is not answered, and cancels nothing, before it is kept', async () => {
  const { host, runtime } = await hosted()
  await host.start(order('r1'))
  await settle()
  const { records } = runtime.journal
  const { put } = records
  const stored = gate()
  Object.assign(records, {
    put: async (...args: Parameters<typeof put>) => {
      if (args[0] === 'cancelled-run') await stored.promise
      return put(...args)
    },
  })
  const cancelling = watch(host.cancel('r1').then(() => 'answered'))
  await settle()
  assert.equal([cancelling.outcome, (await host.get('r1'))?.status], [undefined, 'running'])
  stored.open()
  await settle()
  assert.equal([cancelling.outcome, (await host.get('r1'))?.status], ['answered', 'cancelled'])
})

test('runs that can never end, because their partition was lost in the middle of a write, take no turns', async () => {
  const turns = takeTurns(2)
  for (const round of ['a', 'b', 'c']) {
    const { store } = failingStore()
    const state = { lost: false }
    const { host, end, started } = await hosted(
      { ...store, batch: (...args) => (state.lost ? new Promise(() => {}) : store.batch(...args)) },
      2,
      turns,
    )
    for (const n of [1, 2, 3]) await host.start(order(`${round}${n}`))
    await settle()
    assert.equal(started, [`${round}1`, `${round}2`])
    // What finds its place taken never settles.
    state.lost = true
    end(`${round}1`)
    end(`${round}2`)
    await settle()
    assert.is(host.active, 3)
    host.gone()
    await settle()
    assert.equal([host.active, started.length], [0, 2])
  }
  const next = watch(turns.take())
  await settle()
  assert.type(next.outcome, 'function')
})

test('a run that is started twice at the same time is carried out once', async () => {
  const { host, runtime, started, end } = await hosted()
  const { records } = runtime.journal
  const { put } = records
  // What is written second takes long: until the run has ended.
  const hasEnded = gate()
  let puts = 0
  Object.assign(records, {
    put: async (...args: Parameters<typeof put>) => {
      if (args[0] === 'open-run' && ++puts === 2) await hasEnded.promise
      return put(...args)
    },
  })
  const both = [host.start(order('r1')), host.start(order('r1'))]
  await settle()
  end('r1')
  await settle()
  hasEnded.open()
  await Promise.all(both)
  await settle()
  assert.equal([started, host.active, (await host.get('r1'))?.status], [['r1'], 0, 'done'])
  assert.is((await errorOf(host.start({ ...order('r2'), workflow: 'other' }))).kind, 'usage')
})

test('tells of a run while it is followed, and no longer', async () => {
  const { host, runtime, clock, told } = await hosted()
  const emit = () =>
    runtime.events.emit({
      type: 'run.started',
      at: 0,
      actor: 'held/r1' as never,
      run: 'r1',
      workflow: 'held',
    })
  emit()
  host.follow('r1', clock.now() + 1_000)
  emit()
  await clock.advance(2_000)
  emit()
  assert.equal(told, [['r1', 'run.started']])
  assert.is(runtime.events.on, false)
})

test('a workflow that this node does not know is refused, and one it refuses has failed and says why', async () => {
  const { host, workflow } = await hosted()
  assert.is((await errorOf(host.start({ ...order('r1'), workflow: 'other' }))).kind, 'usage')
  assert.is(await host.get('r1'), undefined)
  Object.assign(workflow, {
    run: async () => {
      throw new RuntimeError('sources-missing', 'nothing to read')
    },
  })
  await host.start(order('r2'))
  await settle()
  const { status, error } = (await host.get('r2')) ?? {}
  assert.equal([status, error?.kind], ['failed', 'sources-missing'])
})

test.run()
