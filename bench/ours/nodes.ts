/** Our side of `nodes`: asks to actors and durable steps, spread over the partitions of so many node processes. */
import { type Cluster, partitionFor, startCluster } from '../cluster/cluster.ts'
import type { Measure, Measured } from '../scenario.ts'
import { type Operation, type Timing, timed } from '../timing.ts'
import { ASKS_AT_ONCE, NODE_RUNS, STEPS } from '../work.ts'

export const nodes =
  (count: number): Measure =>
  async (scratch, tell) => {
    const cluster = await startCluster(scratch, count)
    const asks = await echoed(cluster)
    tell(asks)
    const steps = await stepped(cluster)
    await cluster.stop()
    return {
      values: { ...asks.values, ...steps.values },
      asked: asks.asked + steps.asked,
      answered: asks.answered + steps.answered,
    }
  }

async function echoed(cluster: Cluster): Promise<Measured> {
  const actors = await cluster.spawn('echo', ASKS_AT_ONCE)
  const ask: Operation = async (n, lane) => {
    const to = actors[lane % actors.length] as (typeof actors)[number]
    return ((await cluster.client.ask(to, 'echo.say', { n })) as { n: number }).n === n + 1 ? 1 : 0
  }
  const { us, core, entries, ...rest } = await weighed(cluster, ask, { inFlight: ASKS_AT_ONCE })
  return {
    values: { asks: 1_000_000 / us, 'CPU per ask': core, 'log entries per ask': entries },
    ...rest,
  }
}

async function stepped(cluster: Cluster): Promise<Measured> {
  const run: Operation = async n => ((await cluster.steps(partitionFor(n), n)) === n + STEPS ? STEPS : 0)
  const { us, core, entries, ...rest } = await weighed(cluster, run, { inFlight: NODE_RUNS, size: STEPS })
  return {
    values: { steps: 1_000_000 / us, 'CPU per step': core, 'log entries per step': entries },
    ...rest,
  }
}

/** `core`: microseconds on a core in all processes, per operation; `entries`: messages written to the logs. */
async function weighed(
  { coreSeconds, written }: Cluster,
  operation: Operation,
  options: { readonly inFlight: number; readonly size?: number },
): Promise<Timing & { readonly core: number; readonly entries: number }> {
  const wrote = await written()
  const began = coreSeconds()
  const found = await timed(operation, { ...options, sampleMs: 1_200 })
  const core = ((coreSeconds() - began) * 1_000_000) / found.asked
  return { ...found, core, entries: ((await written()) - wrote) / found.asked }
}
