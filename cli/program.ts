/**
 * Turns a command line into the run of one command, and whatever happens into an exit code. Called by
 * `main.ts` with the real process and by tests with a made one. Only the command that is asked for is loaded.
 */
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { CommanderError } from 'commander'
import { RuntimeError } from '../actors/errors.ts'
import type { CommandListing, Surroundings } from './command.ts'
import { commandTree, exitCodeTable } from './command-tree.ts'
import { describeFailure, EXIT, type ExitCode, formatFailure } from './failure.ts'
import { attach, createParser } from './parser.ts'
import { createTerminal, jsonText, type OutputStream, type Terminal } from './terminal.ts'

export interface Invocation extends Surroundings {
  /** Without the program's own name. */
  readonly argv: readonly string[]
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly commands: readonly CommandListing[]
}

interface Line {
  readonly argv: readonly string[]
  /** The command asked for, and what follows it. */
  readonly name: string | undefined
  readonly rest: readonly string[]
  readonly wantsHelp: boolean
  has(flag: string): boolean
}

const HELP = /^(?:-h|--help)$/
const GLOBAL = /^--(?:json|quiet|debug|no-color|cwd(?:=.*)?)$/

/** Runs the command line. Never throws: a failure is printed and returned as its exit code. */
export async function runProgram(invocation: Invocation): Promise<ExitCode> {
  const line = readLine(invocation.argv)
  const terminal = createTerminal({
    ...invocation,
    json: line.has('--json'),
    quiet: line.has('--quiet'),
    debug: line.has('--debug'),
    noColor: line.has('--no-color'),
  })
  try {
    return await dispatch(invocation, line, terminal)
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return EXIT.ok
    const failure = describeFailure(thrown, terminal.debug)
    terminal.failure(terminal.json ? jsonText(failure) : paint => formatFailure(failure, paint))
    return failure.exitCode
  }
}

/** What must be known before anything is parsed. `help x` means `x --help`, and nothing at all means `--help`. */
function readLine(given: readonly string[]): Line {
  const first = operandAt(given)
  const asksNothing = first < 0 && given.every((token, at) => GLOBAL.test(token) || given[at - 1] === '--cwd')
  const asksHelp = given[first] === 'help'
  const argv = asksHelp
    ? [...given.toSpliced(first, 1), '--help']
    : asksNothing
      ? [...given, '--help']
      : given
  const at = operandAt(argv)
  const flags = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv
  return {
    argv,
    name: at < 0 ? undefined : argv[at],
    rest: at < 0 ? [] : argv.slice(at + 1),
    wantsHelp: flags.some(token => HELP.test(token)),
    has: flag => flags.includes(flag),
  }
}

const operandAt = (argv: readonly string[]) =>
  argv.findIndex((token, at) => !token.startsWith('-') && argv[at - 1] !== '--cwd')

async function dispatch(invocation: Invocation, line: Line, terminal: Terminal): Promise<ExitCode> {
  const surroundings = { ...invocation, cwd: folderOf(line.argv, invocation.cwd) }
  const outcome: { exit: ExitCode } = { exit: EXIT.ok }
  const finish = (exit: ExitCode) => {
    outcome.exit = exit
  }
  const program = createParser(terminal)
  let { wantsHelp } = line
  const wantsTree = (): boolean => terminal.json && wantsHelp
  for (const listing of invocation.commands) {
    const parser = program.command(listing.name).description(listing.summary)
    for (const alias of listing.aliases ?? []) parser.alias(alias)
    const asked = isNamed(listing, line.name)
    if (!asked && !(wantsTree() && line.name === undefined)) continue
    const given = { ...surroundings, argv: asked ? line.rest : [] }
    const command = await listing.load()
    await attach(parser, command, given, terminal, finish)
    // A group that is named alone says what is in it.
    wantsHelp ||= asked && !command.run && operandAt(line.rest) < 0
  }
  const known = line.name === undefined || invocation.commands.some(listing => isNamed(listing, line.name))
  if (wantsTree() && known) {
    const asked = program.commands.find(parser =>
      [parser.name(), ...parser.aliases()].includes(line.name ?? ''),
    )
    terminal.show(asked ? commandTree(asked) : { ...commandTree(program), exitCodes: exitCodeTable() }, '')
    return EXIT.ok
  }
  const argv = wantsHelp && !line.wantsHelp ? [...line.argv, '--help'] : line.argv
  // Commander answers `nonsense --help` with the general help; a wrong name is an error, with or without it.
  await program.parseAsync(known ? argv : argv.filter(token => !HELP.test(token)), { from: 'user' })
  return outcome.exit
}

const isNamed = ({ name, aliases = [] }: CommandListing, asked: string | undefined) =>
  asked !== undefined && (name === asked || aliases.includes(asked))

/** The folder `--cwd` names, else `cwd`. Throws `usage` if it is no folder. */
function folderOf(argv: readonly string[], cwd: string): string {
  const at = argv.indexOf('--cwd')
  const given = at < 0 ? argv.find(token => token.startsWith('--cwd='))?.slice('--cwd='.length) : argv[at + 1]
  if (given === undefined) return cwd
  const folder = resolve(cwd, given)
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return folder
  throw new RuntimeError('usage', `--cwd "${given}" is not a folder`, { fix: 'name a folder that exists' })
}
