/** What a NATS transport does when the server goes away, for a moment or for longer, or gets slow. */
import * as assert from 'uvu/assert'
import { type NatsServer, type NatsServerOptions, startNatsServer } from '../testkit/nats-server.ts'
import { testSuite } from '../testkit/suite.ts'
import {
  bytes,
  echo,
  kindOf,
  pause,
  refuses,
  text,
  throwsKind,
  until,
} from '../testkit/transport-scenario.ts'
import { type NatsTransportOptions, natsTransport } from './nats.ts'
import { connectNats, type NatsConnection, type NatsStatus } from './nats-connection.ts'
import type { Transport } from './transport.ts'

const test = testSuite('runtime/transport/nats-reconnect', { limitMs: 20_000 })

interface Stage {
  readonly server: NatsServer
  readonly connection: NatsConnection
  readonly transport: Transport
  readonly errors: { readonly kind: string; readonly details: unknown }[]
  readonly told: NatsStatus[]
}

async function onStage(
  body: (stage: Stage) => Promise<void>,
  options: NatsTransportOptions = {},
  serverOptions: NatsServerOptions = {},
): Promise<void> {
  const server = await startNatsServer(serverOptions)
  try {
    const connection = await connectNats({
      servers: server.url,
      name: 'node',
      namespace: 'test',
      backoff: { minMs: 10, maxMs: 50 },
    })
    const errors: Stage['errors'] = []
    const told: NatsStatus[] = []
    connection.onStatus(status => told.push(status))
    const onError = (error: unknown): void => {
      const details = error instanceof Error && 'details' in error ? error.details : undefined
      errors.push({ kind: String(kindOf(error)), details })
    }
    const transport = natsTransport(connection, { onError, ...options })
    await body({ server, connection, transport, errors, told }).finally(() => connection.close())
  } finally {
    await server.stop()
  }
}

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n)

test('sends what was published without a server when it is back, all of it and in order', () =>
  onStage(async ({ server, transport, told, errors }) => {
    const got: number[] = []
    transport.subscribe('ac.t.>', ({ data }) => got.push(Number(text(data))))
    await transport.flush()
    await server.kill()
    await until(() => told.includes('disconnected'))
    for (const n of numbers(2_000)) {
      transport.publish(`ac.t.s${n % 3}`, bytes(String(n)))
      if (n % 500 === 0) await pause(20)
    }
    await server.restart()
    await until(() => got.length === 2_000)
    assert.equal(got, numbers(2_000))
    assert.equal(errors, [])
    assert.equal(told, ['connected', 'disconnected', 'reconnected'])
  }))

test('loses nothing that it did not report when the server is killed while it publishes, and repeats nothing', () =>
  onStage(async ({ server, transport, errors }) => {
    const got: number[] = []
    transport.subscribe('ac.t.x', ({ data }) => got.push(Number(text(data))))
    await transport.flush()
    let sent = 0
    let publishing = true
    const publisher = (async () => {
      for (; publishing; await pause(0)) {
        for (let i = 0; i < 50; i++) transport.publish('ac.t.x', bytes(String(sent++)))
      }
    })()
    for (let round = 0; round < 3; round++) {
      await pause(80)
      await server.kill()
      await pause(30)
      await server.restart()
    }
    await pause(80)
    publishing = false
    await publisher
    await transport.flush()
    await until(() => got.at(-1) === sent - 1)
    assert.equal(
      got,
      [...new Set(got)].sort((a, b) => a - b),
    )
    const reported = errors.reduce((sum, { details }) => sum + (details as { messages: number }).messages, 0)
    assert.ok(
      sent - got.length <= reported,
      `${sent - got.length} of ${sent} are missing, ${reported} reported`,
    )
    assert.ok(errors.every(({ kind }) => kind === 'broker-unavailable'))
  }))

test('sends what was accepted between publish and flush around a kill of the server', () =>
  onStage(async ({ server, transport, errors }) => {
    const got: string[] = []
    transport.subscribe('ac.t.x', ({ data }) => got.push(text(data)))
    await transport.flush()
    transport.publish('ac.t.x', bytes('before'))
    await server.kill()
    await server.restart()
    transport.publish('ac.t.x', bytes('after'))
    await transport.flush()
    await until(() => got.includes('after'))
    const missing = got.includes('before') ? 0 : 1
    assert.ok(missing === 0 || errors.length === 1, 'a message was lost and nobody was told')
  }))

test('refuses to keep more than its bound while there is no server, and keeps what it took', () =>
  onStage(
    async ({ server, transport, told }) => {
      const got: number[] = []
      transport.subscribe('ac.t.x', ({ data }) => got.push(data.length))
      await transport.flush()
      await server.kill()
      await until(() => told.includes('disconnected'))
      let accepted = 0
      throwsKind('broker-unavailable', () => {
        for (; accepted < 1_000; accepted++) transport.publish('ac.t.x', new Uint8Array(1_000))
      })
      assert.ok(accepted >= 80 && accepted <= 100, `accepted ${accepted} of 1,000 bytes`)
      await refuses(
        'broker-unavailable',
        transport.request('ac.t.x', new Uint8Array(1_000), { timeoutMs: 60_000 }),
      )
      await server.restart()
      await transport.flush()
      await until(() => got.length === accepted)
      transport.publish('ac.t.x', new Uint8Array(1))
      await until(() => got.at(-1) === 1)
    },
    { maxBufferedBytes: 100_000 },
  ))

test('stops at its bound before a server that does not read, and goes on with it', () =>
  onStage(
    async ({ server, transport, errors }) => {
      const got: number[] = []
      transport.subscribe('ac.t.x', ({ data }) => got.push(data[0] ?? -1))
      await transport.flush()
      process.kill(server.pid, 'SIGSTOP')
      let accepted = 0
      try {
        for (; accepted < 1_000; accepted++) {
          if (accepted % 20 === 0) await pause(1)
          transport.publish('ac.t.x', new Uint8Array(1_000).fill(accepted % 251))
        }
      } catch (error) {
        assert.is(kindOf(error), 'broker-unavailable')
      } finally {
        process.kill(server.pid, 'SIGCONT')
      }
      assert.ok(accepted < 250, `accepted ${accepted} messages, more than both bounds hold`)
      await until(() => got.length === accepted)
      assert.equal(
        got,
        numbers(accepted).map(n => n % 251),
      )
      assert.equal(errors, [])
    },
    { maxBufferedBytes: 100_000, maxUnconfirmedBytes: 50_000 },
  ))

test('rejects a request at once when the connection is lost while it waits', () =>
  onStage(async ({ server, transport }) => {
    let asked = 0
    transport.subscribe('ac.t.x', () => void asked++)
    await transport.flush()
    const waiting = transport.request('ac.t.x', bytes('?'), { timeoutMs: 60_000 }).then(text, kindOf)
    await until(() => asked === 1)
    await server.kill()
    assert.is(await waiting, 'broker-unavailable')
    await server.restart()
    await transport.flush()
    assert.is(asked, 1)
  }))

test('sends a request made without a server when it is back, unless its time is over by then', () =>
  onStage(async ({ server, transport, told }) => {
    const asked: string[] = []
    transport.subscribe('ac.t.x', ({ data, reply }) => {
      asked.push(text(data))
      reply?.(data)
    })
    await transport.flush()
    await server.kill()
    await until(() => told.includes('disconnected'))
    const patient = transport.request('ac.t.x', bytes('patient'), { timeoutMs: 15_000 })
    await refuses('broker-unavailable', transport.request('ac.t.x', bytes('hasty'), { timeoutMs: 20 }))
    await server.restart()
    assert.is(text(await patient), 'patient')
    assert.equal(asked, ['patient'])
  }))

test('takes subscriptions and their ends without a server', () =>
  onStage(async ({ server, transport, told }) => {
    const got: string[] = []
    const gone = transport.subscribe('ac.t.gone', () => got.push('gone'))
    await transport.flush()
    await server.kill()
    await until(() => told.includes('disconnected'))
    gone.unsubscribe()
    transport.subscribe('ac.t.new', echo)
    const flushed = transport.flush()
    await server.restart()
    await flushed
    assert.is(text(await transport.request('ac.t.new', bytes('?'), { timeoutMs: 2_000 })), '?')
    await refuses('no-responders', transport.request('ac.t.gone', bytes('?'), { timeoutMs: 60_000 }))
    assert.equal(got, [])
  }))

test('close ends a drain and a flush that wait for a server', () =>
  onStage(async ({ server, transport, told }) => {
    await server.kill()
    await until(() => told.includes('disconnected'))
    transport.publish('ac.t.x', bytes('x'))
    const flushed = refuses('transport-closed', transport.flush())
    const drained = transport.drain()
    await pause(20)
    assert.is(transport.status, 'draining')
    await transport.close()
    await drained
    await flushed
  }))

test('a drain waits for the server, so that what was published last is sent', () =>
  onStage(async ({ server, connection, transport, told }) => {
    const got: string[] = []
    await server.kill()
    await until(() => told.includes('disconnected'))
    natsTransport(connection).subscribe('ac.t.x', ({ data }) => got.push(text(data)))
    transport.publish('ac.t.x', bytes('last words'))
    const drained = transport.drain()
    await server.restart()
    await drained
    await until(() => got.length === 1)
    assert.is(transport.status, 'closed')
  }))

test('tells of a server in lame duck mode, and goes over to its successor', () =>
  onStage(
    async ({ server, transport, told }) => {
      transport.subscribe('ac.t.x', echo)
      await transport.flush()
      process.kill(server.pid, 'SIGUSR2')
      await until(() => told.includes('lame-duck'))
      assert.is(text(await transport.request('ac.t.x', bytes('?'), { timeoutMs: 2_000 })), '?')
      await until(() => told.includes('disconnected'))
      await server.restart()
      assert.is(text(await transport.request('ac.t.x', bytes('?'), { timeoutMs: 5_000 })), '?')
      assert.equal(told, ['connected', 'lame-duck', 'disconnected', 'reconnected'])
    },
    {},
    { config: 'lame_duck_duration: "30s"\nlame_duck_grace_period: "1s"' },
  ))

test.run()
