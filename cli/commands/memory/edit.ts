/** `agenticraft memory edit ID`: changes a memory in place. Its id, who said it and when stay. */
import { RuntimeError } from '../../../actors/errors.ts'
import type { MemoryPatch, MemoryRecord, Trust } from '../../../memory/memory.ts'
import type { Command, CommandContext } from '../../command.ts'
import { addNamespace, findMemory, type MemoryOpener, withKnown } from '../../memory-dir.ts'
import { addStatement, metaOf, momentOf, shareOf, statementOf, TRUSTS } from '../../memory-options.ts'
import { memoryLineText } from '../../memory-rows.ts'
import { readAll } from '../../standard-input.ts'
import { TIME_HINT } from '../../time-options.ts'

interface EditFlags {
  readonly text?: string
  readonly importance?: string
  readonly trust?: Trust
  readonly source?: string
  readonly meta?: string
  readonly validFrom?: string
  readonly validUntil?: string
}

const NONE = 'none'

export const memoryEdit = (opener: MemoryOpener): Command => ({
  name: 'edit',
  summary: 'change a memory',
  configure(parser) {
    parser.argument('<id>', 'its id, or the beginning of it')
    addNamespace(parser)
      .option('--text <text>', 'what it says now; - reads it from stdin')
      .option('--importance <number>', 'from 0 to 1')
      .addOption(parser.createOption('--trust <level>', 'how far it may be believed').choices(TRUSTS))
      .option('--source <text>', `where it is known from; ${NONE} takes it away`)
      .option('--meta <json>', `a JSON object in place of the old one; ${NONE} takes it away`)
      .option('--valid-from <time>', `of a fact: since when it holds: ${TIME_HINT}`)
      .option('--valid-until <time>', `of a fact: until when it held; ${NONE}: it still holds`)
    addStatement(parser)
  },
  run(context) {
    const { terminal } = context
    return withKnown(opener, context, async namespace => {
      const before = await findMemory(namespace, context.args[0] ?? '', context)
      const patch = await patchOf(before, context)
      if (Object.keys(patch).length === 0)
        throw new RuntimeError('usage', 'nothing was said to change', { fix: `for example --text "…"` })
      const record = await namespace.update(before.id, patch)
      terminal.show({ namespace: namespace.name, ...record }, paint =>
        memoryLineText(record, paint, terminal.width),
      )
      return undefined
    })
  },
})

async function patchOf(before: MemoryRecord, context: CommandContext): Promise<MemoryPatch> {
  const { text, importance, trust, source, meta, validFrom, validUntil } = context.options as EditFlags
  const fact = statementOf(context, before.fact)
  if (fact && before.kind !== 'fact')
    throw new RuntimeError('usage', `memory ${before.id} is no fact but an ${before.kind}`)
  const share = shareOf('--importance', importance)
  const from = momentOf('--valid-from', validFrom)
  const until = validUntil === NONE ? null : momentOf('--valid-until', validUntil)
  const data = meta === NONE ? null : metaOf('--meta', meta)
  return {
    ...(text !== undefined && { text: text === '-' ? await readAll(context) : text }),
    ...(share !== undefined && { importance: share }),
    ...(trust !== undefined && { trust }),
    ...(source !== undefined && { source: source === NONE ? null : source }),
    ...(data !== undefined && { meta: data }),
    ...(from !== undefined && { validFrom: from }),
    ...(until !== undefined && { validUntil: until }),
    ...(fact && { fact }),
  }
}
