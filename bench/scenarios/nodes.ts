/** How a cluster grows with its nodes, for as long as there are cores for them. */
import type { Scenario, Subject } from '../scenario.ts'
import { ASKS_AT_ONCE, NODE_COUNTS, NODE_RUNS } from '../work.ts'

const subject = (count: number): Subject => ({
  name: count === 1 ? '1 node' : `${count} nodes`,
  package: 'agenticraft',
  load: async () => (await import('../ours/nodes.ts')).nodes(count),
})
const [one, ...more] = NODE_COUNTS

export const nodes: Scenario = {
  name: 'nodes',
  summary: `1 to 4 node processes: ${ASKS_AT_ONCE} asks and ${NODE_RUNS} runs of durable steps at a time`,
  rounds: 3,
  limitMs: 300_000,
  metrics: [
    { name: 'asks', unit: 'per second', better: 'higher' },
    { name: 'CPU per ask', unit: 'µs, all processes', better: 'lower' },
    { name: 'log entries per ask', unit: '', better: 'lower' },
    { name: 'steps', unit: 'per second', better: 'higher' },
    { name: 'CPU per step', unit: 'µs, all processes', better: 'lower' },
    { name: 'log entries per step', unit: '', better: 'lower' },
  ],
  ours: subject(one),
  peers: more.map(subject),
}
