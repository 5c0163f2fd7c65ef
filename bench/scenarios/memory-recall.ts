/** How much of the evidence for questions about long conversations a search finds. Recall, not answers: no model reads. */
import { CATEGORIES } from '../memory-recall/figures.ts'
import type { Metric, Scenario } from '../scenario.ts'

const share = (name: string): Metric => ({ name, unit: '%', better: 'higher' })
const time = (name: string): Metric => ({ name, unit: 'ms', better: 'lower' })

const byDepth = (of: string): readonly Metric[] => [5, 10, 20].map(depth => share(`${of}R@${depth}`))

export const memoryRecall: Scenario = {
  name: 'memory-recall',
  summary:
    'evidence found for questions about long conversations (--data FILE, LoCoMo format; categories 1 to 4 but where named)',
  needsData: true,
  rounds: 1,
  metrics: [
    ...byDepth(''),
    share('any@10'),
    { name: 'MRR', unit: '', better: 'higher' },
    time('p50'),
    time('p99'),
    ...CATEGORIES.flatMap(([, name]) => byDepth(`${name}: `)),
    ...byDepth('one store: '),
    share('one store: any@10'),
    { name: 'one store: MRR', unit: '', better: 'higher' },
    time('one store: p50'),
    time('one store: p99'),
    { name: 'no answer: AUC of the best score', unit: '% (50: chance)', better: 'higher' },
    { name: 'asked of the wrong person: AUC', unit: '% (50: chance)', better: 'higher' },
    share('known threshold: answers kept'),
    share('known threshold: no answer told'),
  ],
  ours: {
    name: 'AgentiCraft, weights of the other conversations',
    package: 'agenticraft',
    load: async () => (await import('../ours/memory-recall.ts')).leftOut,
  },
  peers: [
    {
      name: 'AgentiCraft, weights as shipped',
      package: 'agenticraft',
      load: async () => (await import('../ours/memory-recall.ts')).asShipped,
    },
    {
      name: 'MiniSearch, as it comes',
      package: 'minisearch',
      load: async () => (await import('../peers/memory-recall-words.ts')).miniSearch,
    },
    {
      name: 'MiniSearch, our words',
      package: 'minisearch',
      load: async () => (await import('../peers/memory-recall-words.ts')).miniSearchOurWords,
    },
    {
      name: 'plain BM25, our words',
      package: 'agenticraft',
      load: async () => (await import('../peers/memory-recall-words.ts')).bm25,
    },
  ],
}
