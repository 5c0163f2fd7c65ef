/** Our side of `agent-turn`: a supervised agent, every model and tool result committed before it is used. */
import { z } from 'zod'
import { NO_USAGE } from '../../actors/events.ts'
import { agentBehaviour } from '../../agents/agent-behaviour.ts'
import { defineAgent } from '../../agents/define-agent.ts'
import { createModelAccess } from '../../agents/models/access.ts'
import type { Model, ModelMessage, ModelResponse, ToolResult } from '../../agents/models/model.ts'
import { defineSkill } from '../../agents/skill.ts'
import { defineTool } from '../../agents/tool.ts'
import { createRuntime } from '../../runtime/create-runtime.ts'
import type { Measured } from '../scenario.ts'
import { measured, timed } from '../timing.ts'
import { ADD_DESCRIPTION, answerText, INSTRUCTIONS, operands, question } from '../work.ts'

const add = defineTool({
  name: 'add',
  description: ADD_DESCRIPTION,
  input: z.object({ a: z.number(), b: z.number() }),
  effect: 'pure',
  run: ({ a, b }) => ({ sum: a + b }),
})

const calculator = defineAgent({
  name: 'calculator',
  description: 'Calculates.',
  instructions: INSTRUCTIONS,
  tools: [add],
  skills: {
    sum: defineSkill({
      description: 'Answers a question about a sum.',
      input: z.object({ question: z.string() }),
      output: z.object({ answer: z.number() }),
      prompt: ({ question }) => ({ user: question }),
    }),
  },
})

/** Answers at once and keeps nothing: `scriptedModel` keeps every request, which is not what is measured. */
const fakeModel: Model = {
  id: 'bench:model',
  async generate({ messages }) {
    const last = messages.at(-1) as ModelMessage
    if (last.role === 'tool') {
      const [result] = last.results
      return turn({ text: answerText((result as ToolResult & { output: { sum: number } }).output.sum) })
    }
    const input = operands((last as { text: string }).text)
    return turn({ toolCalls: [{ id: 'call-1', name: 'add', input }], finish: 'tool-calls' })
  },
}

const turn = (part: Partial<ModelResponse>): ModelResponse => ({
  text: '',
  toolCalls: [],
  finish: 'stop',
  usage: { ...NO_USAGE, modelCalls: 1 },
  model: fakeModel.id,
  ...part,
})

export async function agentTurn(): Promise<Measured> {
  const runtime = createRuntime()
  const models = createModelAccess({ runtime, env: {} })
  const model = await models.use(fakeModel)
  const behaviour = agentBehaviour(calculator, { models, model, now: runtime.host.clock.now })
  const agent = await runtime.spawn(behaviour, { id: 'one' })
  const timing = await timed(async n => {
    const answer = await runtime.ask(agent, 'task.assign', { skill: 'sum', input: { question: question(n) } })
    return (answer as { answer: number }).answer === n + 1 ? 1 : 0
  })
  await runtime.stop()
  return measured({ turn: timing })
}
