/** `agenticraft memory facts [SUBJECT]`: what holds, of one subject or of all; with --at, what held then. */
import type { MemoryRecord } from '../../../memory/memory.ts'
import { systemHost } from '../../../runtime/host.ts'
import type { Command, CommandContext } from '../../command.ts'
import { addNamespace, type MemoryOpener, memoryLine, withNamespace } from '../../memory-dir.ts'
import { boundedNumber } from '../../memory-options.ts'
import { idLengthOf, MARK_MEANING, markOf, shownId, validityText } from '../../memory-rows.ts'
import type { Paint } from '../../terminal.ts'
import { cellsOf, fit, padded } from '../../text-width.ts'
import { stretchOf, TIME_HINT } from '../../time-options.ts'
import { minuteText } from '../../usage-text.ts'

export const memoryFacts = (opener: MemoryOpener): Command => ({
  name: 'facts',
  summary: 'show the facts that hold, of one subject or of all',
  configure(parser) {
    parser.argument('[subject]', 'whom or what they are about')
    addNamespace(parser)
      .option('--at <time>', `what held then, at the end of that day or month: ${TIME_HINT}`)
      .option('--predicate <words>', 'only these, for example "lives in"')
      .option('--limit <number>', 'how many (default: 100, at most 1000)')
  },
  run(context) {
    const { terminal, options, args } = context
    const [subject] = args
    const at = momentIn(options['at'])
    const predicate = options['predicate'] as string | undefined
    const limit = boundedNumber('--limit', options['limit'], 1_000)
    return withNamespace(opener, context, { facts: [] }, async namespace => {
      const facts = await namespace.facts(subject, {
        ...(at !== undefined && { at }),
        ...(predicate !== undefined && { predicate }),
        ...(limit !== undefined && { limit }),
      })
      terminal.show({ namespace: namespace.name, ...(at !== undefined && { at }), facts }, paint =>
        facts.length === 0 ? noneText(subject, at) : factLines(facts, paint, terminal.width).join('\n'),
      )
      hint(facts, context)
      return undefined
    })
  },
})

/** The last moment of what was named, and not after now: "in 2024" is what was known by its end. */
function momentIn(given: unknown): number | undefined {
  if (typeof given !== 'string') return undefined
  const now = systemHost().clock.now()
  const { from, until } = stretchOf('--at', given, now)
  return from <= now ? Math.min(until - 1, now) : until - 1
}

const noneText = (subject: string | undefined, at: number | undefined): string =>
  `no fact ${subject === undefined ? '' : `about "${fit(subject, 60)}" `}holds${at === undefined ? '' : ` at ${minuteText(at)}`}`

const MAX_PREDICATE = 28

function factLines(facts: readonly MemoryRecord[], paint: Paint, width: number): readonly string[] {
  const ids = idLengthOf(
    facts.map(({ id }) => id),
    width,
  )
  const bySubject = new Map<string, MemoryRecord[]>()
  for (const record of facts) {
    const subject = record.fact?.subject ?? ''
    bySubject.set(subject, [...(bySubject.get(subject) ?? []), record])
  }
  return [...bySubject].flatMap(([subject, of]) => {
    const widest = Math.max(...of.map(({ fact }) => cellsOf(fit(fact?.predicate ?? '', MAX_PREDICATE))))
    return [
      paint('bold', fit(subject, width)),
      ...of.map(record => factLine(record, { widest, ids }, paint, width)),
    ]
  })
}

function factLine(
  record: MemoryRecord,
  { widest, ids }: { readonly widest: number; readonly ids: number },
  paint: Paint,
  width: number,
): string {
  const predicate = padded(fit(record.fact?.predicate ?? '', MAX_PREDICATE), widest)
  const right = `${validityText(record)}  ${shownId(record.id, ids)}`
  const room = Math.max(12, width - widest - cellsOf(right) - 8)
  const object = fit(record.fact?.object ?? record.text, room)
  return `  ${markOf(record, paint)} ${paint('dim', predicate)}  ${paint('cyan', object)}  ${paint('dim', right)}`
}

function hint(facts: readonly MemoryRecord[], context: CommandContext): void {
  const [first] = facts
  const { terminal } = context
  if (facts.some(({ trust }) => trust === 'untrusted'))
    terminal.message(paint => paint('dim', `  ${MARK_MEANING}`))
  if (first)
    terminal.message(
      paint => `  ${paint('dim', 'since when, and why:')} ${memoryLine(['history', first.id], context)}`,
    )
  else
    terminal.message(
      paint => `  ${paint('dim', 'facts come from what was said:')} ${memoryLine(['consolidate'], context)}`,
    )
}
