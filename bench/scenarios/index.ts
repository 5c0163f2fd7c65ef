/** The list of scenarios. */
import type { Scenario } from '../scenario.ts'
import { agentTurn } from './agent-turn.ts'
import { coldStart } from './cold-start.ts'
import { localAsk } from './local-ask.ts'
import { spawn } from './spawn.ts'
import { workflowSteps } from './workflow-steps.ts'

export const SCENARIOS: readonly Scenario[] = [localAsk, agentTurn, workflowSteps, spawn, coldStart]
