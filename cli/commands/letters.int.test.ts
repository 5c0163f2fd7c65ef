/** Letters that nobody took, in a cluster of a real node on a real server: listed, shown, sent again and dropped. */
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type Address, address } from '../../actors/address.ts'
import type { Plain } from '../../actors/plain.ts'
import { mailboxSubject } from '../../actors/subject.ts'
import type { Broker } from '../../runtime/cluster/broker.ts'
import { type ClusterConnection, connectCluster } from '../../runtime/cluster/client/connect-cluster.ts'
import type { FoundLetters } from '../../runtime/cluster/client/letters.ts'
import { partitionOf } from '../../runtime/cluster/placement.ts'
import { type NatsServer, startNatsServer } from '../../runtime/testkit/nats-server.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { ended, type Ran, start, whenSaid } from '../testdata/command-line.ts'

const test = testSuite('cli/commands (letters of a cluster)', { limitMs: 240_000 })

const folder = mkdtempSync(join(tmpdir(), 'agenticraft-letters-'))
let nats: NatsServer
let node: ChildProcess
let connection: ClusterConnection
let broker: Broker

test.before(async () => {
  nats = await startNatsServer({ jetStream: true })
  node = begin(['node', '--name', 'a'])
  await whenSaid(node, ' joined ')
  connection = await connectCluster({ servers: nats.url, name: 'test', namespace: 'main' })
  broker = await connection.broker()
})

test.after(async () => {
  node.kill('SIGKILL')
  await broker.close()
  await connection.close()
  await nats.stop()
  rmSync(folder, { recursive: true })
})

const begin = (args: readonly string[]): ChildProcess =>
  start([...args, '--nats', nats.url, '--cwd', folder, '--data-dir', folder])
const ac = (...args: readonly string[]): Promise<Ran> => ended(begin(args))

async function ok(...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await ac(...args)
  assert.is(status, 0, stderr)
  return stdout.trimEnd()
}

const list = async (): Promise<FoundLetters> =>
  JSON.parse(await ok('letters', 'ls', '--json')) as FoundLetters

/** Waits until all partitions answer and there are so many letters. */
async function listed(count: number): Promise<FoundLetters['letters']> {
  let found = await list()
  for (const until = performance.now() + 60_000; performance.now() < until; found = await list())
    if (found.letters.length === count && found.silent.length === 0) return found.letters
  throw new Error(`there are not ${count} letters: ${JSON.stringify(found)}`)
}

const WRITER = address('technical-writer', 'w')

const post = (to: Address, fields: Record<string, unknown>): Promise<void> => {
  const data = connection.codec.encode({ to, from: 'client/c', ...fields } as Plain)
  return broker.post(mailboxSubject('main', partitionOf(to), to), data, String(fields['id']))
}

test('letters that nobody took are listed, shown, sent again and dropped', async () => {
  assert.is(await ok('dead', 'ls'), 'no letters')
  await post(WRITER, { v: 1, id: 'client/c.0.1.0', type: 'note.add', body: { secret: '\u001b[2Jdead' } })
  await post(WRITER, { v: 9, id: 'client/c.0.2.0', later: 'of the future' })
  const [dead, parked] = await listed(2)
  assert.equal([dead?.kind, parked?.kind, dead?.code], ['dead', 'parked', 'AC-1006'])
  const table = await ok('dead', 'ls')
  for (const words of ['dead ', 'parked', 'note.add → technical-writer/w', 'AC-1006', 'version 9'])
    assert.match(table, words)
  assert.match(await ok('dead', 'show', 'client/c.0.1'), /content +\{.*"v":1/)
  const shown = await ok('dead', 'show', parked?.id.slice(0, 8) ?? '')
  for (const words of ['of the future', 'client/c', `partition ${partitionOf(WRITER)}`])
    assert.match(shown.replaceAll(/ +/g, ' '), words)

  const refused = await ac('dead', 'retry', parked?.id ?? '', '--json')
  assert.equal([refused.status, JSON.parse(refused.stderr).kind], [1, 'envelope-invalid'])
  for (const [args, exit] of [
    [['show', 'nothing-like-that'], 2],
    [['retry'], 2],
    [['retry', 'x', '--all'], 2],
    [['drop', 'client/c.0.1.0'], 2],
    [['drop', 'client/c.0.1.0', 'nothing-like-that', '--yes'], 2],
  ] as const)
    assert.is((await ac('dead', ...args)).status, exit, args.join(' '))
  assert.is((await listed(2)).length, 2)

  // Some of all cannot be sent, and that is said.
  await ok('spawn', 'technical-writer', '--id', 'w')
  const all = await ac('dead', 'retry', '--all', '--json')
  assert.is(all.status, 1, all.stderr)
  assert.equal(JSON.parse(all.stdout), { sent: ['client/c.0.1.0'], failed: 1, gone: 0 })
  assert.match(all.stderr, 'version 9')
  const left = await listed(1)
  assert.is(left[0]?.kind, 'parked')
  assert.equal(JSON.parse(await ok('dead', 'drop', '--all', '--yes', '--json')), {
    ...{ dropped: [parked?.id], failed: 0, gone: 0 },
  })
  assert.equal((await list()).letters, [])
})

test('what nobody serves is said, and not taken for empty', async () => {
  node.kill('SIGTERM')
  await ended(node)
  const { silent } = await list()
  assert.is(silent.length, 64)
  const { stderr } = await ac('dead', 'ls')
  assert.match(stderr, '64 partitions did not answer')
})

test.run()
