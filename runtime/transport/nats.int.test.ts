import { connect } from 'node:net'
import * as assert from 'uvu/assert'
import { startNatsServer } from '../testkit/nats-server.ts'
import { bytes, echo, kindOf, refuses, text, throwsKind, until } from '../testkit/transport-scenario.ts'
import { natsTransport } from './nats.ts'
import { connectNats, type NatsConnection } from './nats-connection.ts'
import { decodeFrame } from './nats-frames.ts'
import { transportConformance } from './transport.conformance.ts'
import { MAX_PAYLOAD, type Transport } from './transport.ts'

const server = await startNatsServer()

const test = transportConformance('runtime/transport/nats', async onError => {
  const connections: NatsConnection[] = []
  return {
    async connect() {
      const connection = await connectNats({
        servers: server.url,
        name: `n${connections.length}`,
        namespace: 'test',
      })
      connections.push(connection)
      return natsTransport(connection, { onError })
    },
    async close() {
      await Promise.all(connections.map(connection => connection.close()))
    },
  }
})

interface Node {
  readonly connection: NatsConnection
  readonly transport: Transport
  /** What `onError` was told. */
  readonly errors: { readonly kind: string; readonly subject: string }[]
}

/** Runs `body` with nodes of their own connections. */
async function withNodes(
  count: number,
  body: (...nodes: [Node, Node, Node]) => Promise<void>,
  url = server.url,
) {
  const nodes: Node[] = []
  for (let i = 0; i < count; i++) {
    const connection = await connectNats({ servers: url, name: `node${i}`, namespace: 'test' })
    const errors: Node['errors'] = []
    const onError = (error: unknown, subject: string): void =>
      void errors.push({ kind: String(kindOf(error)), subject })
    nodes.push({ connection, errors, transport: natsTransport(connection, { onError }) })
  }
  try {
    await body(...(nodes as [Node, Node, Node]))
  } finally {
    await Promise.all(nodes.map(({ connection }) => connection.close()))
  }
}

/** A payload that a frame could begin with. */
const frameLike = (length: number): Uint8Array => {
  const data = new Uint8Array(length).map((_, i) => (i * 31) % 251)
  data[0] = 0xc1
  return data
}

test('sends what one turn publishes to a subject in few NATS messages, and answers in one', () =>
  withNodes(2, async (asker, answerer) => {
    const watched: number[] = []
    const answers: number[] = []
    const watch = (pattern: string, counts: number[]) =>
      asker.connection.nc.subscribe(pattern, {
        callback: (_, { data }) => void counts.push(decodeFrame(data).length),
      })
    watch('ac.batch.x', watched)
    watch('_AC.test.node0.>', answers)
    answerer.transport.subscribe('ac.batch.x', echo)
    await Promise.all([asker.transport.flush(), answerer.transport.flush()])
    const wanted = Array.from({ length: 64 }, (_, i) => String(i))
    const got = await Promise.all(
      wanted.map(n => asker.transport.request('ac.batch.x', bytes(n), { timeoutMs: 2_000 })),
    )
    assert.equal(got.map(text), wanted)
    await until(() => answers.reduce((sum, n) => sum + n, 0) === 64)
    assert.equal(watched, [16, 16, 16, 16])
    assert.ok(answers.length <= 4, `${answers.length} messages for 64 answers`)
  }))

test('sends work for stateless actors one by one, so that a queue group shares it', () =>
  withNodes(3, async (asker, first, second) => {
    const seen: number[] = []
    asker.connection.nc.subscribe('ac.test.pool.reader', {
      callback: (_, { data }) => void seen.push(decodeFrame(data).length),
    })
    for (const { transport } of [first, second])
      transport.subscribe('ac.test.pool.reader', echo, { queue: 'reader' })
    await Promise.all([asker, first, second].map(({ transport }) => transport.flush()))
    const ask = (n: number) =>
      asker.transport.request('ac.test.pool.reader', bytes(String(n)), { timeoutMs: 2_000 })
    await Promise.all(Array.from({ length: 10 }, (_, n) => ask(n)))
    await until(() => seen.length === 10)
    assert.equal(seen, Array(10).fill(1))
  }))

test('fails every request of a frame at once when nobody is subscribed, and no other', () =>
  withNodes(2, async (asker, answerer) => {
    answerer.transport.subscribe('ac.none.there', echo)
    await answerer.transport.flush()
    const ask = (subject: string) =>
      asker.transport.request(subject, bytes('?'), { timeoutMs: 60_000 }).then(text, kindOf)
    const outcomes = await Promise.all([
      ...Array.from({ length: 40 }, () => ask('ac.none.gone')),
      ...Array.from({ length: 3 }, () => ask('ac.none.there')),
    ])
    assert.equal(outcomes, [...Array(40).fill('no-responders'), '?', '?', '?'])
  }))

test('takes a message of any NATS client as one message, and answers it unframed', () =>
  withNodes(2, async (node, other) => {
    const got: [string, boolean][] = []
    node.transport.subscribe('ac.raw.x', ({ data, reply }) => {
      got.push([text(data), reply !== undefined])
      reply?.(data)
    })
    await node.transport.flush()
    other.connection.nc.publish('ac.raw.x', bytes('told'))
    const answer = await other.connection.nc.request('ac.raw.x', bytes('asked'), { timeout: 2_000 })
    assert.is(text(answer.data), 'asked')
    assert.equal(got, [
      ['told', false],
      ['asked', true],
    ])
  }))

test('reports hostile frames and goes on, on a subject and on the inbox of answers', () =>
  withNodes(2, async (node, hostile) => {
    const got: string[] = []
    const inboxes: string[] = []
    node.transport.subscribe('ac.hostile.x', ({ data }) => got.push(text(data)))
    hostile.connection.nc.subscribe('ac.hostile.y', {
      callback: (_, { reply = '' }) => void inboxes.push(reply),
    })
    await Promise.all([node.transport.flush(), hostile.transport.flush()])
    const waiting = node.transport
      .request('ac.hostile.y', bytes('?'), { timeoutMs: 1_000 })
      .then(text, kindOf)
    await until(() => inboxes.length === 1)
    const frames = [
      [0xc1],
      [0xc1, 7],
      [0xc1, 1],
      [0xc1, 1, 0, 0xff, 0xff, 0xff, 0xff, 1],
      // A request that does not say where its answer goes, and an answer where none is expected.
      [0xc1, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
      [0xc1, 1, 3, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
    ].map(frame => new Uint8Array(frame))
    const own = inboxes[0]?.replace(/[^.]*$/, '')
    for (const frame of frames) hostile.connection.nc.publish('ac.hostile.x', frame)
    for (const frame of frames.slice(0, 5)) hostile.connection.nc.publish(`${own}r`, frame)
    for (const token of ['r', 'x', '0-zzzzzzzz', 'zz-0'])
      hostile.connection.nc.publish(`${own}${token}`, bytes(''))
    // An answer to a number that is not asked.
    hostile.connection.nc.publish(`${own}r`, new Uint8Array([0xc1, 1, 3, 9, 9, 9, 9, 9, 9, 0, 0, 0, 0]))
    hostile.connection.nc.publish('ac.hostile.x', bytes('still here'))
    await until(() => got.length === 1 && node.errors.length >= 15)
    assert.equal(got, ['still here'])
    assert.equal([...new Set(node.errors.map(({ kind }) => kind))], ['codec-malformed'])
    assert.is(node.errors.length, 15)
    assert.is(await waiting, 'request-timeout')
    assert.is(node.transport.status, 'open')
  }))

test('takes a message whose headers are nonsense, and goes on', () =>
  withNodes(1, async ({ transport }) => {
    const got: string[] = []
    transport.subscribe('ac.headers.x', ({ data }) => got.push(text(data)))
    await transport.flush()
    const socket = connect(server.port, '127.0.0.1')
    socket.write('CONNECT {"headers":true,"verbose":false}\r\n')
    for (const headers of [
      'no headers',
      'NATS/1.0 503',
      'NATS/1.0\r\nb\u0001d: x\r\n\r\n',
      'NATS/1.0 x\r\n\r\n',
    ]) {
      socket.write(`HPUB ac.headers.x ${headers.length} ${headers.length}\r\n${headers}\r\n`)
    }
    socket.write('PUB ac.headers.x 3\r\nend\r\n')
    await until(() => got.at(-1) === 'end')
    socket.destroy()
    assert.ok(got.length >= 4, `${got.length} of 5 messages arrived`)
  }))

for (const length of [1, 1_000, 64 * 1024, MAX_PAYLOAD]) {
  test(`carries ${length} bytes that begin like a frame, as message, request and answer`, () =>
    withNodes(2, async (left, right) => {
      const data = frameLike(length)
      const got: Uint8Array[] = []
      right.transport.subscribe('ac.like.told', message => got.push(message.data))
      right.transport.subscribe('ac.like.asked', echo)
      await right.transport.flush()
      left.transport.publish('ac.like.told', data)
      const answer = await left.transport.request('ac.like.asked', data, { timeoutMs: 3_000 })
      await until(() => got.length === 1)
      assert.is(Buffer.compare(answer, data), 0)
      assert.is(Buffer.compare(got[0] ?? bytes(''), data), 0)
    }))
}

test('keeps the order of large and small messages to one subject', () =>
  withNodes(2, async (left, right) => {
    const got: number[] = []
    right.transport.subscribe('ac.sizes.x', ({ data }) => got.push(data.length))
    await right.transport.flush()
    const sizes = [1, 70_000, 2, 3, 65_000, 200_000, 4, 65_530, 5]
    for (const size of sizes) left.transport.publish('ac.sizes.x', new Uint8Array(size))
    await until(() => got.length === sizes.length)
    assert.equal(got, sizes)
  }))

test('refuses a message with a named reply subject only where it cannot be told from a frame', () =>
  withNodes(1, async ({ transport }) => {
    const replyTo = 'ac.named.inbox'
    transport.publish('ac.named.x', new Uint8Array(MAX_PAYLOAD), { replyTo })
    transport.publish('ac.named.x', frameLike(1_000), { replyTo })
    throwsKind('codec-too-large', () => transport.publish('ac.named.x', frameLike(MAX_PAYLOAD), { replyTo }))
    await transport.flush()
  }))

test('keeps to a server that takes less than a transport must', async () => {
  const small = await startNatsServer({ config: 'max_payload: 1000' })
  try {
    await withNodes(
      1,
      async ({ transport, errors }) => {
        const got: number[] = []
        transport.subscribe('ac.small.x', ({ data }) => got.push(data.length))
        for (let i = 0; i < 20; i++) transport.publish('ac.small.x', new Uint8Array(300))
        transport.publish('ac.small.x', new Uint8Array(1_000))
        throwsKind('codec-too-large', () => transport.publish('ac.small.x', new Uint8Array(1_001)))
        await refuses(
          'codec-too-large',
          transport.request('ac.small.x', new Uint8Array(1_001), { timeoutMs: 1_000 }),
        )
        await until(() => got.length === 21)
        assert.equal(got, [...Array(20).fill(300), 1_000])
        assert.equal(errors, [])
      },
      small.url,
    )
  } finally {
    await small.stop()
  }
})

test('does not send a request that was cancelled in the turn that made it', () =>
  withNodes(2, async (asker, answerer) => {
    const got: string[] = []
    answerer.transport.subscribe('ac.gone.x', ({ data, reply }) => {
      got.push(text(data))
      reply?.(data)
    })
    await answerer.transport.flush()
    const controller = new AbortController()
    const { signal } = controller
    const gone = asker.transport.request('ac.gone.x', bytes('gone'), { timeoutMs: 1_000, signal })
    const kept = asker.transport.request('ac.gone.x', bytes('kept'), { timeoutMs: 1_000 })
    controller.abort()
    await refuses('cancelled', gone)
    assert.is(text(await kept), 'kept')
    assert.equal(got, ['kept'])
  }))

test('closes with its connection, also the requests under way', () =>
  withNodes(1, async ({ connection, transport }) => {
    transport.subscribe('ac.end.x', () => {})
    await transport.flush()
    const waiting = refuses(
      'transport-closed',
      transport.request('ac.end.x', bytes('?'), { timeoutMs: 60_000 }),
    )
    await connection.close()
    await waiting
    assert.is(transport.status, 'closed')
    throwsKind('transport-closed', () => transport.publish('ac.end.x', bytes('x')))
  }))

test('leaves the connection and the other transports on it open when one closes', () =>
  withNodes(1, async ({ connection, transport }) => {
    const other = natsTransport(connection)
    other.subscribe('ac.share.x', echo)
    await other.flush()
    await transport.drain()
    assert.is(text(await other.request('ac.share.x', bytes('?'), { timeoutMs: 1_000 })), '?')
  }))

test.after(() => server.stop())

test.run()
