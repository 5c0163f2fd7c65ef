/**
 * A node of a cluster that carries out runs and hosts agents: what `agenticraft node` starts, and what a program
 * embeds to take part. Each partition it serves gets its runs and its spawned agents; a node that is restricted to
 * some types serves only pools of those.
 */
import { resolve } from 'node:path'
import type { Behaviour } from '../../actors/behaviour.ts'
import type { Plain } from '../../actors/plain.ts'
import type { RatePolicy } from '../../actors/policies/rate-limit.ts'
import { subject } from '../../actors/subject.ts'
import { actorOperations } from '../../runtime/cluster/actor-operations.ts'
import {
  type ClusterNode,
  type ClusterNodeOptions,
  startClusterNode,
} from '../../runtime/cluster/cluster-node.ts'
import { fleetLimits, limitOperations } from '../../runtime/cluster/fleet-limit.ts'
import { heldAsks } from '../../runtime/cluster/held-asks.ts'
import { clusterMemory } from '../../runtime/cluster/memory/client.ts'
import { memoryOwner } from '../../runtime/cluster/memory/owner.ts'
import type { Served, Tenant } from '../../runtime/cluster/partition-host.ts'
import { createRuntime } from '../../runtime/create-runtime.ts'
import { CATALOGUE } from '../catalogue.ts'
import type { Agent } from '../define-agent.ts'
import { useMemory } from '../memory/node-memory.ts'
import { createModelAccess } from '../models/access.ts'
import type { Env } from '../models/providers.ts'
import type { RunnableWorkflow } from '../workflow/runnable.ts'
import { RUNNABLE } from '../workflows/index.ts'
import { agentHost, confinedCorpora } from './agent-host.ts'
import { type AgentPools, agentPools } from './agent-pool.ts'
import { type RunHost, runHost } from './run-host.ts'
import { agentOperations, runOperations } from './run-operations.ts'
import { runTexts } from './run-texts.ts'
import { takeTurns } from './turns.ts'

export interface AgentNodeOptions extends Omit<ClusterNodeOptions, 'onServed' | 'runs'> {
  /** Where relative sources are looked up. */
  readonly folder: string
  /** Besides that one, the folders whose files runs and agents may be asked to read. Relative ones are below `folder`. */
  readonly folders?: readonly string[]
  readonly env: Env
  /** Besides those that come with the project. */
  readonly agents?: readonly Agent[]
  readonly workflows?: readonly RunnableWorkflow[]
  /** Runs carried out at a time on this node. Default 32. */
  readonly runsAtOnce?: number
  /** Asks of one pool worked on at a time on this node. Default 8. */
  readonly poolAtOnce?: number
  /** Rates that all nodes share, by `provider` or `provider:model`; the same on all nodes. */
  readonly rates?: Readonly<Record<string, RatePolicy>>
  /** `provider:model` of the agents of its pools; without one they work extractively. */
  readonly poolModel?: string
}

const RUNS_AT_ONCE = 32
const POOL_AT_ONCE = 8
const GRACE_MS = 20_000
/** How long one who follows a run is told of it without asking again, ms. */
const FOLLOW_MS = 15_000

/** Resolves when the node has joined. Throws `address-taken`, and `usage` for a type that is not known. */
export async function startAgentNode(options: AgentNodeOptions): Promise<ClusterNode> {
  const { report, models = options.poolModel === undefined ? [] : [options.poolModel] } = options
  const parts = partsOf(options)
  const { agents, behaviours, hosts, limits, own } = parts
  const types = options.types ?? [...agents.map(({ name }) => name), ...behaviours.map(({ type }) => type)]
  const active = (): number => [...hosts.values()].reduce((sum, host) => sum + host.active, 0)
  const end = async (): Promise<void> => {
    limits.close()
    parts.texts.close()
    await own.stop()
  }
  let pools: AgentPools | undefined
  try {
    const served = agentPools({
      ...{ types, agents, behaviours, atOnce: options.poolAtOnce ?? POOL_AT_ONCE },
      ...{ folder: options.folder, folders: parts.folders, env: options.env, requests: options.requests },
      ...{ namespace: options.namespace, node: options.node, report },
      ...(options.poolModel !== undefined && { model: options.poolModel }),
    })
    pools = served
    const onServed = (partition: Served): Promise<Tenant> => moveIn(options, parts, partition)
    const node = await startClusterNode({ ...options, types, models, onServed, runs: active })
    return {
      ...node,
      async drain(graceMs = options.times?.graceMs ?? GRACE_MS) {
        await Promise.all([served.close(graceMs), node.drain(graceMs)])
        await end()
      },
      async stop() {
        await served.close(0)
        await node.stop()
        await end()
      },
    }
  } catch (error) {
    await pools?.close(0)
    await end()
    throw error
  }
}

/** What the partitions of a node share. */
function partsOf(options: AgentNodeOptions) {
  // Of the node, not of a partition: its breakers and its share of what all nodes may call.
  const own = createRuntime({ onError: options.report })
  const limits = fleetLimits({ ...options, clock: options.monotonic, rates: options.rates ?? {} })
  const behaviours: readonly Behaviour[] = options.behaviours ?? []
  return {
    agents: [...CATALOGUE, ...(options.agents ?? [])],
    folders: [options.folder, ...(options.folders ?? []).map(one => resolve(options.folder, one))],
    workflows: [...RUNNABLE, ...(options.workflows ?? [])],
    turns: takeTurns(options.runsAtOnce ?? RUNS_AT_ONCE),
    hosts: new Map<number, RunHost>(),
    texts: runTexts(options.host.clock),
    behaviours,
    own,
    limits,
    access: createModelAccess({ runtime: own, env: options.env, fleet: limits }),
    // Whoever remembers something here asks the owner of the namespace, on whichever node that is.
    memory: clusterMemory(options),
  }
}

/** Starts what a partition is used for: its memory, its agents, its runs. */
async function moveIn(
  options: AgentNodeOptions,
  { agents, workflows, behaviours, folders, turns, hosts, texts, access, memory }: ReturnType<typeof partsOf>,
  served: Served,
): Promise<Tenant> {
  const { runtime, partition, epoch } = served
  runtime.shared('models', () => access)
  useMemory(runtime, memory)
  confinedCorpora(runtime, folders)
  const remembered = await memoryOwner({ ...options, served })
  const { folder, env, namespace, report } = options
  const tell = (run: string, event: unknown): void =>
    runtime.publish(subject(namespace, 'run', run), event as Plain)
  const runs = runHost({ runtime, workflows, folder, env, turns, tell, report, epoch })
  const spawned = agentHost({ runtime, agents, behaviours, folder, folders, env, report })
  const asks = heldAsks(runtime)
  hosts.set(partition, runs)
  const gone = (): void => {
    // The node may serve the partition anew by now.
    if (hosts.get(partition) === runs) hosts.delete(partition)
    runs.gone()
    asks.close()
  }
  // A write that finds its place taken never settles, and nobody would be told of this tenant.
  const stopListening = whenAborted(served.lost, gone)
  try {
    await spawned.resume()
    await runs.resume()
  } catch (error) {
    gone()
    throw error
  } finally {
    stopListening()
  }
  return {
    operations: {
      ...actorOperations(served, asks),
      ...limitOperations(options.monotonic, options.rates ?? {}),
      ...remembered,
      ...agentOperations(spawned),
      ...runOperations(runs, texts, () => runtime.host.clock.now() + FOLLOW_MS),
    },
    leave: () => runs.stop(),
    gone,
  }
}

/** Calls `act` when `signal` aborts. Returns how to stop. */
function whenAborted(signal: AbortSignal, act: () => void): () => void {
  if (signal.aborted) act()
  else signal.addEventListener('abort', act, { once: true })
  return () => signal.removeEventListener('abort', act)
}
