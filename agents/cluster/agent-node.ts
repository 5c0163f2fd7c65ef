/**
 * A node of a cluster that carries out runs and hosts agents: what `agenticraft node` starts, and what a program
 * embeds to take part. Each partition it serves gets its runs and its spawned agents; a node that is restricted to
 * some types serves only pools of those.
 */
import type { Behaviour } from '../../actors/behaviour.ts'
import type { Plain } from '../../actors/plain.ts'
import type { RatePolicy } from '../../actors/policies/rate-limit.ts'
import { subject } from '../../actors/subject.ts'
import { actorOperations, textOf } from '../../runtime/cluster/actor-operations.ts'
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
import { type AgentHost, agentHost, type SpawnOrder } from './agent-host.ts'
import { agentPools } from './agent-pool.ts'
import { type RunHost, type RunOrder, runHost } from './run-host.ts'
import { takeTurns } from './turns.ts'

export interface AgentNodeOptions extends Omit<ClusterNodeOptions, 'onServed' | 'runs'> {
  /** Where relative sources are looked up. */
  readonly folder: string
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
  const agents = [...CATALOGUE, ...(options.agents ?? [])]
  const workflows = [...RUNNABLE, ...(options.workflows ?? [])]
  const turns = takeTurns(options.runsAtOnce ?? RUNS_AT_ONCE)
  const hosts = new Map<number, RunHost>()
  const behaviours: readonly Behaviour[] = options.behaviours ?? []

  // Of the node, not of a partition: its breakers and its share of what all nodes may call.
  const own = createRuntime({ onError: options.report })
  const { clock } = options.host
  const limits = fleetLimits({ ...options, clock, rates: options.rates ?? {} })
  const access = createModelAccess({ runtime: own, env: options.env, fleet: limits })

  // Whoever remembers something here asks the owner of the namespace, on whichever node that is.
  const memory = clusterMemory(options)

  const onServed = async (served: Served): Promise<Tenant> => {
    const { runtime, partition } = served
    runtime.shared('models', () => access)
    useMemory(runtime, memory)
    const remembered = await memoryOwner({ ...options, served })
    const { folder, env, namespace, report } = options
    const tell = (run: string, event: unknown): void =>
      runtime.publish(subject(namespace, 'run', run), event as Plain)
    const runs = runHost({ runtime, workflows, folder, env, turns, tell, report })
    const spawned = agentHost({ runtime, agents, behaviours, folder, env })
    const asks = heldAsks(runtime)
    hosts.set(partition, runs)
    await spawned.resume()
    await runs.resume()
    return {
      operations: {
        ...actorOperations(served, asks),
        ...limitOperations(clock),
        ...remembered,
        ...agentOperations(spawned),
        ...runOperations(runs, () => runtime.host.clock.now() + FOLLOW_MS),
      },
      leave: () => runs.stop(),
      gone() {
        hosts.delete(partition)
        runs.stop()
        asks.close()
      },
    }
  }
  const active = (): number => [...hosts.values()].reduce((sum, host) => sum + host.active, 0)
  const types = options.types ?? [...agents.map(({ name }) => name), ...behaviours.map(({ type }) => type)]
  const pools = agentPools({
    ...{ types, agents, behaviours, atOnce: options.poolAtOnce ?? POOL_AT_ONCE },
    ...{ folder: options.folder, env: options.env, requests: options.requests },
    ...{ namespace: options.namespace, report: options.report },
    ...(options.poolModel !== undefined && { model: options.poolModel }),
  })
  const models = options.models ?? (options.poolModel === undefined ? [] : [options.poolModel])
  const node = await startClusterNode({ ...options, types, models, onServed, runs: active }).catch(
    async error => {
      await pools.close(0)
      throw error
    },
  )
  const end = async (): Promise<void> => {
    limits.close()
    await own.stop()
  }
  return {
    ...node,
    async drain(graceMs = options.times?.graceMs ?? GRACE_MS) {
      await Promise.all([pools.close(graceMs), node.drain(graceMs)])
      await end()
    },
    async stop() {
      await pools.close(0)
      await node.stop()
      await end()
    },
  }
}

const agentOperations = (spawned: AgentHost): Tenant['operations'] => ({
  spawn: async body => spawned.spawn(body as unknown as SpawnOrder),
  stop: async body => {
    await spawned.stop(textOf(body, 'actor') as never)
    return null
  },
})

const runOperations = (runs: RunHost, followedUntil: () => number): Tenant['operations'] => ({
  'run.start': async body => {
    const order = body as unknown as RunOrder
    // Whoever submits it is about to follow it, and would miss its beginning.
    runs.follow(order.id, followedUntil())
    return brief(await runs.start(order))
  },
  'run.get': async body => {
    const found = await runs.get(textOf(body, 'id'))
    return found ? brief(found) : null
  },
  'run.part': async body =>
    partOf(await runs.get(textOf(body, 'id')), Object(body) as { readonly at?: Plain }),
  'run.list': async () => (await runs.list()).map(brief),
  'run.follow': async body => {
    const id = textOf(body, 'id')
    runs.follow(id, followedUntil())
    const found = await runs.get(id)
    return found ? brief(found) : null
  },
  'run.cancel': async body => {
    await runs.cancel(textOf(body, 'id'))
    return null
  },
})

/** A record without what may be large. */
function brief(record: object): Plain {
  const { result: _, input: __, ...rest } = record as Readonly<Record<string, Plain>>
  return rest
}

/** Characters of a record that go over at a time. */
const PART = 100_000

/** A piece of a run's record as JSON: results may be larger than a message. */
function partOf(record: object | undefined, { at = 0 }: { readonly at?: Plain }): Plain {
  if (!record) return null
  const text = JSON.stringify(record)
  const from = Number(at)
  return { text: text.slice(from, from + PART), total: text.length }
}
