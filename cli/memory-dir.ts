/**
 * The memory of a data directory, or with `--nats` of a cluster, as the command line uses it: opened for one command, by
 * a namespace, an id or the beginning of one. Whether this process owns it or asks the one that does is the opener's
 * business.
 */
import { RuntimeError } from '../actors/errors.ts'
import type { Memory, MemoryRecord, Namespace } from '../memory/memory.ts'
import { memoryDirectory } from '../runtime/data-directory.ts'
import type { CommandContext, Parser } from './command.ts'
import { addDataDir, commandLine, dataDirOf } from './data-dir.ts'
import type { ExitCode } from './failure.ts'
import { addNatsOptions } from './nats-url.ts'
import { printable } from './terminal.ts'
import { fit } from './text-width.ts'

/** Handed to the commands, so that they can be tested without a disk. */
export interface MemoryOpener {
  /** Whether anything was ever remembered in that data directory. */
  holds(dataDir: string): Promise<boolean>
  /** Makes what is not there. */
  open(dataDir: string): Promise<Memory>
  /** That of the cluster which the options name. Throws `broker-unavailable`, `usage`. */
  reach(context: CommandContext): Promise<Memory>
}

const MEMORIES_PLACE = 'where the memories are kept, in its folder "memory"'

/** Where the memory is: in a data directory, or with `--nats` or `--cluster` in a cluster. */
export const addPlace = (parser: Parser): Parser => addNatsOptions(addDataDir(parser, MEMORIES_PLACE))

export const addNamespace = (parser: Parser): Parser =>
  addPlace(parser.option('--namespace <name>', 'whose memories (default: the only namespace there is)'))

/** Only when it is asked for: what a command changes must not depend on which server happens to run. */
export const isOfCluster = ({ options }: Pick<CommandContext, 'options'>): boolean =>
  options['nats'] !== undefined || options['cluster'] !== undefined

const namespaceOf = ({ options }: Pick<CommandContext, 'options'>): string | undefined =>
  options['namespace'] as string | undefined

/** What `body` does with the memory, which is closed afterwards; where nothing was ever remembered, nothing is made. */
export async function withMemory<T>(
  opener: MemoryOpener,
  context: CommandContext,
  body: (memory: Memory) => Promise<T>,
  absent: () => T | Promise<T>,
): Promise<T> {
  if (isOfCluster(context)) return using(await opener.reach(context), body)
  const dataDir = dataDirOf(context)
  return (await opener.holds(dataDir)) ? using(await opener.open(dataDir), body) : absent()
}

/** As `withMemory`, and makes what is not there. */
export const withNewMemory = async <T>(
  opener: MemoryOpener,
  context: CommandContext,
  body: (memory: Memory) => Promise<T>,
): Promise<T> => {
  const opened = isOfCluster(context) ? opener.reach(context) : opener.open(dataDirOf(context))
  return using(await opened, body)
}

async function using<T>(memory: Memory, body: (memory: Memory) => Promise<T>): Promise<T> {
  try {
    return await body(memory)
  } finally {
    await memory.close()
  }
}

/**
 * What `body` does with the namespace that is named, or the only one. Where there is none, `nothing` is shown as
 * JSON, and to people what to do next. Throws `usage` when there are several.
 */
export function withNamespace(
  opener: MemoryOpener,
  context: CommandContext,
  nothing: unknown,
  body: (namespace: Namespace, memory: Memory) => Promise<ExitCode | undefined>,
): Promise<ExitCode | undefined> {
  const absent = (names: readonly string[]): undefined =>
    context.terminal.show(nothing, paint => emptyText(names, context, paint)) as undefined
  return withMemory(
    opener,
    context,
    async memory => {
      const names = await memory.namespaces()
      const name = chosen(names, context)
      return name === undefined ? absent(names) : body(memory.namespace(name), memory)
    },
    () => absent([]),
  )
}

/** As `withNamespace`, for a command that needs a memory that is there. Throws `memory-unknown` where none is. */
export function withKnown(
  opener: MemoryOpener,
  context: CommandContext,
  body: (namespace: Namespace, memory: Memory) => Promise<ExitCode | undefined>,
): Promise<ExitCode | undefined> {
  return withMemory(
    opener,
    context,
    async memory => {
      const name = chosen(await memory.namespaces(), context)
      if (name === undefined) throw unknown(context.args[0] ?? '', namespaceOf(context), context)
      return body(memory.namespace(name), memory)
    },
    () => {
      throw unknown(context.args[0] ?? '', namespaceOf(context), context)
    },
  )
}

/** The namespace that is named, as far as it is there, or all of them: for commands that look at each. */
export function namespacesAsked(names: readonly string[], context: CommandContext): readonly string[] {
  const given = namespaceOf(context)
  return given === undefined ? names : names.filter(name => name === given)
}

export const FIRST_NAMESPACE = 'default'

/** Where something new goes: the namespace that is named, the only one, or the first one ever. */
export async function namespaceToFill(memory: Memory, context: CommandContext): Promise<Namespace> {
  const given = namespaceOf(context)
  return memory.namespace(given ?? chosen(await memory.namespaces(), context) ?? FIRST_NAMESPACE)
}

/** Undefined when there is none of that name, or none at all. */
function chosen(names: readonly string[], context: CommandContext): string | undefined {
  const given = namespaceOf(context)
  if (given !== undefined) return names.includes(given) ? given : undefined
  if (names.length <= 1) return names[0]
  throw new RuntimeError('usage', `there are ${names.length} namespaces, and none was named`, {
    why: namesText(names),
    fix: `name one with --namespace, for example --namespace ${quoted(names[0] ?? '')}`,
  })
}

const SHOWN_NAMES = 8

const namesText = (names: readonly string[]): string =>
  `these are there: ${names
    .slice(0, SHOWN_NAMES)
    .map(name => fit(name, 40))
    .join(', ')}${names.length > SHOWN_NAMES ? ', …' : ''}`

const quoted = (name: string): string => (/^[\w.:@/-]+$/.test(name) ? name : `'${fit(name, 40)}'`)

export function emptyText(
  names: readonly string[],
  context: CommandContext,
  paint: (format: 'dim', text: string) => string,
): string {
  const given = namespaceOf(context)
  const place = isOfCluster(context) ? 'the cluster' : memoryDirectory(dataDirOf(context))
  const where = given === undefined ? `in ${place}` : `in the namespace "${fit(given, 60)}"`
  const next = [
    ...(names.length > 0 ? [namesText(names)] : []),
    `add something: ${memoryLine(['add', 'Ana prefers tea', '--who', 'Ana'], context)}`,
  ]
  return [`nothing is remembered ${where}`, ...next.map(line => paint('dim', `  ${line}`))].join('\n')
}

/** A command line of `agenticraft memory` on the same memories, ready to be typed. */
export function memoryLine(
  words: readonly string[],
  context: CommandContext,
  name = namespaceOf(context),
): string {
  const { nats, cluster } = context.options as { readonly nats?: string; readonly cluster?: string }
  const which = [
    ...(name === undefined ? [] : ['--namespace', name]),
    // A URL may hold a password.
    ...(nats === undefined ? [] : ['--nats', nats.includes('@') ? 'URL' : nats]),
    ...(cluster === undefined ? [] : ['--cluster', cluster]),
  ]
  return printable(commandLine(['memory', ...words, ...which], context))
}

const SHORTEST_PREFIX = 4
const PAGE = 1_000
const MOST_MATCHES = 5

/** The memory of that id, or the only one whose id begins so. Throws `memory-unknown`, `usage`. */
export async function findMemory(
  namespace: Namespace,
  given: string,
  context: CommandContext,
): Promise<MemoryRecord> {
  const exact = await namespace.get(given)
  if (exact) return exact
  const matching = given.length < SHORTEST_PREFIX ? [] : await beginningWith(namespace, given)
  const [found, ...others] = matching
  if (found && others.length === 0) return found
  if (found)
    throw new RuntimeError('usage', `"${given}" is the beginning of several ids`, {
      why: `${matching.map(({ id }) => id).join(', ')}${matching.length < MOST_MATCHES ? '' : ', …'}`,
      fix: 'give more of the id',
    })
  throw unknown(given, namespace.name, context)
}

async function beginningWith(namespace: Namespace, prefix: string): Promise<readonly MemoryRecord[]> {
  const { memories } = await namespace.list({ idPrefix: prefix, limit: MOST_MATCHES })
  return memories
}

/** All memories that a filter takes, page by page. */
export async function* everyOf(
  namespace: Namespace,
  filter: Parameters<Namespace['list']>[0],
  signal: AbortSignal,
): AsyncGenerator<MemoryRecord> {
  let after: string | undefined
  do {
    signal.throwIfAborted()
    const page = await namespace.list({ ...filter, limit: PAGE, ...(after !== undefined && { after }) })
    yield* page.memories
    after = page.after
  } while (after !== undefined)
}

const unknown = (id: string, name: string | undefined, context: CommandContext): RuntimeError =>
  new RuntimeError(
    'memory-unknown',
    `there is no memory "${id.slice(0, 80)}"${name === undefined ? '' : ` in the namespace "${name.slice(0, 80)}"`}`,
    {
      why: 'it was forgotten, or never was there',
      fix: `${memoryLine(['ls'], context)} lists them; the first ${SHORTEST_PREFIX} characters of an id are enough`,
    },
  )
