/**
 * The research team's workflow, as data: plan, research side by side, check, analyse side by side, write. With a
 * memory it recalls what is known before it plans, researches only what is open, and remembers what it found.
 */
import { researchInput } from '../research/exchange.ts'
import { defineWorkflow, type Step } from '../workflow/define-workflow.ts'
import { type Reference, ref } from '../workflow/reference.ts'

const input = researchInput.extend({ model: researchInput.shape.topic.nullable().default(null) })

const agents = {
  coordinator: 'coordinator',
  researchers: 'web-researcher',
  checkers: 'fact-checker',
  analysts: 'data-analyst',
  writers: 'technical-writer',
}

/** What the steps after planning work on, which differs with a memory. */
interface Subjects {
  readonly topic: Reference
  readonly subtasks: Reference
  readonly open: Reference
  readonly known: Reference | readonly []
}

const gather = ({ topic, open }: Subjects): Step => ({
  id: 'gather',
  map: open,
  as: 'subtask',
  onError: 'skip',
  atLeast: 1,
  step: {
    ask: 'researchers',
    skill: 'research',
    input: {
      topic,
      subtask: ref('subtask'),
      sources: ref('plan.sources'),
      limit: ref('plan.findingsPerSubtask'),
    },
  },
})

const check = ({ known }: Subjects): Step => ({
  id: 'check',
  ask: 'checkers',
  skill: 'check',
  input: { gathered: ref('gather'), sources: ref('plan.sources'), known },
})

const analyse = ({ topic, subtasks }: Subjects): Step => ({
  id: 'analyse',
  map: ref('plan.aspects'),
  as: 'aspect',
  onError: 'skip',
  step: {
    ask: 'analysts',
    skill: 'analyse',
    input: {
      topic,
      aspect: ref('aspect'),
      subtasks,
      findings: ref('check.findings'),
      sources: ref('plan.sources'),
    },
  },
})

const write = ({ topic, subtasks }: Subjects): Step => ({
  id: 'write',
  ask: 'writers',
  skill: 'write',
  input: {
    topic,
    audience: ref('input.audience'),
    depth: ref('input.depth'),
    context: ref('input.context'),
    model: ref('input.model'),
    subtasks,
    findings: ref('check.findings'),
    analyses: ref('analyse'),
    sources: ref('plan.sources'),
  },
})

const output = {
  plan: ref('plan'),
  gathered: ref('gather'),
  check: ref('check'),
  analyses: ref('analyse'),
  report: ref('write'),
}

const PLANNED: Subjects = {
  topic: ref('input.topic'),
  subtasks: ref('plan.subtasks'),
  open: ref('plan.subtasks'),
  known: [],
}

export const researchTeam = defineWorkflow({
  name: 'research-team',
  description: 'Researches a topic over your sources and writes a cited report.',
  input,
  agents,
  steps: [
    { id: 'plan', ask: 'coordinator', skill: 'plan', input: ref('input') },
    gather(PLANNED),
    check(PLANNED),
    analyse(PLANNED),
    write(PLANNED),
  ],
  output,
})

const COVERED: Subjects = {
  topic: ref('recall.topic'),
  subtasks: ref('cover.subtasks'),
  open: ref('cover.open'),
  known: ref('cover.findings'),
}

export const researchTeamWithMemory = defineWorkflow({
  // The same name: to whoever lists runs it is the same workflow, and a run keeps the form it was started in.
  name: 'research-team',
  description:
    'Researches what it does not know yet, writes a cited report of all it knows, and remembers it.',
  input: input.extend({ run: researchInput.shape.topic }),
  agents: { ...agents, archivists: 'archivist' },
  steps: [
    {
      id: 'recall',
      ask: 'archivists',
      skill: 'recall',
      input: {
        topic: ref('input.topic'),
        focusAreas: ref('input.focusAreas'),
        sources: ref('input.sources'),
      },
    },
    {
      id: 'plan',
      ask: 'coordinator',
      skill: 'plan',
      input: {
        topic: ref('recall.topic'),
        depth: ref('input.depth'),
        audience: ref('input.audience'),
        focusAreas: ref('recall.focusAreas'),
        context: ref('input.context'),
        sources: ref('recall.sources'),
      },
    },
    {
      id: 'cover',
      ask: 'archivists',
      skill: 'cover',
      input: { plan: ref('plan'), recalled: ref('recall') },
    },
    gather(COVERED),
    check(COVERED),
    analyse(COVERED),
    write(COVERED),
    {
      id: 'remember',
      ask: 'archivists',
      skill: 'remember',
      onError: 'skip',
      input: {
        run: ref('input.run'),
        recalled: ref('recall'),
        covered: ref('cover'),
        findings: ref('check.findings'),
        model: ref('input.model'),
      },
    },
  ],
  output: { ...output, recalled: ref('recall'), covered: ref('cover'), remembered: ref('remember') },
})
