/** `agenticraft memory purge`: takes the bytes of what was forgotten out of the files, of all namespaces. */
import type { Memory, Purged } from '../../../memory/memory.ts'
import type { Command, CommandContext } from '../../command.ts'
import { addPlace, isOfCluster, type MemoryOpener, withMemory } from '../../memory-dir.ts'
import { bytesText, countOf } from '../../usage-text.ts'

export const memoryPurge = (opener: MemoryOpener): Command => ({
  name: 'purge',
  summary: 'take the bytes of what was forgotten out of the files, for good',
  configure(parser) {
    addPlace(parser)
  },
  async run(context) {
    const { terminal } = context
    const purged = await withMemory(
      opener,
      context,
      memory => {
        terminal.message('  purging: all files of the store are written anew')
        return purgeAll(memory, context)
      },
      () => NOTHING,
    )
    const { memories, before, after } = purged
    terminal.show(
      purged,
      `${countOf(memories, 'forgotten memory is', 'forgotten memories are')} gone from the files: ${bytesText(before)} before, ${bytesText(after)} now`,
    )
    return undefined
  },
})

const NOTHING: Purged = { memories: 0, before: 0, after: 0 }

/** A directory is one store. In a cluster each partition is one. */
async function purgeAll(memory: Memory, context: CommandContext): Promise<Purged> {
  const names = await memory.namespaces()
  const stores = isOfCluster(context) ? await onePerPartition(names) : names.slice(0, 1)
  let all = NOTHING
  for (const name of stores) {
    context.signal.throwIfAborted()
    const { memories, before, after } = await memory.namespace(name).purge()
    all = { memories: all.memories + memories, before: all.before + before, after: all.after + after }
  }
  return all
}

async function onePerPartition(names: readonly string[]): Promise<readonly string[]> {
  const { memoryPartition } = await import('../../../runtime/cluster/memory/place.ts')
  return [...new Map(names.map(name => [memoryPartition(name), name])).values()]
}
