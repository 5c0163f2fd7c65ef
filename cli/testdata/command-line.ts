/** The command line as a real process, for tests: started with a clean environment, and followed to its end. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { type Fault, type ModelServer, startModelServer } from '../../agents/testkit/model-server.ts'
import { researchAnswer } from '../../agents/testkit/research-answers.ts'

const MAIN = resolve('cli/main.ts')

export interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
  readonly ms: number
}

/** `preload`: modules imported before the program, by their paths. `typed`: what it reads from stdin. */
export function start(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  preload: readonly string[] = [],
  typed?: string,
): ChildProcess {
  const { NO_COLOR: _, FORCE_COLOR: __, OPENAI_API_KEY: ___, OPENAI_BASE_URL: ____, ...own } = process.env
  const imports = ['tsx', ...preload].flatMap(one => ['--import', one])
  const child = spawn(process.execPath, [...imports, MAIN, ...args], {
    env: { ...own, ...env },
    stdio: [typed === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  })
  child.stdin?.end(typed)
  return child
}

export async function ended(child: ChildProcess): Promise<Ran> {
  const began = performance.now()
  let [stdout, stderr] = ['', '']
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const [status] = await once(child, 'close')
  return { status, stdout, stderr, ms: performance.now() - began }
}

/** A model server that answers the research team, while `body` works. */
export async function withModel<T>(
  faults: readonly Fault[],
  body: (env: Record<string, string>, server: ModelServer) => Promise<T>,
): Promise<T> {
  const server = await startModelServer({
    faults,
    respond: ({ messages, response_format }) => ({
      object: researchAnswer(
        response_format?.json_schema?.name,
        String(messages.find(message => message.role === 'user')?.content),
      ),
    }),
  })
  try {
    return await body({ OPENAI_BASE_URL: server.url }, server)
  } finally {
    await server.close()
  }
}

/** Settles when the server was asked that often. */
export async function whenAsked({ log }: ModelServer, times: number): Promise<void> {
  while (log.length < times) await new Promise(done => setTimeout(done, 10))
}

/** Settles when the process has said that on stderr. */
export function whenSaid(child: ChildProcess, words: string): Promise<void> {
  let said = ''
  return new Promise(done => {
    child.stderr?.on('data', (text: string | Buffer) => {
      said += String(text)
      if (said.includes(words)) done()
    })
  })
}
