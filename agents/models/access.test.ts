import * as assert from 'uvu/assert'
import { z } from 'zod'
import { RuntimeError } from '../../actors/errors.ts'
import { settle } from '../../runtime/testkit/simulated-clock.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { testRuntime } from '../../runtime/testkit/test-runtime.ts'
import { defineAgent } from '../define-agent.ts'
import { defineSkill } from '../skill.ts'
import { agentRig, failure } from '../testdata/agent-rig.ts'
import { createModelAccess, type ModelAccessOptions } from './access.ts'
import type { Model, ModelRequest } from './model.ts'
import { type Script, scriptedModel } from './scripted.ts'

const test = testSuite('agents/models/access')

const REQUEST: ModelRequest = { messages: [{ role: 'user', text: 'hello' }] }
const never = new AbortController().signal
const down = new RuntimeError('model-failed', 'it is down')

async function access(script: Script, limits?: ModelAccessOptions['limits']) {
  const runtime = testRuntime()
  const models = createModelAccess({ runtime, env: {}, ...(limits && { limits }) })
  const model = scriptedModel(script)
  const id = await models.use(model)
  const call = (signal = never) => models.generate(id, REQUEST, { signal })
  const messages = (type: string) =>
    runtime.eventsOf('actor.committed').filter(e => e.message === type).length
  return { runtime, models, model, call, messages }
}

test('makes one actor per model, however many ask for it at once', async () => {
  const runtime = testRuntime()
  const models = createModelAccess({ runtime, env: {} })
  const model = scriptedModel(() => ({ text: 'hi' }))
  const ids = await Promise.all([1, 2, 3].map(() => models.use(model)))
  assert.equal(ids, ['scripted:model', 'scripted:model', 'scripted:model'])
  assert.is(runtime.actors().filter(actor => actor.address.startsWith('model/')).length, 1)
  await models.use(scriptedModel([], { id: 'scripted:model/with some:odd name' }))
  await models.use(scriptedModel([], { id: 'scripted:model-with-some-odd-name' }))
  assert.is(runtime.actors().filter(actor => actor.address.startsWith('model/')).length, 3)
  await runtime.stop()
})

test('a model that could not be found can be asked for again', async () => {
  const runtime = testRuntime()
  const env: Record<string, string> = {}
  const models = createModelAccess({ runtime, env })
  const both = [models.use('openai:gpt-5-mini'), models.use('openai:gpt-5-mini')].map(failure)
  assert.equal(
    (await Promise.all(both)).map(error => error.kind),
    ['model-key-missing', 'model-key-missing'],
  )
  assert.is(
    (await failure(models.generate('openai:gpt-5-mini', REQUEST, { signal: never }))).kind,
    'model-unknown',
  )
  env['OPENAI_API_KEY'] = 'sk-test-0123456789'
  assert.is(await models.use('openai:gpt-5-mini'), 'openai:gpt-5-mini')
  await runtime.stop()
})

test('agents of one runtime share their models, those of another do not', async () => {
  const agent = (name: string) =>
    defineAgent({
      name,
      description: 'answers',
      skills: {
        answer: defineSkill({
          description: 'answers',
          input: z.object({}),
          output: z.object({ a: z.string() }),
          prompt: () => ({ user: '?' }),
        }),
      },
    })
  const model = scriptedModel(() => ({ object: { a: 'x' } }))
  const first = await agentRig(agent('one'), { model })
  const second = await agentRig(agent('two'), { runtime: first.runtime, model })
  const other = await agentRig(agent('one'), { model })
  await Promise.all([first, second, other].map(rig => rig.ask('answer', {})))
  const modelsOf = (rig: typeof first) =>
    rig.runtime.actors().filter(actor => actor.address.startsWith('model/')).length
  assert.equal([modelsOf(first), modelsOf(other)], [1, 1])
  await Promise.all([first.runtime.stop(), other.runtime.stop()])
})

test('while all is well a call sends no message', async () => {
  const { runtime, call, messages } = await access(() => ({ text: 'hi' }))
  for (let i = 0; i < 10; i++) await call()
  assert.equal([messages('model.admit'), messages('model.report')], [0, 0])
  await runtime.stop()
})

test('opens after five failures, refuses at once, tries one call, and closes', async () => {
  let isDown = true
  const { runtime, model, call } = await access(() => (isDown ? { error: down } : { text: 'hi' }))
  for (let i = 0; i < 5; i++) assert.is((await failure(call())).kind, 'model-failed')
  await settle()
  const refused = await failure(call())
  assert.equal([refused.kind, refused.retryable, refused.retryAfterMs], ['circuit-open', true, 15_000])
  await runtime.clock.advance(14_999)
  assert.is((await failure(call())).kind, 'circuit-open')
  assert.is(model.calls.length, 5)
  await runtime.clock.advance(1)
  isDown = false
  await call()
  await settle()
  await call()
  assert.is(model.calls.length, 7)
  assert.equal(
    runtime.eventsOf('breaker.changed').map(({ target, state }) => [target, state]),
    ['open', 'half-open', 'closed'].map(state => ['scripted:model', state]),
  )
  await runtime.stop()
})

test('a probe that fails opens it again, and only one call probes', async () => {
  const { runtime, model, call } = await access(() => ({ error: down }))
  for (let i = 0; i < 5; i++) await failure(call())
  await runtime.clock.advance(15_000)
  const kinds = (await Promise.all([1, 2, 3].map(() => failure(call())))).map(error => error.kind)
  assert.equal(kinds, ['model-failed', 'circuit-open', 'circuit-open'])
  await settle()
  assert.is((await failure(call())).kind, 'circuit-open')
  assert.is(model.calls.length, 6)
  await runtime.stop()
})

test('what is the fault of a request does not count against the provider', async () => {
  for (const kind of ['model-rejected', 'context-overflow', 'refused'] as const) {
    const { runtime, model, call } = await access(() => ({ error: new RuntimeError(kind, 'no') }))
    for (let i = 0; i < 8; i++) assert.is((await failure(call())).kind, kind)
    assert.is(model.calls.length, 8)
    await runtime.stop()
  }
})

test('a success in between forgets the failures', async () => {
  const { runtime, model, call } = await access((_, i) => (i % 5 === 4 ? { text: 'hi' } : { error: down }))
  for (let i = 0; i < 20; i++) {
    await call().catch(() => {})
    await settle()
  }
  assert.is(model.calls.length, 20)
  await runtime.stop()
})

test('a 429 in a fan-out: everybody waits as long as it says, and nobody is lost', async () => {
  const slow = new RuntimeError('rate-limited', 'slow down', { retryAfterMs: 30_000 })
  const { runtime, model, call } = await access((_, i) => (i === 0 ? { error: slow } : { text: 'hi' }))
  assert.is((await failure(call())).kind, 'rate-limited')
  await settle()
  const others = [1, 2, 3].map(() => call())
  await runtime.clock.advance(29_999)
  assert.is(model.calls.length, 1)
  await runtime.clock.advance(1)
  assert.is((await Promise.all(others)).length, 3)
  await runtime.stop()
})

test('a 429 in a fan-out: a 429 that does not say how long pauses a second', async () => {
  const { runtime, model, call } = await access((_, i) =>
    i === 0 ? { error: new RuntimeError('rate-limited', 'slow down') } : { text: 'hi' },
  )
  await failure(call())
  await settle()
  const other = call()
  await runtime.clock.advance(999)
  assert.is(model.calls.length, 1)
  await runtime.clock.advance(1)
  await other
  await runtime.stop()
})

test('a 429 in a fan-out: the second attempt of an agent comes no sooner than Retry-After, and others wait too', async () => {
  const skill = defineSkill({
    description: 'answers',
    input: z.object({}),
    output: z.object({ a: z.string() }),
    prompt: () => ({ user: '?' }),
  })
  const runtime = testRuntime()
  const slow = new RuntimeError('rate-limited', 'slow down', { retryAfterMs: 90_000 })
  const model = scriptedModel((_, i) => (i === 0 ? { error: slow } : { object: { a: 'x' } }))
  const rigs = await Promise.all(
    ['one', 'two'].map(name =>
      agentRig(defineAgent({ name, description: 'answers', skills: { answer: skill } }), { runtime, model }),
    ),
  )
  const first = rigs[0]?.ask('answer', {})
  await settle()
  const second = rigs[1]?.ask('answer', {})
  await runtime.clock.advance(89_999)
  assert.is(model.calls.length, 1)
  // A wait of 90 s is longer than an attempt may go without a sign of life: waiting its turn is one.
  assert.equal(
    runtime.eventsOf('effect.failed').map(event => event.reason),
    ['rate-limited'],
  )
  await runtime.clock.advance(2_000)
  assert.equal(await Promise.all([first, second]), [{ a: 'x' }, { a: 'x' }])
  assert.is(model.calls.length, 3)
  await runtime.stop()
})

test('waits its turn under a rate of its own, in order and at that rate', async () => {
  const { runtime, model, call } = await access(() => ({ text: 'hi' }), { rate: { limit: 2, perMs: 1_000 } })
  const all = Promise.all([1, 2, 3, 4].map(() => call()))
  await settle()
  assert.is(model.calls.length, 2)
  await runtime.clock.advance(500)
  assert.is(model.calls.length, 3)
  await runtime.clock.advance(500)
  assert.is((await all).length, 4)
  await runtime.stop()
})

test('who is cancelled while it waits its turn stops waiting and calls nobody', async () => {
  const slow = new RuntimeError('rate-limited', 'slow down', { retryAfterMs: 30_000 })
  const { runtime, model, call } = await access((_, i) => (i === 0 ? { error: slow } : { text: 'hi' }))
  await failure(call())
  await settle()
  const controller = new AbortController()
  const waiting = failure(call(controller.signal))
  await settle()
  controller.abort(new RuntimeError('deadline-exceeded', 'too late'))
  assert.is((await waiting).kind, 'deadline-exceeded')
  assert.equal(runtime.clock.pending(), [])
  await runtime.clock.advance(60_000)
  assert.is(model.calls.length, 1)
  await runtime.stop()
})

test('a cancelled call says nothing about the provider, one that timed out does', async () => {
  const { runtime, model, call } = await access(() => ({ hang: true }))
  const end = async (reason?: RuntimeError) => {
    const controller = new AbortController()
    const calling = failure(call(controller.signal))
    await settle()
    controller.abort(reason)
    return calling
  }
  for (let i = 0; i < 6; i++) assert.is((await end()).kind, 'cancelled')
  for (let i = 0; i < 5; i++) assert.is((await end(new RuntimeError('stalled', 'silence'))).kind, 'stalled')
  await settle()
  assert.is((await failure(call())).kind, 'circuit-open')
  assert.is(model.calls.length, 11)
  await runtime.stop()
})

test('what a model throws that is no error of ours is a failure of the provider', async () => {
  const runtime = testRuntime()
  const models = createModelAccess({ runtime, env: {} })
  const rude: Model = {
    id: 'rude:model',
    generate: () => {
      throw 'a text'
    },
  }
  const id = await models.use(rude)
  assert.is((await failure(models.generate(id, REQUEST, { signal: never }))).kind, 'model-failed')
  await runtime.stop()
})

test('limits that are none are refused when the access is made', () => {
  const runtime = testRuntime()
  for (const limits of [
    { rate: { limit: 0, perMs: 1_000 } },
    { rate: { limit: 1, perMs: 1_000, burst: 0.5 } },
    { breaker: { failures: 0, windowMs: 1, openMs: 1 } },
  ]) {
    assert.throws(
      () => createModelAccess({ runtime, env: {}, limits }),
      (error: RuntimeError) => error.kind === 'definition-invalid',
    )
  }
  return runtime.stop()
})

test.run()
