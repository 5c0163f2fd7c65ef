/**
 * What a server says of its JetStream and of the streams of a cluster: one question each, nothing is repeated or
 * changed. For those who look: `agenticraft nats status`, and the supervision of a server.
 */
import { RuntimeError } from '../../actors/errors.ts'
import { API, type ApiError, forbidden, notEnabled, unexpected } from './nats-broker-refusals.ts'
import type { NatsConnection } from './nats-connection.ts'

import { countBySubject } from './nats-subject-counts.ts'

export { mailboxStream } from './nats-streams.ts'

/** Bytes and counts; a limit of -1 is none. */
export interface JetStreamAccount {
  readonly storage: number
  readonly memory: number
  readonly streams: number
  readonly consumers: number
  readonly limits: {
    readonly storage: number
    readonly memory: number
    readonly streams: number
    readonly consumers: number
  }
}

export interface StreamState {
  readonly name: string
  readonly messages: number
  readonly bytes: number
  readonly maxBytes: number
  readonly replicas: number
  readonly consumers: number
  /** ISO 8601. */
  readonly created: string
}

/** Throws `broker-unavailable` when JetStream is off, does not answer in time, or may not be asked. */
export async function jetStreamAccount(
  connection: NatsConnection,
  timeoutMs: number,
): Promise<JetStreamAccount> {
  const { storage, memory, streams, consumers, limits } = await ask<RawAccount>(
    connection,
    '$JS.API.INFO',
    {},
    timeoutMs,
  )
  return {
    ...{ storage, memory, streams, consumers },
    limits: {
      storage: limits.max_storage,
      memory: limits.max_memory,
      streams: limits.max_streams,
      consumers: limits.max_consumers,
    },
  }
}

interface RawAccount {
  readonly storage: number
  readonly memory: number
  readonly streams: number
  readonly consumers: number
  readonly limits: {
    readonly max_storage: number
    readonly max_memory: number
    readonly max_streams: number
    readonly max_consumers: number
  }
}

/** Undefined when there is no such stream. Throws as `jetStreamAccount`. */
export async function streamState(
  connection: NatsConnection,
  name: string,
  timeoutMs: number,
): Promise<StreamState | undefined> {
  const found = await streamInfo(connection, name, {}, timeoutMs)
  return found && stateOf(name, found)
}

/** How many messages lie under each subject of a stream; empty when there is no such stream. Throws as `jetStreamAccount`. */
export async function messagesBySubject(
  connection: NatsConnection,
  name: string,
  filter: string,
  timeoutMs: number,
): Promise<ReadonlyMap<string, number>> {
  return countBySubject(offset =>
    streamInfo(connection, name, { subjects_filter: filter, offset }, timeoutMs),
  )
}

interface RawStream {
  readonly config: { readonly max_bytes: number; readonly num_replicas: number }
  readonly created: string
  readonly total?: number
  readonly state: {
    readonly messages: number
    readonly bytes: number
    readonly consumer_count: number
    readonly subjects?: Readonly<Record<string, number>> | null
  }
}

const stateOf = (name: string, { config, state, created }: RawStream): StreamState => ({
  name,
  messages: state.messages,
  bytes: state.bytes,
  maxBytes: config.max_bytes,
  replicas: config.num_replicas,
  consumers: state.consumer_count,
  created,
})

async function streamInfo(
  connection: NatsConnection,
  name: string,
  body: object,
  timeoutMs: number,
): Promise<RawStream | undefined> {
  try {
    return await ask<RawStream>(connection, `$JS.API.STREAM.INFO.${name}`, body, timeoutMs)
  } catch (error) {
    if (error instanceof RuntimeError && isNoStream(error.cause)) return undefined
    throw error
  }
}

const isNoStream = (cause: unknown): boolean => (Object(cause) as ApiError).err_code === API.noStream

async function ask<T>({ nc }: NatsConnection, subject: string, body: object, timeoutMs: number): Promise<T> {
  const asked = new TextEncoder().encode(JSON.stringify(body))
  const message = await nc.request(subject, asked, { timeout: timeoutMs }).catch(error => {
    throw refusal(subject, error, timeoutMs)
  })
  const { error, ...answer } = JSON.parse(new TextDecoder().decode(message.data)) as { error?: ApiError }
  if (!error) return answer as T
  if (error.err_code === API.notEnabled || error.err_code === API.notForAccount)
    throw notEnabled(String(error.description))
  throw unexpected(subject, error)
}

function refusal(subject: string, error: unknown, timeoutMs: number): RuntimeError {
  const code = String((Object(error) as { readonly code?: unknown }).code ?? '')
  if (code === 'PERMISSIONS_VIOLATION') return forbidden(subject, error)
  if (code === '503') return notEnabled('nobody answers for it')
  if (code !== 'TIMEOUT') return unexpected(subject, error)
  return new RuntimeError('broker-unavailable', `JetStream did not answer within ${timeoutMs} ms`, {
    why: 'the server is there, and its JetStream hangs or is overloaded',
    fix: 'see whether its disk is full; nats-server 2.9 has to be restarted after that',
    cause: error,
    details: { subject, trouble: 'silent' },
  })
}
