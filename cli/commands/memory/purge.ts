/** `agenticraft memory purge`: takes the bytes of what was forgotten out of the files, of all namespaces. */
import type { Command } from '../../command.ts'
import { addDataDir } from '../../data-dir.ts'
import { MEMORIES_PLACE, type MemoryOpener, withMemory } from '../../memory-dir.ts'
import { bytesText, countOf } from '../../usage-text.ts'

export const memoryPurge = (opener: MemoryOpener): Command => ({
  name: 'purge',
  summary: 'take the bytes of what was forgotten out of the files, for good',
  configure(parser) {
    addDataDir(parser, MEMORIES_PLACE)
  },
  async run(context) {
    const { terminal } = context
    const nothing = { memories: 0, before: 0, after: 0 }
    const purged = await withMemory(
      opener,
      context,
      async memory => {
        const [name] = await memory.namespaces()
        terminal.message('  purging: all files of the store are written anew')
        return name === undefined ? nothing : memory.namespace(name).purge()
      },
      () => nothing,
    )
    const { memories, before, after } = purged
    terminal.show(
      purged,
      `${countOf(memories, 'forgotten memory is', 'forgotten memories are')} gone from the files: ${bytesText(before)} before, ${bytesText(after)} now`,
    )
    return undefined
  },
})
