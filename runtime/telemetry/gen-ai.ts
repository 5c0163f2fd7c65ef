/**
 * Names from OpenTelemetry's semantic conventions for generative AI, and ours beside them. The conventions are
 * still in development (https://github.com/open-telemetry/semantic-conventions-genai), so a renaming touches
 * this file only. Names for prompts, answers and arguments are left out on purpose: content is not captured.
 */

export const OPERATION = {
  chat: 'chat',
  executeTool: 'execute_tool',
  invokeAgent: 'invoke_agent',
  invokeWorkflow: 'invoke_workflow',
} as const

export const GEN_AI = {
  operation: 'gen_ai.operation.name',
  agentName: 'gen_ai.agent.name',
  agentId: 'gen_ai.agent.id',
  toolName: 'gen_ai.tool.name',
  workflowName: 'gen_ai.workflow.name',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  errorType: 'error.type',
} as const

export const AGENTICRAFT = {
  run: 'agenticraft.run.id',
  runStatus: 'agenticraft.run.status',
  actor: 'agenticraft.actor',
  effect: 'agenticraft.effect.id',
  attempt: 'agenticraft.effect.attempt',
  /** How an effect ended that did not simply succeed or fail: `cancelled`, or `abandoned` without a word. */
  outcome: 'agenticraft.effect.outcome',
  costUsd: 'agenticraft.usage.cost_usd',
} as const
