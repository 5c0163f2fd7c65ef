/** What actors cost that nobody talks to for a while, and the first word to one of them. */
import type { Scenario } from '../scenario.ts'

export const passivation: Scenario = {
  name: 'passivation',
  summary: '100,000 actors asleep on disk: memory of the process, and the first answer of one that sleeps',
  rounds: 3,
  nodeOptions: ['--expose-gc'],
  metrics: [
    { name: 'memory', unit: 'MB of process (RSS)', better: 'lower' },
    { name: 'first answer, median', unit: 'ms', better: 'lower' },
    { name: 'first answer, 99th percentile', unit: 'ms', better: 'lower' },
  ],
  ours: {
    name: 'AgentiCraft',
    package: 'agenticraft',
    load: async () => (await import('../ours/passivation.ts')).passivation,
  },
  peers: [
    {
      name: 'LevelDB alone, reading one value',
      package: 'level',
      load: async () => (await import('../peers/level.ts')).randomGets,
    },
  ],
}
