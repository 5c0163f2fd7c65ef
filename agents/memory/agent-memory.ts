/**
 * An agent's memory: how it is asked for, and the two effects by which an agent uses it. What was recalled is committed
 * with the task, so a resumed task works with the same; what is remembered carries the effect's key, so that nothing is
 * stored twice.
 */
import { type EffectContext, type EffectLogic, effect } from '../../actors/effect.ts'
import { checkedAtLeast, checkedPositive } from '../../actors/policies/checked.ts'
import type { Memory, NewMemory, Trust } from '../../memory/memory.ts'
import type { Runtime } from '../../runtime/create-runtime.ts'
import type { AskOptions } from '../../runtime/messages.ts'
import { type RecallLimits, type Recollection, recollect } from './recollection.ts'
import { type NodeNamespace, type SpawnMemoryOptions, spawnMemory } from './spawn-memory.ts'

export interface AgentMemoryOptions
  extends Partial<RecallLimits>,
    Pick<SpawnMemoryOptions, 'dir' | 'name' | 'consolidateEveryMs' | 'consolidateAfter'> {
  /** Who shares it knows the same. Default `main`. */
  readonly namespace?: string
  /** A memory that is open already, instead of one in `dir`. */
  readonly memory?: Memory
  /** Whether what was asked and answered is remembered. Default true. */
  readonly remember?: boolean
  /** How far inputs of tasks may be believed. Default `untrusted`: they come from outside. */
  readonly trust?: Trust
  /** A task fails when the memory does. Default: it goes on without, and the failure is an event. */
  readonly required?: boolean
  /** The model gets the tools `memory_search` and `memory_save`. Default false. */
  readonly tools?: boolean
  /** For one recall, and for one remembering. Default 5 s. */
  readonly timeoutMs?: number
}

/** An agent's memory, ready to use. */
export interface AgentMemory extends RecallLimits {
  readonly remember: boolean
  readonly required: boolean
  readonly trust: Trust
  readonly timeoutMs: number
  /** Its model may search and save by itself. */
  readonly tools: boolean
  space(options?: AskOptions): NodeNamespace
}

/**
 * The memory that `options` ask for, reached through the node's memory actor, which is started on first use. Throws
 * `definition-invalid`, and what `spawnMemory` throws.
 */
export async function agentMemory(
  runtime: Runtime,
  options: true | AgentMemoryOptions,
  env?: SpawnMemoryOptions['env'],
): Promise<AgentMemory> {
  const given = options === true ? {} : options
  const { namespace = 'main', limit = 8, recent = 10, maxTokens = 1_500, timeoutMs = 5_000 } = given
  const { minTrust, maxAgeMs } = given
  checkedAtLeast('limit of a memory', limit, 0)
  checkedAtLeast('recent of a memory', recent, 0)
  checkedPositive('maxTokens of a memory', maxTokens)
  checkedPositive('timeoutMs of a memory', timeoutMs)
  if (maxAgeMs !== undefined) checkedPositive('maxAgeMs of a memory', maxAgeMs)
  const spawned = await spawnMemory(runtime, { ...spawnOptions(given), ...(env && { env }) })
  // A bad name is refused now, not with the first task.
  ;(await spawned.open()).namespace(namespace)
  return {
    limit: Math.min(200, Math.floor(limit)),
    recent: Math.floor(recent),
    maxTokens,
    timeoutMs,
    ...(minTrust && { minTrust }),
    ...(maxAgeMs !== undefined && { maxAgeMs }),
    remember: given.remember ?? true,
    required: given.required ?? false,
    trust: given.trust ?? 'untrusted',
    tools: given.tools ?? false,
    space: ask => spawned.namespace(namespace, ask),
  }
}

const spawnOptions = ({ dir, name, memory, consolidateEveryMs, consolidateAfter }: AgentMemoryOptions) => ({
  ...(dir !== undefined && { dir }),
  ...(name !== undefined && { name }),
  ...(memory && { memory }),
  ...(consolidateEveryMs !== undefined && { consolidateEveryMs }),
  ...(consolidateAfter !== undefined && { consolidateAfter }),
})

export interface RecallInput {
  readonly text: string
  /** The conversation; absent: the run, or else the agent's own. */
  readonly session: string | null
}

export interface RememberInput {
  readonly session: string | null
  readonly memories: readonly NewMemory[]
}

export interface AgentMemoryEffects {
  readonly recall: EffectLogic<RecallInput, readonly Recollection[]>
  readonly remember: EffectLogic<RememberInput, readonly string[]>
}

export function agentMemoryEffects(memory: AgentMemory, now: () => number): AgentMemoryEffects {
  const { space, timeoutMs, limit, recent, minTrust, maxAgeMs, maxTokens } = memory
  const limits = { limit, recent, maxTokens, ...(minTrust && { minTrust }), ...(maxAgeMs && { maxAgeMs }) }
  const reach = ({ signal }: EffectContext): NodeNamespace => space({ signal, timeoutMs: timeoutMs * 2 })
  return {
    recall: effect({
      class: 'pure',
      timeoutMs,
      run: async ({ text, session }, context) => {
        const wanted = { ...limits, text, session: session ?? sessionOf(context), now: now() }
        const found = await recollect(reach(context), wanted)
        const untrusted = found.filter(one => one.trust === 'untrusted').length
        context.progress({ doing: 'recalled', memories: found.length, untrusted })
        return found
      },
    }),
    remember: effect({
      class: 'idempotent',
      timeoutMs,
      run: async ({ memories, session }, context) => {
        const to = session ?? sessionOf(context)
        const ids = await reach(context).rememberAll(
          memories.map(one => ({ at: now(), ...one, session: to })),
          { key: context.key },
        )
        context.progress({ doing: 'remembered', memories: ids.length })
        return ids
      },
    }),
  }
}

/** A run is a conversation; outside of any, an agent's tasks are one. */
const sessionOf = ({ run, actor }: EffectContext): string => run ?? actor
