import * as assert from 'uvu/assert'
import type { Address } from '../actors/address.ts'
import type { EffectContext } from '../actors/effect.ts'
import { NO_USAGE, type Usage } from '../actors/events.ts'
import { assign, enqueueActions } from '../actors/machine.ts'
import { DEFAULT_POLICY } from '../actors/strategy.ts'
import { heldJournal } from './testkit/held-journal.ts'
import type { Seen } from './testkit/loose-machine.ts'
import { asker, errorOf, gate, outcomeOf, reply, sample, watch, worker } from './testkit/sample-actors.ts'
import { settle } from './testkit/simulated-clock.ts'
import { testSuite } from './testkit/suite.ts'
import { type TestRuntime, testRuntime } from './testkit/test-runtime.ts'

const test = testSuite('runtime/budgets')

const used = (tokens: number, more: Partial<Usage> = {}): Usage => ({
  ...NO_USAGE,
  outputTokens: tokens,
  modelCalls: 1,
  ...more,
})

interface Job {
  readonly reserve?: number
  readonly spend?: number
  readonly fails?: boolean
  readonly never?: boolean
}

/** Does jobs: reserves, spends and fails as each says. What its attempts saw is kept. */
function spender(seen: EffectContext[] = []) {
  return worker(
    (job: Job, context) => {
      seen.push(context)
      if (job.spend !== undefined) context.spent(used(job.spend))
      if (job.never) return new Promise(() => {})
      if (job.fails) throw new Error('no')
      return 'done'
    },
    { reserve: (job: Job) => ({ outputTokens: job.reserve ?? 0, modelCalls: 1 }) } as never,
  )
}

/** A job as the body for an asker. */
const job = (to: Address, body: Job, more: Readonly<Record<string, unknown>> = {}): unknown => ({
  to,
  type: 'work.do',
  body,
  ...more,
})

const retry = { attempts: 3, backoff: { kind: 'fixed' as const, baseMs: 10, maxMs: 10 } }

async function setting() {
  const runtime = testRuntime({ policy: { retry } })
  const seen: EffectContext[] = []
  const to = await runtime.spawn(spender(seen), { id: 'w' })
  const from = await runtime.spawn(asker(), { id: 'a' })
  return { runtime, seen, to, from }
}

test('says what an answer cost, all below it included', async () => {
  const { runtime, to, from } = await setting()
  const direct = await runtime.askWithUsage(to, 'work.do', { spend: 5 })
  assert.equal(direct, { value: 'done', spent: used(5) })
  const { spent } = await runtime.askWithUsage(from, 'ask.on', job(to, { spend: 7 }))
  assert.equal(spent, used(7))
  await runtime.stop()
})

test('says nothing where nothing was spent', async () => {
  const { runtime, to } = await setting()
  assert.equal(await runtime.askWithUsage(to, 'work.do', {}), { value: 'done' })
  await runtime.stop()
})

test('does not begin what the budget does not cover, and does not try again', async () => {
  const { runtime, seen, to } = await setting()
  const error = await errorOf(
    runtime.ask(to, 'work.do', { reserve: 11, spend: 1 }, { budget: { tokens: 10 } }),
  )
  assert.is(error.kind, 'budget-exhausted')
  assert.equal(error.details, { what: 'tokens', left: 10, needed: 11 })
  assert.is(seen.length, 0)
  assert.equal(runtime.eventsOf('effect.retrying'), [])
  assert.is(await runtime.ask(to, 'work.do', { reserve: 10, spend: 10 }, { budget: { tokens: 10 } }), 'done')
  await runtime.stop()
})

test('counts what failed attempts spent, and stops when it is too much', async () => {
  const { runtime, seen, to } = await setting()
  const ending = errorOf(
    runtime.ask(to, 'work.do', { reserve: 5, spend: 5, fails: true }, { budget: { tokens: 12 } }),
  )
  await runtime.clock.advance(100)
  assert.is((await ending).kind, 'budget-exhausted')
  assert.is(seen.length, 2)
  await runtime.stop()
})

test('lends an actor it asks the whole of what is left, or the share it says', async () => {
  const { runtime, from, to } = await setting()
  const ask = (body: unknown, tokens: number) =>
    outcomeOf(runtime.ask(from, 'ask.on', body, { budget: { tokens } }))
  assert.is(await ask(job(to, { reserve: 100 }), 100), 'done')
  assert.is(await ask(job(to, { reserve: 101 }), 100), 'budget-exhausted')
  assert.is(await ask(job(to, { reserve: 51 }, { share: 0.5 }), 100), 'budget-exhausted')
  assert.is(await ask(job(to, { reserve: 50 }, { share: 0.5 }), 100), 'done')
  assert.is(await ask(job(to, { reserve: 21 }, { budget: { tokens: 20 } }), 100), 'budget-exhausted')
  assert.is(await ask(job(to, { reserve: 20 }, { budget: { tokens: 20 } }), 100), 'done')
  await runtime.stop()
})

test('bounds an ask also where nobody bounds the asker', async () => {
  const { runtime, from, to } = await setting()
  assert.is(
    await outcomeOf(runtime.ask(from, 'ask.on', job(to, { reserve: 21 }, { budget: { tokens: 20 } }))),
    'budget-exhausted',
  )
  await runtime.stop()
})

test('lets asks go only so deep', async () => {
  const { runtime, from, to } = await setting()
  const ask = (depth: number) => outcomeOf(runtime.ask(from, 'ask.on', job(to, {}), { budget: { depth } }))
  assert.is(await ask(1), 'done')
  assert.is(await ask(0), 'budget-exhausted')
  await runtime.stop()
})

/** Asks every `to` of its body at once or one after the other, as the share says, and answers with all answers. */
const team = () =>
  sample(
    'team',
    {
      context: { answers: [], todo: [], next: 0, parallel: 0 },
      initial: 'idle',
      states: {
        idle: { on: { 'team.go': { target: 'working', actions: 'begin' } } },
        working: {
          tags: 'busy',
          on: { 'xstate.done.actor.*': { actions: 'keep' }, 'xstate.error.actor.*': { actions: 'keep' } },
          always: { guard: 'all', target: 'idle', actions: reply(({ context }) => context['answers']) },
        },
      },
    },
    { guards, actions: { begin, keep } },
  )

interface Team {
  readonly answers: readonly unknown[]
  readonly todo: readonly Readonly<Record<string, unknown>>[]
  readonly next: number
}
type Enqueue = {
  assign(change: Partial<Team>): void
  spawnChild(src: 'ask', options: { id: string; input: unknown }): void
}

const guards = {
  all: ({ context }: { context: Team }) => context.answers.length === context.todo.length,
}

const startNext = ({ todo, next }: Team, enqueue: Enqueue): number => {
  if (next < todo.length) enqueue.spawnChild('ask', { id: `ask-${next}`, input: todo[next] })
  return next + 1
}

const begin = enqueueActions((({ event, enqueue }: { event: Seen['event']; enqueue: Enqueue }) => {
  const { asks, parallel } = event['body'] as unknown as { asks: Team['todo']; parallel: number }
  let next = 0
  while (next < parallel) next = startNext({ answers: [], todo: asks, next }, enqueue)
  enqueue.assign({ answers: [], todo: asks, next })
}) as never)

const keep = enqueueActions((({
  context,
  event,
  enqueue,
}: {
  context: Team
  event: Seen['event']
  enqueue: Enqueue
}) => {
  const { output, error } = event as unknown as { output?: unknown; error?: { kind: string } }
  const next = startNext(context, enqueue)
  enqueue.assign({ answers: [...context.answers, error?.kind ?? output], next })
}) as never)

async function teamOf(size: number) {
  const runtime = testRuntime({ policy: { retry } })
  const actor = await runtime.spawn(team())
  const seen: EffectContext[] = []
  const members: Address[] = []
  for (let i = 0; i < size; i++) members.push(await runtime.spawn(spender(seen), { id: `w${i}` }))
  const go = (asks: readonly unknown[], parallel: number, tokens: number) =>
    runtime.askWithUsage(actor, 'team.go', { asks, parallel }, { budget: { tokens } })
  return { runtime, members, seen, go }
}

test('lends to those it asks at once no more than there is', async () => {
  const { runtime, members, go } = await teamOf(3)
  const asks = (reserve: number) => members.map(to => job(to, { reserve, spend: reserve }, { share: 0.5 }))
  const halves = await go(asks(12), 3, 100)
  assert.equal(halves, { value: ['done', 'done', 'done'], spent: used(36, { modelCalls: 3 }) })
  const { value } = await go(asks(13), 3, 100)
  assert.equal(
    [...(value as string[])].sort(),
    ['budget-exhausted', 'done', 'done'],
    'a half, a quarter, an eighth',
  )
  await runtime.stop()
})

test('lends again what came back unspent', async () => {
  const { runtime, members, go } = await teamOf(2)
  const [one, two] = members as [Address, Address]
  const ask = (to: Address) => job(to, { reserve: 80, spend: 10 })
  assert.equal((await go([ask(one), ask(two)], 1, 90)).value, ['done', 'done'])
  assert.equal((await go([ask(one), ask(two)], 1, 89)).value, ['done', 'budget-exhausted'])
  await runtime.stop()
})

test('does not lend again what may have been spent on an ask that was given up', async () => {
  const { runtime, members, seen } = await teamOf(2)
  const [one, two] = members as [Address, Address]
  const deaf = await runtime.spawn(
    sample('deaf', {
      context: { n: 0 },
      on: { 'work.do': { actions: assign({ n: 1 } as never) }, 'ac.cancelled': {} },
    }),
  )
  const actor = await runtime.spawn(team(), { id: 'second' })
  const ask = (asks: readonly unknown[]) =>
    watch(runtime.askWithUsage(actor, 'team.go', { asks, parallel: 1 }, { budget: { tokens: 100 } }))
  const spent = ask([job(one, { spend: 30, never: true }, { timeoutMs: 50 }), job(two, { reserve: 70 })])
  await runtime.clock.advance(60)
  assert.equal(
    spent.outcome,
    { value: ['deadline-exceeded', 'done'], spent: used(30) },
    'it said what it cost when it was cancelled',
  )
  const more = ask([job(one, { spend: 30, never: true }, { timeoutMs: 50 }), job(two, { reserve: 71 })])
  await runtime.clock.advance(60)
  assert.equal((more.outcome as { value: unknown }).value, ['deadline-exceeded', 'budget-exhausted'])
  const silent = ask([job(deaf, {}, { timeoutMs: 50 }), job(two, { reserve: 100 })])
  await runtime.clock.advance(60)
  assert.equal(
    (silent.outcome as { value: unknown }).value,
    ['deadline-exceeded', 'done'],
    'nothing was spent',
  )
  assert.is(seen.length, 4)
  await runtime.stop()
})

test('lends again what a given up ask did not cost, as soon as that is known', async () => {
  const journal = heldJournal()
  const runtime = testRuntime({ journal, policy: { retry } })
  const [slow, quick] = [
    await runtime.spawn(spender(), { id: 'slow' }),
    await runtime.spawn(spender(), { id: 'quick' }),
  ]
  const held = gate<string>()
  const pause = await runtime.spawn(
    worker(() => held.promise),
    { id: 'pause' },
  )
  const go = (last: number) => {
    const asks = [
      job(slow, { spend: 30, never: true }, { timeoutMs: 50 }),
      job(quick, { reserve: 1 }),
      job(pause, {}),
      job(quick, { reserve: last }),
    ]
    return runtime
      .spawn(team())
      .then(to => watch(runtime.ask(to, 'team.go', { asks, parallel: 1 }, { budget: { tokens: 100 } })))
  }
  const answer = await go(70)
  await settle()
  journal.hold(slow)
  await runtime.clock.advance(50)
  for (let i = 0; i < 3; i++) {
    journal.release()
    await settle()
  }
  held.open('over')
  await settle()
  assert.equal(answer.outcome, ['deadline-exceeded', 'budget-exhausted', 'over', 'done'])
  await runtime.stop()
})

test('counts what was spent until the cancellation', async () => {
  const { runtime, to, from } = await setting()
  const ending = errorOf(
    runtime.ask(from, 'ask.on', job(to, { spend: 9, never: true }, { timeoutMs: 20 }), {
      budget: { tokens: 50 },
    }),
  )
  await runtime.clock.advance(20)
  assert.is((await ending).kind, 'deadline-exceeded')
  assert.is(runtime.snapshot(to)?.value, 'idle')
  await runtime.stop()
})

test('spends nothing on a budget that was settled with the answer', async () => {
  const hasty = sample(
    'hasty',
    {
      initial: 'a',
      states: {
        a: { on: { 'x.go': { target: 'b', actions: reply(() => 'already') } } },
        b: {
          invoke: {
            src: 'ask',
            input: { to: 'worker/w', type: 'work.do', body: {} },
            onError: { target: 'a', actions: 'note' },
          },
        },
      },
      context: { error: '' },
    },
    {
      actions: {
        note: assign({
          error: ({ event }: Seen) => (event['error'] as unknown as { kind: string }).kind,
        } as never),
      },
    },
  )
  const { runtime, seen } = await setting()
  const actor = await runtime.spawn(hasty)
  assert.is(await runtime.ask(actor, 'x.go', null, { budget: { tokens: 100 } }), 'already')
  await settle()
  assert.equal(runtime.snapshot(actor)?.context, { error: 'budget-exhausted' })
  assert.is(seen.length, 0)
  await runtime.stop()
})

test('refuses a call of unknown cost before it is made, where cost is limited', async () => {
  const runtime = testRuntime()
  const begun: unknown[] = []
  const actor = await runtime.spawn(
    worker(() => begun.push('call'), { reserve: () => ({ modelCalls: 1, costUsd: null }) }),
    { policy: { retry: DEFAULT_POLICY.retry } },
  )
  assert.is(await outcomeOf(runtime.ask(actor, 'work.do', 1, { budget: { costUsd: 5 } })), 'budget-exhausted')
  assert.is(begun.length, 0)
  assert.is(await outcomeOf(runtime.ask(actor, 'work.do', 1, { budget: { modelCalls: 5 } })), 1)
  await runtime.stop()
})

const spentOn = async (runtime: TestRuntime, actor: Address, body: Job): Promise<unknown> =>
  (await runtime.askWithUsage(actor, 'work.do', body)).spent

test('keeps the accounts of two asks apart', async () => {
  const { runtime, to } = await setting()
  assert.equal(await Promise.all([spentOn(runtime, to, { spend: 1 }), spentOn(runtime, to, { spend: 2 })]), [
    used(1),
    used(2),
  ])
  await runtime.stop()
})

test.run()
