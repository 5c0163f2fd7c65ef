/** Getting in: addresses, credentials, certificates, permissions, and what is said when it fails. */
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { nkeys } from 'nats'
import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import { startNatsServer } from '../testkit/nats-server.ts'
import { testSuite } from '../testkit/suite.ts'
import { bytes, echo, kindOf, pause, refuses, text, until } from '../testkit/transport-scenario.ts'
import { natsTransport } from './nats.ts'
import { connectNats, type NatsCredentials, type NatsOptions, type NatsStatus } from './nats-connection.ts'

const test = testSuite('runtime/transport/nats-connection', { limitMs: 30_000 })

const SECRET = 'Geheimnis9'
const named = { name: 'node', namespace: 'test' }

/** Connects and closes again: `in`, or the error. */
async function attempt(options: Partial<NatsOptions>): Promise<'in' | RuntimeError> {
  try {
    const connection = await connectNats({ servers: '127.0.0.1:1', ...named, ...options })
    await connection.close()
    return 'in'
  } catch (error) {
    assert.instance(error, RuntimeError)
    return error as RuntimeError
  }
}

async function refused(kind: string, retryable: boolean, options: Partial<NatsOptions>): Promise<void> {
  const error = await attempt(options)
  assert.is(kindOf(error), kind)
  if (error === 'in') return
  assert.is(error.retryable, retryable)
  assert.ok(error.fix)
  assert.not.ok(inspect(error, { depth: 20 }).includes(SECRET), 'the error tells a secret')
}

async function withServer(config: string, body: (url: string, port: number) => Promise<void>): Promise<void> {
  const server = await startNatsServer({ config })
  try {
    await body(server.url, server.port)
  } finally {
    await server.stop()
  }
}

test('says that nothing listens there, without the password of the address', async () => {
  await refused('broker-unavailable', true, { servers: `nats://user:${SECRET}@127.0.0.1:1` })
  await refused('broker-unavailable', true, { servers: ['127.0.0.1:1', 'no-such-host.invalid'] })
})

test('refuses wrong options before it connects', async () => {
  const wrong: Partial<NatsOptions>[] = [
    { servers: [] },
    { servers: '' },
    { servers: `http://user:${SECRET}@127.0.0.1` },
    { servers: `nats://user:${SECRET}@:1` },
    { servers: `user:${SECRET}@a b` },
    { name: 'a.b' },
    { namespace: '>' },
    { credentials: { nkeySeed: `SU${SECRET}` } },
    { credentials: { credsFile: `/no/such/file` } },
    { credentials: { credsFile: process.execPath } },
  ]
  for (const options of wrong) await refused('definition-invalid', false, options)
})

test('connects to the second server when the first is not there', () =>
  withServer('', async url => assert.is(await attempt({ servers: ['127.0.0.1:1', url] }), 'in')))

test('gives up on a server that does not answer in time', async () => {
  await withFakeServer(
    () => {},
    port => refused('broker-unavailable', true, { servers: `127.0.0.1:${port}`, connectTimeoutMs: 100 }),
  )
})

for (const [version, outcome] of [
  ['2.9.9', 'broker-unavailable'],
  ['2.8.20', 'broker-unavailable'],
  ['1.99.99', 'broker-unavailable'],
  ['2.9.10', 'in'],
  ['2.10.0-beta.1', 'in'],
  ['10.0.0', 'in'],
] as const) {
  test(`${outcome === 'in' ? 'accepts' : 'refuses'} a server of version "${version}"`, () =>
    withFakeServer(
      socket => {
        socket.write(`INFO ${JSON.stringify({ version, proto: 1, headers: true, max_payload: 1024 })}\r\n`)
        socket.on('data', chunk => void (String(chunk).includes('PING') && socket.write('PONG\r\n')))
      },
      async port => assert.is(kindOf(await attempt({ servers: `127.0.0.1:${port}` })), outcome),
    ))
}

test('lets in by user and password, given apart or in the address, and by no wrong ones', () =>
  withServer(`authorization { user: ada, password: ${SECRET} }`, async (servers, port) => {
    assert.is(await attempt({ servers, credentials: { user: 'ada', password: SECRET } }), 'in')
    assert.is(await attempt({ servers: `nats://ada:${SECRET}@127.0.0.1:${port}` }), 'in')
    await refused('broker-unavailable', false, { servers })
    await refused('broker-unavailable', false, { servers: `nats://bob:${SECRET}@127.0.0.1:${port}` })
    await refused('broker-unavailable', false, { servers, credentials: { token: SECRET } })
  }))

test('lets in by a token, given apart or in the address', () =>
  withServer(`authorization { token: ${SECRET} }`, async (servers, port) => {
    assert.is(await attempt({ servers, credentials: { token: SECRET } }), 'in')
    assert.is(await attempt({ servers: `nats://${SECRET}@127.0.0.1:${port}` }), 'in')
    await refused('broker-unavailable', false, { servers, credentials: { token: `${SECRET}x` } })
  }))

test('lets in by an nkey, and by no other', async () => {
  const [user, other] = [nkeys.createUser(), nkeys.createUser()]
  const seed = (pair: typeof user): NatsCredentials => ({ nkeySeed: text(pair.getSeed()) })
  await withServer(`authorization { users: [ { nkey: ${user.getPublicKey()} } ] }`, async servers => {
    assert.is(await attempt({ servers, credentials: seed(user) }), 'in')
    await refused('broker-unavailable', false, { servers, credentials: seed(other) })
  })
})

test('lets in by a credentials file', () =>
  inFolder(async folder => {
    const [operator, account, user] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createUser()]
    const limits = { subs: -1, data: -1, payload: -1 }
    const accountToken = token(operator, account.getPublicKey(), 'account', {
      limits: { ...limits, imports: -1, exports: -1, conn: -1, leaf: -1, wildcards: true },
    })
    const config = [
      `operator: ${token(operator, operator.getPublicKey(), 'operator', {})}`,
      'resolver: MEMORY',
      `resolver_preload: { ${account.getPublicKey()}: ${accountToken} }`,
    ].join('\n')
    const credsFile = join(folder, 'user.creds')
    const section = (name: string, body: string): string =>
      `-----BEGIN ${name}-----\n${body}\n------END ${name}------\n\n`
    const userToken = token(account, user.getPublicKey(), 'user', limits)
    await writeFile(
      credsFile,
      section('NATS USER JWT', userToken) + section('USER NKEY SEED', text(user.getSeed())),
    )
    await withServer(config, async servers => {
      assert.is(await attempt({ servers, credentials: { credsFile } }), 'in')
      await refused('broker-unavailable', false, { servers })
    })
  }))

test('comes back by itself to a server that refused its credentials for a while', async () => {
  const allow = (user: string): string => `authorization { user: ${user}, password: ${SECRET} }`
  const server = await startNatsServer({ config: allow('ada') })
  try {
    const connection = await connectNats({
      servers: server.url,
      ...named,
      credentials: { user: 'ada', password: SECRET },
      backoff: { minMs: 10, maxMs: 20 },
      connectTimeoutMs: 500,
    })
    const told: NatsStatus[] = []
    connection.onStatus(status => told.push(status))
    await server.restart({ config: allow('bob') })
    await pause(300)
    assert.equal(told, ['connected', 'disconnected'])
    await server.restart({ config: allow('ada') })
    await until(() => told.includes('reconnected'))
    await connection.drain()
    assert.is(told.at(-1), 'closed')
  } finally {
    await server.stop()
  }
})

test('encrypts by the authority it was given, shows its own certificate, and takes no other server', () =>
  inFolder(async folder => {
    const { ca, server, client } = makeCertificates(folder)
    const own = `cert_file: "${server.cert}", key_file: "${server.key}"`
    await withServer(`tls { ${own} }`, async servers => {
      assert.is(await attempt({ servers, tls: { ca } }), 'in')
      await refused('broker-unavailable', false, { servers, tls: true })
      await refused('broker-unavailable', true, { servers, tls: { ca: join(folder, 'missing.pem') } })
    })
    await withServer(`tls { ${own}, ca_file: "${ca}", verify: true }`, async (servers, port) => {
      const secure = `tls://127.0.0.1:${port}`
      assert.is(await attempt({ servers: secure, tls: { ca, ...client } }), 'in')
      await refused('broker-unavailable', true, { servers, tls: { ca }, connectTimeoutMs: 500 })
    })
    await withServer('', servers => refused('broker-unavailable', false, { servers, tls: { ca } }))
    await withServer('', async (_, port) =>
      refused('broker-unavailable', false, { servers: `tls://127.0.0.1:${port}` }),
    )
  }))

test('takes a certificate for the address that was given, a name or an IP address, and for no other', () =>
  inFolder(async folder => {
    const { ca, certificateFor } = makeCertificates(folder)
    for (const [names, fitting, other] of [
      ['IP:127.0.0.1', '127.0.0.1', 'localhost'],
      ['DNS:localhost', 'localhost', '127.0.0.1'],
    ] as const) {
      const { cert, key } = certificateFor(names)
      await withServer(`tls { cert_file: "${cert}", key_file: "${key}" }`, async (_, port) => {
        const at = (host: string) => ({ servers: `tls://${host}:${port}`, tls: { ca } })
        assert.is(await attempt(at(fitting)), 'in', `${names} at ${fitting}`)
        await refused('broker-unavailable', false, at(other))
        // One of several servers may be known by the name of another: their certificates often have a common one.
        const several = [`tls://${other}:${port}`, `tls://${fitting}:${port}`]
        assert.is(await attempt({ servers: several, tls: { ca } }), 'in')
      })
    }
  }))

/** What a node needs, and no more: its own inbox, the subjects of its namespace, answers to the inboxes of others. */
const permissions = (name: string): string =>
  `{ user: ${name}, password: ${SECRET}, permissions: {
    publish: ["ac.test.open.>", "_AC.test.>"], subscribe: ["ac.test.open.>", "_AC.test.${name}.>"] } }`

test('works with least permissions, and reports at once what they do not cover', () =>
  withServer(
    `authorization { users: [ ${permissions('left')}, ${permissions('right')} ] }`,
    async servers => {
      const join = async (name: string) => {
        const connection = await connectNats({
          servers,
          name,
          namespace: 'test',
          credentials: { user: name, password: SECRET },
        })
        const errors: string[] = []
        const onError = (error: unknown, subject: string): void =>
          void errors.push(`${kindOf(error)} ${subject}`)
        return { connection, errors, transport: natsTransport(connection, { onError }) }
      }
      const [left, right] = [await join('left'), await join('right')]
      right.transport.subscribe('ac.test.open.x', echo)
      await right.transport.flush()
      const ask = (subject: string) => left.transport.request(subject, bytes('?'), { timeoutMs: 60_000 })
      assert.is(text(await ask('ac.test.open.x')), '?')
      await refuses('broker-unavailable', ask('ac.test.closed.x'))
      left.transport.subscribe('_AC.test.right.>', () => {})
      left.transport.publish('ac.test.closed.y', bytes('x'))
      await left.transport.flush()
      await until(() => left.errors.length === 3)
      assert.equal(left.errors.sort(), [
        'broker-unavailable _AC.test.right.>',
        'broker-unavailable ac.test.closed.x',
        'broker-unavailable ac.test.closed.y',
      ])
      assert.is(text(await ask('ac.test.open.x')), '?')
      await Promise.all([left.connection.close(), right.connection.close()])
    },
  ))

test('tells a listener that comes later how it stands, and the end once', () =>
  withServer('', async servers => {
    const connection = await connectNats({ servers, ...named })
    assert.is(connection.server.version.split('.').length, 3)
    assert.is(connection.inboxPrefix, '_AC.test.node')
    const told: NatsStatus[] = []
    connection.onStatus(status => told.push(status))
    assert.equal(told, ['connected'])
    await connection.close()
    await connection.drain()
    await connection.close()
    connection.onStatus(status => told.push(status))
    assert.equal(told, ['connected', 'closed', 'closed'])
  }))

test('a drain ends also when the server is gone', async () => {
  const server = await startNatsServer()
  const connection = await connectNats({ servers: server.url, ...named, backoff: { minMs: 10, maxMs: 20 } })
  connection.nc.subscribe('ac.test.x', { callback: () => {} })
  await server.stop()
  await connection.drain()
  assert.ok(connection.nc.isClosed())
})

async function withFakeServer(
  onConnection: (socket: Socket) => void,
  body: (port: number) => Promise<void>,
): Promise<void> {
  const sockets: { destroy(): void }[] = []
  const server = createServer(socket => {
    sockets.push(socket)
    socket.on('error', () => {})
    onConnection(socket)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  try {
    await body((server.address() as { readonly port: number }).port)
  } finally {
    for (const socket of sockets) socket.destroy()
    await new Promise(resolve => server.close(resolve))
  }
}

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'agenticraft-nats-'))
  try {
    await body(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A NATS JWT (ADR-14 of nats-architecture-and-design): claims signed with the nkey of who stands above. */
function token(
  issuer: ReturnType<typeof nkeys.createUser>,
  subject: string,
  type: string,
  claims: object,
): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const body = { jti: 'test', iat: 1, iss: issuer.getPublicKey(), sub: subject, name: type }
  const signed = `${part({ typ: 'JWT', alg: 'ed25519-nkey' })}.${part({ ...body, nats: { ...claims, type, version: 2 } })}`
  return `${signed}.${Buffer.from(issuer.sign(bytes(signed))).toString('base64url')}`
}

interface KeyPair {
  readonly cert: string
  readonly key: string
}

/** An authority, and certificates of it for a server of this machine and a client. Fails when there is no openssl. */
function makeCertificates(folder: string): {
  readonly ca: string
  readonly server: KeyPair
  readonly client: KeyPair
  readonly certificateFor: (names: string) => KeyPair
} {
  const at = (name: string): KeyPair => ({
    cert: join(folder, `${name}.pem`),
    key: join(folder, `${name}.key`),
  })
  const make = (name: string, ...args: readonly string[]): KeyPair => {
    const pair = at(name)
    const output = ['-subj', `/CN=${name}`, '-keyout', pair.key, '-out', pair.cert]
    const kind = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
    ]
    execFileSync('openssl', [...kind, ...output, ...args], { stdio: 'pipe' })
    return pair
  }
  const ca = make('ca')
  const signed = ['-CA', ca.cert, '-CAkey', ca.key, '-addext', 'basicConstraints=critical,CA:FALSE']
  const certificateFor = (names: string): KeyPair =>
    make('server', ...signed, '-addext', `subjectAltName=${names}`)
  return {
    ca: ca.cert,
    server: certificateFor('DNS:localhost,IP:127.0.0.1'),
    client: make('client', ...signed, '-addext', 'extendedKeyUsage=clientAuth'),
    certificateFor,
  }
}

test.run()
