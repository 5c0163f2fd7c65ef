/**
 * What tests of the broker over NATS are written with: servers and clients that are gone when a test is over, a road to
 * a server that loses what it is told to lose, and words for waiting and failing.
 */
import { createServer, connect as dial, type Socket } from 'node:net'
import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import type { Broker } from '../cluster/broker.ts'
import { type NatsBrokerOptions, natsBroker } from '../transport/nats-broker.ts'
import { connectNats, type NatsConnection } from '../transport/nats-connection.ts'
import { type NatsServer, type NatsServerOptions, startNatsServer } from './nats-server.ts'
import { pause } from './transport-scenario.ts'
import { within } from './within.ts'

const MAX_BYTES = 64 * 1024 * 1024

export interface BrokerClient {
  readonly broker: Broker
  readonly connection: NatsConnection
}

interface ClientOptions extends Partial<NatsBrokerOptions> {
  readonly name?: string
}

export interface NatsBench {
  connect(
    servers: string | readonly string[],
    namespace: string,
    options?: ClientOptions,
  ): Promise<BrokerClient>
  /** Default: with JetStream. */
  server(options?: NatsServerOptions): Promise<NatsServer>
  road(port: number): Promise<Road>
  /** Ends what was made, the newest first. */
  end(): Promise<void>
}

export function natsBench(): NatsBench {
  const endings: (() => Promise<void>)[] = []
  return {
    async connect(servers, namespace, { name = 'n', ...options } = {}) {
      const connection = await connectNats({
        servers,
        name,
        namespace,
        backoff: { minMs: 20, maxMs: 100 },
        // Tests that stop a server want it silent, not disconnected.
        pingIntervalMs: 60_000,
      })
      endings.push(() => connection.close())
      const broker = await natsBroker(connection, { namespace, maxBytes: MAX_BYTES, ...options })
      endings.push(() => broker.close())
      return { broker, connection }
    },
    async server(options = { jetStream: true }) {
      const server = await startNatsServer(options)
      endings.push(() => server.stop())
      return server
    },
    async road(port) {
      const road = await buildRoad(port)
      endings.push(road.close)
      return road
    },
    async end() {
      for (const end of endings.splice(0).reverse()) await end()
    },
  }
}

/** A road to a server on which either direction can be lost. */
export interface Road {
  readonly url: string
  /** What passes. */
  readonly state: { toServer: boolean; toClient: boolean }
  /** Ends the connections; new ones work. */
  mend(): void
  close(): Promise<void>
}

async function buildRoad(port: number): Promise<Road> {
  const state = { toServer: true, toClient: true }
  const sockets = new Set<Socket>()
  const road = createServer(client => {
    const back = dial(port, '127.0.0.1')
    for (const socket of [client, back]) {
      sockets.add(socket)
      // What follows an error is the close.
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        back.destroy()
      })
    }
    client.on('data', chunk => state.toServer && back.write(chunk))
    back.on('data', chunk => state.toClient && client.write(chunk))
  })
  await new Promise<void>(resolve => road.listen(0, '127.0.0.1', resolve))
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  const { port: own } = road.address() as { readonly port: number }
  return {
    url: `nats://127.0.0.1:${own}`,
    state,
    mend() {
      Object.assign(state, { toServer: true, toClient: true })
      cut()
    },
    async close() {
      cut()
      road.close()
    },
  }
}

/** Waits for `what`, up to 12 s by default. */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  what: string,
  limitMs = 12_000,
): Promise<void> {
  let over = false
  const wait = async (): Promise<void> => {
    while (!over && !(await holds())) await pause(10)
  }
  await within(limitMs, wait, what).finally(() => {
    over = true
  })
}

/** The subjects that a reading finds. */
export async function subjects(broker: Broker, pattern: string): Promise<string[]> {
  const found: string[] = []
  for await (const { subject } of broker.read(pattern)) found.push(subject)
  return found
}

/** What a promise rejects with, which must be an error of ours. */
export const errorOf = (work: Promise<unknown>): Promise<RuntimeError> =>
  work.then(
    () => assert.unreachable('it should have rejected'),
    error => {
      assert.instance(error, RuntimeError)
      return error
    },
  )
