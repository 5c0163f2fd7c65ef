/**
 * Starts the server that a peer stands on, for as long as the subject's process lives. Called by the subjects
 * of `peers/`. It knows no protocol: who starts a server says when it is ready.
 */
import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { Unavailable } from './scenario.ts'

export interface ServerOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Only root may name another user. */
  readonly uid?: number
  readonly gid?: number
  /** The file that gets what it prints. */
  readonly log: string
  /** What it gets when this process ends. Default SIGKILL: nothing it holds is needed any more. */
  readonly stopSignal?: NodeJS.Signals
  /** Asked again and again; a rejection counts as false. */
  isReady(): Promise<boolean>
}

const START_MS = 30_000
const POLL_MS = 50

/**
 * Resolves with its process id when it is ready. Throws `Unavailable` with the last line it printed when it ends, or
 * takes 30 s.
 */
export async function startServer(
  command: string,
  args: readonly string[],
  { env, uid, gid, log, stopSignal = 'SIGKILL', isReady }: ServerOptions,
): Promise<number> {
  const output = openSync(log, 'w')
  const server = spawn(command, args, {
    stdio: ['ignore', output, output],
    env: { ...process.env, ...env },
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
  })
  closeSync(output)
  let ended: string | undefined
  server.once('error', error => {
    ended = error.message
  })
  server.once('exit', (code, signal) => {
    ended ??= `ended with ${signal ?? code}: ${lastLine(log)}`
  })
  process.once('exit', () => server.kill(stopSignal))
  for (const end = performance.now() + START_MS; ; await pause(POLL_MS)) {
    if (ended !== undefined) throw new Unavailable(`${command} does not start: ${ended}`)
    if (await isReady().catch(() => false)) return server.pid as number
    if (performance.now() > end) throw new Unavailable(`${command} does not start: ${lastLine(log)}`)
  }
}

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

const lastLine = (file: string): string => readFileSync(file, 'utf8').trim().split('\n').at(-1) ?? ''

/** Ports of the loopback interface that nobody listens on at this moment, all different. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports: number[] = []
  for (const server of servers) {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(0, '127.0.0.1', resolve)
    })
    ports.push((server.address() as { port: number }).port)
  }
  for (const server of servers) await new Promise(resolve => server.close(resolve))
  return ports
}
