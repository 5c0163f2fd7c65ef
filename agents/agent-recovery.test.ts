import * as assert from 'uvu/assert'
import { z } from 'zod'
import { RuntimeError } from '../actors/errors.ts'
import type { EffectPolicy, Remedy } from '../actors/strategy.ts'
import { settle } from '../runtime/testkit/simulated-clock.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import { testRuntime } from '../runtime/testkit/test-runtime.ts'
import { compacted } from './agent-effects.ts'
import { defineAgent } from './define-agent.ts'
import { createModelAccess } from './models/access.ts'
import type { ModelMessage } from './models/model.ts'
import { type ScriptedTurn, scriptedModel } from './models/scripted.ts'
import { defineSkill } from './skill.ts'
import { agentRig, failure, scriptedRig } from './testdata/agent-rig.ts'
import { defineTool, type Tool } from './tool.ts'

const test = testSuite('agents/agent-recovery')

const answer = defineSkill({
  description: 'answers a question',
  input: z.object({ q: z.string() }),
  output: z.object({ answer: z.string() }),
  prompt: ({ q }) => ({ user: q }),
})
const agentOf = (tools: readonly Tool[] = []) =>
  defineAgent({ name: 'clerk', description: 'answers', skills: { answer }, tools })
const done: ScriptedTurn = { object: { answer: 'done' } }
const misfit: ScriptedTurn = { object: { answer: 7 } }
const QUESTION = { q: '?' }

const policyWith = (...remedies: Remedy[]): Partial<EffectPolicy> => ({ remedies })

/** A runtime whose models include a fallback of this script. */
async function withFallback(turns: readonly ScriptedTurn[]) {
  const runtime = testRuntime()
  const models = runtime.shared('models', () => createModelAccess({ runtime, env: {} }))
  const fallback = scriptedModel(turns, { id: 'scripted:fallback' })
  await models.use(fallback)
  return { runtime, fallback }
}

test('an answer that does not fit goes back once, with what is wrong with it', async () => {
  const { runtime, model, ask } = await scriptedRig(agentOf(), [misfit, done])
  assert.equal(await ask('answer', QUESTION), { answer: 'done' })
  const [, , said, repair] = model.calls[1]?.messages ?? []
  assert.equal(said, { role: 'assistant', text: '{"answer":7}' })
  assert.ok(repair?.role === 'user' && repair.text.includes('"answer"'))
  assert.equal(runtime.eventsOf('effect.failed'), [])
  await runtime.stop()
})

test('a second misfit is a failure that the supervisor decides about', async () => {
  const { runtime, model, ask } = await scriptedRig(agentOf(), () => misfit)
  const asked = failure(ask('answer', QUESTION))
  await runtime.clock.advance(60_000)
  const error = await asked
  assert.equal([error.kind, error.details?.['reason']], ['schema-invalid', 'schema-invalid'])
  assert.is(model.calls.length, 4)
  assert.equal(
    runtime.eventsOf('effect.failed').map(({ attempt, reason }) => [attempt, reason]),
    [1, 2, 3].map(attempt => [attempt, 'schema-invalid']),
  )
  await runtime.stop()
})

test('a second misfit is repaired by a fallback model, when that is the remedy', async () => {
  const { runtime, fallback } = await withFallback([done])
  const remedy: Remedy = { reasons: ['schema-invalid'], use: { model: 'scripted:fallback' } }
  const { model, ask } = await scriptedRig(agentOf(), [misfit, misfit], {
    runtime,
    policy: policyWith(remedy),
  })
  const asked = ask('answer', QUESTION)
  await runtime.clock.advance(60_000)
  assert.equal(await asked, { answer: 'done' })
  model.assertComplete()
  assert.is(fallback.calls.length, 1)
  assert.is(fallback.calls[0]?.messages.length, 4)
  assert.equal(
    runtime.eventsOf('effect.retrying').map(event => event.remedy),
    [{ model: 'scripted:fallback' }],
  )
  await runtime.stop()
})

test('a refusal is final without a remedy, and answered by a fallback model with one', async () => {
  const refused: ScriptedTurn = { text: 'I cannot help with that', finish: 'refused' }
  const plain = await scriptedRig(agentOf(), [refused])
  assert.is((await failure(plain.ask('answer', QUESTION))).kind, 'refused')
  plain.model.assertComplete()
  await plain.runtime.stop()
  const { runtime, fallback } = await withFallback([done])
  const remedy: Remedy = { reasons: ['refused'], use: { model: 'scripted:fallback' } }
  const { ask } = await scriptedRig(agentOf(), [refused], { runtime, policy: policyWith(remedy) })
  const asked = ask('answer', QUESTION)
  await runtime.clock.advance(60_000)
  assert.equal(await asked, { answer: 'done' })
  assert.is(fallback.calls.length, 1)
  await runtime.stop()
})

test('an agent that goes round in circles goes on with another model, when that is the remedy', async () => {
  const { runtime, fallback } = await withFallback([done])
  const look = defineTool({
    name: 'look',
    description: 'looks',
    input: z.object({}),
    effect: 'pure',
    run: () => 'the same as ever',
  })
  const remedy: Remedy = { reasons: ['loop-detected'], use: { model: 'scripted:fallback' } }
  const { model, ask } = await scriptedRig(
    agentOf([look]),
    () => ({ toolCalls: [{ name: 'look', input: {} }] }),
    {
      runtime,
      policy: policyWith(remedy),
    },
  )
  const asked = ask('answer', QUESTION)
  await runtime.clock.advance(60_000)
  assert.equal(await asked, { answer: 'done' })
  assert.is(model.calls.length, 3)
  assert.is(fallback.calls.length, 1)
  assert.equal(
    runtime.eventsOf('effect.retrying').map(({ reason, remedy: use }) => [reason, use]),
    [['loop-detected', { model: 'scripted:fallback' }]],
  )
  await runtime.stop()
})

test('a remedy may wait for a later attempt', async () => {
  const { runtime, fallback } = await withFallback([done])
  const error = new RuntimeError('model-failed', 'down')
  const remedy: Remedy = { reasons: ['failed'], after: 2, use: { model: 'scripted:fallback' } }
  const { model, ask } = await scriptedRig(agentOf(), [{ error }, { error }], {
    runtime,
    policy: policyWith(remedy),
  })
  const asked = ask('answer', QUESTION)
  await runtime.clock.advance(60_000)
  assert.equal(await asked, { answer: 'done' })
  model.assertComplete()
  assert.is(fallback.calls.length, 1)
  await runtime.stop()
})

test('a remedy that names a model nobody has fails the task with that', async () => {
  const remedy: Remedy = { reasons: ['refused'], use: { model: 'nowhere:model' } }
  const { runtime, ask } = await scriptedRig(agentOf(), [{ finish: 'refused' }], {
    policy: policyWith(remedy),
  })
  const asked = failure(ask('answer', QUESTION))
  await runtime.clock.advance(60_000)
  assert.is((await asked).kind, 'model-unknown')
  await runtime.stop()
})

test('handed to the parent, a failure is neither retried nor changed', async () => {
  const remedy: Remedy = { reasons: ['failed'], use: { handToParent: true } }
  const error = new RuntimeError('model-failed', 'down')
  const { runtime, model, ask } = await scriptedRig(agentOf(), [{ error }], { policy: policyWith(remedy) })
  const thrown = await failure(ask('answer', QUESTION))
  assert.equal([thrown.kind, thrown.details?.['attempts']], ['model-failed', 1])
  model.assertComplete()
  await runtime.stop()
})

const sizeOf = (messages: readonly ModelMessage[]): number => JSON.stringify(messages).length

test('an overflowing conversation is compacted, also when its latest result is what is too long', async () => {
  const page = defineTool({
    name: 'page',
    description: 'reads a page',
    input: z.object({}),
    effect: 'pure',
    run: () => 'word '.repeat(20_000),
  }) as unknown as Tool
  const remedy: Remedy = { reasons: ['context-overflow'], use: { compact: true } }
  const tooLong = new RuntimeError('context-overflow', 'too long')
  const { runtime, model, ask } = await scriptedRig(
    agentOf([page]),
    ({ messages }, i) => {
      if (i === 0) return { toolCalls: [{ name: 'page', input: {} }] }
      return sizeOf(messages) > 20_000 ? { error: tooLong } : done
    },
    { policy: policyWith(remedy) },
  )
  const asked = ask('answer', QUESTION)
  await runtime.clock.advance(60_000)
  assert.equal(await asked, { answer: 'done' })
  assert.is(model.calls.length, 3)
  const [system, user, said, results] = model.calls[2]?.messages ?? []
  assert.equal([system, user, said], model.calls[1]?.messages.slice(0, 3))
  assert.match(JSON.stringify(results), 'shortened')
  await runtime.stop()
})

test('without the remedy an overflow is final', async () => {
  const error = new RuntimeError('context-overflow', 'too long')
  const { runtime, model, ask } = await scriptedRig(agentOf(), [{ error }])
  assert.is((await failure(ask('answer', QUESTION))).kind, 'context-overflow')
  model.assertComplete()
  await runtime.stop()
})

test('compacting clips what is old and long, more with every attempt, and keeps the task and its order', () => {
  const long = 'x'.repeat(10_000)
  const messages: ModelMessage[] = [
    { role: 'system', text: 'who it is' },
    { role: 'user', text: 'the task' },
    ...[1, 2, 3, 4].flatMap((n): ModelMessage[] => [
      { role: 'assistant', text: long, toolCalls: [{ id: `${n}`, name: 'look', input: { q: 'short' } }] },
      {
        role: 'tool',
        results: [{ id: `${n}`, name: 'look', output: n === 1 ? { short: true } : long, failed: n === 2 }],
      },
    ]),
  ]
  const [once, twice] = [compacted(messages, 1), compacted(messages, 2)]
  assert.equal(once.slice(0, 2), messages.slice(0, 2))
  assert.equal(
    once.map(message => message.role),
    messages.map(message => message.role),
  )
  assert.equal(once[3], messages[3])
  assert.is(once[5]?.role === 'tool' && once[5].results[0]?.failed, true)
  assert.ok(sizeOf(once) < sizeOf(messages) / 2)
  assert.ok(sizeOf(twice) < sizeOf(once))
  assert.equal(
    once.flatMap(message => (message.role === 'assistant' ? message.toolCalls : [])),
    messages.flatMap(message => (message.role === 'assistant' ? message.toolCalls : [])),
  )
})

test('cost: an attempt that failed is paid for, and the retry fits the budget or is not made', async () => {
  const usage = { inputTokens: 400, outputTokens: 100 }
  const agent = defineAgent({ ...agentOf(), limits: { maxOutputTokens: 100 } })
  const { runtime, model, ask } = await scriptedRig(agent, () => ({ ...misfit, usage }))
  const asked = failure(ask('answer', QUESTION, { budget: { tokens: 1_200 } }))
  await runtime.clock.advance(60_000)
  assert.is((await asked).kind, 'budget-exhausted')
  assert.is(model.calls.length, 2)
  await runtime.stop()
})

const timeouts = { attemptMs: 100_000, taskMs: 500_000, progressMs: 10_000 }

test('a hung call: a model that says nothing for too long is stalled, and tried again', async () => {
  const { runtime, ask } = await scriptedRig(agentOf(), [{ hang: true }, done], { policy: { timeouts } })
  const asked = ask('answer', QUESTION)
  await runtime.clock.advance(9_999)
  assert.equal(runtime.eventsOf('effect.failed'), [])
  await runtime.clock.advance(1)
  assert.equal(
    runtime.eventsOf('effect.failed').map(event => event.reason),
    ['stalled'],
  )
  await runtime.clock.advance(1_000)
  assert.equal(await asked, { answer: 'done' })
  await runtime.stop()
})

test('a model that streams slowly is not stalled, also when it only reasons', async () => {
  const runtime = testRuntime()
  const { clock } = runtime
  const last = scriptedModel([done])
  const { ask } = await agentRig(agentOf(), {
    runtime,
    policy: { timeouts },
    model: {
      id: 'slow:model',
      async generate(request, options) {
        for (const piece of ['a', '', 'b', '', '']) {
          await new Promise<void>(resolve => clock.at(clock.now() + 9_000, resolve))
          options.onDelta?.(piece)
        }
        return last.generate(request, options)
      },
    },
  })
  const asked = ask('answer', QUESTION)
  await clock.advance(45_000)
  assert.equal(await asked, { answer: 'done' })
  assert.equal(runtime.eventsOf('effect.failed'), [])
  assert.equal(
    runtime.eventsOf('effect.progress').map(event => event.note),
    [{ token: 'a' }, undefined, { token: 'b' }, undefined, undefined, { token: '{"answer":"done"}' }],
  )
  await runtime.stop()
})

test('a stop of the runtime ends the task with its own reason, not with silence', async () => {
  const { runtime, ask } = await scriptedRig(agentOf(), [{ hang: true }])
  const asked = failure(ask('answer', QUESTION))
  await settle()
  await runtime.stop()
  assert.is((await asked).kind, 'runtime-stopped')
})

test('a fallback of no model is refused, not passed over', async () => {
  const spawned = agentRig(agentOf(), { fallbackModel: scriptedModel([done]) })
  assert.is((await failure(spawned)).kind, 'definition-invalid')
})

test.run()
