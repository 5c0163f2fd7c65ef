import * as assert from 'uvu/assert'
import { address } from '../actors/address.ts'
import { defineBehaviour } from '../actors/behaviour.ts'
import { assign, type MessageEvent, outputs, setup } from '../actors/machine.ts'
import { settle } from './testkit/simulated-clock.ts'
import { testSuite } from './testkit/suite.ts'
import { testRuntime } from './testkit/test-runtime.ts'

const test = testSuite('runtime/spawn-by-actors')

type Start = MessageEvent<
  { readonly type: string; readonly id: string; readonly input?: unknown },
  'child.start'
>
type Failed = MessageEvent<{ readonly error: { readonly kind: string } }, 'spawn.failed'>

/** Has others started, and keeps what became of it. */
const parent = defineBehaviour({
  type: 'parent',
  machine: setup({
    types: { context: {} as { readonly failures: readonly string[] }, events: {} as Start | Failed },
    actions: outputs,
  }).createMachine({
    context: { failures: [] },
    on: {
      'child.start': {
        actions: [
          { type: 'spawn', params: ({ event }) => event.body },
          { type: 'reply', params: { body: 'asked' } },
        ],
      },
      'spawn.failed': {
        actions: assign({ failures: ({ context, event }) => [...context.failures, event.body.error.kind] }),
      },
    },
  }),
})

const child = defineBehaviour({
  type: 'child',
  machine: setup({
    types: { context: {} as { readonly given: unknown }, input: {} as { readonly n: number } | undefined },
    actions: outputs,
  }).createMachine({
    context: ({ input }) => ({ given: input ?? null }),
    on: { 'child.tell': { actions: { type: 'reply', params: ({ context }) => ({ body: context.given }) } } },
  }),
})

test('an actor has another one started, by its type, under its own supervisor', async () => {
  const runtime = testRuntime({ behaviours: [child] })
  const supervisor = await runtime.supervise({ id: 'family' })
  const one = await runtime.spawn(parent, { id: 'one', supervisor })
  await runtime.ask(one, 'child.start', { type: 'child', id: 'a', input: { n: 7 } })
  await settle()
  const born = address('child', 'a')
  assert.equal(await runtime.ask(born, 'child.tell'), { n: 7 })
  assert.is(runtime.actors().find(actor => actor.address === born)?.supervisor, supervisor)
  await runtime.stop()
})

test('a type that nobody registered, and an address that is taken, are told to whoever wanted the actor', async () => {
  const runtime = testRuntime()
  const one = await runtime.spawn(parent, { id: 'one' })
  await runtime.ask(one, 'child.start', { type: 'child', id: 'a' })
  await settle()
  runtime.register(child)
  await runtime.spawn(child, { id: 'b' })
  await runtime.ask(one, 'child.start', { type: 'child', id: 'b' })
  await settle()
  assert.equal(runtime.snapshot(one)?.context.failures, ['actor-not-found', 'address-taken'])
  await runtime.stop()
})

test('spawns are counted against the budget of the ask they are made for', async () => {
  const runtime = testRuntime({ behaviours: [child] })
  const one = await runtime.spawn(parent, { id: 'one' })
  await runtime.ask(one, 'child.start', { type: 'child', id: 'a' }, { budget: { spawns: 1 } })
  await runtime.ask(one, 'child.start', { type: 'child', id: 'b' }, { budget: { spawns: 0 } })
  await settle()
  assert.ok(runtime.actors().some(actor => actor.address === 'child/a'))
  assert.not(runtime.actors().some(actor => actor.address === 'child/b'))
  assert.equal(runtime.snapshot(one)?.context.failures, ['budget-exhausted'])
  await runtime.stop()
})

test('two behaviours of one type are refused', () => {
  const runtime = testRuntime({ behaviours: [child] })
  runtime.register(child)
  const other = defineBehaviour({ type: 'child', machine: parent.machine })
  assert.throws(
    () => runtime.register(other),
    (error: { kind?: string }) => error.kind === 'definition-invalid',
  )
})

test.run()
