/** The memory of a research team: a namespace of its runtime's memory actor. Called when a team with a memory starts. */
import { checkedPositive } from '../../actors/policies/checked.ts'
import type { Runtime } from '../../runtime/create-runtime.ts'
import { spawnMemory } from '../memory/spawn-memory.ts'
import type { TeamMemory } from './team-memory.ts'

export interface TeamMemoryOptions {
  /** Teams that share a namespace share what they know. Default `research`. */
  readonly namespace?: string
  /** Where the memory is kept. Default: in the runtime's data directory. */
  readonly dir?: string
  /** Milliseconds after which a finding is researched again. Default: 7 days. */
  readonly maxAgeMs?: number
}

/** The namespace of teams that name none. */
export const RESEARCH_NAMESPACE = 'research'
const WEEK_MS = 7 * 24 * 60 * 60 * 1_000

/** Throws `definition-invalid` where there is no directory, or an age that is none. */
export async function openTeamMemory(runtime: Runtime, given: true | TeamMemoryOptions): Promise<TeamMemory> {
  const { namespace = RESEARCH_NAMESPACE, dir, maxAgeMs = WEEK_MS } = given === true ? {} : given
  checkedPositive('maxAgeMs', maxAgeMs)
  const memory = await spawnMemory(runtime, dir === undefined ? {} : { dir })
  return { namespace: memory.namespace(namespace), maxAgeMs }
}
