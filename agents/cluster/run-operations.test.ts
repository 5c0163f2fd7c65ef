import * as assert from 'uvu/assert'
import type { Plain } from '../../actors/plain.ts'
import { allPages } from '../../runtime/cluster/client/pages.ts'
import { createCodec } from '../../runtime/codec.ts'
import { errorOf } from '../../runtime/testkit/sample-actors.ts'
import { simulatedClock } from '../../runtime/testkit/simulated-clock.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { BriefRun } from './run-briefs.ts'
import type { RunHost, RunOrder } from './run-host.ts'
import { runOperations } from './run-operations.ts'
import { runTexts } from './run-texts.ts'

const test = testSuite('agents/cluster/run-operations')

const codec = createCodec({ maxBytes: 1_000_000 })

function scene(known: readonly BriefRun[] = []) {
  const followed: string[] = []
  const started: RunOrder[] = []
  const runs = {
    follow: (id: string) => void followed.push(id),
    get: async (id: string) => known.find(run => run.id === id),
    async start(order: RunOrder) {
      started.push(order)
      return { ...order, status: 'running', startedAt: 0, runtime: '' }
    },
    async *briefs(after?: string) {
      for (const run of known) if (after === undefined || run.id > after) yield [run.id, run]
    },
  } as unknown as RunHost
  const operations = runOperations(runs, runTexts(simulatedClock()), () => 1)
  const ask = async (op: string, body: Plain): Promise<Plain> =>
    codec.decode(codec.encode((await operations[op]?.(body)) ?? null))
  return { ask, followed, started }
}

const run = (id: string): BriefRun => ({
  ...{ id, workflow: 'research-team', status: 'done', startedAt: 1, finishedAt: 2, runtime: '0.1.0' },
  options: { size: 3, model: 'anthropic:claude-sonnet' },
  usage: { inputTokens: 1, outputTokens: 1, modelCalls: 1, toolCalls: 1, costUsd: 0.1 } as never,
})

test('a run that nobody knows is not followed', async () => {
  const { ask, followed } = scene([run('r1')])
  assert.is(await ask('run.follow', { id: 'nobody' }), null)
  assert.equal(followed, [])
  assert.is(((await ask('run.follow', { id: 'r1' })) as unknown as BriefRun).id, 'r1')
  assert.equal(followed, ['r1'])
})

test('what is no order is refused, before anything follows from it', async () => {
  const { ask, followed, started } = scene()
  const order = { id: 'r1', workflow: 'w', input: { a: 1 }, options: {} }
  for (const wrong of [
    ...[null, 7, 'x', [], {}],
    ...[{ id: '' }, { id: 7 }, { id: 'a.b' }, { id: '>' }, { id: 'x'.repeat(65) }, { id: '../x' }].map(
      one => ({
        ...order,
        ...one,
      }),
    ),
    ...[
      { ...order, workflow: '' },
      { ...order, workflow: 7 },
    ],
  ] as Plain[])
    assert.ok(['usage', 'address-invalid'].includes((await errorOf(ask('run.start', wrong))).kind))
  assert.equal([followed, started], [[], []])
  await ask('run.start', { ...order, options: { size: 'x', model: 7, memory: 'm'.repeat(1_000), other: 1 } })
  await ask('run.start', { ...order, id: 'r2', options: { size: 3, model: 'a:b', memory: 'm' } })
  assert.equal(
    started.map(({ options }) => options),
    [{}, { size: 3, model: 'a:b', memory: 'm' }],
  )
})

test('as many runs as one partition has are listed', async () => {
  const known = Array.from({ length: 8_000 }, (_, i) =>
    run(`0190f3a2-7c1e-7abc-9def-${String(i).padStart(12, '0')}`),
  )
  const { ask } = scene(known)
  const listed = (await allPages(body => ask('run.list', body))) as unknown as BriefRun[]
  assert.equal(
    listed.map(({ id }) => id),
    known.map(({ id }) => id),
  )
})

test('a part of a record at a place that is none is refused', async () => {
  const { ask } = scene([run('r1')])
  for (const at of [-1, 0.5, 'x', null])
    assert.is((await errorOf(ask('run.part', { id: 'r1', at }))).kind, 'usage')
  assert.is(await ask('run.part', { id: 'nobody' }), null)
  const { text } = (await ask('run.part', { id: 'r1' })) as { text: string }
  assert.is(JSON.parse(text).id, 'r1')
})

test.run()
