/** `agenticraft memory` over a memory without a disk, for tests: commands run in this process, and what was asked for. */
import { memoryCommand } from '../commands/memory.ts'
import { memoryStandIn } from './memory-stand-in.ts'
import { type Outcome, runCommand, type Screen } from './program.ts'

export function memoryScene() {
  const standIn = memoryStandIn()
  const command = memoryCommand(standIn.opener)
  const run = (args: readonly string[], screen?: Screen): Promise<Outcome> =>
    runCommand(command, args, screen)
  const json = async <T>(args: readonly string[]): Promise<T> => (await run([...args, '--json'])).json as T
  const add = async (text: string, ...flags: string[]): Promise<string> =>
    (await json<{ id: string }>(['add', text, ...flags])).id
  const asked = (call: string) => standIn.calls.filter(([name]) => name === call).map(([, ...given]) => given)
  return { ...standIn, run, json, add, asked }
}

/** Flags for something that Ana said. */
export const ANA = ['--who', 'Ana', '--session', 's1', '--at', '2026-11-20']
