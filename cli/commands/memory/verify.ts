/** `agenticraft memory verify`: whether records, indexes and postings agree. Exit code 1 when they do not. */
import type { MemoryCheck } from '../../../memory/memory.ts'
import type { Command } from '../../command.ts'
import { EXIT } from '../../failure.ts'
import { addNamespace, emptyText, type MemoryOpener, namespacesAsked, withMemory } from '../../memory-dir.ts'
import type { Paint } from '../../terminal.ts'
import { fit } from '../../text-width.ts'
import { countOf } from '../../usage-text.ts'

interface Checked extends MemoryCheck {
  readonly namespace: string
}

export const memoryVerify = (opener: MemoryOpener): Command => ({
  name: 'verify',
  summary: 'read everything that is remembered and say what disagrees',
  configure(parser) {
    addNamespace(parser)
  },
  run(context) {
    const { terminal, signal } = context
    return withMemory(
      opener,
      context,
      async memory => {
        const names = await memory.namespaces()
        const checked: Checked[] = []
        for (const name of namespacesAsked(names, context)) {
          signal.throwIfAborted()
          checked.push({ namespace: name, ...(await memory.namespace(name).verify()) })
        }
        const ok = checked.every(({ problems }) => problems.length === 0)
        terminal.show({ ok, namespaces: checked }, paint =>
          checked.length === 0 ? emptyText(names, context, paint) : render(checked, paint, terminal.width),
        )
        return ok ? EXIT.ok : EXIT.failed
      },
      () => terminal.show({ ok: true, namespaces: [] }, paint => emptyText([], context, paint)) as undefined,
    )
  },
})

const render = (checked: readonly Checked[], paint: Paint, width: number): string =>
  checked
    .flatMap(({ namespace, memories, problems }) => {
      const count = countOf(memories, 'memory', 'memories')
      const name = paint('bold', fit(namespace, 60))
      return problems.length === 0
        ? [`${paint('green', '✔')} ${name}  ${count}, all in agreement`]
        : [
            `${paint('red', '✖')} ${name}  ${count}, ${countOf(problems.length, 'problem')}`,
            ...problems.map(problem => `    ${fit(problem, width - 4)}`),
          ]
    })
    .join('\n')
