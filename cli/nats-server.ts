/**
 * Finds a `nats-server` on this machine and asks it for its version. Used by `doctor`; it starts no server.
 */
import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

export interface NatsServer {
  readonly path: string
  /** True if AGENTICRAFT_NATS_SERVER names it: then it has to work. */
  readonly configured: boolean
  /** For example `2.10.22`; undefined if the file is not there, or does not answer as a nats-server. */
  readonly version: string | undefined
}

type Env = Readonly<Record<string, string | undefined>>

/** AGENTICRAFT_NATS_SERVER, else the first on PATH, else in /usr/sbin, where Debian puts it; undefined if none. */
export async function findNatsServer(env: Env): Promise<NatsServer | undefined> {
  const configured = env['AGENTICRAFT_NATS_SERVER']
  if (configured) return { path: configured, configured: true, version: await versionOf(configured) }
  const name = process.platform === 'win32' ? 'nats-server.exe' : 'nats-server'
  const folders = [...(env['PATH'] ?? '').split(delimiter).filter(Boolean), '/usr/sbin']
  for (const path of folders.map(folder => join(folder, name))) {
    if (await isExecutable(path)) return { path, configured: false, version: await versionOf(path) }
  }
  return undefined
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    // Whatever the reason, it cannot be started from there.
    return false
  }
}

/** `nats-server: v2.10.22` as 2.10.22. */
export const parseVersion = (output: string): string | undefined =>
  /^nats-server: v(\d+\.\d+\.\d+\S*)/m.exec(output)?.[1]

function versionOf(path: string): Promise<string | undefined> {
  return new Promise(done => {
    execFile(path, ['--version'], { timeout: 3_000, killSignal: 'SIGKILL' }, (error, stdout) => {
      done(error ? undefined : parseVersion(stdout))
    })
  })
}
