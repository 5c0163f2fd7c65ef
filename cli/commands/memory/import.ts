/** `agenticraft memory import FILE`: takes up an export. What is there already under the same ids is left alone. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { RuntimeError } from '../../../actors/errors.ts'
import type { Command, CommandContext, InputStream } from '../../command.ts'
import {
  addNamespace,
  type MemoryOpener,
  memoryLine,
  namespaceToFill,
  withNewMemory,
} from '../../memory-dir.ts'
import { linesOf } from '../../standard-input.ts'
import { fit } from '../../text-width.ts'
import { countOf } from '../../usage-text.ts'

export const memoryImport = (opener: MemoryOpener): Command => ({
  name: 'import',
  summary: 'take up an export; what is there already is left alone',
  configure(parser) {
    addNamespace(parser.argument('<file>', 'an export; - reads it from stdin'))
  },
  async run(context) {
    const { terminal, signal } = context
    const input = await inputOf(context)
    return withNewMemory(opener, context, async memory => {
      const namespace = await namespaceToFill(memory, context)
      const { name } = namespace
      const imported = await namespace.import(linesOf(input, signal))
      const known = imported.known > 0 ? `, ${imported.known.toLocaleString('en')} were there already` : ''
      terminal.show(
        { namespace: name, ...imported },
        `${countOf(imported.imported, 'memory', 'memories')} imported into "${fit(name)}"${known}`,
      )
      terminal.message(paint => `  ${paint('dim', 'look at them:')} ${memoryLine(['ls'], context)}`)
      return undefined
    })
  },
})

async function inputOf({ args, cwd, stdin }: CommandContext): Promise<InputStream> {
  const [file = ''] = args
  if (file === '-') return stdin()
  const path = resolve(cwd, file)
  const found = await stat(path).catch(() => undefined)
  if (!found?.isFile())
    throw new RuntimeError('usage', `there is no file "${path}"`, {
      fix: 'name a file that was made with: agenticraft memory export FILE',
    })
  return createReadStream(path)
}
