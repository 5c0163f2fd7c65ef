import * as assert from 'uvu/assert'
import { type Address, address } from '../actors/address.ts'
import type { EffectContext } from '../actors/effect.ts'
import { RuntimeError, toWireError } from '../actors/errors.ts'
import { NO_USAGE } from '../actors/events.ts'
import type { Plain } from '../actors/plain.ts'
import { agentSubject } from '../actors/subject.ts'
import { createCodec } from './codec.ts'
import {
  asker,
  echo,
  errorOf,
  gate,
  notebook,
  outcomeOf,
  sample,
  watch,
  worker,
} from './testkit/sample-actors.ts'
import { settle } from './testkit/simulated-clock.ts'
import { testSuite } from './testkit/suite.ts'
import { testRuntime } from './testkit/test-runtime.ts'
import { createInProcessBus } from './transport/in-process.ts'

const test = testSuite('runtime/shared-bus')

/** Two runtimes on one bus, and a way to send to it what a hostile node might. */
function pair() {
  const reported: unknown[] = []
  const bus = createInProcessBus({ onError: error => reported.push(error) })
  const codec = createCodec()
  const options = (name: string) => ({
    name,
    transport: bus.connect(),
    onError: (error: unknown) => reported.push(error),
  })
  const [near, far] = [testRuntime(options('near')), testRuntime(options('far'))]
  const outside = bus.connect()
  const asked = async (to: Address, message: unknown): Promise<unknown> =>
    codec.decode(
      await outside.request(agentSubject('main', to), codec.encode(message as Plain), { timeoutMs: 1_000 }),
    )
  return {
    near,
    far,
    reported,
    outside,
    codec,
    /** All that the receiver says to a message. */
    asked,
    /** What the receiver says to a message: nothing, or the kind of its refusal. */
    async send(to: Address, message: unknown): Promise<unknown> {
      return ((await asked(to, message)) as { error?: { kind: string } }).error?.kind
    },
    async stop() {
      await Promise.all([near.stop(), far.stop()])
      await outside.close()
    },
  }
}

test('lets runtimes of one bus ask each other, and brings the answer and the error back', async () => {
  const { near, far, stop } = pair()
  const actor = await far.spawn(echo())
  assert.equal(await near.ask(actor, 'echo.say', { bytes: new Uint8Array([1, 2]) }), {
    bytes: new Uint8Array([1, 2]),
  })
  const refusing = await far.spawn(
    worker(() => {
      throw new RuntimeError('refused', 'no', { fix: 'ask nicely', details: { a: 1 } })
    }),
  )
  const error = await errorOf(near.ask(refusing, 'work.do'))
  assert.equal([error.kind, error.fix, error.retryable], ['refused', 'ask nicely', false])
  await stop()
})

test('lets actors of one node ask those of another', async () => {
  const { near, far, stop } = pair()
  const to = await far.spawn(echo(), { id: 'e' })
  const from = await near.spawn(asker(), { id: 'a' })
  assert.is(await near.ask(from, 'ask.on', { to, type: 'echo.say', body: 'hi' }), 'hi')
  await stop()
})

test('says at once that nobody on the whole bus lives at an address', async () => {
  const { near, stop } = pair()
  assert.is(await outcomeOf(near.ask(address('echo', 'nobody'), 'echo.say')), 'actor-not-found')
  assert.is(near.deadLetters().length, 1)
  assert.equal(near.clock.pending(), [])
  await stop()
})

test('says at once that an actor has stopped since', async () => {
  const { near, far, stop } = pair()
  const actor = await far.spawn(echo(), { id: 'e' })
  await far.stop(actor)
  assert.is(await outcomeOf(near.ask(actor, 'echo.say')), 'actor-not-found')
  await stop()
})

test('says at once that a mailbox elsewhere is full', async () => {
  const { near, far, stop } = pair()
  const held = gate<string>()
  const actor = await far.spawn(worker(() => held.promise, {}, { mailbox: { capacity: 1 } }))
  const first = near.ask(actor, 'work.do', 1)
  await settle()
  const second = near.ask(actor, 'work.do', 2)
  assert.is(await outcomeOf(near.ask(actor, 'work.do', 3)), 'mailbox-full')
  held.open('done')
  assert.equal(await Promise.all([first, second]), ['done', 'done'])
  await stop()
})

test('tells across nodes in order', async () => {
  const { near, far, stop } = pair()
  const actor = await far.spawn(notebook())
  const numbers = Array.from({ length: 50 }, (_, i) => i)
  for (const n of numbers) near.tell(actor, 'note.add', n)
  assert.equal(await near.ask(actor, 'note.read'), numbers)
  await stop()
})

test('cancels across nodes', async () => {
  const { near, far, stop } = pair()
  const contexts: EffectContext[] = []
  const to = await far.spawn(
    worker((_, context) => {
      contexts.push(context)
      void context.signal
      return new Promise(() => {})
    }),
    { id: 'w' },
  )
  const from = await near.spawn(asker(), { id: 'a' })
  const abort = new AbortController()
  const ending = outcomeOf(
    near.ask(from, 'ask.on', { to, type: 'work.do', body: 1 }, { signal: abort.signal }),
  )
  await settle()
  await settle()
  assert.is(contexts.length, 1)
  abort.abort()
  assert.is(await ending, 'cancelled')
  await settle()
  await settle()
  assert.is((contexts[0]?.signal.reason as RuntimeError | undefined)?.kind, 'cancelled')
  assert.is(far.snapshot(to)?.value, 'idle')
  assert.equal([...near.deadLetters(), ...far.deadLetters()], [])
  await stop()
})

test('finds a cycle that goes over two nodes', async () => {
  const { near, far, stop } = pair()
  const [a, b] = [await near.spawn(asker(), { id: 'a' }), await far.spawn(asker(), { id: 'b' })]
  const body = { to: b, type: 'ask.on', body: { to: a, type: 'ask.on', body: null } }
  const error = await errorOf(near.ask(a, 'ask.on', body))
  assert.is(error.kind, 'ask-cycle')
  assert.equal(error.details?.['path'], [a, b, a])
  await stop()
})

test('takes deadlines, budgets and runs over to the other node, and brings the cost back', async () => {
  const { near, far, stop } = pair()
  const contexts: EffectContext[] = []
  const to = await far.spawn(
    worker(
      (_, context) => {
        contexts.push(context)
        context.spent({ ...NO_USAGE, inputTokens: 5 })
        return 'done'
      },
      { reserve: () => ({ inputTokens: 5 }) },
    ),
  )
  const ask = (tokens: number) =>
    near.askWithUsage(to, 'work.do', 1, { budget: { tokens }, run: 'run-1', timeoutMs: 500 })
  assert.equal(await ask(5), { value: 'done', spent: { ...NO_USAGE, inputTokens: 5 } })
  assert.is(contexts[0]?.run, 'run-1')
  assert.is(contexts[0]?.deadline, near.clock.now() + 500)
  assert.is(await outcomeOf(ask(4)), 'budget-exhausted')
  await stop()
})

test('hands to every node what is published on any', async () => {
  const { near, far, stop } = pair()
  const heard: unknown[] = []
  for (const [name, runtime] of [
    ['near', near],
    ['far', far],
  ] as const)
    runtime.subscribe('ac.main.event.>', (body, subject) => heard.push([name, subject, body]))
  const caller = sample('caller', {
    on: { 'x.call': { actions: { type: 'publish', params: { kind: 'made', body: 1 } } } },
  })
  near.tell(await near.spawn(caller, { id: 'c' }), 'x.call')
  await settle()
  await settle()
  assert.equal(heard.sort(), [
    ['far', 'ac.main.event.caller.c.made', 1],
    ['near', 'ac.main.event.caller.c.made', 1],
  ])
  await stop()
})

test('keeps namespaces of one bus apart', async () => {
  const bus = createInProcessBus()
  const [one, two] = ['one', 'two'].map(namespace =>
    testRuntime({ name: namespace, namespace, transport: bus.connect() }),
  )
  const actor = await one?.spawn(echo(), { id: 'e' })
  assert.is(await outcomeOf(two?.ask(actor as Address, 'echo.say') ?? Promise.resolve()), 'actor-not-found')
  await Promise.all([one?.stop(), two?.stop()])
})

test('answers other nodes when it stops, and leaves a bus that is not its own open', async () => {
  const { near, far, stop } = pair()
  const to = await far.spawn(worker(() => new Promise(() => {})))
  const answer = watch(near.ask(to, 'work.do'))
  await settle()
  await settle()
  await far.stop()
  await settle()
  await settle()
  assert.is(answer.outcome, 'runtime-stopped')
  assert.is(await near.ask(await near.spawn(echo()), 'echo.say', 1), 1)
  await stop()
})

const message = (to: Address, type: string, body: unknown, more = {}) => ({
  v: 1,
  id: 'm.1',
  type,
  to,
  body,
  ...more,
})

test('an ask from outside is one question and one answer, if it comes soon, and else is accepted meanwhile', async () => {
  const { far, asked, stop } = pair()
  const actor = await far.spawn(echo(), { id: 'e' })
  const question = { replyTo: 'node/x', correlation: 'node/x.1', from: 'node/x' }
  const answered = await asked(actor, message(actor, 'echo.say', 1, question))
  assert.equal(answered, { answer: { value: 1 }, type: 'ac.reply' })
  const held = gate<string>()
  const slow = await far.spawn(worker(() => held.promise))
  const receipt = asked(slow, message(slow, 'work.do', 1, { ...question, correlation: 'node/x.2' }))
  await settle()
  await far.clock.advance(100)
  assert.equal(await receipt, {})
  held.open('done')
  await stop()
})

test('an answer that fits no question is refused, and the question ends with the refusal', async () => {
  const { near, outside, codec, stop } = pair()
  const to = address('echo', 'liar')
  const lies = [
    { answer: 1, type: 'ac.reply' },
    { answer: { value: 1 }, type: 'task.assign' },
    { answer: null },
  ]
  const answers = [...lies]
  outside.subscribe(agentSubject('main', to), ({ reply }) => reply?.(codec.encode(answers.shift() as Plain)))
  for (const _ of lies) assert.is(await outcomeOf(near.ask(to, 'echo.say')), 'envelope-invalid')
  await stop()
})

test('refuses what only a runtime may say, and what is malformed', async () => {
  const { near, send, stop } = pair()
  const actor = await near.spawn(echo(), { id: 'e' })
  assert.is(await send(actor, message(actor, 'echo.say', 1)), undefined)
  for (const type of [
    'xstate.done.actor.x',
    'ac.child.failed',
    'ac.effect.retry',
    'ac.effect.give-up',
    'ac.unknown',
  ]) {
    assert.is(await send(actor, message(actor, type, {})), 'reserved-event', type)
  }
  for (const [type, body] of [
    ['ac.reply', null],
    ['ac.error', { error: 'x' }],
    ['ac.cancel', 7],
  ] as const) {
    assert.is(await send(actor, message(actor, type, body)), 'envelope-invalid')
  }
  assert.is(await send(actor, 'text'), 'envelope-invalid')
  assert.is(await send(actor, message(actor, 'echo.say', 1, { budget: { tokens: -1 } })), 'envelope-invalid')
  assert.is(await send(actor, message('echo/other' as Address, 'echo.say', 1)), 'actor-not-found')
  await stop()
})

test('does not lose a question to a malformed answer', async () => {
  const { near, far, send, stop } = pair()
  const held = gate<string>()
  const actor = await far.spawn(worker(() => held.promise))
  const answer = watch(near.ask(actor, 'work.do'))
  await settle()
  const node = near.name as Address
  const correlation = `${node}.1`
  assert.is(await send(node, message(node, 'ac.reply', null, { correlation })), 'envelope-invalid')
  assert.is(await send(node, message(node, 'ac.error', { error: {} }, { correlation })), 'envelope-invalid')
  assert.is(await send(node, message(node, 'task.assign', { value: 1 }, { correlation })), 'actor-not-found')
  assert.is(answer.outcome, undefined)
  held.open('true')
  await settle()
  await settle()
  assert.is(answer.outcome, 'true')
  await stop()
})

test('reads an error of a kind it does not know yet', async () => {
  const { near, far, send, stop } = pair()
  const actor = await far.spawn(worker(() => new Promise(() => {})))
  const ending = errorOf(near.ask(actor, 'work.do'))
  await settle()
  const node = near.name as Address
  const error = { ...toWireError(new Error('new')), kind: 'of-tomorrow', code: 'AC-7001' }
  await send(node, message(node, 'ac.error', { error }, { correlation: `${node}.id-1.1` }))
  const read = await ending
  assert.equal([read.kind, read.details], ['effect-failed', { kind: 'of-tomorrow', code: 'AC-7001' }])
  await stop()
})

test('bounds by its budget also a message that is only told', async () => {
  const { near, send, stop } = pair()
  const begun: unknown[] = []
  const actor = await near.spawn(
    worker(input => begun.push(input), { reserve: () => ({ toolCalls: 1 }) }),
    { id: 'w' },
  )
  assert.is(await send(actor, message(actor, 'work.do', 'covered', { budget: { toolCalls: 1 } })), undefined)
  await settle()
  await send(actor, message(actor, 'work.do', 'not covered', { id: 'm.2', budget: { toolCalls: 0 } }))
  await settle()
  assert.equal(begun, ['covered'])
  await stop()
})

test.run()
