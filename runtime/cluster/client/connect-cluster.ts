/**
 * Everything it takes to talk to a cluster over NATS, from the address of a server: connection, transport, codec,
 * clocks, and on request the streams. Used by nodes and clients alike.
 */
import type { Clock, Host } from '../../../actors/clock.ts'
import { monotonicClock } from '../../clock.ts'
import { type Codec, createCodec } from '../../codec.ts'
import { systemHost } from '../../host.ts'
import { natsTransport } from '../../transport/nats.ts'
import { type NatsBrokerOptions, natsBroker } from '../../transport/nats-broker.ts'
import { connectNats, type NatsConnection } from '../../transport/nats-connection.ts'
import type { NatsOptions } from '../../transport/nats-options.ts'
import type { Transport } from '../../transport/transport.ts'
import type { Broker } from '../broker.ts'
import { createRequests, type Requests } from '../requests.ts'

export interface ClusterConnection {
  readonly name: string
  readonly namespace: string
  readonly connection: NatsConnection
  readonly transport: Transport
  readonly codec: Codec
  readonly requests: Requests
  readonly host: Host
  readonly monotonic: Clock
  isConnected(): boolean
  /** The streams, made when they are not there. Throws `broker-unavailable` for a server without JetStream. */
  broker(options?: Omit<NatsBrokerOptions, 'namespace'>): Promise<Broker>
  close(): Promise<void>
}

export interface ConnectOptions extends NatsOptions {
  readonly onError?: (error: unknown) => void
}

/** Room for what the largest message of a server with default settings may hold. */
const MAX_BYTES = 1_000_000

/** Throws `broker-unavailable`, `definition-invalid`. */
export async function connectCluster(options: ConnectOptions): Promise<ClusterConnection> {
  const { name, namespace, onError } = options
  const connection = await connectNats(options)
  const transport = natsTransport(connection, onError ? { onError } : {})
  const codec = createCodec({ maxBytes: MAX_BYTES })
  const host = systemHost()
  let connected = true
  connection.onStatus(status => {
    if (status === 'connected' || status === 'reconnected') connected = true
    else if (status === 'disconnected' || status === 'closed') connected = false
  })
  return {
    name,
    namespace,
    connection,
    transport,
    codec,
    host,
    requests: createRequests({ transport, codec, clock: host.clock }),
    monotonic: monotonicClock,
    isConnected: () => connected,
    broker: more => natsBroker(connection, { ...more, namespace }),
    async close() {
      await transport.drain()
      await connection.close()
    },
  }
}
