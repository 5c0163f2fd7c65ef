/** Our side of `workflow-steps`: every step is an ask to an agent, and every step is committed. */
import { z } from 'zod'
import { agentBehaviour } from '../../agents/agent-behaviour.ts'
import { defineAgent } from '../../agents/define-agent.ts'
import { createModelAccess } from '../../agents/models/access.ts'
import { defineSkill } from '../../agents/skill.ts'
import { compileWorkflow } from '../../agents/workflow/compile.ts'
import { defineWorkflow, type Workflow } from '../../agents/workflow/define-workflow.ts'
import { ref } from '../../agents/workflow/reference.ts'
import { runWorkflow } from '../../agents/workflow/run-workflow.ts'
import { createRuntime } from '../../runtime/create-runtime.ts'
import type { Measured } from '../scenario.ts'
import { measured, timed } from '../timing.ts'
import { STEPS } from '../work.ts'

const counter = defineAgent({
  name: 'counter',
  description: 'Counts.',
  skills: {
    increment: defineSkill({
      description: 'Adds one.',
      input: z.object({ n: z.number() }),
      output: z.object({ n: z.number() }),
      extract: ({ n }) => ({ n: n + 1 }),
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

export async function workflowSteps(): Promise<Measured> {
  const runtime = createRuntime()
  const models = createModelAccess({ runtime, env: {} })
  const agent = agentBehaviour(counter, { models, now: runtime.host.clock.now })
  const members = { counter: [await runtime.spawn(agent, { id: 'one' })] }
  const behaviour = compileWorkflow(counting as Workflow)
  const timing = await timed(
    async n => {
      const { status, output } = await runWorkflow<{ n: number }>({
        runtime,
        behaviour,
        input: { n },
        members,
      })
      return status === 'done' && output.n === n + STEPS ? STEPS : 0
    },
    { size: STEPS },
  )
  await runtime.stop()
  return measured({ step: timing })
}
