/**
 * FlexSearch as it comes: an index in memory that stores its documents, kept as the files that it exports. It finds
 * what has all words of a question, and with `suggest`, which is on here, also what has some; it does not rank by BM25.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Engine, LIMIT } from '../memory-scale/engine.ts'
import type { Turn } from '../memory-scale/turns.ts'
import { loadPeer } from '../peer-packages.ts'

interface Index {
  add(document: Turn & { readonly id: number }): unknown
  search(query: string, options: object): readonly unknown[]
  export(each: (key: string, data?: string) => Promise<void>): Promise<void>
  import(key: string, data: string): void
}
interface FlexSearch {
  readonly Document: new (options: object) => Index
}

const OPTIONS = { document: { id: 'id', index: ['text', 'who'], store: true } }
const SEARCH = { limit: LIMIT, suggest: true, enrich: true, merge: true }

async function created(): Promise<Index> {
  const module = await loadPeer<FlexSearch & { readonly default?: FlexSearch }>('flexsearch')
  const { Document } = module.Document ? module : (module.default as FlexSearch)
  return new Document(OPTIONS)
}

export const flexSearchEngine: Engine = {
  async write(folder) {
    const index = await created()
    let id = 0
    return {
      async add(turns) {
        for (const turn of turns) index.add({ id: id++, ...turn })
      },
      close: () =>
        index.export(async (key, data) => {
          if (data !== undefined) await writeFile(join(folder, encodeURIComponent(key)), data)
        }),
    }
  },
  async open(folder) {
    const index = await created()
    for (const name of await readdir(folder))
      index.import(decodeURIComponent(name), await readFile(join(folder, name), 'utf8'))
    return {
      ask: async question => index.search(question, SEARCH).length,
      close: async () => {},
    }
  },
}
