/**
 * Which NATS server a command talks to, and as whom: `--nats`, the environment, or the server that runs for this data
 * directory, in this order. Used by every command of a cluster. It connects to nothing.
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { isToken } from '../actors/address.ts'
import { RuntimeError } from '../actors/errors.ts'
import type { NatsCredentials, NatsOptions, NatsTls } from '../runtime/transport/nats-options.ts'
import type { CommandContext, Parser } from './command.ts'
import { dataDirOf } from './data-dir.ts'
import { isAlive, type NatsNote, readNatsNote } from './nats-note.ts'

export interface FoundNats extends NatsOptions {
  readonly servers: readonly string[]
  /** `running`: written down in the data directory by a process that is alive. */
  readonly from: 'flag' | 'environment' | 'running'
  /** The servers, as people may see them: without passwords. */
  readonly shown: string
}

type Place = Pick<CommandContext, 'cwd' | 'env' | 'options'>

export const DEFAULT_CLUSTER = 'main'
/** The name commands connect under, and the only inbox their permissions have to allow. */
const CLIENT_NAME = 'cli'

/** `--data-dir`, where a running server is looked for, is declared by `addDataDir`. */
export const addNatsOptions = (parser: Parser): Parser =>
  parser
    .option(
      '--nats <url>',
      'the NATS server; with commas between several (default: AGENTICRAFT_NATS_URL, else the one that runs here)',
    )
    .option(
      '--cluster <name>',
      `which cluster on that server (default: AGENTICRAFT_CLUSTER, else ${DEFAULT_CLUSTER})`,
    )
    .option('--creds <file>', 'credentials as nsc writes them (or AGENTICRAFT_NATS_CREDS)')
    .option('--nkey <file>', 'the seed of an nkey user (or AGENTICRAFT_NATS_NKEY)')
    .option('--tls-ca <file>', 'certificates of the authorities that vouch for the server, PEM')
    .option('--tls-cert <file>', 'the certificate to show to the server, PEM')
    .option('--tls-key <file>', 'the key of that certificate, PEM')

/**
 * `name`: what to connect under, a token; for a node its own. Throws `broker-unavailable` when no server is to be
 * found, `usage` for options that do not go together or files that cannot be read.
 */
export async function natsOptionsOf(
  context: Place & { readonly terminal?: CommandContext['terminal'] },
  { name = context.env['AGENTICRAFT_NATS_NAME'] || CLIENT_NAME }: { readonly name?: string } = {},
): Promise<FoundNats> {
  const note = await runningNats(dataDirOf(context))
  const { from, servers } = serversOf(context, note)
  // Not before it is needed: the client takes long to load, and `--help` of every command comes by here.
  const { maskedServer } = await import('../runtime/transport/nats-options.ts')
  const shown = servers.map(maskedServer).join(', ')
  if (from === 'flag' && shown !== servers.join(', '))
    context.terminal?.message(paint =>
      paint(
        'yellow',
        'a password on the command line is seen by everybody on this machine; AGENTICRAFT_NATS_URL and --nkey keep it to yourself',
      ),
    )
  const isNoted =
    note !== undefined && (from === 'running' || (servers.length === 1 && servers[0] === note.url))
  const credentials = await credentialsOf(context, isNoted ? note : undefined)
  const tls = tlsOf(context, isNoted ? note : undefined)
  return {
    servers,
    name: tokenOf('the name', name),
    namespace: clusterOf(context),
    from,
    shown,
    ...(credentials && { credentials }),
    ...(tls && { tls }),
  }
}

/** The cluster that is meant: `--cluster`, AGENTICRAFT_CLUSTER, else `main`. Throws `usage`. */
export const clusterOf = ({ options, env }: Pick<Place, 'options' | 'env'>): string =>
  tokenOf('--cluster', options['cluster'] ?? (env['AGENTICRAFT_CLUSTER'] || DEFAULT_CLUSTER))

function tokenOf(what: string, given: unknown): string {
  if (isToken(given)) return given
  const value = String(given)
  throw new RuntimeError('usage', `${what} ${JSON.stringify(value.slice(0, 80))} is not a name`, {
    fix: 'use 1 to 64 of the characters A-Z a-z 0-9 _ -',
  })
}

/**
 * The note of a server that lives, on this machine: what another one says about itself has to be given. Of the one that
 * `nats up` runs for this data directory, else of the one that a node of it is connected to.
 */
async function runningNats(dataDir: string): Promise<NatsNote | undefined> {
  const nodes = join(dataDir, 'nodes')
  const names = await readdir(nodes).catch(() => []) // No node was ever started here.
  for (const folder of [dataDir, ...names.sort().map(name => join(nodes, name))]) {
    const note = await readNatsNote(folder)
    if (!note || !isLoopback(note.url)) continue
    if (isAlive(note.pid) || (note.server && isAlive(note.server.pid))) return note
  }
  return undefined
}

/** The note of a node about the server it is connected to, without credentials; undefined for one of another machine. */
export function noteOfNode(
  { servers: [given = ''], tls, from }: FoundNats,
  startedAt: Date,
): NatsNote | undefined {
  const text = given.includes('://') ? given : `nats://${given}`
  if (from === 'running' || !isLoopback(text)) return undefined
  const { protocol, host } = new URL(text)
  return {
    pid: process.pid,
    url: `${protocol}//${host}`,
    startedAt: startedAt.toISOString(),
    ...(typeof tls === 'object' && tls.ca !== undefined && { ca: tls.ca }),
  }
}

const isLoopback = (url: string): boolean =>
  URL.canParse(url) && ['127.0.0.1', '[::1]', 'localhost'].includes(new URL(url).hostname)

function serversOf({ options, env }: Place, note: NatsNote | undefined): Pick<FoundNats, 'from' | 'servers'> {
  const flag = options['nats'] as string | undefined
  if (flag !== undefined) return { from: 'flag', servers: listed(flag, '--nats') }
  const variable = env['AGENTICRAFT_NATS_URL']
  if (variable) return { from: 'environment', servers: listed(variable, 'AGENTICRAFT_NATS_URL') }
  if (note) return { from: 'running', servers: [note.url] }
  throw new RuntimeError('broker-unavailable', 'no NATS server is given, and none runs here', {
    why: 'a cluster needs one: --nats and AGENTICRAFT_NATS_URL are not set, and no server was started for this data directory',
    fix: 'start one (agenticraft nats up; agenticraft doctor says how to get it), or name one: --nats nats://host:4222, or export AGENTICRAFT_NATS_URL=nats://host:4222',
    retryable: false,
  })
}

function listed(text: string, what: string): readonly string[] {
  const servers = text
    .split(',')
    .map(server => server.trim())
    .filter(Boolean)
  if (servers.length > 0) return servers
  throw new RuntimeError('usage', `${what} names no server`, { fix: 'for example nats://127.0.0.1:4222' })
}

/** What was given on the command line, else what the server's note names, else the environment. */
async function credentialsOf(place: Place, note: NatsNote | undefined): Promise<NatsCredentials | undefined> {
  const { creds, nkey } = place.options as { readonly creds?: string; readonly nkey?: string }
  if (creds !== undefined && nkey !== undefined) throw ambiguous(['--creds', '--nkey'])
  if (creds !== undefined) return { credsFile: resolve(place.cwd, creds) }
  if (nkey !== undefined) return { nkeySeed: await seedIn(resolve(place.cwd, nkey), '--nkey') }
  if (note?.nkey !== undefined) return { nkeySeed: await seedIn(note.nkey, 'the key of the running server') }
  if (note?.creds !== undefined) return { credsFile: note.creds }
  return fromEnvironment(place)
}

const SEED = /^SU[A-Z2-7]{56}$/

async function fromEnvironment({ env, cwd }: Place): Promise<NatsCredentials | undefined> {
  const of = (name: string): string | undefined => env[`AGENTICRAFT_NATS_${name}`] || undefined
  const [token, user, password, creds, nkey] = ['TOKEN', 'USER', 'PASSWORD', 'CREDS', 'NKEY'].map(of)
  const given = Object.entries({ TOKEN: token, USER: user ?? password, CREDS: creds, NKEY: nkey })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => `AGENTICRAFT_NATS_${name}`)
  if (given.length > 1) throw ambiguous(given)
  if (token !== undefined) return { token }
  if (user !== undefined && password !== undefined) return { user, password }
  if (user !== undefined || password !== undefined)
    throw new RuntimeError('usage', 'AGENTICRAFT_NATS_USER and AGENTICRAFT_NATS_PASSWORD go together', {
      fix: 'set both, or neither',
    })
  if (creds !== undefined) return { credsFile: resolve(cwd, creds) }
  if (nkey === undefined) return undefined
  return { nkeySeed: SEED.test(nkey) ? nkey : await seedIn(resolve(cwd, nkey), 'AGENTICRAFT_NATS_NKEY') }
}

const ambiguous = (given: readonly string[]): RuntimeError =>
  new RuntimeError('usage', `${given.join(' and ')} are given, and only one way to log in can be used`, {
    fix: 'keep one of them',
  })

/** A seed file has one line of 58 characters, and may have comments. */
const MAX_SEED_BYTES = 4_096

/** The seed that a file holds. Throws `usage`. */
export async function seedIn(path: string, what: string): Promise<string> {
  const text = await stat(path)
    .then(({ size }) => (size > MAX_SEED_BYTES ? '' : readFile(path, 'utf8')))
    .catch((cause: Error) => {
      throw new RuntimeError('usage', `${what}: "${path}" cannot be read`, { why: cause.message, cause })
    })
  const seed = text
    .split('\n')
    .map(line => line.trim())
    .find(line => SEED.test(line))
  if (seed !== undefined) return seed
  throw new RuntimeError('usage', `${what}: "${path}" holds no seed of an nkey user`, {
    why: 'a line of it has to begin with SU and have 58 characters',
    fix: 'make one: agenticraft nats permissions --new-key FILE',
  })
}

function tlsOf({ options, env, cwd }: Place, note: NatsNote | undefined): NatsTls | undefined {
  const file = (option: string, variable: string): string | undefined => {
    const given =
      (options[option] as string | undefined) ?? (env[`AGENTICRAFT_NATS_TLS_${variable}`] || undefined)
    return given === undefined ? undefined : resolve(cwd, given)
  }
  const [ca = note?.ca, cert, key] = [file('tlsCa', 'CA'), file('tlsCert', 'CERT'), file('tlsKey', 'KEY')]
  if ((cert === undefined) !== (key === undefined))
    throw new RuntimeError('usage', '--tls-cert and --tls-key go together', { fix: 'give both, or neither' })
  if (ca === undefined && cert === undefined) return undefined
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  }
}
