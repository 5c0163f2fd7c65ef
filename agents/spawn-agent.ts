/** Starts one agent on a runtime and gives it a voice: the shortest way from a definition to an answer. */
import type { Address } from '../actors/address.ts'
import { RuntimeError } from '../actors/errors.ts'
import type { EffectPolicy } from '../actors/strategy.ts'
import type { Runtime, SpawnOptions } from '../runtime/create-runtime.ts'
import type { AskOptions } from '../runtime/messages.ts'
import { agentBehaviour } from './agent-behaviour.ts'
import { type Agent, defineAgent } from './define-agent.ts'
import { type AgentMemoryOptions, agentMemory } from './memory/agent-memory.ts'
import { createModelAccess, type ModelSpec, modelIdOf } from './models/access.ts'
import type { Prices } from './models/model.ts'
import type { Env } from './models/providers.ts'
import type { Assignment } from './task.ts'
import type { Tool } from './tool.ts'
import { memoryTools } from './tools/memory.ts'

export interface SpawnAgentOptions extends Omit<SpawnOptions, 'input'> {
  /** Without one, skills are done extractively or fail with `model-required`. */
  readonly model?: ModelSpec
  /** USD per million tokens; without it costs are unknown. */
  readonly price?: Prices
  /** Takes over from the second attempt on, when `model` fails, stalls, refuses, loops or misses its schema. */
  readonly fallbackModel?: ModelSpec
  /** USD per million tokens of the fallback; without it a budget in money refuses it. */
  readonly fallbackPrice?: Prices
  /** What the agent's skills work on. */
  readonly resources?: unknown
  /**
   * Before a task what is known is recalled and quoted to the model, or handed to `extract`; after it, what was asked
   * and answered is remembered. `true` is the namespace `main` of the memory in the runtime's data directory. It
   * stands here and not in the definition: whose memory an agent works with is up to who starts it.
   */
  readonly memory?: boolean | AgentMemoryOptions
  /** Where keys of providers are read from. Default: the process's environment. */
  readonly env?: Env
}

/** With a memory, `session` is the conversation that the task belongs to, and `who` asks. */
export interface AgentAskOptions extends AskOptions, Pick<Assignment, 'session' | 'who'> {}

export interface SpawnedAgent {
  readonly address: Address
  /** Asks for a skill and waits for its output. Throws what the agent fails with. */
  ask(skill: string, input: unknown, options?: AgentAskOptions): Promise<unknown>
  stop(): Promise<void>
}

/** Throws `definition-invalid` for a fallback of no model, and what `createModelAccess().use` and `runtime.spawn` throw. */
export async function spawnAgent(
  runtime: Runtime,
  agent: Agent,
  options: SpawnAgentOptions = {},
): Promise<SpawnedAgent> {
  const { model: spec, price, fallbackModel, fallbackPrice, resources, env = process.env, ...more } = options
  const { memory: wanted, ...spawn } = more
  if (fallbackModel && !spec) throw nothingToFallBackFrom(agent)
  const models = runtime.shared('models', () => createModelAccess({ runtime, env }))
  const model = spec && (await models.use(spec, price))
  const { now } = runtime.host.clock
  const memory = wanted && (await agentMemory(runtime, wanted, env))
  const setting = { models, resources, now, ...(model && { model }), ...(memory && { memory }) }
  const behaviour = agentBehaviour(memory ? withTools(agent, memoryTools(memory, now)) : agent, setting)
  if (fallbackModel) await models.use(fallbackModel, fallbackPrice)
  const own = { ...agent.policy, ...spawn.policy }
  const policy = fallbackModel ? withFallback(own, modelIdOf(fallbackModel)) : own
  const address = await runtime.spawn(behaviour, { restart: 'permanent', ...spawn, policy })
  return {
    address,
    ask: (skill, input, { session, who, ...ask } = {}) =>
      runtime.ask(address, 'task.assign', assignment(skill, input, session, who), ask),
    stop: () => runtime.stop(address),
  }
}

const assignment = (skill: string, input: unknown, session?: string, who?: string) => ({
  skill,
  input,
  ...(session !== undefined && { session }),
  ...(who !== undefined && { who }),
})

const withTools = (agent: Agent, tools: readonly Tool[]): Agent =>
  tools.length === 0 ? agent : defineAgent({ ...agent, tools: [...(agent.tools ?? []), ...tools] })

const nothingToFallBackFrom = ({ name }: Agent): RuntimeError =>
  new RuntimeError('definition-invalid', `${name} has a fallbackModel and no model`, {
    fix: 'give it as model, or give a model besides',
  })

/** Failures that another model may not have. */
const ANOTHER_MODEL_MAY_HELP = [
  'timeout',
  'stalled',
  'failed',
  'refused',
  'circuit-open',
  'schema-invalid',
  'loop-detected',
] as const

/** The policy with a last remedy: the next attempt is made with `model`. The policy's own remedies come first. */
const withFallback = (policy: Partial<EffectPolicy>, model: string): Partial<EffectPolicy> => ({
  ...policy,
  remedies: [...(policy.remedies ?? []), { reasons: ANOTHER_MODEL_MAY_HELP, use: { model } }],
})
