/** Options that say which memories are meant, or how one is to be, as the memory takes them. Wrong values are `usage`. */
import { RuntimeError } from '../actors/errors.ts'
import type { MemoryFilter, MemoryKind, Statement, Trust } from '../memory/memory.ts'
import { systemHost } from '../runtime/host.ts'
import type { CommandContext, Parser } from './command.ts'
import { stretchOf, TIME_HINT } from './time-options.ts'

export const KINDS = ['episode', 'fact', 'insight'] as const satisfies readonly MemoryKind[]
export const TRUSTS = ['untrusted', 'agent', 'trusted'] as const satisfies readonly Trust[]

/** Filters of every command that chooses memories. */
export const addFilter = (parser: Parser): Parser =>
  parser
    .option('--kind <kinds>', `only these: ${KINDS.join(', ')}, with commas between several`)
    .option('--who <name>', 'only what that person or agent said')
    .option('--session <id>', 'only of that conversation, task or run')
    .option('--since <time>', `only what happened then or later: ${TIME_HINT}`)
    .option('--until <time>', 'only what happened by then, that day or month included')

/** Filters of the commands that look at more than what happened. */
export const addOrigin = (parser: Parser): Parser =>
  parser
    .option('--source <text>', 'only what is known from there: a URL, a file, a run')
    .option('--subject <name>', 'only facts about it')

export const addMinTrust = (parser: Parser): Parser =>
  parser.addOption(
    parser.createOption('--trust <level>', 'only what is trusted that much or more').choices(TRUSTS),
  )

interface FilterFlags {
  readonly kind?: string
  readonly who?: string
  readonly session?: string
  readonly since?: string
  readonly until?: string
  readonly trust?: Trust
  readonly source?: string
  readonly subject?: string
}

/** What `addFilter`, `addOrigin` and `addMinTrust` were given. */
export function filterOf({ options }: Pick<CommandContext, 'options'>): MemoryFilter {
  const { kind, who, session, since, until, trust, source, subject } = options as FilterFlags
  const now = systemHost().clock.now()
  const filter = {
    ...(kind !== undefined && { kinds: kindsOf(kind) }),
    ...(who !== undefined && { who }),
    ...(session !== undefined && { session }),
    ...(since !== undefined && { since: stretchOf('--since', since, now).from }),
    ...(until !== undefined && { until: stretchOf('--until', until, now).until }),
    ...(trust !== undefined && { minTrust: trust }),
    ...(source !== undefined && { source }),
    ...(subject !== undefined && { subject }),
  }
  if (filter.since !== undefined && filter.until !== undefined && filter.since >= filter.until)
    throw new RuntimeError('usage', `--since "${since}" is not before --until "${until}"`)
  return filter
}

function kindsOf(given: string): readonly MemoryKind[] {
  const kinds = given.split(',').map(kind => kind.trim())
  const wrong = kinds.find(kind => !(KINDS as readonly string[]).includes(kind))
  if (wrong === undefined) return kinds as readonly MemoryKind[]
  throw new RuntimeError('usage', `--kind "${wrong.slice(0, 80)}" is no kind of memory`, {
    fix: `name some of: ${KINDS.join(', ')}`,
  })
}

/** The moment at which something begins; undefined when it was not given. */
export function momentOf(flag: string, given: unknown): number | undefined {
  return typeof given === 'string' ? stretchOf(flag, given, systemHost().clock.now()).from : undefined
}

/** From 0 to 1; undefined when it was not given. */
export function shareOf(flag: string, given: unknown): number | undefined {
  if (given === undefined) return undefined
  const share = /^\d*\.?\d+$/.test(String(given)) ? Number(given) : Number.NaN
  if (share >= 0 && share <= 1) return share
  throw new RuntimeError('usage', `${flag} "${String(given).slice(0, 80)}" is not a number from 0 to 1`)
}

/** A JSON object; undefined when it was not given. What it may hold is checked where it is kept. */
export function metaOf(flag: string, given: unknown): Readonly<Record<string, unknown>> | undefined {
  if (given === undefined) return undefined
  const value = parsed(String(given))
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>
  throw new RuntimeError('usage', `${flag} "${String(given).slice(0, 80)}" is not a JSON object`, {
    fix: `for example ${flag} '{"ticket":7}'`,
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // Said by the caller, with the flag.
  }
}

/** A whole number within its bounds; undefined when it was not given. */
export function boundedNumber(flag: string, given: unknown, most: number, least = 1): number | undefined {
  if (given === undefined) return undefined
  const number = /^\d{1,9}$/.test(String(given)) ? Number(given) : Number.NaN
  if (number >= least && number <= most) return number
  throw new RuntimeError(
    'usage',
    `${flag} "${String(given).slice(0, 80)}" is not a number from ${least} to ${most}`,
  )
}

/** Options that make a statement: of `add` and `edit`. */
export const addStatement = (parser: Parser): Parser =>
  parser
    .option('--subject <name>', 'of a fact: whom or what it is about')
    .option('--predicate <words>', 'of a fact: for example "lives in"')
    .option('--object <words>', 'of a fact: for example "Porto"')

/** The statement that was given, over the one there is. Throws `usage` for half of one. */
export function statementOf(
  { options }: Pick<CommandContext, 'options'>,
  before?: Statement,
): Statement | undefined {
  const { subject, predicate, object, single } = options as Partial<Statement>
  if (subject === undefined && predicate === undefined && object === undefined && single === undefined)
    return undefined
  const whole = { ...before, ...defined({ subject, predicate, object, single }) }
  if (whole.subject !== undefined && whole.predicate !== undefined && whole.object !== undefined)
    return whole as Statement
  throw new RuntimeError('usage', 'a fact needs --subject, --predicate and --object', {
    fix: '--subject Ana --predicate "lives in" --object Porto --single',
  })
}

type Given = { readonly [Key in keyof Statement]?: Statement[Key] | undefined }

const defined = (given: Given): Partial<Statement> =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
