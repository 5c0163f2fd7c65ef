/**
 * How to reach a NATS server, as the user says it, checked and turned into what the client takes. Used by
 * `nats-connection.ts` only. Credentials never leave here but into the client: `shown` is what errors name.
 */
import { readFile, stat } from 'node:fs/promises'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import { type ConnectionOptions, credsAuthenticator, nkeyAuthenticator, nkeys, type TlsOptions } from 'nats'
import { isToken } from '../../actors/address.ts'
import { RuntimeError } from '../../actors/errors.ts'
import type { NatsCredentials, NatsOptions, NatsTls } from './nats-address.ts'

export type * from './nats-address.ts'

export const CONNECT_TIMEOUT_MS = 3_000

/** What the client is given, and the servers as errors may name them. */
export interface ClientOptions {
  readonly client: ConnectionOptions
  readonly shown: string
}

/** Throws `definition-invalid` when an option, or a file it names, cannot be used. */
export async function clientOptions(options: NatsOptions): Promise<ClientOptions> {
  const { name, namespace, connectTimeoutMs = CONNECT_TIMEOUT_MS, pingIntervalMs = 5_000 } = options
  for (const [what, value] of Object.entries({ name, namespace })) {
    if (!isToken(value)) throw wrong(`the ${what} ${JSON.stringify(value)} of a connection is not a token`)
  }
  const servers = (typeof options.servers === 'string' ? [options.servers] : options.servers).map(parseServer)
  if (servers.length === 0) throw wrong('no server is given to connect to')
  const credentials = options.credentials ?? servers.find(server => server.credentials)?.credentials
  const tls = options.tls ?? (servers.some(server => server.tls) || undefined)
  return {
    shown: servers.map(server => server.shown).join(', '),
    client: {
      servers: servers.map(server => server.address),
      name,
      inboxPrefix: inboxPrefix(namespace, name),
      timeout: connectTimeoutMs,
      pingInterval: pingIntervalMs,
      maxPingOut: 2,
      reconnect: true,
      maxReconnectAttempts: -1,
      // A server that forgot its users for a moment (a reload, a restart) must not end a node for good.
      ignoreAuthErrorAbort: true,
      noAsyncTraces: true,
      ...(credentials !== undefined && (await authentication(credentials))),
      ...(tls !== undefined && {
        tls: tlsOptions(
          tls,
          servers.map(server => server.host),
        ),
      }),
    },
  }
}

/** Where answers come to: the only place outside `ac.<namespace>` that a node has to be allowed to subscribe to. */
export const inboxPrefix = (namespace: string, name: string): string => `_AC.${namespace}.${name}`

interface Server {
  readonly address: string
  readonly host: string
  readonly shown: string
  readonly tls: boolean
  readonly credentials?: NatsCredentials
}

function parseServer(given: string): Server {
  const text = String(given).includes('://') ? String(given) : `nats://${given}`
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !['nats:', 'tls:'].includes(url.protocol) || url.hostname === '') {
    throw wrong(`${JSON.stringify(maskedServer(String(given)))} is not the address of a NATS server`)
  }
  const address = `${url.hostname}:${url.port || '4222'}`
  const [user, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)]
  const credentials = user === '' ? undefined : password === '' ? { token: user } : { user, password }
  return {
    address,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    shown: `${url.protocol}//${address}`,
    tls: url.protocol === 'tls:',
    ...(credentials !== undefined && { credentials }),
  }
}

/** The address of a server as people may see it. Whatever stands before an `@` may be a password, also in what is none. */
export const maskedServer = (text: string): string => text.replace(/^(.*:\/\/)?.*@/s, '$1***@')

async function authentication(credentials: NatsCredentials): Promise<ConnectionOptions> {
  if ('user' in credentials) return { user: credentials.user, pass: credentials.password }
  if ('token' in credentials) return { token: credentials.token }
  if ('nkeySeed' in credentials) {
    const seed = new TextEncoder().encode(credentials.nkeySeed.trim())
    checkSeed(seed, 'the nkey seed')
    return { authenticator: nkeyAuthenticator(seed) }
  }
  const creds = await readCreds(credentials.credsFile)
  const authenticator = credsAuthenticator(creds)
  try {
    authenticator('nonce')
  } catch {
    // Without the cause: what the parser says of it may quote it.
    throw wrong(
      `${JSON.stringify(credentials.credsFile)} holds no credentials`,
      'write it with nsc: nsc generate creds',
    )
  }
  return { authenticator }
}

/** A credentials file has two or three KiB. */
const MAX_CREDS_BYTES = 64 * 1024

async function readCreds(path: string): Promise<Uint8Array> {
  try {
    // A larger one is something else, and searching it for credentials would take long.
    if ((await stat(path)).size > MAX_CREDS_BYTES) return new Uint8Array(0)
    return new Uint8Array(await readFile(path))
  } catch (cause) {
    throw wrong(
      `the credentials ${JSON.stringify(path)} cannot be read`,
      'name a file that this user may read',
      cause,
    )
  }
}

function checkSeed(seed: Uint8Array, what: string): void {
  try {
    nkeys.fromSeed(seed).getPublicKey()
  } catch {
    throw wrong(`${what} is not one`, 'make one with nk -gen user; it begins with SU')
  }
}

/** What of Node's options the client passes on, and does not mention in its types. */
interface Identifying {
  readonly checkServerIdentity: typeof checkServerIdentity
}

const tlsOptions = (tls: true | NatsTls, hosts: readonly string[]): TlsOptions & Identifying => ({
  ...(tls !== true && {
    ...(tls.ca !== undefined && { caFile: tls.ca }),
    ...(tls.cert !== undefined && { certFile: tls.cert }),
    ...(tls.key !== undefined && { keyFile: tls.key }),
  }),
  checkServerIdentity: (_, certificate) => foreign(hosts, certificate),
})

/**
 * Whether a certificate is for none of the servers that the user named. Left to itself the client has the certificate of
 * a server that is reached by its IP address be one for `localhost`, and believes what a server says of others before
 * the connection is encrypted.
 */
function foreign(hosts: readonly string[], certificate: PeerCertificate): Error | undefined {
  const refusals = hosts.map(host => checkServerIdentity(host, certificate))
  return refusals.includes(undefined) ? undefined : refusals[0]
}

const wrong = (message: string, fix?: string, cause?: unknown): RuntimeError =>
  new RuntimeError('definition-invalid', message, {
    fix: fix ?? 'give nats://host:port, and a name and a namespace of A-Z a-z 0-9 _ -',
    ...(cause !== undefined && { cause }),
  })
