/** `agenticraft memory export [FILE]`: a namespace as NDJSON: a header, then one memory a line. */
import { open as openFile, rename, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { RuntimeError } from '../../../actors/errors.ts'
import type { Namespace } from '../../../memory/memory.ts'
import type { Command, CommandContext } from '../../command.ts'
import { addNamespace, type MemoryOpener, withNamespace } from '../../memory-dir.ts'
import { refuseUnwritable } from '../../out-file.ts'
import { printable } from '../../terminal.ts'
import { fit } from '../../text-width.ts'
import { countOf } from '../../usage-text.ts'

export const memoryExport = (opener: MemoryOpener): Command => ({
  name: 'export',
  summary: 'write a namespace as NDJSON, to stdout or into a file',
  configure(parser) {
    parser.argument('[file]', 'where to; it is replaced when all is written, and only you can read it')
    addNamespace(parser)
  },
  async run(context) {
    const [file] = context.args
    if (file === undefined || file === '-')
      return withNamespace(opener, context, { memories: 0 }, namespace => toStdout(namespace, context))
    const path = resolve(context.cwd, file)
    await refuseUnwritable(path)
    return withNamespace(opener, context, { memories: 0 }, async namespace => {
      const memories = await toFile(path, namespace, context)
      context.terminal.show(
        { namespace: namespace.name, file: path, memories },
        `${countOf(memories, 'memory', 'memories')} of "${fit(namespace.name)}" written to ${printable(path)}`,
      )
      return undefined
    })
  },
})

async function toStdout(namespace: Namespace, { terminal, signal }: CommandContext): Promise<undefined> {
  for await (const line of namespace.export()) {
    signal.throwIfAborted()
    terminal.data(line)
  }
}

/** How many were written. A file that was there stays as it is until all is on disk. */
async function toFile(path: string, namespace: Namespace, { signal }: CommandContext): Promise<number> {
  const partial = `${path}.partial`
  const handle = await openFile(partial, 'w', 0o600).catch(cause => {
    throw unwritable(path, cause)
  })
  try {
    let lines = 0
    for await (const line of namespace.export()) {
      signal.throwIfAborted()
      await handle.write(line.endsWith('\n') ? line : `${line}\n`).catch(cause => {
        throw unwritable(path, cause)
      })
      lines++
    }
    await handle.sync()
    await handle.close()
    await rename(partial, path)
    // The first line is the header.
    return Math.max(0, lines - 1)
  } catch (error) {
    await handle.close().catch(() => {}) // Closed already, or as broken as what is thrown.
    await rm(partial, { force: true })
    throw error
  }
}

const unwritable = (path: string, cause: unknown): RuntimeError =>
  new RuntimeError('output-unwritable', `"${path}" cannot be written`, {
    why: cause instanceof Error ? cause.message : String(cause),
    fix: 'free the disk, or name another file',
    cause,
  })
