/**
 * The letters of a cluster that nobody took, for `agenticraft dead` with `--nats`: dead ones, and those put aside because
 * their nodes cannot read them. Listed, shown, sent again and dropped.
 */
import { RuntimeError, toRuntimeError } from '../actors/errors.ts'
import type { ClusterLetter, FoundLetters, LetterClient } from '../runtime/cluster/client/letters.ts'
import type { ShownLetter } from '../runtime/cluster/letter-operations.ts'
import { withCluster } from './cluster-access.ts'
import { here } from './cluster-run.ts'
import type { CommandContext } from './command.ts'
import { EXIT, type ExitCode } from './failure.ts'
import { confirmed } from './standard-input.ts'
import { type Paint, printable } from './terminal.ts'
import { fit, padded } from './text-width.ts'
import { countOf, timeText } from './usage-text.ts'

export const listClusterLetters = (context: CommandContext): Promise<undefined> =>
  withLetters(context, async letters => {
    const found = await letters.list()
    context.terminal.show(found, paint => tableOf(found.letters, paint, context.terminal.width))
    tellMissing(found, context)
    return undefined
  })

export const showClusterLetter = (context: CommandContext): Promise<undefined> =>
  withLetters(context, async letters => {
    const found = await letters.list()
    const shown = await letters.show(letterOf(found, context.args[0] ?? '', context))
    context.terminal.show(shown, paint => textOf(shown, paint))
    return undefined
  })

export const retryClusterLetters = (context: CommandContext): Promise<ExitCode | undefined> =>
  eachOf(context, (letters, letter) => letters.retry(letter), ['sent', 'sent again'])

export const dropClusterLetters = (context: CommandContext): Promise<ExitCode | undefined> =>
  eachOf(
    context,
    (letters, letter) => letters.drop(letter),
    ['dropped', 'dropped'],
    async chosen => {
      context.terminal.message(paint => tableOf(chosen.slice(0, SHOWN), paint, context.terminal.width))
      const more = chosen.length > SHOWN ? `  … and ${chosen.length - SHOWN} more\n` : ''
      return mayDrop(`${more}Drop ${countOf(chosen.length, 'letter')} for good?`, context)
    },
  )

/** Whether the user is sure: said with `--yes`, or asked. Throws `usage` where nobody can be asked. */
export async function mayDrop(question: string, context: CommandContext): Promise<boolean> {
  if (context.options['yes'] === true) return true
  if (await confirmed(question, context, 'say --yes')) return true
  context.terminal.failure('  nothing was dropped')
  return false
}

const SHOWN = 10

const withLetters = <T>(context: CommandContext, body: (letters: LetterClient) => Promise<T>): Promise<T> =>
  withCluster(context, async ({ client }) => {
    const { letterClient } = await import('../runtime/cluster/client/letters.ts')
    return body(letterClient(client))
  })

/**
 * Does something with the letters that were named, or all. All are looked up before anything is done. What is gone by
 * then is told as gone; what fails is told, and the exit code says so.
 */
function eachOf(
  context: CommandContext,
  act: (letters: LetterClient, letter: ClusterLetter) => Promise<void>,
  [done, said]: readonly [field: string, said: string],
  isSure: (chosen: readonly ClusterLetter[]) => Promise<boolean> = async () => true,
): Promise<ExitCode | undefined> {
  const { args, options, terminal, signal } = context
  if (args.length > 0 === (options['all'] === true))
    throw new RuntimeError('usage', 'letters are named by their ids, or all of them are meant with --all', {
      fix: `list them: ${here(['dead', 'ls'], context)}`,
    })
  return withLetters(context, async letters => {
    const found = await letters.list()
    const chosen =
      args.length > 0 ? [...new Set(args)].map(given => letterOf(found, given, context)) : found.letters
    tellMissing(found, context)
    if (chosen.length > 0 && !(await isSure(chosen))) return undefined
    const ids: string[] = []
    const failures: RuntimeError[] = []
    for (const letter of chosen) {
      signal.throwIfAborted()
      try {
        await act(letters, letter)
        ids.push(letter.id)
      } catch (thrown) {
        const error = toRuntimeError(thrown, 'internal')
        if (error.kind !== 'dead-letter-unknown') failures.push(error)
      }
    }
    const [only] = failures
    if (only && chosen.length === 1) throw only
    const gone = chosen.length - ids.length - failures.length
    terminal.show({ [done]: ids, failed: failures.length, gone }, () =>
      [`${countOf(ids.length, 'letter')} ${said}`, ...(gone > 0 ? [`${gone} were gone by then`] : [])].join(
        ', ',
      ),
    )
    for (const { code, message, why } of failures)
      terminal.failure(paint => `  ${paint('red', code)} ${printable(`${message}${why ? `: ${why}` : ''}`)}`)
    return failures.length > 0 ? EXIT.failed : undefined
  })
}

/** The letter of that id, or the only one whose id begins so. Throws `dead-letter-unknown`, `usage`. */
function letterOf(found: FoundLetters, given: string, context: CommandContext): ClusterLetter {
  const exact = found.letters.find(({ id }) => id === given)
  const like = found.letters.filter(({ id }) => id.startsWith(given))
  const [one, another] = exact ? [exact] : like
  const list = here(['dead', 'ls'], context)
  if (!one)
    throw new RuntimeError('dead-letter-unknown', `there is no letter "${given.slice(0, 200)}"`, {
      ...(found.silent.length > 0 && { why: `${countOf(found.silent.length, 'partition')} did not answer` }),
      fix: `list them: ${list}`,
    })
  if (!another) return one
  throw new RuntimeError('usage', `"${given.slice(0, 200)}" is the beginning of ${like.length} ids`, {
    fix: `name one in full: ${list}`,
  })
}

function tellMissing({ silent, older }: FoundLetters, { terminal }: CommandContext): void {
  if (silent.length > 0)
    terminal.message(
      `  ${countOf(silent.length, 'partition')} did not answer: nobody serves them at the moment`,
    )
  if (older.length > 0)
    terminal.message(
      `  ${countOf(older.length, 'partition')} cannot tell: the version of their nodes is older`,
    )
}

const KINDS = { dead: 'red', parked: 'yellow' } as const

function tableOf(letters: readonly ClusterLetter[], paint: Paint, width: number): string {
  if (letters.length === 0) return 'no letters'
  const longest = Math.max(...letters.map(letter => fit(aboutOf(letter), ABOUT).length))
  return letters
    .map(letter => {
      const { kind, id, at, why, code } = letter
      const begin = `${timeText(at)}  `
      const about = padded(fit(aboutOf(letter), ABOUT), longest)
      const used = begin.length + 8 + longest + 2 + id.length + 2
      const reason = fit(`${code === undefined ? '' : `${code} `}${why}`, Math.max(12, width - used))
      return `${begin}${paint(KINDS[kind], kind.padEnd(6))}  ${about}  ${printable(id)}  ${paint('dim', reason)}`
    })
    .join('\n')
}

const ABOUT = 60

/** What it is and whose; of one that cannot be read only its sender is known. */
const aboutOf = ({ type, from, to }: ClusterLetter): string => `${type ?? from ?? 'a letter'} → ${to}`

function textOf(
  { kind, id, at, to, from, type, run, why, code, partition, content }: Shown,
  paint: Paint,
): string {
  const line = (label: string, text: string | undefined): readonly string[] =>
    text === undefined ? [] : [`  ${paint('dim', label.padEnd(9))} ${printable(text)}`]
  return [
    `${paint(KINDS[kind], kind)} · ${paint('bold', printable(type ?? 'a letter'))} ${printable(id)}`,
    ...line('at', timeText(at)),
    ...line('to', to),
    ...line('from', from),
    ...line('run', run),
    ...line('partition', String(partition)),
    ...line('why', code === undefined ? why : `${code} ${why}`),
    ...line('content', content === undefined ? undefined : JSON.stringify(content)),
  ].join('\n')
}

type Shown = ShownLetter & ClusterLetter
