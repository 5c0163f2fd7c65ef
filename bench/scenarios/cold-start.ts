/** What a person waits for before the first line of help. */
import type { Scenario } from '../scenario.ts'

export const coldStart: Scenario = {
  name: 'cold-start',
  summary: '`agenticraft --help` from dist/, beside a Node that does nothing',
  rounds: 15,
  needsDist: true,
  metrics: [{ name: 'start to end', unit: 'ms', better: 'lower' }],
  ours: {
    name: 'agenticraft --help',
    package: 'agenticraft',
    load: async () => (await import('../ours/cold-start.ts')).help,
  },
  peers: [
    {
      name: 'node -e 0',
      package: 'node',
      load: async () => (await import('../ours/cold-start.ts')).bareNode,
    },
  ],
}
