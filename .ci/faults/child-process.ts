/** Starts a program as a process of its own, reads what it prints line by line, and kills it without warning. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'

export interface RunningChild {
  readonly pid: number
  /** Complete lines printed so far. A killed process keeps those it had written. */
  lines(): readonly string[]
  /** What it wrote to stderr, the last 4,000 characters. */
  errors(): string
  /** Resolves at the first line that starts so, with undefined when the process ends without one. */
  said(start: string): Promise<string | undefined>
  /** Resolves when it has ended and all it wrote was read. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>
}

export function startProgram(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): RunningChild {
  const child = spawn(process.execPath, ['--enable-source-maps', program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  })
  const complete: string[] = []
  let partial = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    const parts = (partial + part).split('\n')
    partial = parts.pop() ?? ''
    for (const line of parts) complete.push(line)
  })
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    errors = (errors + part).slice(-4_000)
  })
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }))
  return {
    pid: child.pid ?? 0,
    lines: () => complete,
    errors: () => errors,
    ended,
    async said(start) {
      const look = () => complete.find(line => line.startsWith(start))
      return await new Promise<string | undefined>((resolve, reject) => {
        const onData = (): void => {
          const found = look()
          if (found !== undefined) resolve(found)
        }
        child.stdout.on('data', onData)
        ended.then(() => resolve(look()), reject)
        onData()
      })
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
