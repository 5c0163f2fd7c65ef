/** An agent as data: who it is, what it can be asked, which tools it may use and how far it may go. */
import { isToken } from '../actors/address.ts'
import { RuntimeError } from '../actors/errors.ts'
import type { MailboxOptions } from '../actors/mailbox.ts'
import type { EffectPolicy } from '../actors/strategy.ts'
import type { Skill } from './skill.ts'
import type { Tool } from './tool.ts'

export interface AgentLimits {
  /** Model calls for one task, repairs included. Default 12. */
  readonly maxTurns?: number
  /** Tool calls for one task. Default 32. */
  readonly maxToolCalls?: number
  /** Tokens one model call may answer with. Default: the provider's. */
  readonly maxOutputTokens?: number
}

export interface AgentDefinition {
  /** Also the type of its actors' addresses. */
  readonly name: string
  readonly description: string
  /** Who it is, for the model. */
  readonly instructions?: string
  readonly skills: Readonly<Record<string, Skill>>
  readonly tools?: readonly Tool[]
  readonly limits?: AgentLimits
  readonly policy?: Partial<EffectPolicy>
  readonly mailbox?: MailboxOptions
}

export interface Agent extends AgentDefinition {
  readonly kind: 'agent'
}

/** A checked agent. Throws `definition-invalid` naming all that is wrong. */
export function defineAgent(definition: AgentDefinition): Agent {
  const { name, description, skills, tools = [], limits = {} } = definition
  const all = [...tools, ...Object.values(skills).flatMap(skill => skill.tools ?? [])]
  const distinct = new Set(all)
  const repeated = new Set(tools).size < tools.length
  const names = new Set(all.map(tool => tool.name))
  const problems = [
    !isToken(name) && `its name "${name}" is not a token`,
    !description && 'it has no description',
    Object.keys(skills).length === 0 && 'it has no skills',
    ...Object.keys(skills).map(skill => !isToken(skill) && `its skill "${skill}" is not a token`),
    (repeated || names.size < distinct.size) && 'two of its tools have the same name',
    ...LIMITS.map(([limit, least]) => limitProblem(limit, limits[limit], least)),
  ].filter(problem => problem !== false)
  if (problems.length > 0) {
    throw new RuntimeError('definition-invalid', `agent "${name}": ${problems.join('; ')}`)
  }
  return { ...definition, kind: 'agent' }
}

const LIMITS = [
  ['maxTurns', 1],
  ['maxToolCalls', 0],
  ['maxOutputTokens', 1],
] as const

/** A limit that is no number would limit nothing. */
const limitProblem = (limit: string, value: number | undefined, least: number): string | false =>
  value !== undefined &&
  !(Number.isSafeInteger(value) && value >= least) &&
  `its ${limit} ${value} is not a whole number of at least ${least}`
