/**
 * `agenticraft memory`: what is remembered here, looked at, searched, changed and forgotten. Each subcommand is a file
 * of its own and is given what opens the memory.
 */
import { stat } from 'node:fs/promises'
import { memoryDirectory } from '../../runtime/data-directory.ts'
import type { Command } from '../command.ts'
import { prepareDataDir } from '../data-dir.ts'
import type { MemoryOpener } from '../memory-dir.ts'
import { natsOptionsOf } from '../nats-url.ts'
import { memoryAdd } from './memory/add.ts'
import { memoryConsolidate } from './memory/consolidate.ts'
import { memoryEdit } from './memory/edit.ts'
import { memoryExport } from './memory/export.ts'
import { memoryFacts } from './memory/facts.ts'
import { memoryForget } from './memory/forget.ts'
import { memoryHistory } from './memory/history.ts'
import { memoryImport } from './memory/import.ts'
import { memoryLs } from './memory/ls.ts'
import { memoryPurge } from './memory/purge.ts'
import { memoryRecent } from './memory/recent.ts'
import { memorySearch } from './memory/search.ts'
import { memoryShow } from './memory/show.ts'
import { memoryStats } from './memory/stats.ts'
import { memoryVerify } from './memory/verify.ts'

const SUBCOMMANDS = [
  ...[memoryLs, memoryShow, memorySearch, memoryRecent, memoryFacts, memoryHistory],
  ...[memoryAdd, memoryEdit, memoryForget, memoryPurge, memoryConsolidate],
  ...[memoryExport, memoryImport, memoryStats, memoryVerify],
]

export const memoryCommand = (opener: MemoryOpener): Command => ({
  name: 'memory',
  summary: 'list, search, add, change and forget what is remembered',
  subcommands: SUBCOMMANDS.map(make => make(opener)),
})

/** Loaded only when something is opened, so that the help needs no database. */
const onDisk: MemoryOpener = {
  async holds(dataDir) {
    const found = await stat(memoryDirectory(dataDir)).catch(() => undefined)
    return found?.isDirectory() ?? false
  },
  async open(dataDir) {
    const { openMemory } = await import('../../runtime/open-memory.ts')
    await prepareDataDir(dataDir)
    return openMemory({ dir: memoryDirectory(dataDir) })
  },
  async reach(context) {
    const { connectCluster } = await import('../../runtime/cluster/client/connect-cluster.ts')
    const { clusterMemory } = await import('../../runtime/cluster/memory/client.ts')
    const connection = await connectCluster(await natsOptionsOf(context))
    const memory = clusterMemory(connection)
    return {
      ...memory,
      async close() {
        await memory.close()
        await connection.close()
      },
    }
  },
}

export const memory: Command = memoryCommand(onDisk)
