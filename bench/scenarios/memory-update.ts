/** Whether memory answers with what is so, knows what was so, knows what the assistant said, and knows when it does not. */
import type { Metric, Scenario } from '../scenario.ts'

const share = (name: string): Metric => ({ name, unit: '% of questions', better: 'higher' })

export const memoryUpdate: Scenario = {
  name: 'memory-update',
  summary:
    'things said, changed and suggested over ten months of talk: what is so now, what was, what the assistant said, what nobody said',
  rounds: 1,
  metrics: [
    share('now: newest in top 1'),
    share('now: newest in top 3'),
    share('now: newest in top 5'),
    share('now: newest above the outdated'),
    share('past: in top 1'),
    share('past: in top 3'),
    share('past: in top 5'),
    share('past, asked with its time: in top 1'),
    share('assistant said: in top 1'),
    share('assistant said: in top 5'),
    share('assistant said: in top 10'),
    { name: 'no answer: AUC of the top score', unit: '% (50: chance)', better: 'higher' },
    share('known threshold: answers kept'),
    share('known threshold: no answer told'),
    share('facts now: the object, none outdated'),
    share('facts then: the object, none other'),
  ],
  ours: {
    name: 'AgentiCraft',
    package: 'agenticraft',
    load: async () => (await import('../ours/memory-update.ts')).memoryUpdate,
  },
  peers: [
    {
      name: 'MiniSearch, as it comes',
      package: 'minisearch',
      load: async () => (await import('../peers/memory-words.ts')).miniSearch,
    },
    {
      name: 'plain BM25 over our words',
      package: 'agenticraft',
      load: async () => (await import('../peers/memory-words.ts')).plainBm25,
    },
  ],
}
