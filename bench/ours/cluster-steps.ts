/** Our side of `cluster-steps`: workflows of durable steps spread over the partitions of three node processes. */
import { connectCluster } from '../../runtime/cluster/client/connect-cluster.ts'
import { partitionFor, startCluster } from '../cluster/cluster.ts'
import { durableSteps } from '../durable-steps.ts'
import { startNats } from '../nats-process.ts'
import type { Measure } from '../scenario.ts'
import { CLUSTER_NODES, CLUSTER_RUNS, STEP_BYTES, STEPS } from '../work.ts'

export const clusterSteps: Measure = async (scratch, tell) => {
  const { steps, written, stop } = await startCluster(scratch, CLUSTER_NODES)
  const run = (n: number): Promise<number> => steps(partitionFor(n), n)
  const found = await durableSteps(run, { atOnce: CLUSTER_RUNS, written, tell })
  await stop()
  return found
}

/** What the promise needs of the broker: one create-only write per step, acknowledged before the next. */
export const createOnly: Measure = async (scratch, tell) => {
  const { url } = await startNats(scratch, { jetStream: true })
  const connection = await connectCluster({ servers: url, name: 'writer', namespace: 'main' })
  const broker = await connection.broker()
  const data = Buffer.alloc(STEP_BYTES, 'x')
  let written = 0
  const run = async (n: number): Promise<number> => {
    for (let step = 0; step < STEPS; step++) {
      const subject = `ac.main.jrn.${partitionFor(n)}.1.${++written}`
      if ((await broker.create(subject, data)) !== 'created') return Number.NaN
    }
    return n + STEPS
  }
  return durableSteps(run, { atOnce: CLUSTER_RUNS, written: async () => written, tell })
}
