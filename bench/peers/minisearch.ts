/** MiniSearch as it comes: an index in memory that stores its documents, kept as one file of JSON. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import MiniSearch from 'minisearch'
import { type Engine, LIMIT } from '../memory-scale/engine.ts'

const OPTIONS = { fields: ['text', 'who'], storeFields: ['text', 'who', 'at', 'session'] }
const fileIn = (folder: string): string => join(folder, 'index.json')

export const miniSearchEngine: Engine = {
  async write(folder) {
    const index = new MiniSearch(OPTIONS)
    let id = 0
    return {
      add: async turns => index.addAll(turns.map(turn => ({ id: id++, ...turn }))),
      close: () => writeFile(fileIn(folder), JSON.stringify(index)),
    }
  },
  async open(folder) {
    const index = MiniSearch.loadJSON(await readFile(fileIn(folder), 'utf8'), OPTIONS)
    return {
      ask: async question => index.search(question).slice(0, LIMIT).length,
      close: async () => {},
    }
  },
}
