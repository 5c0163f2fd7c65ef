import * as assert from 'uvu/assert'
import type { Address } from '../actors/address.ts'
import { RuntimeError } from '../actors/errors.ts'
import { assign } from '../actors/machine.ts'
import { askThrough, endless } from './testkit/ask-chain.ts'
import type { Seen } from './testkit/loose-machine.ts'
import {
  asker,
  echo,
  errorOf,
  gate,
  outcomeOf,
  reply,
  sample,
  watch,
  worker,
} from './testkit/sample-actors.ts'
import { settle } from './testkit/simulated-clock.ts'
import { testSuite } from './testkit/suite.ts'
import { testRuntime } from './testkit/test-runtime.ts'

const test = testSuite('runtime/asks')

test('brings an answer back through a chain of actors', async () => {
  const runtime = testRuntime()
  const to = await runtime.spawn(echo())
  const { answer } = await askThrough(runtime, ['a', 'b', 'c'], to, 'echo.say', { deep: true })
  assert.equal(await answer, { deep: true })
  await runtime.stop()
})

test('brings an error back through a chain of actors, as it was', async () => {
  const runtime = testRuntime()
  const to = await runtime.spawn(
    worker(() => {
      throw new RuntimeError('schema-invalid', 'bad', { retryable: false, details: { at: 'x' } })
    }),
  )
  const { answer } = await askThrough(runtime, ['a', 'b'], to, 'work.do')
  const error = await errorOf(answer)
  assert.is(error.kind, 'schema-invalid')
  assert.is(error.details?.['at'], 'x')
  await runtime.stop()
})

test('tells an actor at once that whom it asks is not there, or is none', async () => {
  const runtime = testRuntime()
  const actor = await runtime.spawn(asker())
  const ask = (input: unknown) => outcomeOf(runtime.ask(actor, 'ask.on', input))
  assert.is(await ask({ to: 'echo/nobody', type: 'x.y', body: 1 }), 'actor-not-found')
  assert.is(await ask({ to: 'nowhere', type: 'x.y', body: 1 }), 'address-invalid')
  assert.is(await ask({ to: 'echo/1', type: 'x y', body: 1 }), 'envelope-invalid')
  assert.is(await ask({ to: 'echo/1', type: 'x.y', body: 1, budget: { tokens: -1 } }), 'envelope-invalid')
  assert.is(
    await ask({ to: 'echo/1', type: 'x.y', body: 1, share: 2, budget: { tokens: 1 } }),
    'definition-invalid',
  )
  assert.is(await ask(null), 'address-invalid')
  assert.equal(runtime.clock.pending(), [])
  await runtime.stop()
})

test('ignores an answer that nobody waits for any more', async () => {
  const runtime = testRuntime()
  const held = gate<string>()
  const slow = await runtime.spawn(
    worker(() => held.promise),
    { id: 'slow' },
  )
  const answer = watch(runtime.ask(slow, 'work.do', 1, { timeoutMs: 10 }))
  await runtime.clock.advance(10)
  held.open('late')
  await settle()
  assert.is(answer.outcome, 'deadline-exceeded')
  assert.equal(runtime.deadLetters(), [])
  await runtime.stop()
})

test('works on for an earlier ask, whose answer it gives later', async () => {
  const runtime = testRuntime()
  const desk = sample(
    'desk',
    {
      context: { of: '' },
      on: {
        'desk.ask': { actions: 'keep' },
        'desk.answer': {
          actions: [
            { type: 'behalf', params: ({ context }: Seen) => ({ of: context['of'] }) },
            reply(({ event }) => event['body']),
          ],
        },
      },
    },
    { actions: { keep: assign({ of: ({ event }: Seen) => event['id'] } as never) } },
  )
  const actor = await runtime.spawn(desk)
  const answer = watch(runtime.ask(actor, 'desk.ask'))
  await settle()
  assert.is(answer.outcome, undefined)
  runtime.tell(actor, 'desk.answer', 42)
  await settle()
  assert.is(answer.outcome, 42)
  await runtime.stop()
})

test('gives each ask down the chain the earlier of its own deadline and that of its asker', async () => {
  const runtime = testRuntime()
  const { behaviour, contexts } = endless()
  const to = await runtime.spawn(behaviour, {
    policy: { timeouts: { attemptMs: 1e6, taskMs: 1e6, progressMs: 1e6 } },
  })
  const start = runtime.clock.now()
  const ask = (own: number | undefined, outer: number) =>
    runtime
      .spawn(asker())
      .then(actor =>
        watch(
          runtime.ask(
            actor,
            'ask.on',
            { to, type: 'work.do', body: 1, ...(own && { timeoutMs: own }) },
            { timeoutMs: outer },
          ),
        ),
      )
  const short = await ask(100, 1_000)
  await runtime.clock.advance(100)
  assert.is(contexts[0]?.deadline, start + 100)
  assert.is(short.outcome, 'deadline-exceeded')
  const long = await ask(5_000, 200)
  await runtime.clock.advance(200)
  assert.is(contexts[1]?.deadline, start + 100 + 200)
  assert.is(long.outcome, 'deadline-exceeded')
  const none = await ask(undefined, 300)
  await runtime.clock.advance(300)
  assert.is(contexts[2]?.deadline, start + 300 + 300)
  assert.is(none.outcome, 'deadline-exceeded')
  assert.equal(runtime.clock.pending(), [])
  await runtime.stop()
})

test('ends also an ask that nobody gave a deadline', async () => {
  const runtime = testRuntime()
  const { behaviour, contexts } = endless()
  const to = await runtime.spawn(behaviour, {
    policy: { timeouts: { attemptMs: 1e6, taskMs: 1e6, progressMs: 1e6 } },
  })
  const timeouts = { attemptMs: 1_000, taskMs: 1_000, progressMs: 1_000 }
  const actor = await runtime.spawn(asker(), { policy: { timeouts } })
  runtime.tell(actor, 'ask.on', { to, type: 'work.do', body: 1 })
  await runtime.clock.advance(999)
  assert.is(runtime.snapshot(actor)?.value, 'asking')
  await runtime.clock.advance(1)
  assert.is(runtime.snapshot(actor)?.value, 'idle')
  assert.ok(contexts[0]?.signal.aborted)
  await runtime.stop()
})

test('does not start what waited in the mailbox until after its deadline', async () => {
  const runtime = testRuntime()
  const held = gate<string>()
  const started: unknown[] = []
  const actor = await runtime.spawn(
    worker(input => {
      started.push(input)
      return held.promise
    }),
  )
  const first = runtime.ask(actor, 'work.do', 'first')
  const second = watch(runtime.ask(actor, 'work.do', 'second', { timeoutMs: 50 }))
  const third = runtime.ask(actor, 'work.do', 'third')
  await runtime.clock.advance(60)
  assert.is(second.outcome, 'deadline-exceeded')
  held.open('done')
  assert.equal(await Promise.all([first, third]), ['done', 'done'])
  assert.equal(started, ['first', 'third'])
  await runtime.stop()
})

test('refuses an ask that would wait for itself, at once and with its path', async () => {
  const runtime = testRuntime()
  const [a, b] = (await Promise.all(['a', 'b'].map(id => runtime.spawn(asker(), { id })))) as [
    Address,
    Address,
  ]
  const self = await errorOf(runtime.ask(a, 'ask.on', { to: a, type: 'ask.on', body: null }))
  assert.is(self.kind, 'ask-cycle')
  assert.equal(self.details?.['path'], [a, a])
  const inner = { to: a, type: 'ask.on', body: null }
  const round = await errorOf(runtime.ask(a, 'ask.on', { to: b, type: 'ask.on', body: inner }))
  assert.is(round.kind, 'ask-cycle')
  assert.equal(round.details?.['path'], [a, b, a])
  assert.equal(runtime.clock.pending(), [])
  await runtime.stop()
})

test('lets an actor be asked by several that do not wait for each other', async () => {
  const runtime = testRuntime()
  const to = await runtime.spawn(echo())
  const askers = await Promise.all(['a', 'b'].map(id => runtime.spawn(asker(), { id })))
  const answers = askers.map(from => runtime.ask(from, 'ask.on', { to, type: 'echo.say', body: from }))
  assert.equal(await Promise.all(answers), askers)
  await runtime.stop()
})

test.run()
