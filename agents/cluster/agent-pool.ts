/**
 * The pools that a node serves: agents without a memory of their own, one new for each ask, on a runtime of the node
 * that keeps nothing. Called by `agent-node.ts`. Who gets an ask is `runtime/cluster/pools.ts`.
 */
import { RuntimeError } from '../../actors/errors.ts'
import type { Plain } from '../../actors/plain.ts'
import { type PoolOptions, servePool } from '../../runtime/cluster/pools.ts'
import { createRuntime } from '../../runtime/create-runtime.ts'
import { type AgentHostOptions, starterOf } from './agent-host.ts'

export interface AgentPoolsOptions
  extends Omit<AgentHostOptions, 'runtime'>,
    Pick<PoolOptions, 'requests' | 'namespace' | 'node' | 'atOnce'> {
  readonly types: readonly string[]
  /** `provider:model` of the agents; without one they work extractively. */
  readonly model?: string
  readonly report: (error: unknown) => void
}

export interface AgentPools {
  /** Takes no more, waits for what is worked on up to `graceMs`, and ends. */
  close(graceMs: number): Promise<void>
}

/** Throws `usage` for a type that is not known. */
export function agentPools(options: AgentPoolsOptions): AgentPools {
  const { types, agents, behaviours, namespace, node, requests, atOnce, model, report } = options
  const known = [...agents.map(({ name }) => name), ...behaviours.map(({ type }) => type)]
  for (const type of types) if (!known.includes(type)) throw unknown(type, known)
  const runtime = createRuntime({ name: 'pools', namespace, onError: report })
  const { clock, id } = runtime.host
  const start = starterOf({ ...options, runtime })
  const desk = id()
  const pools = types.map(type =>
    servePool({
      ...{ requests, namespace, clock, type, node, desk, atOnce },
      async answer(ask, signal) {
        const worker = await start({ type, id: id(), ...(model !== undefined && { model }) })
        const timeoutMs = Math.max(1, ask.deadline - clock.now())
        try {
          return (await runtime.ask(worker, ask.type, ask.body, { timeoutMs, signal })) as Plain
        } finally {
          await runtime.stop(worker)
        }
      },
    }),
  )
  return {
    async close(graceMs) {
      await Promise.all(pools.map(pool => pool.close(graceMs)))
      await runtime.stop()
    },
  }
}

const unknown = (type: string, known: readonly string[]): RuntimeError =>
  new RuntimeError('usage', `there is no agent or behaviour of type "${type}" to serve a pool of`, {
    fix: `name one of: ${known.join(', ')}; or load yours with --load FILE`,
  })
