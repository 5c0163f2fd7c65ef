import * as assert from 'uvu/assert'
import { z } from 'zod'
import { atEveryCommit, livedThrough } from '../../runtime/testkit/lives.ts'
import { mortal } from '../../runtime/testkit/mortal.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { defineAgent } from '../define-agent.ts'
import { scriptedModel } from '../models/scripted.ts'
import { defineSkill } from '../skill.ts'
import { spawnAgent } from '../spawn-agent.ts'
import { smallMemory } from './testdata/small-memory.ts'

const test = testSuite('agents/memory/agent-memory-recovery')

const clerk = defineAgent({
  name: 'clerk',
  description: 'answers',
  skills: {
    answer: defineSkill({
      description: 'answers a question',
      input: z.object({ question: z.string() }),
      output: z.object({ answer: z.string() }),
      prompt: ({ question }) => ({ user: question }),
    }),
  },
})

/** Two tasks under keys, of which the second needs what the first left; the store outlives the processes. */
function tasks() {
  const store = smallMemory()
  const model = scriptedModel(({ messages }) => {
    const prompt = JSON.stringify(messages)
    return { object: { answer: prompt.includes('moved to Porto') ? 'in Porto' : 'nobody knows' } }
  })
  return {
    store,
    model,
    behaviours: [],
    program: async (runtime: Parameters<typeof spawnAgent>[0]) => {
      const memory = { memory: store, consolidateEveryMs: false } as const
      const { ask } = await spawnAgent(runtime, clerk, { id: 'one', model, memory, env: {} })
      await ask('answer', { question: 'Ana moved to Porto.' }, { key: 'one' })
      return ask('answer', { question: 'Where does Ana live?' }, { key: 'two' })
    },
  }
}

const REMEMBERED = ['Ana moved to Porto.', 'in Porto', 'Where does Ana live?', 'in Porto']

test('killed at any commit, a task recalls the same and is remembered once', async () => {
  const commits = await atEveryCommit(tasks, (outcome, _, { store, model }) => {
    assert.equal(outcome, { answer: 'in Porto' })
    assert.equal(
      store.all('main').map(one => one.text),
      REMEMBERED,
    )
    // Two tasks, and the one call that may have been in flight.
    assert.ok(model.calls.length <= 3)
  })
  assert.ok(commits > 20)
})

test('killed between recall and remember, it does not ask the memory again', async () => {
  const life = tasks()
  const world = mortal()
  let calls = 0
  const dying = scriptedModel(request => {
    calls++
    if (calls > 1) return { object: { answer: `call ${calls}, ${request.messages.length} messages` } }
    world.die()
    return { hang: true }
  })
  const program = async (runtime: Parameters<typeof spawnAgent>[0]) => {
    const memory = { memory: life.store, consolidateEveryMs: false } as const
    const { ask } = await spawnAgent(runtime, clerk, { id: 'one', model: dying, memory, env: {} })
    return ask('answer', { question: 'Ana moved to Porto.' }, { key: 'one' })
  }
  assert.equal(await livedThrough(world, { ...life, program }), { answer: 'call 2, 2 messages' })
  assert.is(life.store.log.filter(call => call === 'main.recall').length, 1)
  assert.is(life.store.all('main').length, 2)
})

test('killed after the store has it and before that is known, it is remembered once', async () => {
  const life = tasks()
  const world = mortal()
  let died = false
  life.store.after = () => {
    if (died) return undefined
    died = true
    world.die()
    return new Promise(() => {})
  }
  assert.equal(await livedThrough(world, life), { answer: 'in Porto' })
  assert.equal(
    life.store.all('main').map(one => one.text),
    REMEMBERED,
  )
  // Neither the agent nor the memory actor knows, so both do it again, under the same key.
  assert.is(life.store.log.filter(call => call === 'main.rememberAll').length, 4)
})

test.run()
