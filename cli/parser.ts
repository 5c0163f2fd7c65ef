/**
 * Our commands as parsers of commander: global options, a command's own arguments, its subcommands. Commander
 * would exit the process and print errors itself; here it throws, and `failure.ts` has the last word.
 */
import { Command as Parser } from 'commander'
import { packageVersion } from '../runtime/package-version.ts'
import type { Command, Surroundings } from './command.ts'
import { EXIT, EXIT_MEANINGS, type ExitCode } from './failure.ts'
import type { Terminal } from './terminal.ts'

/** The program without its commands. */
export function createParser(terminal: Terminal): Parser {
  return new Parser('agenticraft')
    .description('Teams of AI agents: actors, supervision, budgets.')
    .usage('<command> [options]')
    .version(packageVersion())
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: true })
    .option('--json', 'print the result, or the failure, as JSON')
    .option('--quiet', 'print results and failures only')
    .option('--debug', 'show stacks and causes of failures')
    .option('--no-color', 'print without colours')
    .option('--cwd <folder>', 'work in this folder')
    .addHelpText('after', () => `\nExit codes:\n${exitCodeLines()}`)
    .configureOutput({ writeOut: text => terminal.data(text), writeErr: () => {}, outputError: () => {} })
    .exitOverride()
}

const exitCodeLines = () =>
  Object.entries(EXIT_MEANINGS)
    .map(([name, meaning]) => `  ${String(EXIT[name as keyof typeof EXIT]).padEnd(4)} ${meaning}`)
    .join('\n')

/** Gives `parser` the arguments of `command` and its subcommands; the exit code of what runs goes to `finish`. */
export async function attach(
  parser: Parser,
  command: Command,
  given: Surroundings & { readonly argv: readonly string[] },
  terminal: Terminal,
  finish: (exit: ExitCode) => void,
): Promise<void> {
  const { cwd, env, signal, stdin } = given
  await command.configure?.(parser, given)
  if (command.subcommands) parser.helpCommand(false)
  for (const sub of command.subcommands ?? []) {
    const below = { ...given, argv: given.argv.slice(1) }
    await attach(parser.command(sub.name).description(sub.summary), sub, below, terminal, finish)
  }
  if (!command.run) return
  parser.action(async () => {
    const options = parser.optsWithGlobals()
    const exit =
      (await command.run?.({ cwd, env, signal, stdin, terminal, args: parser.args, options })) ?? EXIT.ok
    finish(signal.aborted && exit === EXIT.ok && !command.endsBySignal ? EXIT.interrupted : exit)
  })
}
