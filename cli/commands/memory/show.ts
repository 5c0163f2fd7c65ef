/** `agenticraft memory show ID`: one memory in full: its text, what it is derived from, what ended it. */
import type { MemoryRecord, Namespace } from '../../../memory/memory.ts'
import type { Command } from '../../command.ts'
import { addNamespace, findMemory, type MemoryOpener, memoryLine, withKnown } from '../../memory-dir.ts'
import { kindText, labelled, originText, quotedLines, shownId, validityText } from '../../memory-rows.ts'
import type { Paint } from '../../terminal.ts'
import { fit } from '../../text-width.ts'
import { timeText } from '../../usage-text.ts'

export const memoryShow = (opener: MemoryOpener): Command => ({
  name: 'show',
  summary: 'show one memory in full, and where it is known from',
  configure(parser) {
    addNamespace(parser.argument('<id>', 'its id, or the beginning of it'))
  },
  run(context) {
    const { terminal } = context
    return withKnown(opener, context, async namespace => {
      const record = await findMemory(namespace, context.args[0] ?? '', context)
      const shown = { record, ...(await relatedTo(record, namespace)) }
      const { sources, endedBy } = shown
      const json = { namespace: namespace.name, ...record, sources, ...(endedBy && { ender: endedBy }) }
      terminal.show(json, paint => render(shown, paint, terminal.width))
      if (record.kind === 'fact')
        terminal.message(
          paint =>
            `  ${paint('dim', 'what was held before and after:')} ${memoryLine(['history', record.id], context)}`,
        )
      return undefined
    })
  },
})

interface Related {
  /** Those of `from` that are still there. */
  readonly sources: readonly MemoryRecord[]
  readonly endedBy?: MemoryRecord
}

async function relatedTo({ from = [], endedBy }: MemoryRecord, namespace: Namespace): Promise<Related> {
  const sources = await Promise.all(from.map(id => namespace.get(id)))
  const ender = endedBy === undefined ? undefined : await namespace.get(endedBy)
  return { sources: sources.filter(one => one !== undefined), ...(ender && { endedBy: ender }) }
}

function render(
  { record, sources, endedBy }: Related & { readonly record: MemoryRecord },
  paint: Paint,
  width: number,
): string {
  const { id, kind, text, who, at, session, importance, trust, source, meta, fact } = record
  const { storedAt, updatedAt, by, from = [] } = record
  const line = (label: string, said: string | undefined): readonly string[] =>
    said === undefined || said === '' ? [] : [labelled(label, fit(said, width - 13), paint)]
  const lost = from.length - sources.length
  return [
    `${kindText(kind, paint)} ${paint('bold', shownId(id))}`,
    ...quotedLines(text, paint, width),
    ...line('who', who),
    ...line('at', timeText(at)),
    ...line('session', session),
    ...line('source', source),
    labelled('trust', trust === 'untrusted' ? paint('yellow', trust) : trust, paint),
    ...line(
      'fact',
      fact && `${fact.subject} · ${fact.predicate} · ${fact.object}${fact.single ? ' (one at a time)' : ''}`,
    ),
    ...line('holds', validityText(record)),
    ...(endedBy ? line('ended by', `${endedBy.id}: ${endedBy.text}`) : []),
    ...line('importance', String(Math.round(importance * 100) / 100)),
    ...line('meta', meta && JSON.stringify(meta)),
    ...line(
      'stored',
      `${timeText(storedAt)}${updatedAt === undefined ? '' : `, changed ${timeText(updatedAt)}`}`,
    ),
    ...line(
      'derived',
      from.length === 0
        ? undefined
        : `from ${from.length}${by === undefined ? '' : `, by ${by}`}${lost > 0 ? ` (${lost} no longer there)` : ''}`,
    ),
    ...sources.flatMap(one => [
      ...quotedLines(one.text, paint, width, '    '),
      `      ${paint('dim', `${fit(originText(one), width - one.id.length - 9)} · ${shownId(one.id)}`)}`,
    ]),
  ].join('\n')
}
