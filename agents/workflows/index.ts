/** `agenticraft/workflows`: the hero workflows, and what it takes to define and run one's own. */
import { researchTeamRun } from '../research/team-run.ts'
import type { RunnableWorkflow } from '../workflow/runnable.ts'

export type { PartialResearch, ResearchReport, ResearchRun } from '../research/research-report.ts'
export {
  type ResearchOptions,
  ResearchTeam,
  type ResearchTeamOptions,
  type TeamStatus,
} from '../research/team.ts'
export { compileWorkflow, workflowMachine } from '../workflow/compile.ts'
export {
  defineWorkflow,
  type Step,
  type Workflow,
  type WorkflowDefinition,
} from '../workflow/define-workflow.ts'
export { type Condition, type Reference, ref, type Template } from '../workflow/reference.ts'
export { type HumanQuestion, type RunOptions, type RunResult, runWorkflow } from '../workflow/run-workflow.ts'
export type { RunnableWorkflow } from '../workflow/runnable.ts'
export { researchTeam } from './research-team.ts'

/** What `agenticraft run NAME` can run. */
export const RUNNABLE: readonly RunnableWorkflow[] = [researchTeamRun]
