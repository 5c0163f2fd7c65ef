/**
 * The NATS server of a data directory, as `agenticraft nats up` runs it and `nats down` ends it: one at a time, with a
 * key of its own, tested before it is shown to anybody, and written down in `nats.json` while it runs.
 */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { RuntimeError } from '../actors/errors.ts'
import { type Owned, ownDirectory } from '../memory/owner.ts'
import { connectNats, type NatsConnection, type NatsOptions } from '../runtime/transport/nats-connection.ts'
import { newUserKey, type UserKey, userKeyOf } from '../runtime/transport/nats-keys.ts'
import { jetStreamAccount } from '../runtime/transport/nats-survey.ts'
import { freeBytes } from './free-space.ts'
import { lastWords, type NatsChild, startNatsChild, trimLog } from './nats-child.ts'
import { natsConfig } from './nats-config.ts'
import {
  isAlive,
  type NatsNote,
  natsDirectory,
  removeNatsNote,
  writeNatsNote,
  writePrivately,
} from './nats-note.ts'
import { type SupervisionEvent, type SupervisionTimes, superviseNats } from './nats-supervision.ts'
import { seedIn } from './nats-url.ts'

export interface LocalNatsOptions {
  readonly dataDir: string
  /** Path of `nats-server`. */
  readonly program: string
  readonly host: string
  readonly port: number
  readonly maxBytes: number
  readonly users?: readonly string[]
  /** PEM files; `ca` vouches for `cert` where the authorities of Node do not. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string }
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
  /** Told once, when the server can be used. */
  readonly onReady: (running: NatsNote) => void
  readonly tell: (event: SupervisionEvent) => void
  readonly times?: Partial<SupervisionTimes>
}

const placesOf = (dataDir: string) => {
  const dir = natsDirectory(dataDir)
  return {
    dir,
    config: join(dir, 'server.conf'),
    log: join(dir, 'server.log'),
    key: join(dir, 'owner.nk'),
    pid: join(dir, 'server.pid'),
  }
}

/** JetStream reads all it has before it answers. */
const START_MS = 120_000
/** How long a refusal may be one of a server that is not yet itself. */
const REFUSED_MS = 5_000
const LOOK_MS = 2_000
const STOP_MS = 10_000

/**
 * Runs the server until the signal comes. Throws `store-locked` when one runs there already, `broker-unavailable` when
 * it does not start or lets in strangers.
 */
export async function runLocalNats(options: LocalNatsOptions): Promise<void> {
  const { dataDir, signal, tell } = options
  const owned = await own(dataDir)
  let child: NatsChild | undefined
  // When this process ends in a hurry. `pid` is of a child that we have not waited for, so it cannot be another's.
  const endWithUs = (): void => void (child?.pid && !child.isOver && process.kill(child.pid, 'SIGTERM'))
  process.once('exit', endWithUs)
  try {
    await endOrphan(dataDir)
    const server = await prepare(options)
    let isFirst = true
    await superviseNats({
      start: async () => {
        child = await startServer(options, server)
        const note = { ...server.note, server: { pid: child.pid ?? 0, name: server.name } }
        await writeNatsNote(dataDir, note)
        if (isFirst) options.onReady(note)
        isFirst = false
        return child
      },
      look: async () => {
        await trimLog(server.log).catch(() => {}) // Whatever is wrong with the log, the server counts.
        await lookAt(server)
      },
      freeBytes: () => freeBytes(dataDir),
      tell,
      signal,
      ...(options.times && { times: options.times }),
    })
  } finally {
    process.off('exit', endWithUs)
    await removeNatsNote(dataDir)
    await owned.release()
  }
}

async function own(dataDir: string): Promise<Owned> {
  try {
    return await ownDirectory(natsDirectory(dataDir))
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.kind !== 'store-locked') throw error
    const { pid } = (error.details ?? {}) as { readonly pid?: number }
    throw new RuntimeError('store-locked', `a NATS server runs for "${dataDir}" already`, {
      why: `process ${pid ?? '(it does not answer)'} looks after it`,
      fix: 'use it (agenticraft nats status), stop it (agenticraft nats down), or give another --data-dir and --port',
      cause: error,
      ...(error.details && { details: error.details }),
    })
  }
}

interface Server {
  readonly name: string
  readonly log: string
  readonly config: string
  readonly access: NatsOptions
  readonly note: NatsNote
}

/** Writes the configuration. The key stays the same, so that nodes come back after a restart. */
async function prepare(options: LocalNatsOptions): Promise<Server> {
  const { dataDir, host, port, tls } = options
  const { dir, config, log, key, pid } = placesOf(dataDir)
  const owner = await ownerKey(key)
  const name = `agenticraft_${randomBytes(6).toString('hex')}`
  await writePrivately(config, natsConfig({ ...options, name, storeDir: dir, pidFile: pid, owner }))
  const url = `${tls ? 'tls' : 'nats'}://${reachable(host)}:${port}`
  return {
    ...{ name, log, config },
    access: {
      servers: [url],
      ...{ name: 'supervisor', namespace: 'agenticraft' },
      credentials: { nkeySeed: owner.seed },
      connectTimeoutMs: LOOK_MS,
      ...(tls && { tls: tls.ca === undefined ? true : { ca: tls.ca } }),
    },
    note: {
      ...{ pid: process.pid, url, nkey: key, startedAt: new Date().toISOString() },
      ...(tls?.ca !== undefined && { ca: tls.ca }),
    },
  }
}

/** Whoever listens everywhere also listens here. By name: the client compares certificates with names only. */
const reachable = (host: string): string => {
  if (host === '0.0.0.0' || host === '::') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}

async function ownerKey(path: string): Promise<UserKey> {
  if (await stat(path).catch(() => undefined)) return userKeyOf(await seedIn(path, 'the key of this server'))
  const key = newUserKey()
  await writePrivately(path, `${key.seed}\n`)
  return key
}

/** Resolves when it answers us and refuses strangers; a server that does not is ended. */
async function startServer({ program, env, signal }: LocalNatsOptions, server: Server): Promise<NatsChild> {
  const child = await startNatsChild({ program, env, config: server.config, log: server.log })
  try {
    await ready(child, server, signal)
    await refuseStrangers(server.access)
    return child
  } catch (error) {
    await child.stop(STOP_MS)
    throw error
  }
}

async function ready(child: NatsChild, server: Server, signal: AbortSignal): Promise<void> {
  for (const end = performance.now() + START_MS; ; await sleep(25)) {
    if (child.isOver) throw await notStarted(await child.ended, server)
    const error = await lookAt(server).then(
      () => undefined,
      thrown => thrown,
    )
    if (error === undefined && !child.isOver) return
    signal.throwIfAborted()
    if (performance.now() > end - (isPassing(error) ? 0 : START_MS - REFUSED_MS)) throw error
  }
}

/** Nobody listens yet, or JetStream reads what it has. The rest, certificates above all, does not pass by waiting. */
function isPassing(error: unknown): boolean {
  const { code = 'TIMEOUT' } = (error instanceof RuntimeError && error.details) || {}
  return code === 'TIMEOUT' || code === 'CONNECTION_REFUSED'
}

async function notStarted(how: string, { log }: Server): Promise<RuntimeError> {
  const said = await lastWords(log)
  const isTaken = said.includes('address already in use')
  return new RuntimeError('broker-unavailable', `nats-server does not start: ${how}`, {
    why: isTaken ? 'something else listens on its port' : said || 'it said nothing',
    fix: isTaken ? 'give another port: --port 0 takes a free one' : `see ${log}`,
    retryable: false,
    details: { log },
  })
}

/** Resolves when JetStream of this very server answers its owner. */
async function lookAt({ access, name }: Server): Promise<void> {
  const connection = await connectNats(access)
  try {
    const found = nameOf(connection)
    if (found !== name)
      throw new RuntimeError('broker-unavailable', `another NATS server, "${found}", answers there`, {
        fix: 'give another port: --port 0 takes a free one',
        retryable: false,
      })
    await jetStreamAccount(connection, LOOK_MS)
  } finally {
    await connection.close()
  }
}

const nameOf = ({ nc }: NatsConnection): string => nc.info?.server_name ?? ''

/** What CVE-2023-47090 did: a server that was told to ask for names, and let in who gave none. */
async function refuseStrangers({ credentials: _, ...access }: NatsOptions): Promise<void> {
  const connection = await connectNats(access).catch(error => {
    const { code } = (error instanceof RuntimeError && error.details) || {}
    if (code === 'AUTHORIZATION_VIOLATION') return undefined
    throw error
  })
  if (connection === undefined) return
  await connection.close()
  throw new RuntimeError('broker-unavailable', 'the server lets in whoever gives no name, and was stopped', {
    why: 'its configuration asks for a key; this version does not obey it',
    fix: 'upgrade nats-server',
    retryable: false,
  })
}

export interface Ended {
  /** Of the process that looked after the server, if there was one. */
  readonly pid?: number
  /** Of a server that nobody looked after any more. */
  readonly orphan?: number
}

/** Ends what runs for a data directory, also a server whose supervisor was killed. Throws `broker-unavailable`. */
export async function endLocalNats(dataDir: string, patienceMs: number): Promise<Ended> {
  if (!(await stat(natsDirectory(dataDir)).catch(() => undefined))) return {}
  let pid: number | undefined
  for (const end = performance.now() + patienceMs; ; await sleep(50)) {
    const owned = await own(dataDir).catch(error => error as RuntimeError)
    if (!(owned instanceof Error)) {
      try {
        const orphan = await endOrphan(dataDir)
        await removeNatsNote(dataDir)
        return { ...(pid !== undefined && { pid }), ...(orphan !== undefined && { orphan }) }
      } finally {
        await owned.release()
      }
    }
    const holder = (owned.details as { readonly pid?: number } | undefined)?.pid
    if (owned.kind !== 'store-locked' || performance.now() > end) throw owned
    // One that does not answer is about to be gone, or gets the same as one that does not stop: a little time.
    if (holder === undefined || pid !== undefined) continue
    if (isAlive(holder)) process.kill(holder, 'SIGTERM')
    pid = holder
  }
}

/** Two servers on one store would destroy it: one that a killed supervisor left behind goes first. */
async function endOrphan(dataDir: string): Promise<number | undefined> {
  const { pid: pidFile, config } = placesOf(dataDir)
  // The server writes it before it does anything else, and no supervisor has to live for that.
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => ''))
  if (!Number.isSafeInteger(pid) || pid < 2 || !(await isServerOf(pid, config))) return undefined
  process.kill(pid, 'SIGTERM')
  for (const began = performance.now(); await isServerOf(pid, config); await sleep(20))
    if (performance.now() - began > STOP_MS) process.kill(pid, 'SIGKILL')
  return pid
}

/** By its command line: the number alone may be another process's, or that of one whose end nobody has looked at. */
async function isServerOf(pid: number, config: string): Promise<boolean> {
  if (!isAlive(pid)) return false
  return (await commandLineOf(pid)).includes(config)
}

const commandLineOf = (pid: number): Promise<string> =>
  process.platform === 'linux'
    ? readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    : new Promise(resolve => {
        execFile('ps', ['-p', String(pid), '-o', 'command='], (error, stdout) => resolve(error ? '' : stdout))
      })
