/** What a step costs when its result must be on disk before the next one begins. */
import type { Scenario } from '../scenario.ts'

export const durableStep: Scenario = {
  name: 'durable-step',
  summary: 'ten steps one after the other, each result synced to disk: one run alone, and 32 at a time',
  rounds: 5,
  metrics: [
    { name: 'step, one run', unit: 'µs per step', better: 'lower' },
    { name: 'steps, 32 runs', unit: 'steps per second', better: 'higher' },
  ],
  ours: {
    name: 'AgentiCraft',
    package: 'agenticraft',
    load: async () => (await import('../ours/durable-step.ts')).durableStep,
  },
  peers: [
    {
      name: 'LevelDB alone, one sync put per step',
      package: 'level',
      load: async () => (await import('../peers/level.ts')).syncPuts,
    },
    {
      name: 'Restate',
      package: '@restatedev/restate-server',
      needsNode: 22,
      load: async () => (await import('../peers/restate.ts')).durableStep,
    },
    {
      name: 'LangGraph.js with SQLite',
      package: '@langchain/langgraph',
      needsNode: 22,
      load: async () => (await import('../peers/langgraph-sqlite.ts')).durableStep,
    },
    {
      name: 'DBOS with PostgreSQL',
      package: '@dbos-inc/dbos-sdk',
      load: async () => (await import('../peers/dbos.ts')).durableStep,
    },
  ],
}
