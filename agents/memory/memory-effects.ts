/**
 * What a memory actor does to the store, as effects: reads may be made again, writes carry the effect's own key, so
 * that one that was interrupted stores nothing twice. Proposing what to consolidate and applying it are two effects:
 * what a paid model call proposed is committed before it is applied, and never asked for again.
 */
import { type EffectContext, type EffectLogic, effect } from '../../actors/effect.ts'
import { RuntimeError } from '../../actors/errors.ts'
import type { Usage } from '../../actors/events.ts'
import type { Plain } from '../../actors/plain.ts'
import type { Consolidated, ConsolidationInput, Memory, Proposal } from '../../memory/memory.ts'
import { type CallName, isCall, runCall, withRequestKey } from '../../memory/sharing/calls.ts'
import type { Applied } from './memory-jobs.ts'

export interface Proposed {
  readonly proposal: Proposal
  /** Statements that were left out because their sources do not hold them. */
  readonly unheld: number
}

/** Proposes with a language model. Throws what the model throws, `schema-invalid`. */
export interface Proposer {
  propose(input: ConsolidationInput, context: EffectContext): Promise<Proposed>
  /** The most that one proposal may cost. */
  reserve(): Partial<Usage>
}

export interface MemoryAccess {
  /** The memory, opened on first use. Throws what opening it throws. */
  open(): Promise<Memory>
  /** Absolute ms. */
  now(): number
  readonly proposer?: Proposer
}

export type Method = CallName | 'namespaces'

export interface CallInput {
  readonly method: Method
  readonly namespace: string
  readonly args: readonly Plain[]
}

export interface BatchInput {
  readonly namespace: string
  readonly limit: number
  /** Absent: the store extracts by itself. */
  readonly proposed?: SeenProposal
}

export interface SeenProposal extends Proposed {
  /** Ids of the episodes it was made of. */
  readonly seen: readonly string[]
}

/** Methods that other actors may call; consolidation has a way of its own, and its steps are nobody else's. */
export const READS = [
  'get',
  'list',
  'recent',
  'recall',
  'facts',
  'history',
  'stats',
  'namespaces',
] as const satisfies readonly Method[]
export const WRITES = ['remember', 'rememberAll', 'update', 'forget'] as const satisfies readonly Method[]
/** They go through everything there is. */
export const LONG = ['purge', 'verify'] as const satisfies readonly Method[]

export const isMethod = (name: string): name is Method =>
  ([...READS, ...WRITES, ...LONG] as readonly string[]).includes(name)

const MINUTE = 60_000
/** For `purge` and `verify`, which read or rewrite the whole store. */
export const LONGEST_MS = 60 * MINUTE

export interface MemoryEffects {
  readonly read: EffectLogic<CallInput, unknown>
  readonly write: EffectLogic<CallInput, unknown>
  readonly long: EffectLogic<CallInput, unknown>
  readonly survey: EffectLogic<null, readonly string[]>
  readonly propose: EffectLogic<BatchInput, SeenProposal | null>
  readonly apply: EffectLogic<BatchInput, Applied>
}

export function memoryEffects(access: MemoryAccess): MemoryEffects {
  const run = (input: CallInput, { key }: EffectContext): Promise<unknown> => call(access, input, key)
  return {
    read: effect({ class: 'pure', timeoutMs: MINUTE, run }),
    write: effect({ class: 'idempotent', timeoutMs: MINUTE, run }),
    long: effect({ class: 'idempotent', timeoutMs: LONGEST_MS, run }),
    survey: effect({ class: 'pure', timeoutMs: MINUTE, run: () => waitingNamespaces(access) }),
    propose: effect({
      class: 'pure',
      timeoutMs: 10 * MINUTE,
      reserve: () => access.proposer?.reserve() ?? {},
      run: (input, context) => propose(access, input, context),
    }),
    apply: effect({
      class: 'idempotent',
      timeoutMs: LONGEST_MS,
      run: (input, context) => apply(access, input, context),
    }),
  }
}

async function call(
  access: MemoryAccess,
  { method, namespace, args }: CallInput,
  key: string,
): Promise<unknown> {
  const memory = await access.open()
  if (method === 'namespaces') return memory.namespaces()
  if (!isCall(method) || !Array.isArray(args)) throw notACall(method)
  const space = memory.namespace(namespace)
  return (
    (await runCall(
      space,
      method,
      withRequestKey(method, args, () => key),
    )) ?? null
  )
}

/** Where episodes wait. The owner of a directory sees to it, for everybody. */
async function waitingNamespaces({ open }: MemoryAccess): Promise<readonly string[]> {
  const memory = await open()
  if (memory.role === 'client') return []
  const found: string[] = []
  for (const name of await memory.namespaces()) {
    const { waiting } = await memory.namespace(name).stats()
    if (waiting > 0) found.push(name)
  }
  return found
}

async function propose(
  { open, proposer }: MemoryAccess,
  { namespace, limit }: BatchInput,
  context: EffectContext,
): Promise<SeenProposal | null> {
  if (!proposer) throw noModel()
  const input = await (await open()).namespace(namespace).pending({ limit })
  if (!input) return null
  const seen = input.episodes.map(episode => episode.id)
  return { ...(await proposer.propose(input, context)), seen }
}

async function apply(
  { open, now }: MemoryAccess,
  { namespace, limit, proposed }: BatchInput,
  context: EffectContext,
): Promise<Applied> {
  const space = (await open()).namespace(namespace)
  const result: Consolidated = proposed
    ? await space.apply(proposed.proposal, proposed.seen)
    : await space.consolidate({ limit })
  const { episodes, facts, insights, by } = result
  context.progress({ doing: 'consolidated', namespace, episodes, facts, insights, by })
  return { result, unheld: proposed?.unheld ?? 0, at: now() }
}

const noModel = (): RuntimeError =>
  new RuntimeError('model-required', 'the memory has no model any more', {
    why: 'this was begun by a process in which it had one',
  })

const notACall = (method: string): RuntimeError =>
  new RuntimeError('input-invalid', `"${String(method).slice(0, 80)}" is not called like that`, {
    fix: 'send { namespace, args }, args in the order of the method of a namespace',
  })
