import * as assert from 'uvu/assert'
import type { Address } from '../actors/address.ts'
import { RuntimeError } from '../actors/errors.ts'
import { createRuntime } from './create-runtime.ts'
import type { Seen } from './testkit/loose-machine.ts'
import {
  asker,
  echo,
  errorOf,
  gate,
  notebook,
  outcomeOf,
  reply,
  sample,
  watch,
  worker,
} from './testkit/sample-actors.ts'
import { settle } from './testkit/simulated-clock.ts'
import { testSuite } from './testkit/suite.ts'
import { testRuntime } from './testkit/test-runtime.ts'

const test = testSuite('runtime/create-runtime')

const kindThrown = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    if (error instanceof RuntimeError) return error.kind
    throw error
  }
  return 'nothing thrown'
}

const nobody = 'echo/nobody' as Address

test('needs no arguments to spawn an actor and ask it', async () => {
  const runtime = createRuntime()
  const actor = await runtime.spawn(echo())
  assert.equal(await runtime.ask(actor, 'echo.say', { hi: [1, null] }), { hi: [1, null] })
  await runtime.stop()
})

test('answers with null where an actor answers with nothing', async () => {
  const runtime = testRuntime()
  const actor = await runtime.spawn(
    sample('mute', { on: { 'x.y': { actions: { type: 'reply', params: {} } } } }),
  )
  assert.is(await runtime.ask(actor, 'x.y'), null)
  await runtime.stop()
})

test('tells without waiting, in order', async () => {
  const runtime = testRuntime()
  const actor = await runtime.spawn(notebook(), { id: 'n' })
  for (let i = 0; i < 200; i++) assert.is(runtime.tell(actor, 'note.add', i), undefined)
  assert.equal(
    await runtime.ask(actor, 'note.read'),
    Array.from({ length: 200 }, (_, i) => i),
  )
  await runtime.stop()
})

test('fails an ask with the very error the actor failed it with', async () => {
  const runtime = testRuntime()
  const refusal = new RuntimeError('refused', 'I would rather not', { why: 'w', fix: 'f', details: { a: 1 } })
  const actor = await runtime.spawn(
    worker(() => {
      throw refusal
    }),
  )
  const error = await errorOf(runtime.ask(actor, 'work.do'))
  assert.is(error.kind, 'refused')
  assert.is(error.message, refusal.message)
  assert.is(error.fix, 'f')
  assert.is(error.retryable, false)
  await runtime.stop()
})

test('shows a machine the body, the sender, the id and the time of a message', async () => {
  const runtime = testRuntime()
  const actor = await runtime.spawn(
    sample('mirror', { on: { '*': { actions: reply(({ event }) => event) } } }),
  )
  const seen = (await runtime.ask(actor, 'show.it', { a: 1 })) as Record<string, unknown>
  assert.equal(
    { ...seen, id: typeof seen['id'] },
    {
      type: 'show.it',
      body: { a: 1 },
      id: 'string',
      at: runtime.clock.now(),
      from: runtime.name,
    },
  )
  await runtime.stop()
})

test('takes a copy of what it is given', async () => {
  const runtime = testRuntime()
  const actor = await runtime.spawn(echo())
  const body = { n: 1 }
  const answer = runtime.ask(actor, 'echo.say', body)
  body.n = 2
  assert.equal(await answer, { n: 1 })
  await runtime.stop()
})

test('answers at once when nobody lives at the address, and keeps the message as a dead letter', async () => {
  const runtime = testRuntime()
  const error = await errorOf(runtime.ask(nobody, 'echo.say', 1))
  assert.is(error.kind, 'actor-not-found')
  runtime.tell(nobody, 'echo.say', 2)
  assert.equal(
    runtime.deadLetters().map(({ envelope, error: { kind } }) => [envelope.to, envelope.body, kind]),
    [
      [nobody, 1, 'actor-not-found'],
      [nobody, 2, 'actor-not-found'],
    ],
  )
  assert.equal(runtime.clock.pending(), [], 'no timer is left')
  await runtime.stop()
})

test('answers at once when the machine does nothing with such a message', async () => {
  const runtime = testRuntime()
  const actor = await runtime.spawn(echo())
  const error = await errorOf(runtime.ask(actor, 'echo.shout', 1))
  assert.is(error.kind, 'message-unhandled')
  assert.is(error.details?.['type'], 'echo.shout')
  runtime.tell(actor, 'echo.shout', 1)
  assert.is(await runtime.ask(actor, 'echo.say', 'still here'), 'still here')
  await runtime.stop()
})

test('refuses message types that only the runtime may send, from outside and from machines', async () => {
  const runtime = testRuntime()
  const actor = await runtime.spawn(echo())
  for (const type of ['xstate.done.actor.x', 'xstate.init', 'ac.reply', 'ac.cancel', 'ac.child.failed']) {
    assert.is(await outcomeOf(runtime.ask(actor, type)), 'reserved-event')
    assert.is(
      kindThrown(() => runtime.tell(actor, type)),
      'reserved-event',
    )
  }
  const forger = await runtime.spawn(asker())
  const input = { to: actor, type: 'ac.cancel', body: { correlation: 'x' } }
  assert.is(await outcomeOf(runtime.ask(forger, 'ask.on', input)), 'reserved-event')
  await runtime.stop()
})

test('refuses addresses, types, bodies and limits that are none, before anything is sent', async () => {
  const runtime = testRuntime()
  const actor = await runtime.spawn(echo())
  for (const to of ['nowhere', '', 'a/b/c', undefined]) {
    assert.is(await outcomeOf(runtime.ask(to as Address, 'x.y')), 'address-invalid')
    assert.is(
      kindThrown(() => runtime.tell(to as Address, 'x.y')),
      'address-invalid',
    )
  }
  assert.is(await outcomeOf(runtime.ask(actor, 'x y')), 'envelope-invalid')
  assert.is(await outcomeOf(runtime.ask(actor, 'x.y', new Date())), 'not-plain-data')
  for (const timeoutMs of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.is(await outcomeOf(runtime.ask(actor, 'x.y', 1, { timeoutMs })), 'definition-invalid')
  }
  for (const budget of [{ tokens: Number.NaN }, { costUsd: -1 }, 5, 'all']) {
    assert.is(await outcomeOf(runtime.ask(actor, 'x.y', 1, { budget: budget as never })), 'envelope-invalid')
  }
  assert.equal(runtime.clock.pending(), [])
  assert.equal(runtime.deadLetters(), [])
  await runtime.stop()
})

test('does not take an ask to itself for an answer', async () => {
  const runtime = testRuntime()
  assert.is(
    await outcomeOf(runtime.ask(runtime.name as Address, 'x.y', { value: 'forged' })),
    'actor-not-found',
  )
  await runtime.stop()
})

test('refuses policies that would limit nothing, at once', async () => {
  const timeouts = { attemptMs: Number.NaN, taskMs: 1, progressMs: 1 }
  assert.is(
    kindThrown(() => createRuntime({ policy: { timeouts } })),
    'definition-invalid',
  )
  const runtime = testRuntime()
  assert.is(await outcomeOf(runtime.spawn(echo(), { policy: { timeouts } })), 'definition-invalid')
  const intensity = { restarts: Number.NaN, periodMs: 5 }
  assert.is(await outcomeOf(runtime.supervise({ intensity })), 'definition-invalid')
  assert.is(runtime.actors().length, 1)
  await runtime.stop()
})

test('ends an ask nobody answers at its deadline, and leaves no timer', async () => {
  const runtime = testRuntime()
  const actor = await runtime.spawn(worker(() => new Promise(() => {})))
  const answer = watch(runtime.ask(actor, 'work.do', 1, { timeoutMs: 500 }))
  await runtime.clock.advance(499)
  assert.is(answer.outcome, undefined)
  await runtime.clock.advance(1)
  assert.is(answer.outcome, 'deadline-exceeded')
  assert.equal(runtime.clock.pending(), [])
  await runtime.stop()
})

test('keeps two runtimes of one process apart', async () => {
  const [one, two] = [testRuntime({ name: 'one' }), testRuntime({ name: 'two' })]
  const heard: unknown[] = []
  two.subscribe('>', body => heard.push(body))
  const actor = await one.spawn(echo(), { id: 'x' })
  assert.is(await outcomeOf(two.ask(actor, 'echo.say')), 'actor-not-found')
  one.publish('ac.main.event.a.b.c', 1)
  await settle()
  assert.equal(heard, [])
  await two.spawn(echo(), { id: 'x' })
  await Promise.all([one.stop(), two.stop()])
})

test('hands what actors publish to those who subscribed to it', async () => {
  const runtime = testRuntime()
  const heard: unknown[] = []
  const { unsubscribe } = runtime.subscribe('ac.*.event.caller.*.>', (body, subject) =>
    heard.push([subject, body]),
  )
  const caller = sample('caller', {
    on: {
      'x.call': {
        actions: {
          type: 'publish',
          params: ({ event }: Seen) => ({ kind: 'call.made', body: event['body'] }),
        },
      },
    },
  })
  const actor = await runtime.spawn(caller, { id: 'c' })
  runtime.tell(actor, 'x.call', 1)
  await settle()
  unsubscribe()
  unsubscribe()
  runtime.tell(actor, 'x.call', 2)
  await settle()
  assert.equal(heard, [['ac.main.event.caller.c.call.made', 1]])
  assert.equal(
    runtime.eventsOf('actor.published').map(event => event.body),
    [1, 2],
  )
  await runtime.stop()
})

test('reports what could not be published, and the actor lives on', async () => {
  const reported: unknown[] = []
  const runtime = testRuntime({ onError: error => reported.push((error as RuntimeError).kind) })
  runtime.subscribe('>', () => {})
  const large = sample('large', {
    on: {
      'x.go': {
        actions: [{ type: 'publish', params: { kind: 'k', body: 'x'.repeat(1e6) } }, reply(() => 'done')],
      },
    },
  })
  const actor = await runtime.spawn(large)
  assert.is(await runtime.ask(actor, 'x.go'), 'done')
  assert.equal(reported, ['codec-too-large'])
  await runtime.stop()
})

test('shows who lives, what they do and how much waits', async () => {
  const runtime = testRuntime()
  const held = gate()
  const actor = await runtime.spawn(
    worker(() => held.promise),
    { id: 'w' },
  )
  const asks = [1, 2, 3].map(n => runtime.ask(actor, 'work.do', n))
  await settle()
  assert.equal(runtime.actors().at(-1), {
    address: actor,
    phase: 'active',
    waiting: 2,
    supervisor: 'supervisor/root',
  })
  assert.is(runtime.snapshot(actor)?.value, 'working')
  held.open()
  await Promise.all(asks)
  assert.is(runtime.actors().at(-1)?.waiting, 0)
  await runtime.stop()
})

test('makes one value per key for those who share it', async () => {
  const runtime = testRuntime()
  const make = (): object => ({})
  assert.is(runtime.shared('a', make), runtime.shared('a', make))
  assert.is.not(runtime.shared('a', make), runtime.shared('b', make))
  await runtime.stop()
})

test('disposes of shared values when it has stopped, the last made first, whatever one of them does', async () => {
  const failures: unknown[] = []
  const runtime = testRuntime({ onError: error => failures.push(error) })
  const ended: string[] = []
  const ending = (name: string) => () => ({
    [Symbol.asyncDispose]: async () => {
      ended.push(`${name}, ${runtime.actors().length} actors`)
      if (name === 'b') throw new Error('no')
    },
  })
  for (const name of ['a', 'b', 'c']) runtime.shared(name, ending(name))
  runtime.shared('nothing', () => undefined)
  await runtime.stop()
  await runtime.stop()
  assert.equal(ended, ['c, 0 actors', 'b, 0 actors', 'a, 0 actors'])
  assert.is(failures.length, 1)
})

test.run()
