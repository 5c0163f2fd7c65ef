/** What remembering and recalling cost among many memories, in time, memory and disk. */
import { METRICS, SIZES } from '../memory-scale/scale.ts'
import type { Scenario } from '../scenario.ts'

export const memoryScale: Scenario = {
  name: 'memory-scale',
  summary: '100,000 and 1,000,000 turns of talk: written, kept, opened by another process and searched',
  rounds: 1,
  limitMs: 2_400_000,
  metrics: Object.keys(SIZES).flatMap(size =>
    METRICS.map(({ name, unit, better }) => ({ name: `${name}, ${size}`, unit, better })),
  ),
  ours: {
    name: 'AgentiCraft',
    package: 'agenticraft',
    load: async () => (await import('../ours/memory-scale.ts')).memoryScale,
  },
  peers: [
    {
      name: 'MiniSearch',
      package: 'minisearch',
      load: async () => (await import('../peers/memory-scale.ts')).miniSearch,
    },
    {
      name: 'Orama',
      package: '@orama/orama',
      load: async () => (await import('../peers/memory-scale.ts')).orama,
    },
    {
      name: 'FlexSearch',
      package: 'flexsearch',
      load: async () => (await import('../peers/memory-scale.ts')).flexSearch,
    },
  ],
}
