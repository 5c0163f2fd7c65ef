/**
 * Our side of `failover`: kills one of three nodes, or tells it to end, while actors of its are asked again and again
 * by a client that knows nothing of it, and notes how long each of them gave no answer.
 */
import { once } from 'node:events'
import type { Address } from '../../actors/address.ts'
import { partitionOf } from '../../runtime/cluster/placement.ts'
import { type Asking, keepAsking } from '../cluster/asking.ts'
import { type Cluster, pause, startCluster } from '../cluster/cluster.ts'
import { median, quantile } from '../median.ts'
import type { Measure, Measured } from '../scenario.ts'
import { CLUSTER_NODES, KILLS } from '../work.ts'

const ACTORS = 128
/** Actors of the node that are asked: few enough that the asking itself is no load. */
const WATCHED = 12
const BEFORE_MS = 500
/** All are there again for so long before it is over: a partition that moves once more is found out. */
const AFTER_MS = 1_000
const PATIENCE_MS = 60_000

/** How a node goes. */
const WAYS = { 'kill -9': 'SIGKILL', SIGTERM: 'SIGTERM' } as const
type Way = keyof typeof WAYS

interface Findings {
  readonly silences: Readonly<Record<Way, number[]>>
  /** From SIGTERM to the end of the process. */
  readonly handOvers: number[]
  asked: number
  answered: number
}

export const failover: Measure = async (scratch, tell) => {
  const cluster = await startCluster(scratch, CLUSTER_NODES)
  const actors = await cluster.spawn('count', ACTORS)
  const found: Findings = { silences: { 'kill -9': [], SIGTERM: [] }, handOvers: [], asked: 0, answered: 0 }
  const names = [...cluster.nodes.keys()]
  for (let i = 0; i < KILLS; i++) {
    for (const way of Object.keys(WAYS) as Way[]) {
      await lose(cluster, actors, names[i % names.length] as string, way, found)
      tell(measured(found))
    }
  }
  await cluster.stop()
  return measured(found)
}

async function lose(
  cluster: Cluster,
  actors: readonly Address[],
  name: string,
  way: Way,
  found: Findings,
): Promise<void> {
  const owners = cluster.client.owners()
  const hosted = actors.filter(actor => owners[partitionOf(actor)]?.node === name)
  const asking = hosted.slice(0, WATCHED).map(actor => keepAsking(cluster.client, actor))
  await pause(BEFORE_MS)
  const began = performance.now()
  const node = cluster.nodes.get(name)
  if (!node) throw new Error(`there is no node ${name}`)
  node.kill(WAYS[way])
  await once(node, 'exit')
  const ended = performance.now()
  if (way === 'SIGTERM') found.handOvers.push(ended - began)
  await allBack(asking, ended)
  found.silences[way].push(...asking.map(one => one.silence(began)))
  for (const one of asking) {
    const { asked, answered, failures } = await one.stop()
    found.asked += asked
    found.answered += answered
    for (const failure of failures) console.error(`after ${way} of ${name}:`, failure)
  }
  await cluster.start(name)
  await cluster.settled()
}

/** The process that hosted them is gone: whoever answers now is another. */
async function allBack(asking: readonly Asking[], since: number): Promise<void> {
  const end = since + PATIENCE_MS
  // What was on its way when the process ended may still come.
  const settledAt = since + 100
  while (!asking.every(one => one.answersSince(settledAt) > 1)) {
    if (performance.now() > end) break
    await pause(10)
  }
  await pause(AFTER_MS)
}

function measured({ silences, handOvers, asked, answered }: Findings): Measured {
  const ofWays = Object.entries(silences).flatMap(([way, times]) => {
    if (times.length === 0) return []
    const figures = { median: median(times), p99: quantile(times, 0.99), longest: Math.max(...times) }
    return Object.entries(figures).map(([what, ms]) => [`${way}, ${what}`, ms / 1_000] as const)
  })
  return {
    values: {
      ...Object.fromEntries(ofWays),
      ...(handOvers.length > 0 && { 'SIGTERM to end of process, median': median(handOvers) / 1_000 }),
    },
    asked,
    answered,
  }
}
