/** One question and its answer between two actors of one process. */
import type { Scenario } from '../scenario.ts'

const us = (name: string) => ({ name, unit: 'µs per ask', better: 'lower' }) as const

export const localAsk: Scenario = {
  name: 'local-ask',
  summary: 'ask round trip between two actors of one node, from outside and between actors',
  rounds: 5,
  metrics: [
    us('outside, 1 in flight'),
    us('outside, 32 in flight'),
    us('between actors, 1 in flight'),
    us('between actors, 32 in flight'),
  ],
  ours: {
    name: 'AgentiCraft',
    package: 'agenticraft',
    load: async () => (await import('../ours/local-ask.ts')).localAsk,
  },
  peers: [
    {
      name: 'Moleculer',
      package: 'moleculer',
      load: async () => (await import('../peers/moleculer.ts')).localAsk,
    },
    {
      name: 'XState alone',
      package: 'xstate',
      load: async () => (await import('../peers/xstate.ts')).localAsk,
    },
  ],
}
