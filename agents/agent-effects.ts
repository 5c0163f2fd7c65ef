/**
 * What an agent does to the world, as effects: prepare material, call its model, use a tool, finish or extract
 * an answer. Each result is committed before the agent sees it; what a call may cost is reserved before it.
 */
import { type EffectContext, type EffectLogic, effect } from '../actors/effect.ts'
import { fromWireError, RuntimeError, type WireError } from '../actors/errors.ts'
import { NO_USAGE, type Usage } from '../actors/events.ts'
import type { Plain } from '../actors/plain.ts'
import type { Agent } from './define-agent.ts'
import { type AgentMemory, type AgentMemoryEffects, agentMemoryEffects } from './memory/agent-memory.ts'
import type { Recollection } from './memory/recollection.ts'
import type { ModelAccess } from './models/access.ts'
import type { ModelMessage, ModelRequest, ModelResponse } from './models/model.ts'
import { readObject } from './models/structured.ts'
import type { Skill, SkillContext } from './skill.ts'
import type { Tool } from './tool.ts'

export interface AgentSetting {
  readonly models: ModelAccess
  /** Id of the model it thinks with, as `ModelAccess.use` returned it. Without one it works extractively. */
  readonly model?: string
  /** What its skills work on. */
  readonly resources?: unknown
  /** What it recalls from before a task, and remembers in after it. */
  readonly memory?: AgentMemory
  /** Absolute ms, from the runtime's clock. */
  readonly now: () => number
}

export interface SkillCall {
  readonly skill: string
  readonly input: Plain
  readonly memories?: readonly Recollection[]
}

export interface ThinkInput {
  readonly skill: string
  readonly request: ModelRequest
  /** This call repairs an answer that did not fit: another misfit goes to the supervisor. */
  readonly repair: boolean
  /** Found before this call, and the supervisor's to decide: the call is made only with a remedy. */
  readonly trouble: WireError | null
}

/** Either an answer that fits, or tool calls to make, or what is wrong with the answer. */
export interface Thought {
  /** Id of the model that was asked: a remedy may have named another one than the agent's own. */
  readonly by: string
  readonly response: ModelResponse
  readonly reply?: Plain
  readonly problem?: string
}

export interface FinishInput extends SkillCall {
  /** Id of the model that gave `reply`. */
  readonly by: string
  readonly reply: Plain
  readonly material: Plain
}

/** Effect names by which the machine invokes them; a tool is invoked as `tool:<name>`. */
export interface AgentEffects extends Partial<AgentMemoryEffects> {
  readonly prepare: EffectLogic<SkillCall, unknown>
  readonly model: EffectLogic<ThinkInput, Thought>
  readonly finish: EffectLogic<FinishInput, unknown>
  readonly extract: EffectLogic<SkillCall, unknown>
}

export const toolEffectName = (tool: string): string => `tool:${tool}`

export function agentEffects(agent: Agent, setting: AgentSetting): AgentEffects {
  const skillOf = (name: string): Skill => agent.skills[name] as Skill
  const contextOf = (
    context: EffectContext,
    memories: readonly Recollection[] = [],
    model?: string,
  ): SkillContext => ({
    actor: context.actor,
    memories,
    ...(model !== undefined && { model }),
    get signal() {
      return context.signal
    },
    resources: setting.resources,
    now: setting.now,
    spent: usage => context.spent({ ...NO_USAGE, ...usage }),
    progress: context.progress,
  })
  const reserve = ({ skill, input }: SkillCall): Partial<Usage> =>
    skillOf(skill).reserve?.(input, { resources: setting.resources }) ?? {}
  return {
    ...(setting.memory && agentMemoryEffects(setting.memory, setting.now)),
    prepare: effect({
      class: 'pure',
      reserve,
      run: ({ skill, input, memories }: SkillCall, context) =>
        skillOf(skill).prepare?.(input, contextOf(context, memories)),
    }),
    model: effect({
      class: 'pure',
      reserve: ({ request, trouble }: ThinkInput, remedy) => {
        // Without a remedy no call is made, so none is reserved.
        if (trouble && !remedy) return {}
        const inputTokens = estimateTokens(request.messages)
        const outputTokens = request.maxOutputTokens ?? agent.limits?.maxOutputTokens ?? DEFAULT_ANSWER_TOKENS
        const costUsd = setting.models.estimate(modelOf(setting, remedy), inputTokens, outputTokens)
        return { modelCalls: 1, inputTokens, outputTokens, costUsd }
      },
      run: (input: ThinkInput, context) => think(skillOf(input.skill), input, setting, context),
    }),
    finish: effect({
      class: 'pure',
      run: async ({ skill, input, memories, by, reply, material }: FinishInput, context) => {
        const { finish, output } = skillOf(skill)
        const finished = await finish?.(reply, input, contextOf(context, memories, by), material)
        return checked(output, finished, `skill "${skill}"`)
      },
    }),
    extract: effect({
      class: 'pure',
      reserve,
      run: ({ skill, input, memories }: SkillCall, context) => {
        const { extract, output } = skillOf(skill)
        const result = extract?.(input, contextOf(context, memories))
        const of = `skill "${skill}"`
        return result instanceof Promise
          ? result.then(value => checked(output, value, of))
          : checked(output, result, of)
      },
    }),
  }
}

/** Reserved for an answer whose length nothing limits. */
const DEFAULT_ANSWER_TOKENS = 4_096

/** A rough size in tokens, for the reservation only: four characters a token, as OpenAI's guide estimates English. */
const estimateTokens = (messages: readonly ModelMessage[]): number =>
  Math.ceil(JSON.stringify(messages).length / 4)

async function think(
  skill: Skill,
  { request, repair, trouble }: ThinkInput,
  setting: AgentSetting,
  context: EffectContext,
): Promise<Thought> {
  const { models } = setting
  const { remedy } = context
  if (trouble && !remedy) throw fromWireError(trouble)
  const id = modelOf(setting, remedy)
  if (remedy?.['model']) await models.use(id)
  const messages = remedy?.['compact'] ? compacted(request.messages, context.attempt - 1) : request.messages
  const response = await models
    .generate(
      id,
      { ...request, messages },
      {
        get signal() {
          return context.signal
        },
        onDelta: text => context.progress(text === '' ? undefined : { token: text }),
      },
    )
    .catch(error => {
      // A call may fail and cost all the same: what it spent is in its details.
      const usage = error instanceof RuntimeError ? error.details?.['usage'] : undefined
      if (usage) context.spent({ ...NO_USAGE, ...(usage as Usage) })
      throw error
    })
  context.spent({ ...NO_USAGE, ...response.usage })
  if (response.finish === 'refused') throw refused(id)
  if (response.toolCalls.length > 0) return { by: id, response }
  const reading = readObject(skill.reply ?? skill.output, response.text)
  if (reading.ok) return { by: id, response, reply: reading.value as Plain }
  if (repair) throw misfit(id, reading.problem)
  return { by: id, response, problem: reading.problem }
}

/** Id of the model an attempt is made with. */
const modelOf = ({ model }: AgentSetting, remedy: EffectContext['remedy']): string =>
  (remedy?.['model'] ?? model) as string

/** The latest messages keep more of themselves when a conversation is compacted. */
const RECENT = 4
const RECENT_CHARACTERS = 8_000
const OLD_CHARACTERS = 400

/**
 * A shorter conversation: who it is and the task are kept, long tool results and answers are clipped, and say
 * so. The latest may be what is too long, so they are clipped as well, shorter with every `level` (1, 2, …).
 */
export function compacted(messages: readonly ModelMessage[], level: number): readonly ModelMessage[] {
  const recent = messages.length - RECENT
  return messages.map((message, i) => {
    const most = (i < recent ? OLD_CHARACTERS : RECENT_CHARACTERS) / 2 ** (level - 1)
    if (i < 2) return message
    if (message.role === 'assistant') return { ...message, text: clip(message.text, most) }
    if (message.role !== 'tool') return message
    const results = message.results.map(result => ({ ...result, output: clipOutput(result.output, most) }))
    return { ...message, results }
  })
}

function clipOutput(output: Plain, most: number): Plain {
  const text = typeof output === 'string' ? output : JSON.stringify(output)
  return text.length <= most ? output : clip(text, most)
}

const clip = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most)} … (${text.length} characters, shortened)`

function checked(schema: Skill['output'], value: unknown, of: string): unknown {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw new RuntimeError('schema-invalid', `${of} made an output that does not fit its own schema`, {
    why: result.error.issues.map(issue => `${issue.path.join('.')}: ${issue.message}`).join('; '),
    retryable: false,
  })
}

const refused = (model: string): RuntimeError =>
  new RuntimeError('refused', `${model} declined to answer`, {
    fix: 'rephrase the task, or use another model',
  })

const misfit = (model: string, problem: string): RuntimeError =>
  new RuntimeError('schema-invalid', `the answer of ${model} does not fit its schema, also after a repair`, {
    why: problem,
    fix: 'use a model that follows schemas, or give the agent a fallback model',
  })

/** One tool as an effect: its input is checked here, because it was written by a model. */
export function toolEffect(tool: Tool): EffectLogic<unknown, unknown> {
  const { timeoutMs, check, undo } = tool
  return effect({
    class: tool.effect,
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(check && { check: (key, input) => check(key, tool.input.parse(input)) }),
    ...(undo && { undo: (key, input) => undo(key, tool.input.parse(input)) }),
    reserve: () => ({ toolCalls: 1 }),
    run: async (input, context) => {
      const parsed = tool.input.safeParse(input)
      if (!parsed.success) throw badInput(tool, parsed.error.issues)
      context.spent({ ...NO_USAGE, toolCalls: 1 })
      const output = await tool.run(parsed.data, context)
      const result = tool.output ? checked(tool.output, output, `tool "${tool.name}"`) : output
      return tool.untrusted ? { origin: 'untrusted', content: result } : result
    },
  })
}

const badInput = (
  tool: Tool,
  issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
): RuntimeError =>
  new RuntimeError('input-invalid', `the arguments for tool "${tool.name}" do not fit its schema`, {
    why: issues.map(issue => `${issue.path.join('.') || 'the arguments'}: ${issue.message}`).join('; '),
    fix: 'correct the arguments and call it again',
  })
