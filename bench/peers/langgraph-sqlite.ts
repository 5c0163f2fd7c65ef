/**
 * LangGraph.js with its SQLite checkpointer: ten nodes, `durability: 'sync'`, and `synchronous=FULL`, by which each
 * write is on disk when it returns (the build of better-sqlite3 that users get has NORMAL, which syncs at
 * checkpoints only). The engine is Node's own SQLite: better-sqlite3 gets its binary by an install script, which
 * is not run, so the checkpointer is given an adapter with the four methods that it calls.
 */
import { join } from 'node:path'
import { durableSteps } from '../durable-steps.ts'
import { loadPeer } from '../peer-packages.ts'
import type { Measured } from '../scenario.ts'
import { countingGraph } from './langgraph.ts'

interface Statement {
  run(...values: readonly unknown[]): unknown
  get(...values: readonly unknown[]): unknown
  all(...values: readonly unknown[]): unknown[]
}
interface Sqlite {
  exec(sql: string): void
  prepare(sql: string): Statement
  close(): void
}
interface Checkpointer {
  readonly SqliteSaver: new (database: ReturnType<typeof asBetterSqlite>) => unknown
}

export async function durableStep(scratch: string): Promise<Measured> {
  const { SqliteSaver } = await loadPeer<Checkpointer>('@langchain/langgraph-checkpoint-sqlite')
  const sqlite = await openSqlite(join(scratch, 'checkpoints.db'))
  const graph = await countingGraph()
  const app = graph.compile({ checkpointer: new SqliteSaver(asBetterSqlite(sqlite)) })
  let runs = 0
  const found = await durableSteps(async n => {
    const thread = `run-${++runs}`
    return (await app.invoke({ n }, { configurable: { thread_id: thread }, durability: 'sync' })).n
  })
  sqlite.close()
  return found
}

/** Not imported at the top: only the Node that this subject needs has it. */
async function openSqlite(file: string): Promise<Sqlite> {
  const name: string = 'node:sqlite'
  const { DatabaseSync } = (await import(name)) as { DatabaseSync: new (file: string) => Sqlite }
  const sqlite = new DatabaseSync(file)
  sqlite.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL')
  return sqlite
}

const asBetterSqlite = (sqlite: Sqlite) => ({
  exec: (sql: string) => sqlite.exec(sql),
  pragma: (text: string) => sqlite.prepare(`PRAGMA ${text}`).all(),
  prepare(sql: string): Statement {
    const statement = sqlite.prepare(sql)
    return {
      run: (...values) => statement.run(...values.map(bindable)),
      get: (...values) => statement.get(...values.map(bindable)),
      all: (...values) => statement.all(...values.map(bindable)),
    }
  },
  transaction:
    <Args extends readonly unknown[], T>(work: (...args: Args) => T) =>
    (...args: Args): T => {
      sqlite.exec('BEGIN')
      try {
        const result = work(...args)
        sqlite.exec('COMMIT')
        return result
      } catch (error) {
        sqlite.exec('ROLLBACK')
        throw error
      }
    },
})

/** As better-sqlite3 does. */
const bindable = (value: unknown): unknown => (value === undefined ? null : value)
