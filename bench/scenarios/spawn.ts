/** How many actors a process can have, and how fast they come. */
import type { Scenario } from '../scenario.ts'

export const spawn: Scenario = {
  name: 'spawn',
  summary: 'starting 20,000 actors, and the heap that an idle one takes',
  rounds: 5,
  nodeOptions: ['--expose-gc'],
  metrics: [
    { name: 'started', unit: 'actors per second', better: 'higher' },
    { name: 'idle actor', unit: 'bytes of heap', better: 'lower' },
  ],
  ours: {
    name: 'AgentiCraft',
    package: 'agenticraft',
    load: async () => (await import('../ours/spawn.ts')).spawn,
  },
  peers: [
    { name: 'XState alone', package: 'xstate', load: async () => (await import('../peers/xstate.ts')).spawn },
  ],
}
