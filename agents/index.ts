/** `agenticraft/agents`: define agents, skills and tools, and the agents that come with the project. */

export { agentBehaviour } from './agent-behaviour.ts'
export type { AgentSetting } from './agent-effects.ts'
export { CATALOGUE } from './catalogue.ts'
export {
  type JoinClusterOptions,
  type JoinedNode,
  joinCluster,
  type OpenClusterOptions,
  type OpenedCluster,
  openCluster,
} from './cluster/join-cluster.ts'
export { coordinator } from './coordinator.ts'
export { dataAnalyst } from './data-analyst.ts'
export { type Agent, type AgentDefinition, type AgentLimits, defineAgent } from './define-agent.ts'
export { factChecker } from './fact-checker.ts'
export type { AgentMemoryOptions } from './memory/agent-memory.ts'
export { type Continuation, resolveContinuation } from './memory/continuation.ts'
export type { MemoryHealth } from './memory/memory-state.ts'
export type { Recollection } from './memory/recollection.ts'
export {
  type NodeNamespace,
  type SpawnedMemory,
  type SpawnMemoryOptions,
  spawnMemory,
} from './memory/spawn-memory.ts'
export { createModelAccess, type ModelAccess, type ModelSpec } from './models/access.ts'
export { fromLanguageModel } from './models/ai-sdk.ts'
export type { Model, ModelMessage, ModelRequest, ModelResponse, Prices } from './models/model.ts'
export { defineSkill, type Skill, type SkillContext, type SkillDefinition } from './skill.ts'
export { type AgentAskOptions, type SpawnAgentOptions, type SpawnedAgent, spawnAgent } from './spawn-agent.ts'
export type { Assignment } from './task.ts'
export { technicalWriter } from './technical-writer.ts'
export { defineTool, type Tool, type ToolDefinition } from './tool.ts'
export { fetchUrlTool } from './tools/fetch-url.ts'
export { memorySaveTool, memorySearchTool } from './tools/memory.ts'
export { readFilesTool } from './tools/read-files.ts'
export { webSearchTool } from './tools/web-search.ts'
export { webResearcher } from './web-researcher.ts'
