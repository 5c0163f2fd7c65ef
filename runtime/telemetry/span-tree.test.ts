import * as assert from 'uvu/assert'
import type { Address } from '../../actors/address.ts'
import { defineBehaviour } from '../../actors/behaviour.ts'
import { effect } from '../../actors/effect.ts'
import { NO_USAGE, type RuntimeEvent, type RuntimeEventType } from '../../actors/events.ts'
import { outputs, setup } from '../../actors/machine.ts'
import { createRuntime } from '../create-runtime.ts'
import { testSuite } from '../testkit/suite.ts'
import type { EventOf } from './event-table.ts'
import { type Attributes, type SpanBackend, SpanTree } from './span-tree.ts'
import { SAMPLE_EVENTS } from './testdata/sample-events.ts'

const test = testSuite('runtime/telemetry/span-tree')

interface Recorded {
  readonly name: string
  readonly from: number
  readonly parent: string | undefined
  readonly calls: boolean
  attributes: Attributes
  until?: number
  error?: string
}

function recording(limit?: number) {
  const spans: Recorded[] = []
  const backend: SpanBackend<Recorded> = {
    open({ name, at, attributes, calls = false }, parent) {
      const span: Recorded = { name, from: at, parent: parent?.name, calls, attributes }
      spans.push(span)
      return span
    },
    close(span, { at, attributes, error }) {
      assert.is(span.until, undefined, `${span.name} ends once`)
      span.until = at
      span.attributes = { ...span.attributes, ...attributes }
      if (error !== undefined) span.error = error
    },
  }
  const tree = new SpanTree(backend, limit)
  const on = <T extends RuntimeEventType>(type: T, at: number, fields: Partial<EventOf<T>> = {}) =>
    tree.on({ ...SAMPLE_EVENTS[type], at, ...fields } as unknown as RuntimeEvent)
  return { spans, tree, on, named: (name: string) => spans.filter(span => span.name === name) }
}

const workflow = 'workflow/wf1' as Address
const critic = 'critic/c1' as Address

test('puts effects under the task of their agent, and that under the run', () => {
  const { spans, tree, on } = recording()
  on('run.started', 0, { actor: workflow })
  on('actor.committed', 10, { durationMs: 1 })
  on('effect.started', 11)
  on('effect.succeeded', 40)
  on('actor.committed', 41, { message: 'result', seq: 4 })
  on('effect.started', 42, { effect: 'writer/w1.4.0', name: 'tool:search' })
  on('effect.succeeded', 60, { effect: 'writer/w1.4.0', name: 'tool:search' })
  on('actor.committed', 61, { message: 'result', seq: 5, durationMs: 2 })
  on('run.finished', 100, { actor: workflow, status: 'done' })
  assert.equal(
    spans.map(({ name, parent, from, until }) => [name, parent, from, until]),
    [
      ['invoke_workflow research', undefined, 0, 100],
      ['invoke_agent writer', 'invoke_workflow research', 11, 63],
      ['chat', 'invoke_agent writer', 11, 40],
      ['execute_tool search', 'invoke_agent writer', 42, 60],
    ],
  )
  assert.is(tree.size, 0)
})

test('gives each attempt a span, and the error code of those that failed', () => {
  const { on, named } = recording()
  on('run.started', 0, { actor: workflow })
  on('actor.committed', 1)
  on('effect.started', 1)
  on('effect.failed', 5, { usage: { ...NO_USAGE, inputTokens: 7, outputTokens: 3 } })
  on('effect.retrying', 5, { attempt: 2 })
  on('effect.started', 9, { attempt: 2 })
  on('effect.succeeded', 12, { attempt: 2 })
  const [first, second] = named('chat')
  assert.is(named('chat').length, 2)
  assert.equal(
    [first?.error, first?.until, first?.attributes['agenticraft.effect.attempt']],
    ['AC-3004', 5, 1],
  )
  assert.is(first?.attributes['gen_ai.usage.input_tokens'], 7)
  assert.equal(
    [second?.error, second?.until, second?.attributes['agenticraft.effect.attempt']],
    [undefined, 12, 2],
  )
  assert.is(named('invoke_agent writer').length, 1)
})

test('calls by the names of the conventions only what is a model or a tool', () => {
  const { on, spans } = recording()
  for (const name of ['model', 'tool:search', 'prepare'])
    on('effect.started', 1, { name, effect: `writer/w1.3.${name}` })
  assert.equal(
    spans
      .slice(1)
      .map(({ name, attributes, calls }) => [
        name,
        attributes['gen_ai.operation.name'],
        attributes['gen_ai.tool.name'],
        calls,
      ]),
    [
      ['chat', 'chat', undefined, true],
      ['execute_tool search', 'execute_tool', 'search', false],
      ['effect prepare', undefined, undefined, false],
    ],
  )
})

test('puts the effects of the workflow itself right under the run', () => {
  const { spans, on } = recording()
  on('run.started', 0, { actor: workflow })
  on('actor.committed', 1, { actor: workflow, message: 'run.begin' })
  on('effect.started', 1, { actor: workflow, name: 'remember', effect: 'workflow/wf1.1.0' })
  on('effect.succeeded', 2, { actor: workflow, name: 'remember', effect: 'workflow/wf1.1.0' })
  assert.equal(
    spans.map(({ name, parent }) => [name, parent]),
    [
      ['invoke_workflow research', undefined],
      ['effect remember', 'invoke_workflow research'],
    ],
  )
})

test('begins a new task with the next message, and ends the one before when it was last at work', () => {
  const { on, named } = recording()
  on('run.started', 0, { actor: workflow })
  on('actor.committed', 10, { durationMs: 0 })
  on('effect.started', 10)
  on('effect.succeeded', 20)
  on('actor.committed', 20, { message: 'result', durationMs: 1 })
  on('actor.committed', 50, { seq: 5, durationMs: 0 })
  on('effect.started', 50, { effect: 'writer/w1.5.0' })
  on('effect.succeeded', 70, { effect: 'writer/w1.5.0' })
  on('run.finished', 100, { actor: workflow })
  assert.equal(
    named('invoke_agent writer').map(({ from, until }) => [from, until]),
    [
      [10, 21],
      [50, 70],
    ],
  )
})

test('keeps the work of two runs apart, and of two agents in one run', () => {
  const { on, spans, tree } = recording()
  on('run.started', 0, { actor: workflow, run: 'a', workflow: 'first' })
  on('run.started', 0, { actor: workflow, run: 'b', workflow: 'second' })
  for (const [run, actor] of [
    ['a', 'writer/w1'],
    ['b', 'writer/w1'],
    ['a', critic],
  ] as [string, Address][]) {
    on('actor.committed', 1, { run, actor })
    on('effect.started', 1, { run, actor, effect: `${actor}.${run}.0`, name: `of-${run}` })
  }
  on('run.finished', 9, { actor: workflow, run: 'a', workflow: 'first', status: 'done' })
  const open = spans.filter(span => span.until === undefined).map(span => span.name)
  assert.equal(open.sort(), ['effect of-b', 'invoke_agent writer', 'invoke_workflow second'])
  on('run.finished', 9, { actor: workflow, run: 'b', workflow: 'second', status: 'done' })
  assert.ok(spans.every(span => span.until !== undefined))
  assert.is(tree.size, 0)
})

test('ends everything of a cancelled run, without calling it an error', () => {
  const { on, spans, tree } = recording()
  on('run.started', 0, { actor: workflow })
  on('actor.committed', 5)
  on('effect.started', 5)
  on('run.finished', 30, { actor: workflow, status: 'cancelled' })
  assert.equal(
    spans.map(({ until, error }) => [until, error]),
    [
      [30, undefined],
      [5, undefined],
      [30, undefined],
    ],
  )
  assert.is(spans[0]?.attributes['agenticraft.run.status'], 'cancelled')
  assert.is(spans[2]?.attributes['agenticraft.effect.outcome'], 'abandoned')
  assert.is(tree.size, 0)
})

test('ends an effect whose commit was not seen, when its run is cancelled', () => {
  const { on, spans, tree } = recording()
  on('run.started', 0, { actor: workflow })
  on('effect.started', 5)
  on('run.finished', 6, { actor: workflow, status: 'cancelled' })
  assert.is(spans.length, 3)
  assert.ok(spans.every(span => span.until !== undefined))
  assert.is(tree.size, 0)
})

test('marks a run by how it ended', () => {
  for (const [status, error] of [
    ['failed', 'AC-3004'],
    ['budget-exhausted', 'AC-3004'],
    ['done', undefined],
    ['cancelled', undefined],
    ['needs-human', undefined],
  ] as const) {
    const { on, spans } = recording()
    on('run.started', 0)
    on('run.finished', 1, { status })
    assert.is(spans[0]?.error, error, status)
    assert.is(spans[0]?.attributes['agenticraft.run.status'], status)
  }
})

test('does not call a cancelled effect an error', () => {
  const { on, named } = recording()
  on('effect.started', 1)
  on('effect.failed', 2, { reason: 'cancelled' })
  assert.equal([named('chat')[0]?.until, named('chat')[0]?.error], [2, undefined])
})

test('ends what an actor had open when it stops or begins anew', () => {
  for (const type of ['actor.stopped', 'actor.restarted'] as const) {
    const { on, spans, tree } = recording()
    on('actor.committed', 1)
    on('effect.started', 1)
    on(type, 8)
    assert.is(spans.length, 2)
    assert.ok(
      spans.every(span => span.until !== undefined),
      type,
    )
    assert.is(tree.size, 0)
  }
})

test('gives work outside of runs a trace of its own', () => {
  const { tree, spans } = recording()
  const { run: _, ...started } = SAMPLE_EVENTS['effect.started']
  tree.on(started)
  assert.equal(
    spans.map(({ name, parent }) => [name, parent]),
    [
      ['invoke_agent writer', undefined],
      ['chat', 'invoke_agent writer'],
    ],
  )
})

test('tells what a call used, and nothing about its content', () => {
  const { on, spans, named } = recording()
  on('run.started', 0)
  on('actor.committed', 1, { actor: critic })
  on('effect.started', 1, { actor: critic })
  on('effect.progress', 2, { actor: critic, note: 'a private text' })
  on('actor.published', 2, { actor: critic, body: 'a private text' })
  on('effect.succeeded', 3, { actor: critic })
  const chat = named('chat')[0]
  assert.is(chat?.calls, true)
  assert.is(chat?.attributes['gen_ai.operation.name'], 'chat')
  assert.is(chat?.attributes['gen_ai.usage.input_tokens'], 100)
  assert.is(chat?.attributes['gen_ai.usage.output_tokens'], 20)
  assert.is(chat?.attributes['agenticraft.usage.cost_usd'], 0.01)
  assert.not.match(JSON.stringify(spans), 'private')
})

test('leaves an unknown cost out', () => {
  const { on, named } = recording()
  on('effect.started', 1)
  on('effect.succeeded', 2, { usage: { ...SAMPLE_EVENTS['effect.succeeded'].usage, costUsd: null } })
  assert.not.ok('agenticraft.usage.cost_usd' in (named('chat')[0]?.attributes ?? {}))
})

test('makes no span for actors that only talk, and one for a run that is announced twice', () => {
  const { on, spans } = recording()
  on('actor.started', 0)
  on('actor.committed', 1)
  on('actor.committed', 2)
  on('run.started', 3)
  on('run.started', 4)
  assert.is(spans.length, 1)
})

test('holds a bounded number of spans when their ends are never told', () => {
  const { on, spans, tree } = recording(10)
  const open = () => spans.filter(span => span.until === undefined).length
  for (let i = 0; i < 100; i++) {
    on('run.started', i, { run: `r${i}` })
    on('actor.committed', i, { actor: `a/${i}` as Address })
    on('effect.started', i, { actor: `a/${i}` as Address, effect: `a/${i}.1.0` })
  }
  assert.is(tree.size, 20)
  assert.is(open(), 30)
  for (let i = 0; i < 3_000; i++) {
    on('actor.committed', i, { run: `x${i}` })
    on('effect.started', i, { effect: `writer/w1.${i}.0`, run: `x${i}` })
  }
  assert.ok(open() <= 2_030, String(open()))
  tree.end()
  assert.is(open(), 0)
  assert.is(tree.size, 0)
})

test('follows a real actor: one task per message, its effects below it, all ended when it stops', async () => {
  const model = effect({ class: 'pure', run: async () => 42 })
  const machine = setup({
    types: {} as { context: object },
    actions: outputs,
    actors: { model },
  }).createMachine({
    context: {},
    initial: 'idle',
    states: {
      idle: { on: { 'task.assign': 'busy' } },
      busy: {
        tags: ['busy'],
        invoke: {
          src: 'model',
          onDone: {
            target: 'idle',
            actions: { type: 'reply', params: ({ event }) => ({ body: event.output }) },
          },
        },
      },
    },
  })
  const { spans, tree } = recording()
  const runtime = createRuntime()
  runtime.events.subscribe(event => tree.on(event))
  const agent = await runtime.spawn(defineBehaviour({ type: 'agent', machine }), { id: 'one' })
  for (let i = 0; i < 2; i++) assert.is(await runtime.ask(agent, 'task.assign', null, { run: 'r1' }), 42)
  await runtime.stop()
  assert.equal(
    spans.map(({ name, parent }) => [name, parent]),
    [
      ['invoke_agent agent', undefined],
      ['chat', 'invoke_agent agent'],
      ['invoke_agent agent', undefined],
      ['chat', 'invoke_agent agent'],
    ],
  )
  assert.ok(spans.every(span => (span.until ?? 0) >= span.from))
  assert.is(tree.size, 0)
})

test.run()
