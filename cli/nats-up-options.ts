/** What `agenticraft nats up` is told: checked, completed, and warned about, before anything is started. */
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { resolve } from 'node:path'
import { RuntimeError } from '../actors/errors.ts'
import type { CommandContext } from './command.ts'
import { dataDirOf, prepareDataDir } from './data-dir.ts'
import { howToGetNats, isOlder, NATS_FLOOR } from './diagnosis.ts'
import { freeBytes } from './free-space.ts'
import { isUpToDate, RECOMMENDED } from './nats-advisories.ts'
import type { LocalNatsOptions } from './nats-local.ts'
import { findNatsServer } from './nats-server.ts'
import { bytesText } from './usage-text.ts'

export interface UpFlags {
  readonly port?: string
  readonly host?: string
  readonly maxBytes?: string
  readonly users?: readonly string[]
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly tlsCa?: string
  readonly detach?: boolean
}

export const DEFAULT_PORT = 4222
const GIB = 1024 ** 3
/** A cluster reserves 1 GiB for each of its two streams. */
const CLUSTER_BYTES = 2 * GIB
const DEFAULT_BYTES = 2 * CLUSTER_BYTES

export type UpOptions = Pick<LocalNatsOptions, 'program' | 'host' | 'port' | 'maxBytes' | 'users' | 'tls'> & {
  readonly version: string
}

/** Checked, with what is not given filled in. Throws `usage`, `broker-unavailable` when there is no server to run. */
export async function upOptionsOf(flags: UpFlags, context: CommandContext): Promise<UpOptions> {
  const { terminal, cwd } = context
  const warn = (text: string): void => terminal.message(paint => paint('yellow', text))
  const { host = '127.0.0.1' } = flags
  const tls = tlsOf(flags, cwd)
  const isOpen = !['127.0.0.1', '::1', 'localhost'].includes(host)
  if (isOpen && !tls) throw openWithoutTls(host)
  const maxBytes = flags.maxBytes === undefined ? DEFAULT_BYTES : sizeOf('--max-bytes', flags.maxBytes)
  const port = portOf(flags.port)
  const { program, version } = await serverProgram(context)
  const users = await Promise.all((flags.users ?? []).map(file => usersIn(resolve(cwd, file))))
  await prepareDataDir(dataDirOf(context))
  const free = await freeBytes(dataDirOf(context))
  if (free < maxBytes)
    warn(
      `only ${bytesText(free)} are free where ${bytesText(maxBytes)} may be kept; a smaller --max-bytes fails earlier and more gently than a full disk`,
    )
  if (maxBytes < CLUSTER_BYTES)
    warn(
      `a cluster reserves ${bytesText(CLUSTER_BYTES)} unless its nodes are told otherwise, and gets ${bytesText(maxBytes)} here`,
    )
  if (isOpen && !isUpToDate(version))
    warn(
      `nats-server ${version} has known security problems and is open to others; use ${RECOMMENDED.join(' or ')}, or newer (agenticraft nats status lists them)`,
    )
  return {
    ...{ program, version, host, maxBytes, users },
    port: port === 0 ? await freePort(host) : port,
    ...(tls && { tls }),
  }
}

function tlsOf({ tlsCert, tlsKey, tlsCa }: UpFlags, cwd: string): LocalNatsOptions['tls'] {
  if (tlsCert === undefined && tlsKey === undefined && tlsCa === undefined) return undefined
  if (tlsCert === undefined || tlsKey === undefined)
    throw new RuntimeError('usage', '--tls-cert and --tls-key go together', { fix: 'give both, or neither' })
  return {
    cert: resolve(cwd, tlsCert),
    key: resolve(cwd, tlsKey),
    ...(tlsCa !== undefined && { ca: resolve(cwd, tlsCa) }),
  }
}

const openWithoutTls = (host: string): RuntimeError =>
  new RuntimeError('usage', `--host ${JSON.stringify(host)} would let others read along`, {
    why: 'beyond this machine everything needs TLS',
    fix: 'give --tls-cert and --tls-key, or leave out --host',
  })

async function serverProgram({ env }: CommandContext): Promise<{ program: string; version: string }> {
  const found = await findNatsServer(env)
  const get = howToGetNats(process.platform)
  const lacking = (message: string, why: string): RuntimeError =>
    new RuntimeError('broker-unavailable', message, { why, fix: get, retryable: false })
  if (!found) throw lacking('there is no nats-server on this machine', 'PATH and /usr/sbin have none')
  const { path: program, version } = found
  if (version === undefined) throw lacking(`"${program}" does not start`, 'it did not say its version')
  if (isOlder(version, NATS_FLOOR))
    throw lacking(`"${program}" is of version ${version}`, `the oldest that is supported is ${NATS_FLOOR}`)
  return { program, version }
}

async function usersIn(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new RuntimeError('usage', `--users "${file}" cannot be read`, { why: cause.message, cause })
  })
  if (/^\s*(?:#.*\s+)*\{[\s\S]*\bnkey\b[\s\S]*\}\s*$/.test(text)) return text
  throw new RuntimeError('usage', `--users "${file}" holds no users`, {
    fix: 'write it with agenticraft nats permissions --new-key FILE',
  })
}

function portOf(given: string | undefined): number {
  if (given === undefined) return DEFAULT_PORT
  const port = /^\d{1,5}$/.test(given) ? Number(given) : Number.NaN
  if (port <= 65_535) return port
  throw new RuntimeError('usage', `--port "${given.slice(0, 80)}" is no port`, { fix: 'give 0 to 65535' })
}

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: GIB, T: 1024 ** 4 }

/** Bytes, as `67108864`, `512M` or `1G`. Throws `usage`. */
export function sizeOf(flag: string, given: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,15})\s?([KMGT]?)i?B?$/i.exec(given.trim()) ?? []
  const bytes = Number(digits) * (UNITS[unit.toUpperCase()] ?? Number.NaN)
  if (digits !== '' && bytes > 0 && Number.isSafeInteger(bytes)) return bytes
  throw new RuntimeError('usage', `${flag} "${given.slice(0, 80)}" is no size`, {
    fix: 'for example 512M or 4G',
  })
}

/** Another program may take it before the server does; then the server says so. */
const freePort = (host: string): Promise<number> =>
  new Promise((done, reject) => {
    const probe = createServer()
    probe.once('error', cause =>
      reject(
        new RuntimeError('usage', `nothing can listen at --host "${host}"`, { why: cause.message, cause }),
      ),
    )
    probe.listen(0, host, () => {
      const { port } = probe.address() as { readonly port: number }
      probe.close(() => done(port))
    })
  })
