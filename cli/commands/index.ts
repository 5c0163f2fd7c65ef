/**
 * The list of commands, in the order of `--help`. A name and a sentence each; the code of a command is
 * loaded when it is asked for, so that help stays fast whatever a command needs.
 */
import type { CommandListing } from '../command.ts'

export const COMMANDS: readonly CommandListing[] = [
  {
    name: 'run',
    summary: 'run a workflow and print its result',
    load: async () => (await import('./run.ts')).run,
  },
  {
    name: 'doctor',
    summary: 'check what this machine offers: Node, bus, models, search',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  {
    name: 'version',
    summary: 'print the version',
    load: async () => (await import('./version.ts')).version,
  },
]
