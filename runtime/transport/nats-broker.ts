/**
 * The broker of a cluster over JetStream of nats-server 2.9.10 and newer: the log in one stream, the mailboxes in
 * another. Only create-only writes are relied on; what JetStream may lose is listed with `Broker`.
 */
import type { Broker } from '../cluster/broker.ts'
import { collect } from './nats-broker-collect.ts'
import { createLine } from './nats-broker-line.ts'
import { createLog } from './nats-broker-log.ts'
import { createMailboxes } from './nats-broker-mailboxes.ts'
import { closed } from './nats-broker-refusals.ts'
import { roomOf } from './nats-broker-room.ts'
import { watchStreams } from './nats-broker-watch.ts'
import type { NatsConnection } from './nats-connection.ts'
import { logStream, mailboxStream, type StreamOptions, streamPlans } from './nats-streams.ts'

export interface NatsBrokerOptions extends StreamOptions {
  /** How long a call is tried, ms. Default 30,000. */
  readonly timeoutMs?: number
  /** How often to look whether the server still has the streams it had, ms. Default 10,000. */
  readonly checkEveryMs?: number
  /** Told what goes wrong while letters are collected; the collecting goes on. Default: a warning of the process. */
  readonly onError?: (error: unknown) => void
}

/**
 * Makes the streams when they are not there. Rejects with `broker-unavailable` when the server has no JetStream or no
 * room for them, with `definition-invalid` when an option is out of range or an existing stream is of another kind.
 */
export async function natsBroker(connection: NatsConnection, options: NatsBrokerOptions): Promise<Broker> {
  const { namespace, timeoutMs = 30_000, checkEveryMs = 10_000, onError = warn } = options
  const plans = streamPlans(options)
  const line = createLine(connection, timeoutMs)
  const watch = await watchStreams(line, [plans.log, plans.mailboxes], checkEveryMs).catch(error => {
    line.close()
    throw error
  })
  line.onClose(watch.close)
  const log = createLog(line, namespace, seq => watch.confirmed(logStream(namespace), seq))
  const room = roomOf(line, namespace)
  return {
    ...log,
    async create(subject, data) {
      room.wrote(data.length)
      return log.create(subject, data)
    },
    hasRoom: room.has,
    ...createMailboxes(line, namespace, seq => watch.confirmed(mailboxStream(namespace), seq)),
    async collect(partition, take, how) {
      if (line.isClosed) throw closed()
      return collect(line, namespace, partition, take, { ...how, onError })
    },
    onReset: watch.onReset,
    async close() {
      line.close()
    },
  }
}

/**
 * The broker of somebody who only sends letters: it makes no streams and looks at none, so its user has to be allowed
 * nothing but publishing to mailboxes. `post` rejects with `broker-unavailable` where no node has made them.
 */
export function natsPostbox(
  connection: NatsConnection,
  { namespace, timeoutMs = 30_000 }: Pick<NatsBrokerOptions, 'namespace' | 'timeoutMs'>,
): Pick<Broker, 'post' | 'close'> {
  const line = createLine(connection, timeoutMs)
  const { post } = createMailboxes(line, namespace, () => {})
  return {
    post,
    async close() {
      line.close()
    },
  }
}

function warn(error: unknown): void {
  process.emitWarning(
    `collecting letters: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  )
}
