/** What a durable step costs when it must survive the loss of the machine it was made on. */
import { entriesMetric, stepsMetric } from '../durable-steps.ts'
import type { Metric, Scenario } from '../scenario.ts'
import { CLUSTER_RUNS } from '../work.ts'

const metrics = CLUSTER_RUNS.flatMap((runs): Metric[] => [
  runs === 1
    ? { name: stepsMetric(runs), unit: 'µs per step', better: 'lower' }
    : { name: stepsMetric(runs), unit: 'steps per second', better: 'higher' },
  { name: entriesMetric(runs), unit: 'per step', better: 'lower' },
])

export const clusterSteps: Scenario = {
  name: 'cluster-steps',
  summary: 'ten durable steps one after the other, over three nodes: 1, 32 and 256 runs at a time',
  rounds: 3,
  limitMs: 300_000,
  metrics,
  ours: {
    name: 'AgentiCraft, three nodes',
    package: 'agenticraft',
    load: async () => (await import('../ours/cluster-steps.ts')).clusterSteps,
  },
  peers: [
    {
      name: 'AgentiCraft, one process on LevelDB',
      package: 'agenticraft',
      load: async () => (await import('../ours/durable-step.ts')).durableStepAlone,
    },
    {
      name: 'JetStream alone, one create-only write per step',
      package: 'nats',
      load: async () => (await import('../ours/cluster-steps.ts')).createOnly,
    },
  ],
}
