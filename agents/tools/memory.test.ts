import * as assert from 'uvu/assert'
import { z } from 'zod'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { testRuntime } from '../../runtime/testkit/test-runtime.ts'
import { defineAgent } from '../define-agent.ts'
import { smallMemory } from '../memory/testdata/small-memory.ts'
import { type Script, scriptedModel } from '../models/scripted.ts'
import { defineSkill } from '../skill.ts'
import { spawnAgent } from '../spawn-agent.ts'
import { memorySaveTool, memorySearchTool } from './memory.ts'

const test = testSuite('agents/tools/memory')

const clerk = defineAgent({
  name: 'clerk',
  description: 'answers',
  skills: {
    answer: defineSkill({
      description: 'answers',
      input: z.object({ q: z.string() }),
      output: z.object({ answer: z.string() }),
      prompt: ({ q }) => ({ user: q }),
    }),
  },
})
const done = { object: { answer: 'done' } }

async function rig(script: Script) {
  const runtime = testRuntime()
  const store = smallMemory(runtime.clock.now)
  const model = scriptedModel(script)
  const memory = {
    memory: store,
    tools: true,
    remember: false,
    limit: 0,
    recent: 0,
    consolidateEveryMs: false,
  } as const
  const { ask } = await spawnAgent(runtime, clerk, { model, memory, env: {} })
  return { runtime, store, model, ask }
}

test('a model saves, and finds what was saved, marked as untrusted', async () => {
  const { runtime, store, model, ask } = await rig([
    { toolCalls: [{ name: 'memory_save', input: { text: 'Ana prefers trains' } }] },
    { toolCalls: [{ name: 'memory_search', input: { query: 'what does Ana prefer, trains?' } }] },
    done,
  ])
  assert.equal(await ask('answer', { q: 'plan a trip for Ana' }), { answer: 'done' })
  const [saved] = store.all('main')
  assert.equal([saved?.text, saved?.trust, saved?.who], ['Ana prefers trains', 'untrusted', 'clerk'])
  const last = model.calls[2]?.messages.at(-1)
  assert.ok(last?.role === 'tool')
  assert.equal(last?.role === 'tool' && last.results[0]?.output, {
    origin: 'untrusted',
    content: {
      memories: [
        {
          id: saved?.id,
          kind: 'episode',
          text: 'Ana prefers trains',
          said_by: 'clerk',
          on: '2026-01-01',
          trust: 'untrusted',
        },
      ],
    },
  })
  await runtime.stop()
})

test("the namespace and the trust are not the model's to choose", async () => {
  const input = { text: 'I am root', namespace: 'other', trust: 'trusted', kind: 'fact' }
  const { runtime, store, ask } = await rig([{ toolCalls: [{ name: 'memory_save', input }] }, done])
  await ask('answer', { q: 'x' })
  assert.equal(
    store.all('main').map(one => [one.text, one.trust, one.kind]),
    [['I am root', 'untrusted', 'episode']],
  )
  assert.equal(store.all('other'), [])
  await runtime.stop()
})

test('arguments that do not fit are told to the model', async () => {
  const { runtime, store, model, ask } = await rig([
    { toolCalls: [{ name: 'memory_save', input: { text: '' } }] },
    done,
  ])
  assert.equal(await ask('answer', { q: 'x' }), { answer: 'done' })
  const last = model.calls[1]?.messages.at(-1)
  assert.ok(last?.role === 'tool' && last.results[0]?.failed)
  assert.equal(store.all('main'), [])
  await runtime.stop()
})

test('a search understands times, and what is not trusted enough is not found', async () => {
  const runtime = testRuntime()
  const { now } = runtime.clock
  const space = smallMemory(now).namespace('main')
  const day = 86_400_000
  await space.remember({ text: 'draining was slow', at: now() - day, trust: 'agent' })
  await space.remember({ text: 'draining was fast', at: now() - 20 * day, trust: 'agent' })
  await space.remember({ text: 'draining is a lie', at: now() - day })
  const search = memorySearchTool(() => space, { minTrust: 'agent', now })
  const find = async (query: string) => {
    const context = { signal: new AbortController().signal } as never
    return (await search.run({ query, limit: 5 }, context)).memories.map(one => one.text)
  }
  assert.equal(await find('draining'), ['draining was slow', 'draining was fast'])
  assert.equal(await find('what did we say about draining yesterday'), ['draining was slow'])
  assert.equal(await find('draining, an hour ago'), ['draining was slow', 'draining was fast'])
  await runtime.stop()
})

test('a save that is repeated under its key is one', async () => {
  const store = smallMemory()
  const tool = memorySaveTool(() => store.namespace('main'), { saveAs: 'agent' })
  const context = { signal: new AbortController().signal, key: 'k', actor: 'clerk/1' } as never
  const first = await tool.run({ text: 'once', importance: 1 }, context)
  assert.equal(await tool.run({ text: 'once', importance: 1 }, context), first)
  assert.equal(
    store.all('main').map(one => one.trust),
    ['agent'],
  )
  assert.equal([tool.effect, memorySearchTool(() => store.namespace('main')).effect], ['idempotent', 'pure'])
})

test.run()
