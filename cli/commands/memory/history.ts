/** `agenticraft memory history ID`: what was ever held about the same thing, oldest first, with the sentences for it. */
import { RuntimeError } from '../../../actors/errors.ts'
import type { ExplainedFact } from '../../../memory/memory.ts'
import { systemHost } from '../../../runtime/host.ts'
import type { Command } from '../../command.ts'
import { addNamespace, findMemory, type MemoryOpener, memoryLine, withKnown } from '../../memory-dir.ts'
import { dayText, idLengthOf, originText, quotedLines, shownId } from '../../memory-rows.ts'
import type { Paint } from '../../terminal.ts'
import { cellsOf, fit, padded } from '../../text-width.ts'

export const memoryHistory = (opener: MemoryOpener): Command => ({
  name: 'history',
  summary: 'show what was held about the same thing before and after, and who said so',
  configure(parser) {
    addNamespace(parser.argument('<id>', 'id of a fact, or the beginning of it'))
  },
  run(context) {
    const { terminal } = context
    return withKnown(opener, context, async namespace => {
      const record = await findMemory(namespace, context.args[0] ?? '', context)
      if (record.kind !== 'fact')
        throw new RuntimeError('usage', `memory ${record.id} is no fact but an ${record.kind}`, {
          fix: `${memoryLine(['facts'], context)} lists the facts`,
        })
      const held = await namespace.history(record.id)
      const { subject, predicate } = record.fact ?? {}
      terminal.show({ namespace: namespace.name, subject, predicate, history: held }, paint =>
        [
          `${paint('bold', fit(subject ?? '', 60))} · ${fit(predicate ?? '', 60)}`,
          ...timeline(held, record.id, paint, terminal.width),
        ].join('\n'),
      )
      return undefined
    })
  },
})

function timeline(
  held: readonly ExplainedFact[],
  asked: string,
  paint: Paint,
  width: number,
): readonly string[] {
  const spans = held.map(({ fact }) => spanText(fact.validFrom ?? fact.at, fact.validUntil))
  const widest = Math.max(0, ...spans.map(cellsOf))
  const ids = idLengthOf(
    held.flatMap(({ fact, evidence }) => [fact.id, ...evidence.map(({ id }) => id)]),
    width,
  )
  const now = systemHost().clock.now()
  return held.flatMap(({ fact, evidence }, i) => {
    const holds = fact.validUntil === undefined || fact.validUntil > now
    const object = fit(fact.fact?.object ?? fact.text, Math.max(12, width - widest - ids - 22))
    const told = fact.id === asked && held.length > 1 ? paint('dim', ' ← this one') : ''
    const ended = fact.endedBy === undefined ? '' : paint('dim', `  ended by ${shownId(fact.endedBy)}`)
    return [
      `${holds ? paint('green', '●') : paint('dim', '○')} ${padded(spans[i] ?? '', widest)}  ${paint(holds ? 'bold' : 'dim', object)}  ${paint('dim', shownId(fact.id, ids))}${told}`,
      ...evidence.flatMap(one => [
        ...quotedLines(one.text, paint, width, '    '),
        `      ${paint('dim', `${fit(originText(one), width - ids - 9)} · ${shownId(one.id, ids)}`)}`,
      ]),
      ...(evidence.length === 0
        ? [paint('dim', '    no sentence for it is kept: it was added as a fact')]
        : []),
      ...(ended && !held.some(other => other.fact.id === fact.endedBy) ? [`   ${ended}`] : []),
    ]
  })
}

const spanText = (from: number, until: number | undefined): string =>
  `${dayText(from)} → ${until === undefined ? 'now' : dayText(until)}`
