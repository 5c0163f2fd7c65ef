/**
 * An agent in ten lines: a skill, a tool, a model, a question. The model here is scripted, so that this runs
 * offline; write `model: 'openai:gpt-5-mini'` to use a real one.
 */
import { createRuntime } from 'agenticraft'
import { defineAgent, defineSkill, defineTool, spawnAgent } from 'agenticraft/agents'
import { scriptedModel } from 'agenticraft/testing'
import { z } from 'zod'

const stock = defineTool({
  name: 'stock',
  description: 'How many pieces of an article are in stock.',
  input: z.object({ article: z.string() }),
  effect: 'pure',
  run: ({ article }) => ({ pieces: article.length }),
})

const clerk = defineAgent({
  name: 'clerk',
  description: 'Answers questions about the stock.',
  tools: [stock],
  skills: {
    answer: defineSkill({
      description: 'Answer a question.',
      input: z.object({ question: z.string() }),
      output: z.object({ answer: z.string() }),
      prompt: ({ question }) => ({ user: question }),
    }),
  },
})

const model = scriptedModel([
  { toolCalls: [{ name: 'stock', input: { article: 'teapot' } }] },
  { object: { answer: 'There are 6 teapots.' } },
])

const runtime = createRuntime()
const agent = await spawnAgent(runtime, clerk, { model })
console.log(await agent.ask('answer', { question: 'How many teapots are there?' }))
await runtime.stop()
