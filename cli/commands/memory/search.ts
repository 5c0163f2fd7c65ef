/** `agenticraft memory search QUERY`: what is known about something, best first, and with --explain why it ranks so. */
import type { Hit } from '../../../memory/memory.ts'
import { systemHost } from '../../../runtime/host.ts'
import type { Command, CommandContext } from '../../command.ts'
import { addNamespace, type MemoryOpener, memoryLine, withNamespace } from '../../memory-dir.ts'
import { isKnown, KNOWN, largestPart, legend, partTable } from '../../memory-explained.ts'
import { addFilter, addMinTrust, boundedNumber, filterOf } from '../../memory-options.ts'
import {
  idLengthOf,
  kindText,
  MARK_MEANING,
  markOf,
  memoryLineText,
  shownId,
  toldText,
} from '../../memory-rows.ts'
import type { Paint } from '../../terminal.ts'
import { fit } from '../../text-width.ts'
import { stretchOf, TIME_HINT } from '../../time-options.ts'
import { minuteText } from '../../usage-text.ts'

interface SearchFlags {
  readonly limit?: string
  readonly at?: string
  readonly neighbours?: string
  readonly explain?: boolean
}

export const memorySearch = (opener: MemoryOpener): Command => ({
  name: 'search',
  summary: 'find what is known about something, best first',
  configure(parser) {
    parser.argument('<query...>', 'a question, or words')
    addMinTrust(addFilter(addNamespace(parser)))
      .option('--limit <number>', 'how many (default: 10, at most 200)')
      .option('--at <time>', `what was known and held then: ${TIME_HINT}`)
      .option('--neighbours <number>', 'with so many of the same session before and after each (at most 5)')
      .option('--explain', 'show what each score is made of')
  },
  run(context) {
    const { terminal, args } = context
    const query = args.join(' ')
    const { explain = false } = context.options as SearchFlags
    const options = recallOptions(context)
    return withNamespace(opener, context, { query, known: KNOWN, hits: [] }, async namespace => {
      const hits = await namespace.recall(query, options)
      const likely = isKnown(hits)
      terminal.show({ namespace: namespace.name, query, known: KNOWN, likely, hits }, paint =>
        hits.length === 0
          ? `nothing that is remembered in "${fit(namespace.name)}" has to do with "${fit(query, 60)}"`
          : render(hits, explain, paint, terminal.width),
      )
      say(hits, context)
      return undefined
    })
  },
})

function recallOptions(context: CommandContext) {
  const { limit, at, neighbours, explain = false } = context.options as SearchFlags
  const most = boundedNumber('--limit', limit, 200)
  const around = boundedNumber('--neighbours', neighbours, 5, 0)
  const until = at === undefined ? undefined : stretchOf('--at', at, systemHost().clock.now()).until - 1
  return {
    ...filterOf(context),
    explain,
    ...(most !== undefined && { limit: most }),
    ...(around !== undefined && { neighbours: around }),
    ...(until !== undefined && { at: until }),
  }
}

function render(hits: readonly Hit[], explain: boolean, paint: Paint, width: number): string {
  const largest = largestPart(hits)
  const ids = idLengthOf(
    hits.map(({ id }) => id),
    width,
  )
  const blocks = hits.map(hit =>
    [
      ...hitLines(hit, ids, paint, width),
      ...(explain && hit.parts ? partTable(hit.parts, largest, paint).map(line => `${INDENT}${line}`) : []),
    ].join('\n'),
  )
  return [blocks.join(explain ? '\n\n' : '\n'), ...(explain ? ['', ...legend(hits, paint, width)] : [])].join(
    '\n',
  )
}

const INDENT = ' '.repeat(6)

function hitLines(hit: Hit, ids: number, paint: Paint, width: number): readonly string[] {
  const { score, at, kind, id, session, source, neighbours = [], trust } = hit
  const number = score.toFixed(2)
  const date = minuteText(at)
  const told = toldText(hit, paint, width - number.length - date.length - 7)
  const about = [
    shownId(id, ids),
    ...(trust === 'untrusted' ? [trust] : []),
    ...(session === undefined ? [] : [`session ${fit(session, 32)}`]),
    ...(source === undefined ? [] : [fit(source, 60)]),
  ].join(' · ')
  const room = width - INDENT.length - kind.length - 3
  return [
    `${paint(score >= KNOWN ? 'green' : 'dim', number)}  ${date} ${markOf(hit, paint)} ${told}`,
    `${INDENT}${kindText(kind, paint)} ${paint('dim', `· ${fit(about, room)}`)}`,
    ...neighbours.map(one =>
      paint('dim', `${INDENT}│ ${memoryLineText(one, plain, width - INDENT.length - 2, ids)}`),
    ),
  ]
}

/** What is painted as a whole must not hold colours of its own. */
const plain: Paint = (_, text) => text

function say(hits: readonly Hit[], context: CommandContext): void {
  const { terminal } = context
  const best = hits[0]?.score ?? 0
  if (hits.length > 0 && !isKnown(hits))
    terminal.message(
      paint =>
        `${paint('yellow', '!')} probably nothing is known about this: the best score is ${best.toFixed(2)}, and what is below ${KNOWN.toFixed(2)} is seldom an answer`,
    )
  if (hits.some(({ trust }) => trust === 'untrusted'))
    terminal.message(paint => paint('dim', `  ${MARK_MEANING}`))
  const [first] = hits
  if (first && context.options['explain'] !== true)
    terminal.message(
      paint =>
        `  ${paint('dim', 'one in full:')} ${memoryLine(['show', first.id], context)}   ${paint('dim', 'why it ranks: --explain')}`,
    )
}
