import * as assert from 'uvu/assert'
import { z } from 'zod'
import { RuntimeError } from '../actors/errors.ts'
import { settle } from '../runtime/testkit/simulated-clock.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import { testRuntime } from '../runtime/testkit/test-runtime.ts'
import { type AgentDefinition, defineAgent } from './define-agent.ts'
import type { Prices } from './models/model.ts'
import { type ScriptedModel, type ScriptedTurn, scriptedModel } from './models/scripted.ts'
import { defineSkill } from './skill.ts'
import { agentRig, failure, scriptedRig } from './testdata/agent-rig.ts'
import { defineTool, type Tool } from './tool.ts'

const test = testSuite('agents/agent-limits')

const answer = defineSkill({
  description: 'answers a question',
  input: z.object({ q: z.string() }),
  output: z.object({ answer: z.string() }),
  prompt: ({ q }) => ({ user: q }),
})
/** Gives what `reply` makes of the number of the call. */
const looker = (reply: (n: number) => unknown, name = 'look'): Tool => {
  let n = 0
  return defineTool({
    name,
    description: 'looks',
    input: z.object({ at: z.string().optional() }),
    effect: 'pure',
    run: () => reply(++n),
  }) as unknown as Tool
}
const agentOf = (more: Partial<AgentDefinition> = {}) =>
  defineAgent({ name: 'clerk', description: 'answers', skills: { answer }, ...more })
const done: ScriptedTurn = { object: { answer: 'done' } }
const look = (at?: string, name = 'look'): ScriptedTurn => ({
  toolCalls: [{ name, input: at === undefined ? {} : { at } }],
})
const QUESTION = { q: '?' }

test('a limit that is ignored: stops after its turns, and a limit of one means one', async () => {
  for (const maxTurns of [1, 4]) {
    const { runtime, model, ask } = await scriptedRig(
      agentOf({ tools: [looker(n => n)], limits: { maxTurns } }),
      () => look(),
    )
    assert.is((await failure(ask('answer', QUESTION))).kind, 'turn-limit')
    assert.is(model.calls.length, maxTurns)
    await runtime.stop()
  }
})

test('a limit that is ignored: without limits of its own a task still ends', async () => {
  const { runtime, model, ask } = await scriptedRig(agentOf({ tools: [looker(n => n)] }), () => look())
  assert.is((await failure(ask('answer', QUESTION))).kind, 'turn-limit')
  assert.is(model.calls.length, 12)
  await runtime.stop()
})

test('a limit that is ignored: repairs count as turns', async () => {
  const { runtime, model, ask } = await scriptedRig(agentOf({ limits: { maxTurns: 1 } }), () => ({
    text: 'no json',
  }))
  assert.is((await failure(ask('answer', QUESTION))).kind, 'turn-limit')
  assert.is(model.calls.length, 1)
  await runtime.stop()
})

test('an answer in the last turn is an answer', async () => {
  const { runtime, ask } = await scriptedRig(agentOf({ tools: [looker(n => n)], limits: { maxTurns: 2 } }), [
    look(),
    done,
  ])
  assert.equal(await ask('answer', QUESTION), { answer: 'done' })
  await runtime.stop()
})

test('a limit that is ignored: more tool calls than allowed are not begun, also all in one turn', async () => {
  for (const maxToolCalls of [0, 3]) {
    let ran = 0
    const { runtime, ask } = await scriptedRig(
      agentOf({ tools: [looker(() => ++ran)], limits: { maxToolCalls } }),
      () => ({ toolCalls: [1, 2, 3, 4].map(n => ({ name: 'look', input: { at: `${n}` } })) }),
    )
    assert.is((await failure(ask('answer', QUESTION))).kind, 'turn-limit')
    assert.is(ran, 0)
    await runtime.stop()
  }
})

test('loops: the same call with the same result three times is a loop', async () => {
  const { runtime, model, ask } = await scriptedRig(agentOf({ tools: [looker(() => 'same')] }), () =>
    look('here'),
  )
  const error = await failure(ask('answer', QUESTION))
  assert.is(error.kind, 'loop-detected')
  assert.equal(error.details?.['tools'], ['look'])
  assert.is(error.details?.['cycle'], 1)
  assert.is(error.details?.['reason'], 'loop-detected')
  assert.is(model.calls.length, 3)
  await runtime.stop()
})

test('loops: two calls that take turns are a loop', async () => {
  const tools = [looker(() => 'ping', 'left'), looker(() => 'pong', 'right')]
  const { runtime, model, ask } = await scriptedRig(agentOf({ tools }), (_, i) =>
    look(undefined, i % 2 ? 'right' : 'left'),
  )
  const error = await failure(ask('answer', QUESTION))
  assert.equal([error.kind, error.details?.['cycle']], ['loop-detected', 2])
  assert.is(model.calls.length, 6)
  await runtime.stop()
})

test('loops: calls side by side in any order and number, and calls of unknown tools, are a loop too', async () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f']
  const tools = names.map(name => looker(() => 'same', name))
  const many = await scriptedRig(agentOf({ tools }), (_, i) => ({
    toolCalls: (i % 2 ? names : [...names].reverse()).map(name => ({ name, input: {} })),
  }))
  assert.is((await failure(many.ask('answer', QUESTION))).kind, 'loop-detected')
  assert.is(many.model.calls.length, 3)
  await many.runtime.stop()
  const unknown = await scriptedRig(agentOf(), () => look())
  assert.is((await failure(unknown.ask('answer', QUESTION))).kind, 'loop-detected')
  assert.is(unknown.model.calls.length, 3)
  await unknown.runtime.stop()
})

test('loops: the same call with a new result is progress, and so is a call repeated within one turn', async () => {
  const polling = await scriptedRig(agentOf({ tools: [looker(n => n)] }), (_, i) =>
    i < 8 ? look('x') : done,
  )
  assert.equal(await polling.ask('answer', QUESTION), { answer: 'done' })
  await polling.runtime.stop()
  const { toolCalls = [] } = look('x')
  const doubled = await scriptedRig(agentOf({ tools: [looker(() => 'same')] }), [
    { toolCalls: [...toolCalls, ...toolCalls, ...toolCalls] },
    done,
  ])
  assert.equal(await doubled.ask('answer', QUESTION), { answer: 'done' })
  await doubled.runtime.stop()
})

test('cost: a budget of calls ends the task at its limit, and nothing more is called', async () => {
  const { runtime, model, ask } = await scriptedRig(agentOf({ tools: [looker(n => n)] }), () => look())
  const error = await failure(ask('answer', QUESTION, { budget: { modelCalls: 2 } }))
  assert.equal([error.kind, error.details?.['what']], ['budget-exhausted', 'modelCalls'])
  assert.is(model.calls.length, 2)
  let ran = 0
  const tools = [looker(() => ++ran)]
  const { runtime: other, ...busy } = await scriptedRig(agentOf({ tools }), () => look())
  const tooMany = await failure(busy.ask('answer', QUESTION, { budget: { toolCalls: 2 } }))
  assert.equal([tooMany.kind, tooMany.details?.['what']], ['budget-exhausted', 'toolCalls'])
  assert.is(ran, 2)
  await runtime.stop()
  await other.stop()
})

test('cost: tokens are reserved before a call, so one that does not fit is never made', async () => {
  const agent = agentOf({ limits: { maxOutputTokens: 100 } })
  const { runtime, model, ask } = await scriptedRig(agent, () => done)
  const long = { q: 'x'.repeat(4_000) }
  assert.is((await failure(ask('answer', long, { budget: { tokens: 1_000 } }))).kind, 'budget-exhausted')
  assert.is(model.calls.length, 0)
  assert.equal(await ask('answer', long, { budget: { tokens: 1_400 } }), { answer: 'done' })
  await runtime.stop()
})

test('cost: what was really spent counts, not what was reserved', async () => {
  const agent = agentOf({ tools: [looker(n => n)], limits: { maxOutputTokens: 100 } })
  const usage = { inputTokens: 300, outputTokens: 100 }
  const { runtime, model, ask } = await scriptedRig(agent, () => ({ ...look(), usage }))
  assert.is((await failure(ask('answer', QUESTION, { budget: { tokens: 1_000 } }))).kind, 'budget-exhausted')
  assert.is(model.calls.length, 2)
  await runtime.stop()
})

test('cost: with a cost limit, a model whose price is not known is not called at all', async () => {
  const { runtime, model, ask } = await scriptedRig(agentOf(), () => done)
  const error = await failure(ask('answer', QUESTION, { budget: { costUsd: 1_000 } }))
  assert.equal([error.kind, error.details?.['what']], ['budget-exhausted', 'costUsd'])
  assert.is(model.calls.length, 0)
  const { what, left } = runtime.eventsOf('budget.exhausted')[0] ?? {}
  assert.equal([what, left], ['costUsd', 1_000])
  await runtime.stop()
})

test('cost: with a price, what a call may cost is reserved before it is made', async () => {
  const agent = agentOf({ limits: { maxOutputTokens: 1_000 } })
  const price = { inputPerMillion: 1, outputPerMillion: 10 }
  const { runtime, model, ask } = await scriptedRig(agent, () => done, { price })
  const tooLittle = await failure(ask('answer', QUESTION, { budget: { costUsd: 0.009 } }))
  assert.equal([tooLittle.kind, model.calls.length], ['budget-exhausted', 0])
  assert.equal(await ask('answer', QUESTION, { budget: { costUsd: 0.02 } }), { answer: 'done' })
  await runtime.stop()
})

test('cost: a fallback model is reserved at its own price, and not called when that is not known', async () => {
  const prices = { inputPerMillion: 1, outputPerMillion: 10 }
  const agent = agentOf({ limits: { maxOutputTokens: 100 } })
  const down = { error: new RuntimeError('model-failed', 'down') }
  const askWith = async (spare: ScriptedModel & { readonly prices?: Prices }) => {
    const runtime = testRuntime()
    const more = { runtime, price: prices, fallbackModel: spare }
    const { ask } = await scriptedRig(agent, () => down, more)
    const asked = ask('answer', QUESTION, { budget: { costUsd: 0.01 } })
    asked.catch(() => {}) // looked at when the time has passed
    await runtime.clock.advance(60_000)
    await runtime.stop()
    return { asked }
  }
  const spare = () => scriptedModel([done], { id: 'scripted:spare' })
  const unpriced = spare()
  const error = await failure((await askWith(unpriced)).asked)
  assert.equal([error.kind, error.details?.['what']], ['budget-exhausted', 'costUsd'])
  assert.is(unpriced.calls.length, 0)
  const dear = spare()
  const tooDear = await failure(
    (await askWith({ ...dear, prices: { inputPerMillion: 1, outputPerMillion: 1_000 } })).asked,
  )
  assert.equal([tooDear.kind, dear.calls.length], ['budget-exhausted', 0])
  assert.equal(await (await askWith({ ...spare(), prices })).asked, { answer: 'done' })
})

test('cost: a loop is a loop, also when nothing is left for another call', async () => {
  const { runtime, model, ask } = await scriptedRig(agentOf({ tools: [looker(() => 'same')] }), () => look())
  const error = await failure(ask('answer', QUESTION, { budget: { modelCalls: 3 } }))
  assert.equal([error.kind, model.calls.length], ['loop-detected', 3])
  await runtime.stop()
})

test('cost: a budget that is used up ends the task even when a tool meets it first', async () => {
  const { runtime, model, ask } = await scriptedRig(agentOf({ tools: [looker(n => n)] }), [
    { toolCalls: [1, 2, 3].map(() => ({ name: 'look', input: {} })) },
  ])
  const error = await failure(ask('answer', QUESTION, { budget: { toolCalls: 1 } }))
  assert.is(error.kind, 'budget-exhausted')
  model.assertComplete()
  await runtime.stop()
})

test('cancelling a task aborts the call to its model and leaves the agent free', async () => {
  const signals: AbortSignal[] = []
  const scripted = scriptedModel([{ hang: true }, done])
  const { runtime, ask } = await agentRig(agentOf(), {
    model: {
      id: 'watched:model',
      generate(request, options) {
        signals.push(options.signal)
        return scripted.generate(request, options)
      },
    },
  })
  const controller = new AbortController()
  const asked = failure(ask('answer', QUESTION, { signal: controller.signal }))
  await settle()
  assert.is(signals[0]?.aborted, false)
  controller.abort()
  assert.is((await asked).kind, 'cancelled')
  await settle()
  assert.is(signals[0]?.aborted, true)
  assert.equal(await ask('answer', QUESTION), { answer: 'done' })
  await runtime.stop()
})

test('a hung call: a deadline ends the task, and the call with it', async () => {
  const { runtime, model, ask } = await scriptedRig(agentOf(), [{ hang: true }, done])
  const asked = failure(ask('answer', QUESTION, { timeoutMs: 5_000 }))
  await runtime.clock.advance(5_000)
  assert.is((await asked).kind, 'deadline-exceeded')
  assert.equal(await ask('answer', QUESTION), { answer: 'done' })
  model.assertComplete()
  await runtime.stop()
})

test('a hung call: a tool that hangs is ended by its own time limit, and the model learns of it', async () => {
  const hang = defineTool({
    name: 'hang',
    description: 'hangs',
    input: z.object({}),
    timeoutMs: 2_000,
    run: () => new Promise(() => {}),
  }) as unknown as Tool
  const { runtime, model, ask } = await scriptedRig(agentOf({ tools: [hang] }), [
    look(undefined, 'hang'),
    done,
  ])
  const asked = ask('answer', QUESTION)
  await runtime.clock.advance(1_999)
  assert.is(model.calls.length, 1)
  await runtime.clock.advance(1)
  assert.equal(await asked, { answer: 'done' })
  assert.match(JSON.stringify(model.calls[1]?.messages.at(-1)), 'AC-2002')
  await runtime.stop()
})

test('concurrent tasks: works on one task at a time, in the order of the asks', async () => {
  const runtime = testRuntime()
  let under = 0
  let most = 0
  const order: string[] = []
  const slow = defineSkill({
    description: 'takes time',
    input: z.object({ id: z.string() }),
    output: z.object({ id: z.string() }),
    extract: async ({ id }) => {
      most = Math.max(most, ++under)
      order.push(id)
      await settle()
      under--
      return { id }
    },
  })
  const { ask } = await agentRig(agentOf({ skills: { slow } }), { runtime })
  const ids = ['a', 'b', 'c', 'd']
  assert.equal(
    await Promise.all(ids.map(id => ask('slow', { id }))),
    ids.map(id => ({ id })),
  )
  assert.equal([most, order], [1, ids])
  await runtime.stop()
})

test('a task that finds the mailbox full is refused at once, not by its timeout', async () => {
  const { runtime, ask } = await scriptedRig(agentOf({ mailbox: { capacity: 2 } }), [
    { hang: true },
    done,
    done,
  ])
  const controller = new AbortController()
  const first = failure(ask('answer', QUESTION, { signal: controller.signal }))
  await settle()
  const waiting = [ask('answer', QUESTION), ask('answer', QUESTION)]
  assert.is((await failure(ask('answer', QUESTION))).kind, 'mailbox-full')
  controller.abort()
  await first
  assert.equal(await Promise.all(waiting), [{ answer: 'done' }, { answer: 'done' }])
  await runtime.stop()
})

test('a second ask hangs: a task that failed leaves nothing behind for the next', async () => {
  const { runtime, model, ask } = await scriptedRig(agentOf({ tools: [looker(() => 'same')] }), (_, i) =>
    i < 3 ? look() : i < 5 ? look() : done,
  )
  assert.is((await failure(ask('answer', QUESTION))).kind, 'loop-detected')
  assert.equal(await ask('answer', QUESTION), { answer: 'done' })
  assert.is(model.calls.length, 6)
  await runtime.stop()
})

test('swallowed errors: what a model throws reaches whoever asked, with its history', async () => {
  const { runtime, ask } = await agentRig(agentOf(), {
    model: {
      id: 'broken:model',
      async generate() {
        throw new TypeError('no such method')
      },
    },
  })
  const asked = failure(ask('answer', QUESTION))
  await runtime.clock.advance(60_000)
  const error = await asked
  assert.equal([error.kind, error.details?.['attempts']], ['model-failed', 3])
  assert.match(error.message, 'no such method')
  assert.is(runtime.eventsOf('effect.gave-up').length, 1)
  await runtime.stop()
})

test('a failure returned as success: a failed task is never an answer with an empty text', async () => {
  const { runtime, ask } = await scriptedRig(agentOf(), () => ({ text: '' }))
  const asked = failure(ask('answer', QUESTION))
  await runtime.clock.advance(60_000)
  assert.is((await asked).kind, 'schema-invalid')
  await runtime.stop()
})

test('agents that wait for each other: a tool cannot ask its own agent and hang', async () => {
  const runtime = testRuntime()
  const recursive = defineTool({
    name: 'recurse',
    description: 'asks itself',
    input: z.object({}),
    effect: 'pure',
    run: (_, { actor, signal }) =>
      runtime.ask(actor, 'task.assign', { skill: 'answer', input: QUESTION }, { signal, timeoutMs: 60_000 }),
  }) as unknown as Tool
  const { ask } = await scriptedRig(agentOf({ tools: [recursive] }), () => look(undefined, 'recurse'), {
    runtime,
  })
  const asked = failure(ask('answer', QUESTION, { timeoutMs: 30_000 }))
  await runtime.clock.advance(30_000)
  assert.is((await asked).kind, 'deadline-exceeded')
  await runtime.stop()
})

test.run()
