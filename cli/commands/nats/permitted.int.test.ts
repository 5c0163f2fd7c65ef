/**
 * The command line as the users that `nats permissions` prints, against a real server that knows no others: nodes as
 * `node`, people as `client` and `operator`. What each of them may not do is in `permissions.int.test.ts`.
 */
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { newScene, TOPIC } from '../../../agents/research/testdata/team-scene.ts'
import { type NatsServer, startNatsServer } from '../../../runtime/testkit/nats-server.ts'
import { testSuite } from '../../../runtime/testkit/suite.ts'
import { ended, type Ran, start, whenSaid } from '../../testdata/command-line.ts'
import { runCommand } from '../../testdata/program.ts'
import { natsPermissionsCommand } from './permissions.ts'

const test = testSuite('cli/commands (with permissions)', { limitMs: 240_000 })

const scene = newScene()
const folder = mkdtempSync(join(tmpdir(), 'agenticraft-permitted-'))
const nodes = new Map<string, { readonly child: ChildProcess; readonly over: Promise<Ran> }>()
let server: NatsServer

const keyOf = (name: string): string => join(folder, `${name}.nk`)

async function newUser(role: string, name: string): Promise<string> {
  const { exit, out } = await runCommand(natsPermissionsCommand, [
    ...['--role', role, '--name', name, '--new-key', keyOf(name)],
  ])
  assert.is(exit, 0)
  return out
}

const begin = (who: string, args: readonly string[], typed?: string): ChildProcess =>
  start(
    [...args, '--nats', server.url, '--nkey', keyOf(who), '--cwd', scene.cwd, '--data-dir', folder],
    { AGENTICRAFT_NATS_NAME: who },
    [],
    typed,
  )

/** What somebody's command prints; it has to succeed. */
async function by(who: string, ...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await ended(begin(who, args))
  assert.is(status, 0, `${args.join(' ')}: ${stderr}`)
  return stdout.trimEnd()
}
const ada = (...args: readonly string[]): Promise<string> => by('ada', ...args)

async function startNode(name: string): Promise<void> {
  const child = begin(name, ['node', '--name', name])
  const over = ended(child)
  nodes.set(name, { child, over })
  await Promise.race([
    whenSaid(child, ' joined '),
    over.then(({ stderr }) => Promise.reject(new Error(stderr))),
  ])
}

interface Ps {
  readonly owners: readonly (string | null)[]
  readonly mailboxes?: readonly unknown[]
  readonly mailboxTrouble?: string
}

test.before(async () => {
  const users = [
    await newUser('node', 'n1'),
    await newUser('node', 'n2'),
    await newUser('client', 'ada'),
    await newUser('operator', 'root'),
  ]
  server = await startNatsServer({
    jetStream: true,
    config: `authorization { users: [\n${users.join('\n')}\n] }`,
  })
})

test.after(async () => {
  for (const { child } of nodes.values()) child.kill('SIGKILL')
  await server.stop()
  scene.remove()
  rmSync(folder, { recursive: true })
})

test('whoever looks before there is a cluster makes none', async () => {
  assert.match(await ada('ps'), 'no nodes; start one')
  const before: Ps = JSON.parse(await ada('ps', '--json'))
  assert.equal([before.mailboxes, before.mailboxTrouble], [[], undefined])
  assert.match(await by('root', 'nats', 'status'), /none|no cluster|no streams|not made/i)
})

test('a client sees, asks, tells, starts and ends actors, and asks pools', async () => {
  await Promise.all([startNode('n1'), startNode('n2')])
  for (let owners: readonly (string | null)[] = [null]; owners.includes(null) || new Set(owners).size < 2; ) {
    await sleep(200)
    owners = (JSON.parse(await ada('ps', '--json')) as Ps).owners
  }
  const task = { topic: TOPIC, sources: ['*.md'], audience: 'general', depth: 'quick' }
  const nothing = { subtasks: [], findings: [], analyses: [] }
  const write = JSON.stringify({ skill: 'write', input: { ...task, ...nothing } })
  const where = await ada('spawn', 'technical-writer', '--id', 'one')
  assert.match(JSON.parse(await ada('ask', where, write, '--json')).fullReport, `# ${TOPIC}`)
  assert.match(
    JSON.parse(await ada('ask', 'pool/technical-writer', write, '--json')).fullReport,
    `# ${TOPIC}`,
  )
  await ada('tell', where, 'anything', '{"a":1}')
  assert.match(await ada('ps'), where)
  assert.equal((JSON.parse(await ada('ps', '--mailboxes', '--json')) as Ps).mailboxTrouble, undefined)
  await ada('stop', where)
  assert.not.match(await ada('ps'), where)
})

test('a client starts, follows, shows and cancels runs', async () => {
  const run = ['run', 'research-team', '--topic', TOPIC, '--sources', '*.md']
  assert.match(await ada(...run, '--run-id', 'followed'), `# ${TOPIC}`)
  assert.match(await ada('runs', 'ls'), /^followed +done/m)
  assert.is(JSON.parse(await ada('runs', 'show', 'followed', '--json')).status, 'done')
  assert.match(await ada('runs', 'attach', 'followed'), `# ${TOPIC}`)
  assert.is(await ada(...run, '--run-id', 'ended', '--detach'), 'ended')
  // Either it is cancelled, or it was quicker: both are told, and neither is a refusal of the server.
  const { status, stderr } = await ended(begin('ada', ['runs', 'cancel', 'ended']))
  assert.ok(status === 0 || /has ended already|no run "ended" is under way/.test(stderr), stderr)
})

test('a client uses the memory of the cluster', async () => {
  const memory = (...args: readonly string[]): Promise<string> =>
    ada('memory', ...args, '--namespace', 'people')
  await memory('add', 'Ana keeps bees in Porto.', '--who', 'Ana')
  await memory('add', '--subject', 'Ana', '--predicate', 'lives in', '--object', 'Porto')
  const [{ id: fact }] = JSON.parse(await memory('facts', '--json')).facts
  const [found, shown] = await Promise.all([
    memory('search', 'Who keeps bees?'),
    memory('ls', '--json'),
    ...[['recent'], ['stats'], ['verify'], ['export'], ['show', fact], ['history', fact]].map(args =>
      memory(...args),
    ),
  ])
  assert.match(found, 'Ana keeps bees in Porto.')
  await memory('edit', fact, '--importance', '0.9')
  await memory('consolidate')
  const { memories } = JSON.parse(shown)
  await memory('forget', memories[0].id, '--yes')
  await ada('memory', 'purge')
})

test('ending a node is for operators; a client is told what it lacks', async () => {
  const refused = await Promise.all(['drain', 'stop'].map(command => ended(begin('ada', [command, 'n1']))))
  for (const { status, stderr } of refused) {
    assert.is(status, 69)
    assert.match(stderr, /operator/)
  }
  await by('root', 'nats', 'status')
  await by('root', 'drain', 'n2')
  await by('root', 'stop', 'n1')
  for (const name of ['n1', 'n2']) {
    const ran = await nodes.get(name)?.over
    assert.is(ran?.status, 0, ran?.stderr)
    assert.not.match(ran?.stderr ?? '', /permission/i, ran?.stderr)
  }
  assert.not.match(server.log(), 'Permissions Violation.*n1')
  assert.ok(readFileSync(keyOf('ada'), 'utf8').startsWith('SU'))
})

test.run()
