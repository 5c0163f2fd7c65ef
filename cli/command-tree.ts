/** The commands as data: what `--help --json` prints, for coding agents and for completion of shells. */
import type { Argument, Option, Command as Parser } from 'commander'
import { EXIT, EXIT_MEANINGS } from './failure.ts'

interface ParameterTree {
  readonly name: string
  readonly description: string
  readonly required: boolean
  readonly choices?: readonly string[]
  readonly default?: unknown
}

export interface CommandTree {
  readonly name: string
  readonly aliases: readonly string[]
  readonly summary: string
  readonly arguments: readonly (ParameterTree & { readonly variadic: boolean })[]
  /** `flags` as in the help, for example `--cwd <folder>`. */
  readonly options: readonly (ParameterTree & { readonly flags: string })[]
  readonly commands: readonly CommandTree[]
}

export function commandTree(parser: Parser): CommandTree {
  return {
    name: parser.name(),
    aliases: parser.aliases(),
    summary: parser.description(),
    arguments: parser.registeredArguments.map(argument => ({
      ...parameter(argument, argument.name(), argument.required),
      variadic: argument.variadic,
    })),
    options: parser.options.map(option => ({
      ...parameter(option, option.name(), option.mandatory),
      flags: option.flags,
    })),
    commands: parser.commands.map(commandTree),
  }
}

const parameter = (given: Argument | Option, name: string, required: boolean): ParameterTree => ({
  name,
  description: given.description,
  required,
  ...(given.argChoices && { choices: given.argChoices }),
  ...(given.defaultValue !== undefined && { default: given.defaultValue }),
})

/** Every exit code with its meaning. */
export const exitCodeTable = () =>
  Object.entries(EXIT_MEANINGS).map(([name, meaning]) => ({ code: EXIT[name as keyof typeof EXIT], meaning }))
