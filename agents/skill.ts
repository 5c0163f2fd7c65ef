/**
 * A skill: one thing an agent is asked for, with a schema for what goes in and what comes out. With a language
 * model it is prompted for and its answer is held to the schema; without one it is done by `extract`, which
 * fills the same schema from its input and sources alone, or the agent says clearly that it needs a model.
 */
import type { z } from 'zod'
import type { Address } from '../actors/address.ts'
import { RuntimeError } from '../actors/errors.ts'
import type { Usage } from '../actors/events.ts'
import type { Recollection } from './memory/recollection.ts'
import type { Tool } from './tool.ts'

/** What a skill may use besides its input. */
export interface SkillContext<Resources = unknown> {
  /** The agent that does it. */
  readonly actor: Address
  readonly signal: AbortSignal
  /** In `finish`: id of the model that gave the reply, which a remedy may have chosen. */
  readonly model?: string
  /** What the agent's memory knows that bears on the task; empty without one. What is untrusted says so. */
  readonly memories: readonly Recollection[]
  /** What the agent was given when it was spawned: a corpus, a working directory. */
  readonly resources: Resources
  /** Absolute ms now, from the runtime's clock. */
  now(): number
  /** Books what was spent, besides model calls, against the budget of the task. */
  spent(usage: Partial<Usage>): void
  /** Proves that work goes on and says what it is: `{ doing: 'reading', … }`. */
  progress(note: unknown): void
}

export interface Prompt {
  /** Added to the agent's instructions. Never put material from outside here. */
  readonly system?: string
  readonly user: string
}

export interface SkillDefinition<Input, Output, Resources = unknown, Material = unknown, Reply = Output> {
  readonly description: string
  readonly input: z.ZodType<Input>
  readonly output: z.ZodType<Output>
  /** What the model is asked to fill, when that is less than the output. Default: `output`. */
  readonly reply?: z.ZodType<Reply>
  /** What `prepare` or `extract` may spend, besides model calls: set aside before it starts. */
  reserve?(input: Input, context: Pick<SkillContext<Resources>, 'resources'>): Partial<Usage>
  /** Gathers what the prompt needs from outside, for example ranked passages. */
  prepare?(input: Input, context: SkillContext<Resources>): Promise<Material> | Material
  /** The conversation's beginning. A skill without it is never done by a model. */
  prompt?(input: Input, material: Material): Prompt
  /** Turns the model's reply into the output, for example by anchoring quotes in their sources. */
  finish?(
    reply: Reply,
    input: Input,
    context: SkillContext<Resources>,
    material: Material,
  ): Promise<Output> | Output
  /** Does it without a model. */
  extract?(input: Input, context: SkillContext<Resources>): Promise<Output> | Output
  /** Tools for this skill only, besides the agent's. */
  readonly tools?: readonly Tool[]
}

export interface Skill extends SkillDefinition<unknown, unknown, unknown, unknown, unknown> {
  readonly kind: 'skill'
}

/** A checked skill. Throws `definition-invalid` when it could never be done. */
export function defineSkill<Input, Output, Resources = unknown, Material = undefined, Reply = Output>(
  definition: SkillDefinition<Input, Output, Resources, Material, Reply>,
): Skill {
  const { prompt, extract, finish, reply, description } = definition
  const wrong =
    (!prompt && !extract && 'it has neither a prompt nor an extract') ||
    (reply && !finish && 'it has a reply schema but no finish that makes an output of it') ||
    (!description && 'it has no description')
  if (wrong) throw new RuntimeError('definition-invalid', `skill "${description}": ${wrong}`)
  return {
    ...(definition as unknown as SkillDefinition<unknown, unknown, unknown, unknown, unknown>),
    kind: 'skill',
  }
}
