/**
 * Our side of `durable-step`: every step is an ask to an agent that calls a model, and the model's answer is on
 * disk, synced, before it is used. As many agents as runs at a time, since an agent does one task after the other.
 */
import { join } from 'node:path'
import { z } from 'zod'
import { NO_USAGE } from '../../actors/events.ts'
import { agentBehaviour } from '../../agents/agent-behaviour.ts'
import { defineAgent } from '../../agents/define-agent.ts'
import { createModelAccess } from '../../agents/models/access.ts'
import type { Model } from '../../agents/models/model.ts'
import { defineSkill } from '../../agents/skill.ts'
import { compileWorkflow } from '../../agents/workflow/compile.ts'
import { defineWorkflow, type Workflow } from '../../agents/workflow/define-workflow.ts'
import { ref } from '../../agents/workflow/reference.ts'
import { runWorkflow } from '../../agents/workflow/run-workflow.ts'
import { createRuntime } from '../../runtime/create-runtime.ts'
import { durableSteps } from '../durable-steps.ts'
import type { Measured } from '../scenario.ts'
import { operands, question, RUNS_AT_ONCE, STEPS } from '../work.ts'

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

export async function durableStep(scratch: string): Promise<Measured> {
  const runtime = createRuntime({ dataDir: join(scratch, 'data') })
  const models = createModelAccess({ runtime, env: {} })
  const model = await models.use(fakeModel)
  const agent = agentBehaviour(counter, { models, model, now: runtime.host.clock.now })
  const agents = await Promise.all(
    Array.from({ length: RUNS_AT_ONCE }, (_, i) => runtime.spawn(agent, { id: `agent-${i}` })),
  )
  const free = [...agents]
  const behaviour = compileWorkflow(counting as Workflow)
  const found = await durableSteps(async n => {
    const mine = free.pop() as (typeof agents)[number]
    const { status, output } = await runWorkflow<{ n: number }>({
      runtime,
      behaviour,
      input: { n },
      members: { counter: [mine] },
    })
    free.push(mine)
    return status === 'done' ? output.n : Number.NaN
  })
  await runtime.stop()
  return found
}
