/** The research team's workflow, as data: plan, research side by side, check, analyse side by side, write. */
import { researchInput } from '../research/exchange.ts'
import { defineWorkflow } from '../workflow/define-workflow.ts'
import { ref } from '../workflow/reference.ts'

export const researchTeam = defineWorkflow({
  name: 'research-team',
  description: 'Researches a topic over your sources and writes a cited report.',
  input: researchInput.extend({ model: researchInput.shape.topic.nullable().default(null) }),
  agents: {
    coordinator: 'coordinator',
    researchers: 'web-researcher',
    checkers: 'fact-checker',
    analysts: 'data-analyst',
    writers: 'technical-writer',
  },
  steps: [
    { id: 'plan', ask: 'coordinator', skill: 'plan', input: ref('input') },
    {
      id: 'gather',
      map: ref('plan.subtasks'),
      as: 'subtask',
      onError: 'skip',
      atLeast: 1,
      step: {
        ask: 'researchers',
        skill: 'research',
        input: {
          topic: ref('input.topic'),
          subtask: ref('subtask'),
          sources: ref('plan.sources'),
          limit: ref('plan.findingsPerSubtask'),
        },
      },
    },
    {
      id: 'check',
      ask: 'checkers',
      skill: 'check',
      input: { gathered: ref('gather'), sources: ref('plan.sources') },
    },
    {
      id: 'analyse',
      map: ref('plan.aspects'),
      as: 'aspect',
      onError: 'skip',
      step: {
        ask: 'analysts',
        skill: 'analyse',
        input: {
          topic: ref('input.topic'),
          aspect: ref('aspect'),
          subtasks: ref('plan.subtasks'),
          findings: ref('check.findings'),
          sources: ref('plan.sources'),
        },
      },
    },
    {
      id: 'write',
      ask: 'writers',
      skill: 'write',
      input: {
        topic: ref('input.topic'),
        audience: ref('input.audience'),
        depth: ref('input.depth'),
        context: ref('input.context'),
        model: ref('input.model'),
        subtasks: ref('plan.subtasks'),
        findings: ref('check.findings'),
        analyses: ref('analyse'),
        sources: ref('plan.sources'),
      },
    },
  ],
  output: {
    plan: ref('plan'),
    gathered: ref('gather'),
    check: ref('check'),
    analyses: ref('analyse'),
    report: ref('write'),
  },
})
