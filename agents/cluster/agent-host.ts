/**
 * The agents and actors that people spawned in one partition, by type and id. What it takes to start each again is
 * kept beside the journal, so that they are there on whichever node serves the partition next.
 */
import { type Address, address, parseAddress, token } from '../../actors/address.ts'
import type { Behaviour } from '../../actors/behaviour.ts'
import { RuntimeError } from '../../actors/errors.ts'
import { type Plain, toPlain } from '../../actors/plain.ts'
import type { Runtime } from '../../runtime/create-runtime.ts'
import type { Agent } from '../define-agent.ts'
import type { Env } from '../models/providers.ts'
import { type Corpora, createCorpora } from '../research/corpus.ts'
import { spawnAgent } from '../spawn-agent.ts'

export interface SpawnOrder {
  readonly type: string
  readonly id: string
  /** Of a behaviour that is no agent: the input of its machine. */
  readonly input?: Plain
  /** Of an agent: `provider:model`. */
  readonly model?: string
}

export interface AgentHostOptions {
  /** Of the partition. */
  readonly runtime: Runtime
  readonly agents: readonly Agent[]
  readonly behaviours: readonly Behaviour[]
  /** Where relative sources are looked up. */
  readonly folder: string
  /** Below these, `folder` among them, lies what agents may be asked to read. */
  readonly folders: readonly string[]
  readonly env: Env
  readonly report: (error: unknown) => void
}

export interface AgentHost {
  /** Starts it, or finds it where it is. Throws `agent-unknown`-like `usage` for a type that this node lacks. */
  spawn(order: SpawnOrder): Promise<Address>
  /** Starts again what was spawned here. What this node cannot start is reported, and stays for one that can. */
  resume(): Promise<void>
  /** Ends it for good. Throws `actor-not-found`. */
  stop(actor: Address): Promise<void>
}

/** Kind of the records of spawned agents. */
const KIND = 'spawned'

/** What is asked over the bus is not said by whoever runs the node: files are read from below these folders only. */
export const confinedCorpora = (runtime: Runtime, folders: readonly string[]): Corpora =>
  runtime.shared('corpora', () => createCorpora({ folders }))

/** Starts an agent or actor as an order says. Throws `usage` for a type that is not known here. */
export const starterOf =
  ({ runtime, agents, behaviours, folder, folders, env }: Omit<AgentHostOptions, 'report'>) =>
  async ({ type, id, input, model }: SpawnOrder): Promise<Address> => {
    const agent = agents.find(({ name }) => name === type)
    if (agent) {
      const corpora = confinedCorpora(runtime, folders)
      const resources = { corpora, cwd: folder, env }
      const spawned = await spawnAgent(runtime, agent, {
        id,
        env,
        resources,
        ...(model !== undefined && { model }),
      })
      return spawned.address
    }
    const behaviour = behaviours.find(one => one.type === type)
    if (!behaviour)
      throw unknown(type, [...agents.map(({ name }) => name), ...behaviours.map(one => one.type)])
    return runtime.spawn(behaviour, { id, ...(input !== undefined && { input }) })
  }

export function agentHost(options: AgentHostOptions): AgentHost {
  const { runtime, report } = options
  const { records } = runtime.journal
  const start = starterOf(options)
  return {
    async spawn(order) {
      const where = address(order.type, token(order.id, 'id'))
      const known = await records.get(KIND, where)
      if (known && runtime.actors().some(actor => actor.address === where)) return where
      const spawned = await start(order)
      await records.put(KIND, where, toPlain(order, 'spawn order'), { sync: true })
      return spawned
    },
    async resume() {
      for await (const [, order] of records.list(KIND)) {
        const starting = start(order as unknown as SpawnOrder)
        await starting.catch(report)
      }
    },
    async stop(actor) {
      parseAddress(actor)
      const isThere = runtime.actors().some(status => status.address === actor)
      if (!isThere && !runtime.journal.known(actor))
        throw new RuntimeError('actor-not-found', `there is no actor ${actor}`, {
          fix: 'agenticraft ps lists them',
        })
      await records.remove(KIND, actor)
      await runtime.stop(actor)
    },
  }
}

const unknown = (type: string, known: readonly string[]): RuntimeError =>
  new RuntimeError('usage', `no agent or behaviour of type "${type}" is known to the node`, {
    why: `it knows: ${known.join(', ')}`,
    fix: 'name one of these, or start the nodes with --load FILE that exports it',
  })
