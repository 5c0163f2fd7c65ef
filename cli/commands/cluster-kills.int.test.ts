/**
 * What people have asked of a cluster when the node that had it is killed: an ask of a pool goes to another node, and a
 * run of which only a person can say what became of it waits for that person, wherever it is by then.
 */
import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { type OpenedCluster, openCluster } from '../../agents/cluster/join-cluster.ts'
import { type NatsServer, startNatsServer } from '../../runtime/testkit/nats-server.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { ended, type Ran, start, whenSaid } from '../testdata/command-line.ts'

const test = testSuite('cli/commands (killed nodes)', { limitMs: 240_000 })

const folder = mkdtempSync(join(tmpdir(), 'agenticraft-kills-'))
const [log, open] = [join(folder, 'log'), join(folder, 'open')]
const nodes = new Map<string, ChildProcess>()
let nats: NatsServer
let cluster: OpenedCluster

const begin = (args: readonly string[]): ChildProcess =>
  start([...args, '--nats', nats.url, '--cwd', folder, '--data-dir', folder], {
    PAYING_LOG: log,
    PAYING_OPEN: open,
  })
const ac = (...args: readonly string[]): Promise<Ran> => ended(begin(args))

async function startNode(name: string): Promise<void> {
  const child = begin(['node', '--name', name, '--load', resolve('cli/testdata/paying-team.ts')])
  nodes.set(name, child)
  const failed = ended(child).then(({ stderr }) => Promise.reject(new Error(stderr)))
  failed.catch(() => {})
  await Promise.race([whenSaid(child, ' joined '), failed])
}

async function until(isTrue: () => unknown): Promise<void> {
  while (!(await isTrue())) await sleep(50)
}

const linesOf = (what: string): readonly string[] =>
  existsSync(log)
    ? readFileSync(log, 'utf8')
        .split('\n')
        .filter(line => line.startsWith(what))
    : []

test.before(async () => {
  nats = await startNatsServer({ jetStream: true })
  await Promise.all(['a', 'b', 'c'].map(startNode))
  cluster = await openCluster({ servers: nats.url })
  await until(() => cluster.client.owners().every(Boolean))
})

test.after(async () => {
  for (const child of nodes.values()) child.kill('SIGKILL')
  await cluster.close()
  await nats.stop()
  rmSync(folder, { recursive: true })
})

test('an ask of a pool whose node is killed is done by another one, within seconds', async () => {
  const task = '{"skill":"carry","input":{"thing":"a box"}}'
  const asked = ac('ask', 'pool/porter', task, '--timeout', '100', '--json')
  await until(() => linesOf('carry').length === 1)
  const pid = Number(linesOf('carry')[0]?.split(' ').at(-1))
  const [name = ''] = [...nodes].find(([, child]) => child.pid === pid) ?? []
  nodes.get(name)?.kill('SIGKILL')
  const killedAt = performance.now()
  await until(() => linesOf('carry').length === 2)
  const ms = performance.now() - killedAt
  writeFileSync(open, '')
  const { status, stdout, stderr } = await asked
  assert.is(status, 0, stderr)
  assert.equal([JSON.parse(stdout).pid === pid, linesOf('carry').length], [false, 2])
  assert.ok(ms < 5_000, `${Math.round(ms)} ms`)
  await startNode(name)
  rmSync(open)
})

test('with --once it fails instead', async () => {
  const task = '{"skill":"carry","input":{"thing":"a vase"}}'
  const asked = ac('ask', 'pool/porter', task, '--timeout', '100', '--once', '--json')
  await until(() => linesOf('carry').length === 3)
  const pid = Number(linesOf('carry')[2]?.split(' ').at(-1))
  const [name = ''] = [...nodes].find(([, child]) => child.pid === pid) ?? []
  nodes.get(name)?.kill('SIGKILL')
  const { status, stderr } = await asked
  assert.is.not(status, 0)
  const { kind, message } = JSON.parse(stderr.trim().split('\n').at(-1) ?? '')
  // Killed before it could say that it has the ask, it is nobody known.
  assert.match(message, new RegExp(`^(a node|node "${name}") took what was asked`))
  assert.equal([kind, linesOf('carry').length], ['actor-stopped', 3])
  await startNode(name)
})

const ownerOfRun = async (): Promise<string> =>
  JSON.parse((await ac('runs', 'show', 'bill', '--json')).stdout).node as string

async function killOwner(): Promise<void> {
  const owner = await ownerOfRun()
  nodes.get(owner)?.kill('SIGKILL')
  await startNode(owner)
}

test('a run waits for a person across two failovers, is decided from elsewhere, and nothing is paid twice', async () => {
  await cluster.runs.submit({ id: 'bill', workflow: 'flow', input: {}, options: {} })
  const statusOf = async () => (await cluster.runs.get('bill').catch(() => undefined))?.status
  await until(() => linesOf('pay').length === 1)
  await killOwner()
  await until(async () => (await statusOf()) === 'needs-human')
  const shown = await ac('runs', 'show', 'bill')
  assert.match(shown.stdout, 'A person has to decide')
  const [effect] = /worker\/\S+?(?==done)/.exec(shown.stdout) ?? ['']
  assert.match(shown.stdout, `agenticraft resume bill --effect ${effect}=done`)
  assert.match(shown.stdout, '--nats')
  assert.match((await ac('runs', 'ls', '--unfinished')).stdout, /^bill +needs-human/m)
  const left = await ac('resume', 'bill')
  assert.is(left.status, 1)
  assert.match(left.stderr, 'A person has to decide')
  // Who was asked is gone when the answer comes.
  await killOwner()
  await until(async () => (await statusOf()) === 'needs-human')
  assert.is((await ac('resume', 'bill', '--effect', 'worker/x.y.1.0=skip')).status, 2)
  const decided = await ac('resume', 'bill', '--effect', `${effect}=done:"by hand"`)
  assert.is(decided.status, 0, decided.stderr)
  assert.match(decided.stdout, 'by hand')
  assert.equal([await statusOf(), linesOf('pay').length], ['done', 1])
  assert.is((await ac('resume', 'bill', '--effect', `${effect}=redo`)).status, 2)
})

test.run()
