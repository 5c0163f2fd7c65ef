/** `nats up`, `down` and `status` with real servers: what is open, what is private, and what happens when things die. */
import { type ChildProcess, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { RuntimeError } from '../../../actors/errors.ts'
import { testSuite } from '../../../runtime/testkit/suite.ts'
import { natsBroker } from '../../../runtime/transport/nats-broker.ts'
import { connectNats, type NatsConnection } from '../../../runtime/transport/nats-connection.ts'
import type { Command } from '../../command.ts'
import { endLocalNats, runLocalNats } from '../../nats-local.ts'
import { isAlive, type NatsNote, readNatsNote } from '../../nats-note.ts'
import { findNatsServer } from '../../nats-server.ts'
import type { SupervisionEvent } from '../../nats-supervision.ts'
import { natsOptionsOf } from '../../nats-url.ts'
import { ended, start } from '../../testdata/command-line.ts'
import { type Outcome, runCommand } from '../../testdata/program.ts'
import { natsDown } from './down.ts'
import { natsPermissionsCommand } from './permissions.ts'
import { natsStatus } from './status.ts'
import { natsUp } from './up.ts'

const test = testSuite('cli/commands/nats/up', { limitMs: 120_000 })

const folder = mkdtempSync(join(tmpdir(), 'agenticraft-up-'))
const started: ChildProcess[] = []
let dirs = 0
const newDir = (): string => join(folder, `d${++dirs}`)

test.after(async () => {
  for (const child of started) if (child.exitCode === null) child.kill('SIGTERM')
  await Promise.all(started.map(child => child.exitCode ?? child.signalCode ?? once(child, 'exit')))
  // What a failed test may have left.
  for (let n = 1; n <= dirs; n++) await endLocalNats(join(folder, `d${n}`), 5_000)
  rmSync(folder, { recursive: true })
})

const pause = (ms: number): Promise<void> => new Promise(done => setTimeout(done, ms))

async function until<T>(find: () => T | undefined | Promise<T | undefined>, what: string): Promise<T> {
  for (const end = performance.now() + 40_000; performance.now() < end; await pause(20)) {
    const found = await find()
    if (found !== undefined && found !== false) return found
  }
  throw new Error(`waited in vain for ${what}`)
}

/** In a process of its own. */
const run = (args: readonly string[], env: Record<string, string> = {}) =>
  ended(start(['nats', ...args], { AGENTICRAFT_NATS_URL: '', ...env }))

/** In this process, which is faster. */
const here = (command: Command, ...args: readonly string[]): Promise<Outcome> => runCommand(command, args)

/** In the foreground, in a process of its own. */
async function up(
  dataDir: string,
  ...more: readonly string[]
): Promise<{ child: ChildProcess; note: NatsNote }> {
  const child = start(['nats', 'up', '--port', '0', '--data-dir', dataDir, '--max-bytes', '64M', ...more])
  started.push(child)
  const note = await until(() => readNatsNote(dataDir), 'the server')
  return { child, note }
}

const optionsOf = (dataDir: string) => natsOptionsOf({ cwd: folder, env: {}, options: { dataDir } })
const login = async (dataDir: string): Promise<NatsConnection> => connectNats(await optionsOf(dataDir))

const codeOf = (error: unknown): unknown => error instanceof RuntimeError && error.details?.['code']

test('runs a server that keeps things, for its owner only, on this machine only', async () => {
  const dataDir = newDir()
  const { child, note } = await up(dataDir)
  const connection = await login(dataDir)
  const broker = await natsBroker(connection, { namespace: 'main', maxBytes: 1024 ** 2 })
  assert.is(await broker.create('ac.main.jrn.1.1.1', new Uint8Array(9)), 'created')
  assert.is(connection.nc.info?.max_payload, 1024 ** 2)
  await connection.close()
  const { credentials: _, ...anonymous } = await optionsOf(dataDir)
  assert.is(codeOf(await connectNats(anonymous).catch(error => error)), 'AUTHORIZATION_VIOLATION')
  const wrong = { ...anonymous, credentials: { token: 'guess' } }
  assert.is(codeOf(await connectNats(wrong).catch(error => error)), 'AUTHORIZATION_VIOLATION')
  // The secret is in one file, which nobody else may read, and in no command line.
  const seed = readFileSync(note.nkey ?? '', 'utf8').trim()
  for (const file of ['nats.json', 'nats/server.conf', 'nats/owner.nk', 'nats/server.log'])
    assert.is(statSync(join(dataDir, file)).mode & 0o077, 0, file)
  assert.not.ok(readFileSync(join(dataDir, 'nats/server.conf'), 'utf8').includes(seed))
  assert.not.ok(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).includes(seed))
  assert.equal(portsOf(note.server?.pid ?? 0), [`127.0.0.1:${new URL(note.url).port}`])
  child.kill('SIGTERM')
  const [exit] = await once(child, 'exit')
  assert.is(exit, 0)
  assert.not.ok(isAlive(note.server?.pid ?? 0))
  assert.not.ok(existsSync(join(dataDir, 'nats.json')))
})

/** Where a process listens, as Linux tells. */
function portsOf(pid: number): readonly string[] {
  const sockets = new Set(
    execFileSync('sh', ['-c', `ls -l /proc/${pid}/fd`], { encoding: 'utf8' }).match(/(?<=socket:\[)\d+/g),
  )
  return ['tcp', 'tcp6'].flatMap(table =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
      .split('\n')
      .map(row => row.trim().split(/\s+/))
      .filter(row => row[3] === '0A' && sockets.has(row[9] ?? ''))
      .map(([, local = '']) => {
        const [address = '', port = ''] = local.split(':')
        const bytes = address.match(/../g)?.map(byte => Number.parseInt(byte, 16)) ?? []
        return `${bytes.reverse().join('.')}:${Number.parseInt(port, 16)}`
      }),
  )
}

test('keeps what it was given, and its key, when it is started again', async () => {
  const dataDir = newDir()
  const first = await up(dataDir)
  const connection = await login(dataDir)
  const broker = await natsBroker(connection, { namespace: 'main', maxBytes: 1024 ** 2 })
  await broker.create('ac.main.jrn.1.1.1', new Uint8Array(9))
  await connection.close()
  assert.is((await here(natsDown, '--data-dir', dataDir)).exit, 0)
  await until(() => first.child.exitCode === 0 || undefined, 'the end of its process')
  await up(dataDir)
  const again = await login(dataDir)
  const kept = await natsBroker(again, { namespace: 'main' })
  assert.is(await kept.create('ac.main.jrn.1.1.1', new Uint8Array(3)), 'taken')
  await again.close()
  assert.is(stoppedBy(await here(natsDown, '--data-dir', dataDir, '--json')), true)
  assert.is(stoppedBy(await here(natsDown, '--data-dir', dataDir, '--json')), false)
})

test('refuses a second server for the same folder, and one whose port is taken', async () => {
  const dataDir = newDir()
  const { note } = await up(dataDir)
  const second = await run(['up', '--port', '0', '--data-dir', dataDir, '--json'])
  assert.is(second.status, 75)
  assert.is(JSON.parse(second.stderr.trim().split('\n').at(-1) ?? '').kind, 'store-locked')
  const taken = await run(['up', '--port', new URL(note.url).port, '--data-dir', newDir(), '--json'])
  assert.is(taken.status, 69)
  assert.match(JSON.parse(taken.stderr.trim().split('\n').at(-1) ?? '').fix, '--port 0')
  assert.ok(isAlive(note.server?.pid ?? 0))
})

test('starts the server again when it is killed; who was connected comes back, and nothing is lost', async () => {
  const dataDir = newDir()
  const { note } = await up(dataDir)
  const connection = await login(dataDir)
  const broker = await natsBroker(connection, { namespace: 'main', maxBytes: 1024 ** 2 })
  for (let n = 1; n <= 3; n++) {
    assert.is(await broker.create(`ac.main.jrn.1.1.${n}`, new Uint8Array(9)), 'created')
    const { server } = (await readNatsNote(dataDir)) ?? note
    process.kill(server?.pid ?? 0, 'SIGKILL')
    await until(async () => {
      const now = (await readNatsNote(dataDir))?.server?.pid
      return now !== server?.pid && now
    }, 'another server')
  }
  const found: string[] = []
  for await (const { subject } of broker.read('ac.main.jrn.>')) found.push(subject)
  assert.is(found.length, 3)
  await connection.close()
})

test('ends a server that a killed supervisor left behind, before it starts another on its store', async () => {
  const dataDir = newDir()
  const { child, note } = await up(dataDir)
  child.kill('SIGKILL')
  await once(child, 'exit')
  const orphan = note.server?.pid ?? 0
  assert.ok(isAlive(orphan))
  // It can still be used: what matters to its clients is alive.
  const connection = await login(dataDir)
  await connection.close()
  rmSync(join(dataDir, 'nats.json'))
  const { note: next } = await up(dataDir)
  assert.not.ok(isAlive(orphan))
  process.kill(next.pid, 'SIGKILL')
  await until(() => !isAlive(next.pid), 'its end')
  assert.is(stoppedBy(await here(natsDown, '--data-dir', dataDir, '--json')), true)
  assert.not.ok(isAlive(next.server?.pid ?? 0))
})

test('restarts a server that hangs, though it does not even react to a signal', async () => {
  const dataDir = newDir()
  const { path: program = '' } = (await findNatsServer(process.env)) ?? {}
  const stop = new AbortController()
  const events: SupervisionEvent[] = []
  const ready: NatsNote[] = []
  const over = runLocalNats({
    ...{ dataDir, program, host: '127.0.0.1', port: await freePort(), maxBytes: 1024 ** 2 },
    ...{ env: process.env, signal: stop.signal },
    onReady: note => void ready.push(note),
    tell: event => void events.push(event),
    times: { everyMs: 100, hungMs: 2_500, stopMs: 500 },
  })
  const pid = (await until(() => ready[0], 'the server')).server?.pid ?? 0
  process.kill(pid, 'SIGSTOP')
  await until(() => events.filter(({ kind }) => kind === 'serving').length === 2 || undefined, 'a restart')
  assert.equal(
    events.map(({ kind }) => kind),
    ['serving', 'hung', 'serving'],
  )
  assert.not.ok(isAlive(pid))
  stop.abort()
  await over
})

const stoppedBy = ({ json }: Outcome): unknown => Object(json).stopped

const freePort = (): Promise<number> =>
  new Promise(done => {
    const probe = createServer()
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { readonly port: number }
      probe.close(() => done(port))
    })
  })

test('runs in the background until it is told to stop, and tells why when it cannot', async () => {
  const dataDir = newDir()
  const first = await run([
    'up',
    '--port',
    '0',
    '--data-dir',
    dataDir,
    '--max-bytes',
    '3G',
    '--detach',
    '--json',
  ])
  assert.is(first.status, 0, first.stderr)
  const { url, server, detached } = JSON.parse(first.stdout)
  assert.ok(detached && isAlive(server))
  const connection = await login(dataDir)
  await connection.close()
  const again = await run(['up', '--port', '0', '--data-dir', dataDir, '--detach', '--json'])
  assert.is(JSON.parse(again.stderr.trim().split('\n').at(-1) ?? '').kind, 'store-locked')
  const { port } = new URL(url)
  const taken = await run(['up', '--port', port, '--data-dir', newDir(), '--detach', '--json'])
  assert.is(JSON.parse(taken.stderr.trim().split('\n').at(-1) ?? '').kind, 'broker-unavailable')
  assert.is((await run(['down', '--data-dir', dataDir])).status, 0)
  assert.not.ok(isAlive(server))
})

test('shows the server, what it keeps, who is there, and what is known against its version', async () => {
  const dataDir = newDir()
  const { note } = await up(dataDir)
  const status = (...args: readonly string[]) => here(natsStatus, '--data-dir', dataDir, ...args)
  const empty = JSON.parse((await status('--json')).out)
  assert.equal([empty.streams, empty.nodes], [[], []])
  const connection = await login(dataDir)
  const broker = await natsBroker(connection, { namespace: 'main', maxBytes: 1024 ** 2 })
  await broker.post('ac.main.mbx.7.echo.a', new Uint8Array(100_000), 'a')
  await broker.post('ac.main.mbx.7.echo.b', new Uint8Array(9), 'b')
  await broker.post('ac.main.mbx.9.echo.b', new Uint8Array(9), 'c')
  const found = JSON.parse((await status('--json')).out)
  assert.is(found.server.url, note.url)
  assert.is(found.server.version, connection.server.version)
  assert.equal(found.mailboxes, { waiting: 3, messages: 3 })
  const boxes = found.streams.find(({ name }: { name: string }) => name === 'AC_main_MBX')
  assert.is(boxes.messages, 3)
  assert.ok(boxes.share > 0.09 && boxes.share < 0.2)
  assert.is(found.advisories.length > 0, connection.server.version.startsWith('2.9.'))
  const text = await status()
  assert.is(text.exit, 0)
  assert.match(text.out, connection.server.version)
  assert.match((await status('--cluster', 'other')).out, 'none yet')
  await connection.close()
})

test('serves others over TLS only, and with the certificate that was given', async () => {
  const dataDir = newDir()
  assert.is((await here(natsUp, '--host', '0.0.0.0', '--data-dir', dataDir)).exit, 2)
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  execFileSync(
    'openssl',
    [
      ...[
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
      ],
      ...['-keyout', key, '-out', cert, '-subj', '/CN=test', '-addext', 'subjectAltName=DNS:localhost'],
    ],
    { stdio: 'ignore' },
  )
  const tls = ['--tls-cert', cert, '--tls-key', key, '--tls-ca', cert]
  const { note } = await up(dataDir, '--host', '0.0.0.0', ...tls)
  assert.ok(note.url.startsWith('tls://localhost:'))
  const connection = await login(dataDir)
  await connection.close()
  const { tls: _, ...plain } = await optionsOf(dataDir)
  const error = await connectNats(plain).catch(thrown => thrown)
  assert.instance(error, RuntimeError, 'its certificate is not one that Node knows')
})

test('lets in further users with what they are permitted, and refuses files that hold none', async () => {
  const dataDir = newDir()
  const seed = join(folder, 'ada.nk')
  const printed = await here(natsPermissionsCommand, '--role', 'client', '--name', 'ada', '--new-key', seed)
  const users = join(folder, 'ada.conf')
  writeFileSync(users, printed.out)
  const { note } = await up(dataDir, '--users', users)
  const ada = await natsOptionsOf(
    { cwd: folder, env: {}, options: { nats: note.url, nkey: seed, dataDir } },
    { name: 'ada' },
  )
  const connection = await connectNats(ada)
  const refusal = await connection.nc.request('$JS.API.INFO').catch(error => error.code)
  assert.is(refusal, 'PERMISSIONS_VIOLATION')
  await connection.close()
  writeFileSync(users, 'http_port: 8222')
  assert.is((await here(natsUp, '--port', '0', '--data-dir', newDir(), '--users', users)).exit, 2)
})

test('refuses wrong sizes, ports and programs before anything is started', async () => {
  for (const args of [
    ['--max-bytes', '0'],
    ['--max-bytes', '1X'],
    ['--max-bytes', '9999999T'],
    ['--port', '65536'],
    ['--port', '-1'],
  ])
    assert.is((await here(natsUp, '--data-dir', newDir(), ...args)).exit, 2, args.join(' '))
  const none = await run(['up', '--data-dir', newDir()], { AGENTICRAFT_NATS_SERVER: '/no/such/program' })
  assert.is(none.status, 69)
})

test('stops on Ctrl-C of a whole terminal, clients first', async () => {
  const dataDir = newDir()
  const { child, note } = await up(dataDir)
  const socket = connect(Number(new URL(note.url).port), '127.0.0.1')
  await once(socket, 'data')
  socket.on('error', () => {})
  child.kill('SIGINT')
  await once(socket, 'close')
  const [exit] = await once(child, 'exit')
  assert.is(exit, 0)
})

test.run()
