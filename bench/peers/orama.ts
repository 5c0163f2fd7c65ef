/** Orama as it comes: an index in memory that stores its documents, kept as one file of JSON. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Engine, LIMIT } from '../memory-scale/engine.ts'
import type { Turn } from '../memory-scale/turns.ts'
import { loadPeer } from '../peer-packages.ts'

type Database = object
interface Orama {
  create(options: { readonly schema: object }): Database
  insertMultiple(database: Database, documents: readonly Turn[], batch: number): Promise<unknown>
  search(
    database: Database,
    query: { readonly term: string; readonly limit: number },
  ): Promise<{ readonly hits: readonly unknown[] }>
  save(database: Database): unknown
  load(database: Database, saved: unknown): void
}

const SCHEMA = { schema: { text: 'string', who: 'string' } }
const fileIn = (folder: string): string => join(folder, 'index.json')

export const oramaEngine: Engine = {
  async write(folder) {
    const { create, insertMultiple, save } = await loadPeer<Orama>('@orama/orama')
    const database = create(SCHEMA)
    return {
      add: async turns => void (await insertMultiple(database, turns, turns.length)),
      close: () => writeFile(fileIn(folder), JSON.stringify(save(database))),
    }
  },
  async open(folder) {
    const { create, load, search } = await loadPeer<Orama>('@orama/orama')
    const database = create(SCHEMA)
    load(database, JSON.parse(await readFile(fileIn(folder), 'utf8')))
    return {
      ask: async term => (await search(database, { term, limit: LIMIT })).hits.length,
      close: async () => {},
    }
  },
}
