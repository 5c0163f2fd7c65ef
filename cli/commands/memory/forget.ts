/**
 * `agenticraft memory forget`: takes memories away, by id or by filter, and what was derived from them. They are not
 * recalled from then on; their bytes are gone after a `purge`.
 */
import { RuntimeError } from '../../../actors/errors.ts'
import type { Forgotten, MemoryFilter, MemoryRecord, Namespace } from '../../../memory/memory.ts'
import type { Command, CommandContext } from '../../command.ts'
import { commandLine } from '../../data-dir.ts'
import type { ExitCode } from '../../failure.ts'
import { addNamespace, everyOf, findMemory, type MemoryOpener, withKnown } from '../../memory-dir.ts'
import { addFilter, addOrigin, filterOf } from '../../memory-options.ts'
import { dayText, memoryLines } from '../../memory-rows.ts'
import { confirmed } from '../../standard-input.ts'
import { fit } from '../../text-width.ts'
import { countOf } from '../../usage-text.ts'

export const memoryForget = (opener: MemoryOpener): Command => ({
  name: 'forget',
  summary: 'forget memories, and what was derived from them',
  configure(parser) {
    parser.argument('[id...]', 'ids, or the beginnings of them; or say which with options')
    // Not --trust: it means "that much or more", and whoever wants to be rid of the untrusted would lose all.
    addOrigin(addFilter(addNamespace(parser)))
      .option('--all', 'everything in the namespace')
      .option('--dry-run', 'only show what would be forgotten')
      .option('--yes', 'do not ask')
  },
  async run(context) {
    const filter = filterOf(context)
    const wanted = wantedBy(filter, context)
    // A memory refuses a filter that says nothing: whoever means all has to say so.
    const which = context.options['all'] === true ? EVERYTHING : filter
    return withKnown(opener, context, async namespace =>
      wanted === 'ids' ? forgetIds(namespace, context) : forgetMatching(namespace, which, context),
    )
  },
})

const EVERYTHING: MemoryFilter = { kinds: ['episode', 'fact', 'insight'] }

/** Throws `usage` unless it is said, in one way, what to forget. */
function wantedBy(filter: MemoryFilter, { args, options }: CommandContext): 'ids' | 'filter' {
  const narrowed = Object.keys(filter).length > 0
  const ways = [args.length > 0, narrowed, options['all'] === true].filter(Boolean).length
  if (ways === 1) return args.length > 0 ? 'ids' : 'filter'
  throw new RuntimeError(
    'usage',
    ways === 0 ? 'nothing was said to forget' : 'ids, filters and --all do not go together',
    {
      fix: 'agenticraft memory forget ID, or --who Ana --until 2025-12-31, or --all; --dry-run shows what would go',
    },
  )
}

async function forgetIds(namespace: Namespace, context: CommandContext): Promise<ExitCode | undefined> {
  const found = new Map<string, MemoryRecord>()
  // All are looked up before any is gone.
  for (const given of context.args) {
    const record = await findMemory(namespace, given, context)
    found.set(record.id, record)
  }
  if (isDry(context)) return showWouldGo(namespace, found.size, [...found.values()], context)
  let forgotten: Forgotten = { memories: 0, derived: 0 }
  for (const id of found.keys()) {
    // One may have been derived from another of them, and is gone with it.
    if (!(await namespace.get(id))) continue
    forgotten = sum(forgotten, await namespace.forget(id))
  }
  return showGone(namespace, forgotten, context)
}

const sum = (one: Forgotten, other: Forgotten): Forgotten => ({
  memories: one.memories + other.memories,
  derived: one.derived + other.derived,
})

async function forgetMatching(
  namespace: Namespace,
  filter: MemoryFilter,
  context: CommandContext,
): Promise<ExitCode | undefined> {
  const { count, first } = await matching(namespace, filter, context)
  if (isDry(context)) return showWouldGo(namespace, count, first, context, filter)
  if (count === 0) return showGone(namespace, { memories: 0, derived: 0 }, context)
  if (context.options['yes'] !== true) {
    context.terminal.message(paint => memoryLines(first, paint, context.terminal.width).join('\n'))
    const more = count > first.length ? `  … and ${(count - first.length).toLocaleString('en')} more\n` : ''
    const question = `${more}Forget ${countOf(count, 'memory', 'memories')} in "${fit(namespace.name)}"${spanText(filter)}, and all that was derived from ${count === 1 ? 'it' : 'them'}?`
    if (!(await confirmed(question, context, 'look with --dry-run, then say --yes'))) {
      context.terminal.failure('  nothing was forgotten')
      return undefined
    }
  }
  return showGone(namespace, await namespace.forget(filter), context)
}

const SHOWN = 10

async function matching(namespace: Namespace, filter: MemoryFilter, { signal }: CommandContext) {
  const first: MemoryRecord[] = []
  let count = 0
  for await (const record of everyOf(namespace, filter, signal)) {
    count++
    if (first.length < SHOWN) first.push(record)
  }
  return { count, first }
}

const isDry = ({ options }: CommandContext): boolean => options['dryRun'] === true

/** What the words for a time were taken to mean. */
const spanText = ({ since, until }: MemoryFilter): string =>
  [
    since === undefined ? '' : ` from ${dayText(since)}`,
    until === undefined ? '' : ` before ${dayText(until)}`,
  ].join('')

function showWouldGo(
  { name }: Namespace,
  count: number,
  first: readonly MemoryRecord[],
  { terminal }: CommandContext,
  filter: MemoryFilter = {},
): undefined {
  terminal.show({ namespace: name, dryRun: true, memories: count, first }, paint => {
    const rows = memoryLines(first, paint, terminal.width)
    const more = count > first.length ? [`… and ${(count - first.length).toLocaleString('en')} more`] : []
    return [
      ...rows,
      ...more,
      `${countOf(count, 'memory', 'memories')}${spanText(filter)} would be forgotten, and all that was derived from ${count === 1 ? 'it' : 'them'}`,
    ].join('\n')
  })
}

function showGone({ name }: Namespace, forgotten: Forgotten, context: CommandContext): undefined {
  const { memories, derived } = forgotten
  const also =
    derived > 0 ? `, and ${derived.toLocaleString('en')} derived from ${memories === 1 ? 'it' : 'them'}` : ''
  context.terminal.show(
    { namespace: name, ...forgotten },
    `${countOf(memories, 'memory', 'memories')} forgotten${also}`,
  )
  if (memories > 0)
    context.terminal.message(
      paint =>
        `  ${paint('dim', 'to take their bytes out of the files as well:')} ${commandLine(['memory', 'purge'], context)}`,
    )
}
