import * as assert from 'uvu/assert'
import { z } from 'zod'
import { RuntimeError } from '../../actors/errors.ts'
import { NO_USAGE } from '../../actors/events.ts'
import { journalOn } from '../../memory/journal-on.ts'
import { failingStore } from '../../memory/testdata/failing-store.ts'
import { createCodec } from '../../runtime/codec.ts'
import { createRuntime } from '../../runtime/create-runtime.ts'
import { errorOf, type Gate, gate } from '../../runtime/testkit/sample-actors.ts'
import { settle, simulatedClock } from '../../runtime/testkit/simulated-clock.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { RunResult } from '../workflow/run-workflow.ts'
import type { RunnableWorkflow, RunSurroundings } from '../workflow/runnable.ts'
import { runHost } from './run-host.ts'
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

async function hosted(store = failingStore().store, atOnce = 8) {
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
    turns: takeTurns(atOnce),
    tell: (run, event) => void told.push([run, event.type]),
    report: error => void reported.push(error),
  })
  return { clock, runtime, host, ...held, told, reported }
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
  assert.equal((await after.host.list()).map(({ id }) => id).sort(), ['ended', 'left'])
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
