/** `agenticraft memory ls`: the namespaces that are there, or the memories of one, page by page. */
import type { Memory, Namespace, NamespaceStats } from '../../../memory/memory.ts'
import type { Command, CommandContext } from '../../command.ts'
import type { ExitCode } from '../../failure.ts'
import {
  addNamespace,
  emptyText,
  type MemoryOpener,
  memoryLine,
  withMemory,
  withNamespace,
} from '../../memory-dir.ts'
import { addFilter, addMinTrust, addOrigin, boundedNumber, filterOf } from '../../memory-options.ts'
import { MARK_MEANING, memoryLines } from '../../memory-rows.ts'
import { namespaceTable } from '../../memory-stats.ts'
import { fit } from '../../text-width.ts'
import { countOf } from '../../usage-text.ts'

const PAGE = 50

export const memoryLs = (opener: MemoryOpener): Command => ({
  name: 'ls',
  summary: 'list the namespaces, or with --namespace its memories, oldest first',
  configure(parser) {
    addMinTrust(addOrigin(addFilter(addNamespace(parser))))
    parser
      .option('--limit <number>', `how many on a page (default: ${PAGE}, at most 1000)`)
      .option('--after <token>', 'go on where the last page ended')
  },
  async run(context) {
    const filter = filterOf(context)
    const isNarrowed = Object.keys(filter).length > 0
    if (context.options['namespace'] === undefined && !isNarrowed) return listNamespaces(opener, context)
    return withNamespace(opener, context, { memories: [] }, namespace =>
      listMemories(namespace, filter, context),
    )
  },
})

interface PageFlags {
  readonly limit?: string
  readonly after?: string
}

function listNamespaces(opener: MemoryOpener, context: CommandContext): Promise<ExitCode | undefined> {
  const { limit, after } = context.options as PageFlags
  const most = boundedNumber('--limit', limit, 1_000) ?? PAGE
  const { terminal, signal } = context
  const absent = (): undefined =>
    terminal.show({ namespaces: [] }, paint => emptyText([], context, paint)) as undefined
  return withMemory(
    opener,
    context,
    async memory => {
      const names = [...(await memory.namespaces())]
        .sort()
        .filter(name => after === undefined || name > after)
      if (names.length === 0 && after === undefined) return absent()
      const shown = names.slice(0, most)
      const namespaces = await statsOf(memory, shown, signal)
      const next = names.length > shown.length ? shown.at(-1) : undefined
      terminal.show({ namespaces, ...(next !== undefined && { after: next }) }, paint =>
        namespaceTable(namespaces, paint, terminal.width).join('\n'),
      )
      if (next !== undefined)
        terminal.message(
          `  ${countOf(names.length - shown.length, 'more namespace')}: ${memoryLine(['ls', '--after', next], context)}`,
        )
      else
        terminal.message(
          `  the memories of one: ${memoryLine(['ls', '--namespace', shown[0] ?? 'NAME'], context)}`,
        )
      return undefined
    },
    absent,
  )
}

async function statsOf(
  memory: Memory,
  names: readonly string[],
  signal: AbortSignal,
): Promise<NamespaceStats[]> {
  const all: NamespaceStats[] = []
  for (const name of names) {
    signal.throwIfAborted()
    all.push(await memory.namespace(name).stats())
  }
  return all
}

async function listMemories(
  namespace: Namespace,
  filter: ReturnType<typeof filterOf>,
  context: CommandContext,
): Promise<undefined> {
  const { terminal } = context
  const { limit, after } = context.options as PageFlags
  const page = await namespace.list({
    ...filter,
    limit: boundedNumber('--limit', limit, 1_000) ?? PAGE,
    ...(after !== undefined && { after }),
  })
  const { memories } = page
  terminal.show({ namespace: namespace.name, ...page }, paint =>
    memories.length === 0
      ? `no such memories in the namespace "${fit(namespace.name)}"`
      : memoryLines(memories, paint, terminal.width).join('\n'),
  )
  if (memories.some(({ trust }) => trust === 'untrusted'))
    terminal.message(paint => paint('dim', `  ${MARK_MEANING}`))
  if (page.after !== undefined)
    terminal.message(`  there are more: ${nextPage(page.after, namespace.name, context)}`)
  return undefined
}

/** The same command line for the page after this one. */
function nextPage(after: string, name: string, context: CommandContext): string {
  const kept = ['kind', 'who', 'session', 'since', 'until', 'trust', 'source', 'subject', 'limit']
  const flags = kept.flatMap(flag => {
    const value = context.options[flag]
    return value === undefined ? [] : [`--${flag}`, String(value)]
  })
  return memoryLine(['ls', ...flags, '--after', after], context, name)
}
