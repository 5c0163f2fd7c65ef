/**
 * The printed permissions on a real server: with them two nodes and those who use them do their work without a single
 * refusal, and nothing beyond it is let through.
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type Address, address } from '../../../actors/address.ts'
import { startAgentNode } from '../../../agents/cluster/agent-node.ts'
import type { Broker } from '../../../runtime/cluster/broker.ts'
import { type ClusterClient, clusterClient } from '../../../runtime/cluster/client/cluster-client.ts'
import { type ClusterConnection, connectCluster } from '../../../runtime/cluster/client/connect-cluster.ts'
import type { ClusterNode } from '../../../runtime/cluster/cluster-node.ts'
import { partitionOf } from '../../../runtime/cluster/placement.ts'
import { type NatsServer, startNatsServer } from '../../../runtime/testkit/nats-server.ts'
import { asker, echo } from '../../../runtime/testkit/sample-actors.ts'
import { testSuite } from '../../../runtime/testkit/suite.ts'
import { natsPostbox } from '../../../runtime/transport/nats-broker.ts'
import { jetStreamAccount, streamState } from '../../../runtime/transport/nats-survey.ts'
import { runCommand } from '../../testdata/program.ts'
import { natsPermissionsCommand } from './permissions.ts'

const test = testSuite('cli/commands/nats/permissions', { limitMs: 120_000 })

const folder = mkdtempSync(join(tmpdir(), 'agenticraft-permissions-'))
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const pause = (ms: number): Promise<void> => new Promise(done => setTimeout(done, ms))

interface User {
  readonly role: string
  readonly name: string
  readonly seed: string
  /** As printed. */
  readonly conf: string
}

async function newUser(role: string, name: string): Promise<User> {
  const file = join(folder, `${role}-${name}.nk`)
  const { exit, out } = await runCommand(natsPermissionsCommand, [
    ...['--role', role, '--name', name, '--new-key', file],
  ])
  assert.is(exit, 0)
  assert.is(statSync(file).mode & 0o777, 0o600)
  return { role, name, seed: readFileSync(file, 'utf8'), conf: out }
}

let server: NatsServer
let users: readonly User[]
const refusals: string[] = []

interface Seat extends ClusterConnection {
  /** What the server has refused so far. */
  readonly refused: string[]
}

function userNamed(who: string): User {
  const found = users.find(user => user.name === who)
  if (found) return found
  throw new Error(`there is no user ${who}`)
}

async function connect(who: string): Promise<Seat> {
  const { name, seed } = userNamed(who)
  const refused: string[] = []
  const connection = await connectCluster({
    servers: server.url,
    name,
    namespace: 'main',
    credentials: { nkeySeed: seed },
    onError: error => void refusals.push(`${who}: ${String(error)}`),
  })
  void (async () => {
    for await (const { type, permissionContext } of connection.connection.nc.status())
      if (type === 'error') refused.push(`${permissionContext?.operation} ${permissionContext?.subject}`)
  })()
  return { ...connection, refused }
}

test.before(async () => {
  users = [
    await newUser('node', 'n1'),
    await newUser('node', 'n2'),
    await newUser('client', 'ada'),
    await newUser('operator', 'root'),
  ]
  server = await startNatsServer({
    jetStream: true,
    config: `authorization { users: [\n${users.map(({ conf }) => conf).join('\n')}\n] }`,
  })
})

test.after(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

interface StartedNode extends Seat {
  readonly broker_: Broker
  readonly node: ClusterNode
}

async function startNode(name: string): Promise<StartedNode> {
  const connection = await connect(name)
  const broker = await connection.broker({ maxBytes: 64 * 1024 ** 2 })
  const node = await startAgentNode({
    ...connection,
    broker,
    node: name,
    dir: join(folder, name),
    folder,
    env: {},
    behaviours: [echo(), asker()],
    report: error => void refusals.push(`${name}: ${String(error)}`),
    onEnd: () => {},
  })
  return { ...connection, broker_: broker, node }
}

const clientOf = (seat: Seat): ClusterClient => {
  const box = natsPostbox(seat.connection, { namespace: 'main', timeoutMs: 5_000 })
  return clusterClient({ ...seat, broker: async () => box })
}

async function until(isSo: () => boolean, what: string): Promise<void> {
  for (const end = performance.now() + 40_000; !isSo(); await pause(50))
    if (performance.now() > end) assert.unreachable(what)
}

/** An actor of that type that lives on that node. */
function actorOn(client: ClusterClient, node: string, type: string): Address {
  for (let n = 0; n < 10_000; n++) {
    const where = address(type, `a${n}`)
    if (client.owners()[partitionOf(where)]?.node === node) return where
  }
  throw new Error(`no partition is on ${node}`)
}

const spawn = (client: ClusterClient, actor: Address): Promise<unknown> => {
  const [type = '', id = ''] = actor.split('/')
  return client.inPartition(partitionOf(actor), 'spawn', { type, id })
}

test('two nodes and a client do their work, an operator looks and drains, and nothing is refused', async () => {
  const [n1, n2] = [await startNode('n1'), await startNode('n2')]
  const [ada, root] = [await connect('ada'), await connect('root')]
  const [client, operator] = [clientOf(ada), clientOf(root)]
  await client.heard
  await until(() => {
    const owners = client.owners().map(owner => owner?.node)
    return owners.every(Boolean) && owners.includes('n1') && owners.includes('n2')
  }, 'all partitions are served, by both nodes')
  // Letters between the nodes, their receipts, and the answer back.
  const [far, near] = [actorOn(client, 'n2', 'echo'), actorOn(client, 'n1', 'asker')]
  await spawn(client, far)
  await spawn(client, near)
  const asked = { to: far, type: 'echo.say', body: 'over there' }
  assert.equal(await client.ask(near, 'ask.on', asked, { timeoutMs: 20_000 }), 'over there')
  await client.tell(far, 'echo.say', 'nobody waits')
  assert.ok((await client.actors()).length >= 2)
  // What a node rarely does: read a log, remove from it, look at all mailboxes.
  const { broker_: broker } = n1
  const subject = `ac.main.snp.${partitionOf(far)}.9.9.0`
  assert.is(await broker.create(subject, bytes('part')), 'created')
  const read: string[] = []
  for await (const stored of broker.read(subject)) read.push(stored.subject)
  assert.equal(read, [subject])
  await broker.purge(subject)
  assert.is(await broker.get(subject), undefined)
  await broker.mailboxes()
  // The operator.
  assert.ok((await jetStreamAccount(root.connection, 3_000)).streams >= 2)
  assert.ok((await streamState(root.connection, 'AC_main_LOG', 3_000))?.messages)
  await operator.heard
  await operator.drain('n2')
  await Promise.all([n1.node.drain(5_000), n2.node.drain(5_000)])
  for (const one of [client, operator]) await one.close()
  for (const { refused } of [n1, n2, ada, root]) assert.equal(refused, [])
  assert.equal(refusals, [])
  for (const one of [n1, n2, ada, root]) await one.close()
})

/** What the server refuses of one thing that somebody tries. */
async function refusedOf(who: string, attempt: (seat: Seat) => unknown): Promise<string> {
  const seat = await connect(who)
  await attempt(seat)
  await seat.connection.nc.flush()
  await pause(50)
  const [first = 'nothing'] = seat.refused
  await seat.close()
  return first.split(' ')[0] ?? ''
}

const subscribing =
  (subject: string) =>
  ({ connection }: Seat): unknown =>
    connection.nc.subscribe(subject, { callback: () => {} })
const publishing =
  (subject: string) =>
  ({ connection }: Seat): unknown =>
    connection.nc.publish(subject, bytes('{}'))

const FORBIDDEN: readonly (readonly [string, string])[] = [
  ['ada', '$JS.API.STREAM.DELETE.AC_main_LOG'],
  ['ada', '$JS.API.STREAM.INFO.AC_main_LOG'],
  ['ada', '$JS.API.STREAM.MSG.GET.AC_main_LOG'],
  ['ada', '$JS.API.CONSUMER.CREATE.AC_main_LOG.x.ac.main.jrn.>'],
  ['ada', 'ac.main.jrn.7.1.1'],
  ['ada', 'ac.main.snp.7.1.1.0'],
  ['ada', 'ac.main.part.7.receipt'],
  ['ada', 'ac.main.limit'],
  ['ada', 'ac.main.run.r1'],
  ['ada', 'ac.main.event.writer.w1.done'],
  ['ada', 'ac.main.node.n1.hi'],
  ['ada', '$JS.API.STREAM.CREATE.AC_main_MBX'],
  ['ada', '$JS.API.STREAM.PURGE.AC_main_MBX'],
  ['ada', '$JS.API.STREAM.INFO.AC_other_MBX'],
  ['ada', 'ac.main.node.n1.hb'],
  ['ada', 'ac.main.node.n1.ctl'],
  ['ada', '_AC.main.n1.x'],
  ['ada', 'ac.other.part.7'],
  ['root', '$JS.API.STREAM.DELETE.AC_main_LOG'],
  ['root', '$JS.API.STREAM.PURGE.AC_main_LOG'],
  ['root', 'ac.main.node.n1.hb'],
  ['root', 'ac.other.node.n1.ctl'],
  ['n1', '$JS.API.STREAM.DELETE.AC_main_LOG'],
  ['n1', '$JS.API.STREAM.PURGE.AC_main_MBX'],
  ['n1', '$JS.API.STREAM.INFO.AC_other_LOG'],
  ['n1', '$JS.API.STREAM.CREATE.AC_other_LOG'],
  ['n1', '$JS.API.STREAM.MSG.DELETE.AC_other_MBX'],
  ['n1', 'ac.main.node.n2.hb'],
  ['n1', 'ac.main.node.n2.ctl'],
  ['n1', 'ac.other.jrn.7.1.1'],
  ['n1', 'ac.other.part.7'],
]

const UNHEARD: readonly (readonly [string, string])[] = [
  ['ada', '_AC.main.n1.>'],
  ['ada', '_AC.main.>'],
  ['ada', '_INBOX.>'],
  ['ada', 'ac.main.part.7'],
  ['ada', 'ac.main.memory.*'],
  ['ada', 'ac.main.pool.*'],
  ['ada', 'ac.main.pool.*.*'],
  ['ada', 'ac.main.mbx.>'],
  ['ada', 'ac.main.jrn.>'],
  ['ada', 'ac.main.>'],
  ['root', '_AC.main.ada.>'],
  ['root', 'ac.main.node.*.ctl'],
  ['n1', '_AC.main.ada.>'],
  ['n1', '_AC.main.n2.>'],
  ['n1', 'ac.main.jrn.>'],
  ['n1', 'ac.main.mbx.>'],
  ['n1', 'ac.main.node.n2.ctl'],
  ['n1', 'ac.other.part.*'],
  ['n1', '$JS.>'],
]

test('nobody publishes what is not theirs, and no client touches what is kept', async () => {
  for (const [who, subject] of FORBIDDEN)
    assert.is(await refusedOf(who, publishing(subject)), 'publish', `${who} ${subject}`)
})

test('nobody hears the answers of others, or what is not theirs', async () => {
  for (const [who, subject] of UNHEARD)
    assert.is(await refusedOf(who, subscribing(subject)), 'subscription', `${who} ${subject}`)
})

test('what is refused does not happen: both streams are there to the end', async () => {
  const root = await connect('root')
  for (const name of ['AC_main_LOG', 'AC_main_MBX'])
    assert.ok(await streamState(root.connection, name, 3_000), name)
  await root.close()
})

test('prints permissions alone without a key, for a key that is given, and as JSON', async () => {
  const alone = await runCommand(natsPermissionsCommand, ['--role', 'client'])
  assert.is(alone.exit, 0)
  assert.not.match(alone.out, 'nkey:')
  assert.match(alone.out, '_AC.main.cli.>')
  const key = /nkey: (U\w+)/.exec(users[0]?.conf ?? '')?.[1] ?? ''
  const given = await runCommand(natsPermissionsCommand, [
    ...['--key', key, '--cluster', 'blue', '--name', 'n7', '--format', 'json'],
  ])
  const { nkey, permissions } = given.json as {
    nkey: string
    permissions: { publish: { allow: string[] }; subscribe: { allow: string[]; deny?: unknown } }
  }
  assert.is(nkey, key)
  assert.ok(permissions.publish.allow.includes('ac.blue.node.n7.hb'))
  assert.ok(permissions.subscribe.allow.every(subject => !subject.includes('.main.')))
})

test('refuses names that would widen a subject, keys that are none, and writing over a key', async () => {
  const taken = join(folder, 'node-n1.nk')
  for (const [argv, exit] of [
    [['--name', '*'], 2],
    [['--cluster', 'a.b'], 2],
    [['--role', 'god'], 2],
    [['--key', 'UABC'], 2],
    [['--key', users[0]?.seed.trim() ?? ''], 2],
    [['--new-key', taken], 73],
    [['--key', 'U', '--new-key', taken], 2],
  ] as const) {
    const outcome = await runCommand(natsPermissionsCommand, argv)
    assert.is(outcome.exit, exit, argv.join(' '))
    assert.not.ok(outcome.err.includes(users[0]?.seed.trim() ?? '-'), 'it tells a secret')
  }
  assert.is(readFileSync(taken, 'utf8'), users[0]?.seed)
})

test.run()
