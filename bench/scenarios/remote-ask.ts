/** One question and its answer between two processes over one NATS server. */
import type { Scenario } from '../scenario.ts'
import { REMOTE_IN_FLIGHT } from '../work.ts'

export const remoteAsk: Scenario = {
  name: 'remote-ask',
  summary: 'ask round trip between two processes over one nats-server',
  rounds: 5,
  metrics: REMOTE_IN_FLIGHT.map(count => ({
    name: `${count} in flight`,
    unit: 'µs per ask',
    better: 'lower',
  })),
  ours: {
    name: 'AgentiCraft',
    package: 'agenticraft',
    load: async () => (await import('../ours/remote-ask.ts')).remoteAsk,
  },
  peers: [
    {
      name: 'AgentiCraft, its transport alone',
      package: 'agenticraft',
      load: async () => (await import('../ours/remote-ask.ts')).remoteRequest,
    },
    {
      name: 'Moleculer with NATS',
      package: 'moleculer',
      load: async () => (await import('../peers/moleculer-remote.ts')).remoteAsk,
    },
    {
      name: 'NATS client alone',
      package: 'nats',
      load: async () => (await import('../peers/nats.ts')).remoteAsk,
    },
  ],
}
