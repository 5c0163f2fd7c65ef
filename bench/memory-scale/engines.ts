/** The engines that `memory-scale` measures, each loaded only in the process that drives it. */
import type { Engine } from './engine.ts'

export const ENGINES = {
  agenticraft: async () => (await import('../ours/memory-engine.ts')).memoryEngine,
  minisearch: async () => (await import('../peers/minisearch.ts')).miniSearchEngine,
  orama: async () => (await import('../peers/orama.ts')).oramaEngine,
  flexsearch: async () => (await import('../peers/flexsearch.ts')).flexSearchEngine,
} satisfies Readonly<Record<string, () => Promise<Engine>>>

export type EngineName = keyof typeof ENGINES
