/**
 * Our workflow of durable steps: every step is an ask to an agent that calls a model, and the model's answer is
 * committed before it is used. Used on one machine by `durable-step.ts`, and by the nodes of a cluster.
 */
import { z } from 'zod'
import type { Address } from '../../actors/address.ts'
import { NO_USAGE } from '../../actors/events.ts'
import { agentBehaviour } from '../../agents/agent-behaviour.ts'
import { defineAgent } from '../../agents/define-agent.ts'
import type { ModelAccess } from '../../agents/models/access.ts'
import type { Model } from '../../agents/models/model.ts'
import { defineSkill } from '../../agents/skill.ts'
import { compileWorkflow } from '../../agents/workflow/compile.ts'
import { defineWorkflow, type Workflow } from '../../agents/workflow/define-workflow.ts'
import { ref } from '../../agents/workflow/reference.ts'
import { runWorkflow } from '../../agents/workflow/run-workflow.ts'
import type { Runtime } from '../../runtime/create-runtime.ts'
import { operands, question, STEPS } from '../work.ts'

const counter = defineAgent({
  name: 'counter',
  description: 'Counts.',
  instructions: 'You add one.',
  skills: {
    increment: defineSkill({
      description: 'Adds one.',
      input: z.object({ n: z.number() }),
      output: z.object({ n: z.number() }),
      prompt: ({ n }) => ({ user: question(n) }),
    }),
  },
})

const counting = defineWorkflow({
  name: 'counting',
  description: 'Adds one, step by step.',
  input: z.object({ n: z.number() }),
  agents: { counter: 'counter' },
  steps: Array.from({ length: STEPS }, (_, i) => ({
    id: `step-${i}`,
    ask: 'counter',
    skill: 'increment',
    input: { n: ref(i === 0 ? 'input.n' : `step-${i - 1}.n`) },
  })),
  output: { n: ref(`step-${STEPS - 1}.n`) },
})

/** Answers at once and keeps nothing: `scriptedModel` keeps every request, which is not what is measured. */
const fakeModel: Model = {
  id: 'bench:model',
  async generate({ messages }) {
    const last = messages.at(-1) as { readonly text: string }
    const { a, b } = operands(last.text)
    return {
      text: JSON.stringify({ n: a + b }),
      toolCalls: [],
      finish: 'stop',
      usage: { ...NO_USAGE, modelCalls: 1 },
      model: fakeModel.id,
    }
  },
}

/**
 * Adds one in each of its steps; resolves when the last step is kept. An agent does one task after the other: there
 * come to be as many as there are runs at a time, of which `spare` are made before.
 */
export async function countingIn(
  runtime: Runtime,
  models: ModelAccess,
  spare: number,
): Promise<(n: number) => Promise<number>> {
  const model = await models.use(fakeModel)
  const agent = agentBehaviour(counter, { models, model, now: runtime.host.clock.now })
  const behaviour = compileWorkflow(counting as Workflow)
  const free: Address[] = await Promise.all(
    Array.from({ length: spare }, () => runtime.spawn(agent, { id: `agent-${runtime.host.id()}` })),
  )
  return async n => {
    const mine = free.pop() ?? (await runtime.spawn(agent, { id: `agent-${runtime.host.id()}` }))
    const { status, output } = await runWorkflow<{ n: number }>({
      runtime,
      behaviour,
      input: { n },
      members: { counter: [mine] },
    })
    free.push(mine)
    return status === 'done' ? output.n : Number.NaN
  }
}
