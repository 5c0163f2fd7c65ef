/**
 * `agenticraft nats up --detach`: starts the same command without it in a process of its own, and waits until its server
 * answers. What that process says afterwards goes to a file.
 */
import { spawn } from 'node:child_process'
import { mkdir, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ERRORS, type ErrorKind, RuntimeError } from '../actors/errors.ts'
import type { CommandContext } from './command.ts'
import { type NatsNote, natsDirectory, readNatsNote } from './nats-note.ts'

export interface BackgroundOptions {
  readonly dataDir: string
  readonly host: string
  readonly port: number
  readonly maxBytes: number
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string } | undefined
  /** Files of further users, as given. */
  readonly userFiles: readonly string[]
}

/** Resolves with the note of the server once it can be used. Throws what the other process fails with. */
export async function upInBackground(
  { dataDir, host, port, maxBytes, tls, userFiles }: BackgroundOptions,
  { cwd, env, signal }: Pick<CommandContext, 'cwd' | 'env' | 'signal'>,
): Promise<NatsNote> {
  const dir = natsDirectory(dataDir)
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const log = join(dir, 'up.log')
  const said = await open(log, 'w', 0o600)
  const flags = [
    ...['--json', '--cwd', cwd, '--data-dir', dataDir],
    ...['--host', host, '--port', String(port), '--max-bytes', String(maxBytes)],
    ...(tls ? ['--tls-cert', tls.cert, '--tls-key', tls.key] : []),
    ...(tls?.ca === undefined ? [] : ['--tls-ca', tls.ca]),
    ...(userFiles.length === 0 ? [] : ['--users', ...userFiles]),
  ]
  const program = [...process.execArgv, process.argv[1] ?? '']
  const child = spawn(process.execPath, [...program, 'nats', 'up', ...flags], {
    cwd,
    env,
    stdio: ['ignore', said.fd, said.fd],
    detached: true,
  })
  await said.close()
  const state = { isOver: false }
  child.once('error', () => Object.assign(state, { isOver: true }))
  child.once('exit', () => Object.assign(state, { isOver: true }))
  child.unref()
  for (;;) {
    if (state.isOver) throw failureIn(await readFile(log, 'utf8'), log)
    const note = await readNatsNote(dataDir)
    if (note !== undefined && note.pid === child.pid) return note
    if (signal.aborted) {
      child.kill('SIGTERM')
      throw signal.reason
    }
    await sleep(50)
  }
}

/** The failure that the other process printed as JSON, as its last line. */
function failureIn(text: string, log: string): RuntimeError {
  const last = text.trim().split('\n').at(-1) ?? ''
  const { kind, message, why, fix } = Object(parsed(last)) as Readonly<Record<string, unknown>>
  if (typeof kind === 'string' && Object.hasOwn(ERRORS, kind) && typeof message === 'string')
    return new RuntimeError(kind as ErrorKind, message, {
      ...(typeof why === 'string' && { why }),
      ...(typeof fix === 'string' && { fix }),
    })
  return new RuntimeError('broker-unavailable', 'the server did not stay in the background', {
    why: last || 'its process said nothing',
    fix: `see ${log}, or run it in the foreground, without --detach`,
    retryable: false,
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // Then the words themselves are shown.
  }
}
