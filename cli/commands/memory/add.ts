/** `agenticraft memory add TEXT`: remembers something. Whoever types it vouches for it, unless told otherwise. */
import { RuntimeError } from '../../../actors/errors.ts'
import type { MemoryKind, NewMemory, Trust } from '../../../memory/memory.ts'
import type { Command, CommandContext } from '../../command.ts'
import {
  addNamespace,
  type MemoryOpener,
  memoryLine,
  namespaceToFill,
  withNewMemory,
} from '../../memory-dir.ts'
import { addStatement, KINDS, metaOf, momentOf, shareOf, statementOf, TRUSTS } from '../../memory-options.ts'
import { shownId } from '../../memory-rows.ts'
import { readAll } from '../../standard-input.ts'
import { fit } from '../../text-width.ts'
import { TIME_HINT } from '../../time-options.ts'

interface AddFlags {
  readonly who?: string
  readonly session?: string
  readonly at?: string
  readonly kind?: MemoryKind
  readonly importance?: string
  readonly source?: string
  readonly trust?: Trust
  readonly meta?: string
  readonly validFrom?: string
  readonly validUntil?: string
  readonly key?: string
}

export const memoryAdd = (opener: MemoryOpener): Command => ({
  name: 'add',
  summary: 'remember something',
  configure(parser) {
    parser.argument('[text]', 'what to remember; - reads it from stdin; a fact may do without')
    addNamespace(parser)
      .option('--who <name>', 'who said or did it')
      .option('--session <id>', 'the conversation, task or run it belongs to')
      .option('--at <time>', `when it happened (default: now): ${TIME_HINT}`)
      .addOption(parser.createOption('--kind <kind>', 'default: episode').choices(KINDS))
      .option('--importance <number>', 'from 0 to 1 (default: 0.5)')
      .option('--source <text>', 'where it is known from: a URL, a file, a run')
      .addOption(
        parser
          .createOption('--trust <level>', 'default: trusted, since you vouch for what you type')
          .choices(TRUSTS),
      )
      .option('--meta <json>', 'anything to go with it, as a JSON object')
    addStatement(parser)
      .option('--single', 'of a fact: there is one such object at a time, so it ends the one before')
      .option('--valid-from <time>', 'of a fact: since when it holds (default: --at)')
      .option('--valid-until <time>', 'of a fact: until when it held')
      .option('--key <text>', 'store it once, however often the same key is given')
  },
  async run(context) {
    const memory = await newMemory(context)
    const { key } = context.options as AddFlags
    return withNewMemory(opener, context, async opened => {
      const namespace = await namespaceToFill(opened, context)
      const id = await namespace.remember(memory, { sync: true, ...(key !== undefined && { key }) })
      const { terminal } = context
      terminal.show({ namespace: namespace.name, id }, shownId(id))
      terminal.message(
        `  remembered in "${fit(namespace.name)}"; look at it: ${memoryLine(['show', id], context)}`,
      )
      return undefined
    })
  },
})

async function newMemory(context: CommandContext): Promise<NewMemory> {
  const flags = context.options as AddFlags
  const { who, session, source, trust = 'trusted' } = flags
  const fact = statementOf(context)
  if (fact && flags.kind !== undefined && flags.kind !== 'fact')
    throw new RuntimeError('usage', `--subject, --predicate and --object make a fact, not an ${flags.kind}`)
  const kind = fact ? 'fact' : (flags.kind ?? 'episode')
  const at = momentOf('--at', flags.at)
  const importance = shareOf('--importance', flags.importance)
  const meta = metaOf('--meta', flags.meta)
  const validFrom = momentOf('--valid-from', flags.validFrom)
  const validUntil = momentOf('--valid-until', flags.validUntil)
  return {
    text: await textOf(context, fact && `${fact.subject} ${fact.predicate} ${fact.object}`),
    kind,
    trust,
    ...(fact && { fact }),
    ...(who !== undefined && { who }),
    ...(session !== undefined && { session }),
    ...(source !== undefined && { source }),
    ...(at !== undefined && { at }),
    ...(importance !== undefined && { importance }),
    ...(meta !== undefined && { meta }),
    ...(validFrom !== undefined && { validFrom }),
    ...(validUntil !== undefined && { validUntil }),
  }
}

async function textOf(context: CommandContext, ofFact: string | undefined): Promise<string> {
  const [given = ofFact] = context.args
  if (given === '-') return readAll(context)
  if (given !== undefined) return given
  throw new RuntimeError('usage', 'there is nothing to remember', {
    fix: 'agenticraft memory add "Ana prefers tea" --who Ana, or - to read the text from stdin',
  })
}
