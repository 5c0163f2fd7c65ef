/**
 * One connection to a NATS server, shared by the transport (`nats.ts`) and the broker (`nats-broker.ts`) of a node.
 * It connects, reconnects for ever and says how that goes; it sends nothing by itself.
 */
import { type NatsConnection as Client, connect, DebugEvents, type ErrorCode, Events } from 'nats'
import { RuntimeError } from '../../actors/errors.ts'
import { CONNECT_TIMEOUT_MS, clientOptions, inboxPrefix, type NatsOptions } from './nats-options.ts'

export type { NatsCredentials, NatsOptions, NatsTls } from './nats-options.ts'

export type NatsStatus = 'connected' | 'disconnected' | 'reconnected' | 'lame-duck' | 'closed'

export interface NatsConnection {
  /** The client itself, for the files beside this one. */
  readonly nc: Client
  readonly server: { readonly version: string; readonly id: string }
  readonly name: string
  /** Begins every subject answers come to: `_AC.<namespace>.<name>`. */
  readonly inboxPrefix: string
  /**
   * Tells every change. A new listener is told at once, in the call, how it stands: `connected`, `disconnected` or
   * `closed`. `lame-duck` says that the server will close the connection soon; what follows is a reconnection.
   */
  onStatus(listener: (status: NatsStatus) => void): void
  /** Hands over what was received, sends what was given to the client, then closes. Does not reject. */
  drain(): Promise<void>
  close(): Promise<void>
}

/** The oldest server that was tried: what Debian 12 ships. */
const OLDEST = [2, 9, 10] as const

/**
 * Resolves when the server has let us in. Rejects with `broker-unavailable` when none of the servers can be reached,
 * refuses the credentials or is too old, with `definition-invalid` when the options are wrong.
 */
export async function connectNats(options: NatsOptions): Promise<NatsConnection> {
  const { client, shown } = await clientOptions(options)
  const backoff = createBackoff(options)
  const nc = await connect({ ...client, reconnectDelayHandler: backoff.delay }).catch(error => {
    throw cannotConnect(shown, error, options)
  })
  const version = nc.info?.version ?? ''
  if (isTooOld(version)) {
    await nc.close()
    throw tooOld(shown, version)
  }
  const status = watch(nc, backoff)
  let drained: Promise<void> | undefined
  return {
    nc,
    get server() {
      return { version: nc.info?.version ?? version, id: nc.info?.server_id ?? '' }
    },
    name: options.name,
    inboxPrefix: inboxPrefix(options.namespace, options.name),
    onStatus: status.listen,
    drain() {
      drained ??= drain(nc)
      return drained
    },
    async close() {
      // Whoever uses the connection is told before the client refuses what they give it.
      status.tell('closed')
      await nc.close()
    },
  }
}

/** The client's own drain never settles when the connection is lost meanwhile, so the end is made sure of. */
async function drain(nc: Client): Promise<void> {
  if (!nc.isClosed() && !nc.isDraining()) await nc.drain()
  await nc.close()
}

interface Backoff {
  delay(): number
  /** A dial begins. */
  attempt(): void
  reset(): void
}

/**
 * Exponential, with a random half ("equal jitter", AWS Architecture Blog, "Exponential Backoff And Jitter"), so that
 * the nodes of a restarted server do not come back all at once. The client asks for the wait more than once per
 * attempt, so attempts are counted apart.
 */
function createBackoff({
  backoff = { minMs: 100, maxMs: 5_000 },
  random = Math.random,
}: NatsOptions): Backoff {
  let attempts = 0
  return {
    delay() {
      const most = Math.min(backoff.maxMs, backoff.minMs * 2 ** Math.min(attempts, 30))
      return most / 2 + (random() * most) / 2
    },
    attempt: () => void attempts++,
    reset() {
      attempts = 0
    },
  }
}

interface Watch {
  listen(listener: (status: NatsStatus) => void): void
  tell(status: NatsStatus): void
}

/** Follows the client's own reports, and keeps what a listener that comes later has to be told. */
function watch(nc: Client, backoff: Backoff): Watch {
  const listeners: ((status: NatsStatus) => void)[] = []
  let state: NatsStatus = 'connected'
  const tell = (status: NatsStatus): void => {
    // The client says it again for every attempt that fails late, for example at the credentials.
    if (state === 'closed' || state === status) return
    if (status !== 'lame-duck') state = status === 'reconnected' ? 'connected' : status
    for (const listener of listeners) listener(status)
  }
  void (async () => {
    for await (const { type } of nc.status()) {
      if (type === DebugEvents.Reconnecting) backoff.attempt()
      else if (type === Events.Disconnect) tell('disconnected')
      else if (type === Events.LDM) tell('lame-duck')
      else if (type === Events.Reconnect) {
        backoff.reset()
        tell('reconnected')
      }
    }
  })()
  void nc.closed().then(() => tell('closed'))
  return {
    tell,
    listen(listener) {
      listeners.push(listener)
      listener(state)
    },
  }
}

function isTooOld(version: string): boolean {
  const parts = version.split(/[.-]/).map(Number)
  for (const [i, least] of OLDEST.entries()) {
    const part = parts[i] ?? Number.NaN
    if (part !== least) return !(part > least)
  }
  return false
}

const tooOld = (shown: string, version: string): RuntimeError =>
  new RuntimeError(
    'broker-unavailable',
    `the NATS server at ${shown} is version ${JSON.stringify(version)}`,
    {
      why: `the oldest that is supported is ${OLDEST.join('.')}`,
      fix: 'upgrade the server',
      retryable: false,
      details: { servers: shown, version },
    },
  )

interface Reason {
  readonly why: string
  readonly fix: string
  readonly retryable?: false
}

/** What Node says of a certificate that nobody it trusts has signed. */
const UNKNOWN_AUTHORITY = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]

const unknownAuthority: Reason = {
  why: 'nobody who is trusted here vouches for its certificate',
  fix: 'name the certificates of its authority: --tls-ca FILE or AGENTICRAFT_NATS_TLS_CA, in a program tls: { ca: FILE }',
  retryable: false,
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** By the client's code, else Node's: what happened and what to do about it. */
function reasonOf(
  code: string,
  error: unknown,
  { connectTimeoutMs = CONNECT_TIMEOUT_MS }: NatsOptions,
): Reason {
  const known: Partial<Record<`${ErrorCode}` | string, Reason>> = {
    CONNECTION_REFUSED: {
      why: 'nothing listens there',
      fix: 'start a server (nats-server -js) or give the address of one',
    },
    TIMEOUT: {
      why: `it did not answer within ${connectTimeoutMs} ms`,
      fix: 'check the address, that it is a NATS server, and whether it asks for a certificate of the client',
    },
    AUTHORIZATION_VIOLATION: {
      why: 'it refuses these credentials',
      fix: 'give the user, token, nkey or credentials file that the server knows',
      retryable: false,
    },
    SERVER_OPT_NA: {
      why: 'it offers no TLS',
      fix: 'leave out tls, or have the server use a certificate',
      retryable: false,
    },
    ENOTFOUND: { why: 'its name is not known', fix: 'check the address' },
    ERR_TLS_CERT_ALTNAME_INVALID: {
      why: `its certificate is for another address: ${messageOf(error)}`,
      fix: 'reach it by an address that its certificate names, or have a certificate made that names this one (subjectAltName: DNS: and a name, or IP: and an address)',
      retryable: false,
    },
    CERT_HAS_EXPIRED: {
      why: 'its certificate has expired',
      fix: 'renew it, or see whether the clock of this machine is right',
      retryable: false,
    },
    ...Object.fromEntries(UNKNOWN_AUTHORITY.map(unknown => [unknown, unknownAuthority])),
  }
  return (
    known[code] ?? {
      why: `${messageOf(error)}${code === '' ? '' : ` (${code})`}`,
      fix: 'check the address, and the certificates when it uses TLS',
    }
  )
}

function cannotConnect(shown: string, error: unknown, options: NatsOptions): RuntimeError {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  return new RuntimeError('broker-unavailable', `cannot connect to the NATS server at ${shown}`, {
    ...reasonOf(code, error, options),
    cause: error,
    details: { servers: shown, ...(code !== '' && { code }) },
  })
}
