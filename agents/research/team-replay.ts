/** A run of the research team read from its journal: the behaviours it takes, and the report made again from it. */
import type { Address } from '../../actors/address.ts'
import type { Behaviour } from '../../actors/behaviour.ts'
import { RuntimeError } from '../../actors/errors.ts'
import { NO_USAGE } from '../../actors/events.ts'
import { supervisorBehaviour } from '../../actors/supervisor.ts'
import type { RunRecord } from '../../runtime/runs.ts'
import { agentBehaviour } from '../agent-behaviour.ts'
import type { Agent } from '../define-agent.ts'
import type { ModelAccess } from '../models/access.ts'
import { modelBehaviour } from '../models/model-actor.ts'
import { compileWorkflow } from '../workflow/compile.ts'
import type { WorkflowResult } from '../workflow/run-state.ts'
import type { RunResult } from '../workflow/run-workflow.ts'
import { researchTeam, researchTeamWithMemory } from '../workflows/research-team.ts'
import { researchInput } from './exchange.ts'
import { partialResearch, type ResearchReport, type RunOutput, researchReport } from './research-report.ts'
import { DEFAULT_SIZE, seatsFor } from './team-seats.ts'

/** What a run's actors are; nothing of it calls anything. */
export const replayBehaviours = ({
  model,
  size = DEFAULT_SIZE,
  memory,
}: {
  readonly model?: string
  readonly size?: number
  readonly memory?: string
}): readonly Behaviour[] => [
  compileWorkflow(memory !== undefined ? researchTeamWithMemory : researchTeam),
  modelBehaviour(),
  supervisorBehaviour(),
  ...new Map(
    seatsFor(size, memory !== undefined).map(({ agent }) => [agent.name, replayBehaviour(agent, model)]),
  ).values(),
]

/** An agent's behaviour for reading its journal: what it decided is found again, what it did is not done again. */
const replayBehaviour = (agent: Agent, model: string | undefined): Behaviour =>
  agentBehaviour(agent, { models: NO_MODELS, now: () => 0, ...(model !== undefined && { model }) })

const NO_MODELS: ModelAccess = {
  use: async () => '',
  estimate: () => null,
  generate: () => Promise.reject(new RuntimeError('internal', 'a model was called in a replay')),
}

/** The report, or what there is of it, as the run gave it; when it was made is what the run's record says. */
export function replayedReport(
  record: RunRecord,
  { status, output, problems, error }: WorkflowResult,
  actors: readonly Address[],
): unknown {
  const input = researchInput.parse(record.input)
  const {
    size = DEFAULT_SIZE,
    model = null,
    memory,
  } = record.options as {
    readonly size?: number
    readonly model?: string | null
    readonly memory?: unknown
  }
  // What its caller was given, or, from a process that died before that, what the workflow answered.
  const given = record.result as unknown as RunResult<Partial<ResearchReport>> | undefined
  const made = given?.output?.metadata?.timestamp
  if (status !== 'done') return partialResearch(input.topic, output, [])
  const { startedAt, finishedAt = startedAt, id: runId, workflow, usage = NO_USAGE } = record
  const durationMs = given?.durationMs ?? finishedAt - startedAt
  const end = { problems, ...(error && { error }) }
  const run = {
    runId,
    workflow,
    status,
    output,
    usage,
    durationMs,
    ...end,
  } as unknown as RunResult<RunOutput>
  return researchReport(run, {
    ...input,
    model,
    seats: seatsFor(size, memory !== undefined),
    members: new Set(actors),
    trace: given?.output?.reasoningTrace ?? [],
    now: made === undefined ? finishedAt : Date.parse(made),
  })
}
