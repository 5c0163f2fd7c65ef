/**
 * The contract of a command. `commands/index.ts` lists commands without loading them; `program.ts` loads
 * the one that was asked for, lets it declare its arguments, and runs it. A command never exits the
 * process and never writes to it directly: it returns an exit code or throws, and prints by its terminal.
 */
import type { Readable } from 'node:stream'
import type { Command as Parser } from 'commander'
import type { ExitCode } from './failure.ts'
import type { Terminal } from './terminal.ts'

export type { Parser }

export type InputStream = Readable & { readonly isTTY?: boolean }

/** What surrounds the process, handed in so that a command can be tested without one. */
export interface Surroundings {
  /** Absolute; already what `--cwd` says. */
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborted by the first Ctrl-C, for `cancelled`, or by SIGTERM, for `runtime-stopped`: stop gracefully. */
  readonly signal: AbortSignal
  /** What is typed or piped in; not touched before it is asked for. */
  stdin(): InputStream
}

export interface CommandContext extends Surroundings {
  readonly terminal: Terminal
  /** Positional arguments as typed. */
  readonly args: readonly string[]
  /** Options by their camel-case name, the global ones included. */
  readonly options: Readonly<Record<string, unknown>>
}

export interface Command {
  readonly name: string
  /** One line, as in the list of commands. */
  readonly summary: string
  /**
   * Declares arguments and options. `argv` is what follows the command's name, for a command whose options
   * depend on an argument (`run <workflow>`); it is empty when only the help of all commands is wanted.
   */
  configure?(parser: Parser, given: Surroundings & { readonly argv: readonly string[] }): void | Promise<void>
  /** It runs until it is stopped: a signal is how it ends, and its exit code is its own. */
  readonly endsBySignal?: true
  /** Absent if the command only groups others. Returning nothing means success. */
  run?(context: CommandContext): Promise<ExitCode | undefined> | ExitCode | undefined
  readonly subcommands?: readonly Command[]
}

/** A line of the list: enough for `--help`, so that nothing else is loaded. */
export interface CommandListing {
  readonly name: string
  readonly summary: string
  readonly aliases?: readonly string[]
  load(): Promise<Command>
}
