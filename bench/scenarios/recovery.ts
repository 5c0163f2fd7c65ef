/** How long a process that was killed stays away. */
import type { Scenario } from '../scenario.ts'

export const recovery: Scenario = {
  name: 'recovery',
  summary:
    'kill -9 with 1,000 unfinished runs of 50 commits; a new process, until all of them are live again',
  rounds: 5,
  metrics: [{ name: 'start to live', unit: 'ms', better: 'lower' }],
  ours: {
    name: 'AgentiCraft',
    package: 'agenticraft',
    load: async () => (await import('../ours/recovery.ts')).recovery,
  },
  peers: [
    {
      name: 'LevelDB alone, reading as many commits',
      package: 'level',
      load: async () => (await import('../peers/level-restart.ts')).restart,
    },
  ],
}
