/** How long an actor is not there when its node dies, and when its node is told to end. */
import type { Metric, Scenario } from '../scenario.ts'
import { KILLS } from '../work.ts'

const metric = (name: string): Metric => ({ name, unit: 's without an answer', better: 'lower' })

export const failover: Scenario = {
  name: 'failover',
  summary: `one of three nodes ${KILLS} times killed with -9, ${KILLS} times told to end: until its actors answer again`,
  rounds: 1,
  limitMs: 2_400_000,
  metrics: [
    ...['kill -9', 'SIGTERM'].flatMap(way =>
      ['median', 'p99', 'longest'].map(what => metric(`${way}, ${what}`)),
    ),
    { name: 'SIGTERM to end of process, median', unit: 's', better: 'lower' },
  ],
  ours: {
    name: 'AgentiCraft, three nodes',
    package: 'agenticraft',
    load: async () => (await import('../ours/failover.ts')).failover,
  },
  peers: [],
}
