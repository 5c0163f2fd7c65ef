/** A command line run in this process, on a screen or into pipes, with what is typed. For tests of commands. */
import { Readable } from 'node:stream'
import type { Command } from '../command.ts'
import type { ExitCode } from '../failure.ts'
import { runProgram } from '../program.ts'

export interface Outcome {
  readonly exit: ExitCode
  readonly out: string
  readonly err: string
  readonly json: unknown
}

export interface Screen {
  /** Of stdout and stderr; absent: pipes. */
  readonly columns?: number
  readonly typed?: string
  readonly coloured?: boolean
  readonly signal?: AbortSignal
}

export async function runCommand(
  command: Command,
  argv: readonly string[],
  screen: Screen = {},
): Promise<Outcome> {
  const { columns, typed = '', coloured = false, signal = new AbortController().signal } = screen
  const texts = { out: '', err: '' }
  const writer = (name: 'out' | 'err') => ({
    isTTY: columns !== undefined,
    ...(columns !== undefined && { columns }),
    write: (text: string) => {
      texts[name] += text
    },
  })
  const exit = await runProgram({
    argv: [command.name, ...argv, ...(coloured ? [] : ['--no-color'])],
    ...{ cwd: '/', env: {}, signal },
    stdin: () =>
      Object.assign(Readable.from(typed === '' ? [] : [Buffer.from(typed)]), {
        isTTY: columns !== undefined,
      }),
    ...{ stdout: writer('out'), stderr: writer('err') },
    commands: [{ name: command.name, summary: command.summary, load: async () => command }],
  })
  return { exit, ...texts, json: jsonOf(texts.out) }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // Most outputs are no JSON.
  }
}
