/**
 * Starts the memory actor of a node and gives it a voice: namespaces whose calls are messages to it. One actor per
 * name; whoever comes later with the same directory gets the same.
 */
import { resolve } from 'node:path'
import { type Address, address } from '../../actors/address.ts'
import { RuntimeError } from '../../actors/errors.ts'
import { fingerprint } from '../../actors/loop-detection.ts'
import { sameData } from '../../actors/plain.ts'
import { checkedPositive } from '../../actors/policies/checked.ts'
import type { Memory, Namespace } from '../../memory/memory.ts'
import { type CallName, forwardedCalls } from '../../memory/sharing/calls.ts'
import type { Runtime } from '../../runtime/create-runtime.ts'
import type { AskOptions } from '../../runtime/messages.ts'
import { createModelAccess, type ModelSpec } from '../models/access.ts'
import type { Prices } from '../models/model.ts'
import type { Env } from '../models/providers.ts'
import { MEMORY, TUNE } from './memory-actions.ts'
import { memoryBehaviour } from './memory-actor.ts'
import { LONGEST_MS, type Proposer } from './memory-effects.ts'
import type { MemoryHealth, MemoryState, MemoryTuning } from './memory-state.ts'
import { modelProposer } from './model-consolidator.ts'
import { type NodeMemory, nodeMemory } from './node-memory.ts'

export interface SpawnMemoryOptions {
  /** Of the actor's address, `memory/<name>`. Default: `main`, or one made of the directory when that is another's. */
  readonly name?: string
  /** Default: `memory` in the runtime's data directory. */
  readonly dir?: string
  /** A memory that is open already. Whoever opened it closes it. */
  readonly memory?: Memory
  /** Consolidates with a language model; without one, or when it fails, facts are extracted from the sentences. */
  readonly model?: ModelSpec
  /** USD per million tokens; without it costs are unknown. */
  readonly price?: Prices
  /** How often episodes that wait are consolidated, ms; `false`: only when asked. Default 15 minutes. */
  readonly consolidateEveryMs?: number | false
  /** It is also done after so many new memories. Default 500. */
  readonly consolidateAfter?: number
  /** Calls at a time. Default 64. */
  readonly maxUnderWay?: number
  /** Calls that may wait besides; the next is refused with `mailbox-full`. Default 1,000. */
  readonly maxWaiting?: number
  /** Where keys of model providers are read from. Default: the process's environment. */
  readonly env?: Env
}

/** A namespace as the actors of a node reach it. Exports and imports are made with the memory itself. */
export type NodeNamespace = Pick<Namespace, Exclude<CallName, 'pending' | 'apply'> | 'name'>

export interface SpawnedMemory {
  readonly address: Address
  /** The namespace, by messages to the actor. Its calls also throw `mailbox-full`, `deadline-exceeded`, `cancelled`. */
  namespace(name: string, options?: AskOptions): NodeNamespace
  namespaces(): Promise<readonly string[]>
  health(): Promise<MemoryHealth>
  /** The memory itself. */
  open(): Promise<Memory>
}

const QUARTER_OF_AN_HOUR = 15 * 60_000
/** A model reads them all at once. */
const MODEL_BATCH = 40
const EXTRACTION_BATCH = 500

interface Spawning {
  readonly dir: string
  readonly spawned: Promise<SpawnedMemory>
}

/**
 * The memory actor of `runtime`. Throws `definition-invalid` for a name that another directory's has and for limits
 * that are none, and what `createModelAccess().use` and `runtime.spawn` throw.
 */
export async function spawnMemory(
  runtime: Runtime,
  options: SpawnMemoryOptions = {},
): Promise<SpawnedMemory> {
  const node = nodeMemory(runtime, options.dir, options.memory)
  const actors = runtime.shared('memory-actors', () => new Map<string, Spawning>())
  const name = nameOf(actors, node.dir, options.name)
  const there = actors.get(name)
  if (there && resolve(there.dir) !== resolve(node.dir)) throw nameTaken(name, there.dir)
  const spawned = there?.spawned ?? start(runtime, name, node, options)
  actors.set(name, { dir: node.dir, spawned })
  try {
    return await spawned
  } catch (error) {
    // Somebody else may be trying again already.
    if (actors.get(name)?.spawned === spawned) actors.delete(name)
    throw error
  }
}

function nameOf(actors: ReadonlyMap<string, Spawning>, dir: string, name: string | undefined): string {
  if (name !== undefined) return name
  const main = actors.get('main')
  return !main || resolve(main.dir) === resolve(dir) ? 'main' : `dir-${fingerprint(resolve(dir))}`
}

async function start(
  runtime: Runtime,
  id: string,
  node: NodeMemory,
  options: SpawnMemoryOptions,
): Promise<SpawnedMemory> {
  const { model, price, consolidateEveryMs = QUARTER_OF_AN_HOUR, consolidateAfter = 500 } = options
  const { maxUnderWay = 64, maxWaiting = 1_000, env = process.env } = options
  const proposer = model && (await proposerOf(runtime, model, price, env))
  const tuning: MemoryTuning = {
    maxUnderWay: checkedPositive('maxUnderWay', maxUnderWay),
    everyMs: consolidateEveryMs === false ? null : checkedPositive('consolidateEveryMs', consolidateEveryMs),
    afterEpisodes: checkedPositive('consolidateAfter', consolidateAfter),
    batch: proposer ? MODEL_BATCH : EXTRACTION_BATCH,
    hasModel: proposer !== undefined,
  }
  const behaviour = memoryBehaviour({
    id,
    open: () => node.open(),
    now: () => runtime.host.clock.now(),
    maxWaiting,
    ...(proposer && { proposer }),
  })
  // Each effect has a time limit of its own.
  const timeouts = { attemptMs: LONGEST_MS, taskMs: LONGEST_MS, progressMs: LONGEST_MS }
  const to = await runtime.spawn(behaviour, { id, input: tuning, restart: 'permanent', policy: { timeouts } })
  const before = runtime.snapshot(to)?.context as MemoryState | undefined
  // It came back from its journal, as an earlier process had tuned it.
  if (before && !sameData(before.tuning, tuning)) await runtime.ask(to, TUNE, tuning)
  return voice(runtime, to, node)
}

async function proposerOf(
  runtime: Runtime,
  model: ModelSpec,
  price: Prices | undefined,
  env: Env,
): Promise<Proposer> {
  const models = runtime.shared('models', () => createModelAccess({ runtime, env }))
  return modelProposer(models, await models.use(model, price))
}

/** What others need of a memory actor that is there. */
function voice(runtime: Runtime, to: Address, node: NodeMemory): SpawnedMemory {
  const call = (method: string, namespace: string, args: readonly unknown[], options?: AskOptions) =>
    runtime.ask(to, `${MEMORY}.${method}`, { namespace, args: args.map(arg => arg ?? null) }, options)
  return {
    address: to,
    open: () => node.open(),
    health: () => call('health', '', []) as Promise<MemoryHealth>,
    namespaces: () => call('namespaces', '', []) as Promise<readonly string[]>,
    namespace(name, options) {
      const { get, ...calls } = forwardedCalls((method, args) => call(method, name, args, options))
      return { name, ...calls, get: async id => (await get(id)) ?? undefined }
    },
  }
}

/** The address of a memory actor, for machines that send it messages of their own. */
export const memoryAddress = (name = 'main'): Address => address(MEMORY, name)

const nameTaken = (name: string, dir: string): RuntimeError =>
  new RuntimeError('definition-invalid', `${MEMORY}/${name} is the memory in "${dir}"`, {
    fix: 'give this one a name of its own',
  })
