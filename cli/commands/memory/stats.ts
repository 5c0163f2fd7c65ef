/** `agenticraft memory stats`: what stands in a namespace, or in all of them. */
import type { NamespaceStats } from '../../../memory/memory.ts'
import type { Command } from '../../command.ts'
import {
  addNamespace,
  emptyText,
  type MemoryOpener,
  memoryLine,
  namespacesAsked,
  withMemory,
} from '../../memory-dir.ts'
import { statsText } from '../../memory-stats.ts'

export const memoryStats = (opener: MemoryOpener): Command => ({
  name: 'stats',
  summary: 'count what is remembered: one namespace, or all',
  configure(parser) {
    addNamespace(parser)
  },
  run(context) {
    const { terminal, signal } = context
    const show = (all: readonly NamespaceStats[], names: readonly string[], role?: string): undefined => {
      terminal.show({ ...(role && { role }), namespaces: all }, paint =>
        all.length === 0
          ? emptyText(names, context, paint)
          : all.map(stats => statsText(stats, paint, terminal.width).join('\n')).join('\n\n'),
      )
      if (role === 'client')
        terminal.message(paint => paint('dim', '  asked of the process that owns the memory'))
      const waiting = all.find(one => one.waiting > 0)
      if (waiting)
        terminal.message(
          paint =>
            `  ${paint('dim', 'to consolidate what waits:')} ${memoryLine(['consolidate'], context, waiting.namespace)}`,
        )
    }
    return withMemory(
      opener,
      context,
      async memory => {
        const names = await memory.namespaces()
        const all: NamespaceStats[] = []
        for (const name of namespacesAsked(names, context)) {
          signal.throwIfAborted()
          all.push(await memory.namespace(name).stats())
        }
        return show(all, names, memory.role)
      },
      () => show([], []),
    )
  },
})
