/** The list of scenarios. */
import type { Scenario } from '../scenario.ts'
import { agentTurn } from './agent-turn.ts'
import { clusterSteps } from './cluster-steps.ts'
import { coldStart } from './cold-start.ts'
import { durableStep } from './durable-step.ts'
import { failover } from './failover.ts'
import { localAsk } from './local-ask.ts'
import { memoryRecall } from './memory-recall.ts'
import { memoryScale } from './memory-scale.ts'
import { memoryUpdate } from './memory-update.ts'
import { nodes } from './nodes.ts'
import { passivation } from './passivation.ts'
import { recovery } from './recovery.ts'
import { remoteAsk } from './remote-ask.ts'
import { spawn } from './spawn.ts'
import { workflowSteps } from './workflow-steps.ts'

export const SCENARIOS: readonly Scenario[] = [
  localAsk,
  remoteAsk,
  agentTurn,
  workflowSteps,
  durableStep,
  clusterSteps,
  failover,
  nodes,
  recovery,
  passivation,
  spawn,
  coldStart,
  memoryUpdate,
  memoryRecall,
  memoryScale,
]
