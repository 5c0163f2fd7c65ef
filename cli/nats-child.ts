/**
 * A `nats-server` as a child of this process: started with a configuration file, its words kept in a file, so that it
 * outlives a parent that is killed. When it is started and stopped is the business of `nats-supervision.ts`.
 */
import { spawn } from 'node:child_process'
import { open, readFile, rename, truncate } from 'node:fs/promises'

export interface NatsChild {
  /** Undefined if it could not be started. */
  readonly pid: number | undefined
  /** Resolves with how it ended. */
  readonly ended: Promise<string>
  readonly isOver: boolean
  /** SIGTERM, and SIGKILL when it has not gone after `patienceMs`. Resolves when it is gone. */
  stop(patienceMs: number): Promise<void>
}

export interface NatsChildOptions {
  readonly program: string
  /** Absolute. Secrets stand there, never on the command line, which everybody on the machine can read. */
  readonly config: string
  readonly log: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Of the environment, what a server may need; keys of models and the like are not its business. */
const INHERITED = ['PATH', 'HOME', 'TZ', 'TMPDIR', 'TEMP', 'SystemRoot', 'GOMAXPROCS', 'GOMEMLIMIT']

export async function startNatsChild({ program, config, log, env }: NatsChildOptions): Promise<NatsChild> {
  await rename(log, `${log}.old`).catch(() => {}) // There is none at the first start.
  const file = await open(log, 'a', 0o600)
  const child = spawn(program, ['-c', config], {
    stdio: ['ignore', file.fd, file.fd],
    env: Object.fromEntries(INHERITED.flatMap(name => (env[name] ? [[name, env[name]]] : []))),
    // Ctrl-C in a terminal goes to the whole group of processes, and the server is to be stopped after its clients.
    detached: process.platform !== 'win32',
  })
  const state = { isOver: false }
  const ended = new Promise<string>(resolve => {
    child.once('error', error => resolve(`it cannot be started: ${error.message}`))
    child.once('exit', (code, signal) => resolve(`it ended with ${signal ?? `exit code ${code}`}`))
  }).then(how => {
    state.isOver = true
    return how
  })
  await file.close()
  return {
    pid: child.pid,
    ended,
    get isOver() {
      return state.isOver
    },
    async stop(patienceMs) {
      if (state.isOver) return
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), patienceMs)
      await ended
      clearTimeout(late)
    },
  }
}

const SHOWN_CHARACTERS = 2_000

/** The end of what the server said; empty when it said nothing. */
export const lastWords = (log: string): Promise<string> =>
  readFile(log, 'utf8').then(
    text => text.slice(-SHOWN_CHARACTERS).trim(),
    () => '',
  )

const MAX_LOG_BYTES = 16 * 1024 ** 2

/** Keeps what the server says from filling the disk. */
export async function trimLog(log: string): Promise<void> {
  const file = await open(log, 'r')
  try {
    if ((await file.stat()).size > MAX_LOG_BYTES) await truncate(log)
  } finally {
    await file.close()
  }
}
