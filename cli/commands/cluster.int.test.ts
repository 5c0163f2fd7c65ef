/** A cluster as its users meet it: real processes over a real server, of which some are killed. */
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { newScene, TOPIC } from '../../agents/research/testdata/team-scene.ts'
import type { ChatBody } from '../../agents/testkit/chat-wire.ts'
import { type ModelServer, startModelServer } from '../../agents/testkit/model-server.ts'
import { researchAnswer } from '../../agents/testkit/research-answers.ts'
import { type NatsServer, startNatsServer } from '../../runtime/testkit/nats-server.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { ended, type Ran, start, whenSaid } from '../testdata/command-line.ts'

const test = testSuite('cli/commands (cluster)', { limitMs: 120_000 })

const scene = newScene()
const folder = mkdtempSync(join(tmpdir(), 'agenticraft-cluster-'))
const nodes = new Map<string, ChildProcess>()
let nats: NatsServer
let models: ModelServer
let thinkMs = 400

const promptOf = ({ messages }: ChatBody): string =>
  String(messages.find(message => message.role === 'user')?.content)

test.before(async () => {
  nats = await startNatsServer({ jetStream: true })
  models = await startModelServer({
    async respond(body) {
      await sleep(thinkMs)
      return { object: researchAnswer(body.response_format?.json_schema?.name, promptOf(body)) }
    },
  })
  await Promise.all(['a', 'b', 'c'].map(name => startNode(name)))
  await until(async () => (await ps()).owners.every(owner => owner !== null))
})

test.after(async () => {
  for (const child of nodes.values()) child.kill('SIGKILL')
  await models.close()
  await nats.stop()
  scene.remove()
  rmSync(folder, { recursive: true })
})

const begin = (args: readonly string[]): ChildProcess =>
  start([...args, '--nats', nats.url, '--cwd', scene.cwd, '--data-dir', folder], {
    OPENAI_BASE_URL: models.url,
  })
const ac = (...args: readonly string[]): Promise<Ran> => ended(begin(args))

async function ok(...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await ac(...args)
  assert.is(status, 0, stderr)
  return stdout.trimEnd()
}

async function startNode(name: string, ...more: readonly string[]): Promise<ChildProcess> {
  const child = begin(['node', '--name', name, ...more])
  nodes.set(name, child)
  const over = ended(child)
  const failed = over.then(({ stderr }) => Promise.reject(new Error(`node ${name} ended: ${stderr}`)))
  failed.catch(() => {})
  await Promise.race([whenSaid(child, ' joined '), failed])
  return child
}

interface Ps {
  readonly nodes: readonly { readonly node: string; readonly state: string; readonly partitions: number[] }[]
  readonly owners: readonly (string | null)[]
  readonly actors: readonly { readonly address: string; readonly node: string }[]
  readonly runs: readonly { readonly id: string; readonly status: string }[]
}

const ps = async (...flags: readonly string[]): Promise<Ps> =>
  JSON.parse(await ok('ps', '--nodes', ...flags, '--json')) as Ps

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await sleep(200)
}

const RUN = ['run', 'research-team', '--topic', TOPIC, '--sources', '*.md', '--model', 'openai-compatible:m']

const NOTHING = { subtasks: [], findings: [], analyses: [] }
const WRITE = JSON.stringify({
  skill: 'write',
  input: { topic: TOPIC, sources: ['*.md'], audience: 'general', depth: 'quick', ...NOTHING },
})

test('an agent is spawned, listed, asked and ended by processes that are no node', async () => {
  const where = await ok('spawn', 'technical-writer', '--node', 'b')
  assert.match(where, /^technical-writer\//)
  const { actors } = await ps('--actors')
  assert.equal(
    actors.map(({ address, node }) => [address, node]),
    [[where, 'b']],
  )
  const refused = await ac('ask', where, '{"skill":"dance","input":{}}', '--json')
  assert.is(refused.status, 2, 'what the agent says is what whoever asks is told')
  assert.is(JSON.parse(refused.stderr).kind, 'skill-unknown')
  const report = await ok('ask', where, WRITE, '--json')
  assert.match(JSON.parse(report).fullReport, `# ${TOPIC}`)
  await ok('tell', where, 'anything', '{"a":1}')
  await ok('stop', where)
  assert.equal((await ps('--actors')).actors, [])
  assert.is((await ac('stop', where)).status, 69)
})

test('what cannot be is refused before anything is done', async () => {
  const owners = (await ps()).owners
  for (const [args, exit] of [
    [['spawn', 'nobody-knows-this'], 2],
    [['spawn', 'technical-writer', '--node', 'z'], 2],
    [['ask', 'technical-writer/none', '{}', '--timeout', '5'], 69],
    [['ask', 'technical-writer/none', 'no json'], 2],
    [['drain', 'z'], 2],
    [['runs', 'show', 'abcdef'], 2],
    [['run', 'research-team', '--topic', 'x', '--ephemeral'], 2],
  ] as const) {
    const { status, stderr } = await ac(...args)
    assert.is(status, exit, `${args.join(' ')}: ${stderr}`)
  }
  assert.equal((await ps()).owners, owners)
  const taken = await ac('node', '--name', 'a')
  assert.is(taken.status, 75, taken.stderr)
})

test('a node of types serves pools and no partitions', async () => {
  const before = (await ps()).owners
  await startNode('pool', '--types', 'technical-writer')
  const asked = await ok('ask', 'pool/technical-writer', WRITE, '--json')
  assert.match(JSON.parse(asked).fullReport, `# ${TOPIC}`)
  assert.is((await ac('ask', 'pool/no-such-type', '{}')).status, 69)
  assert.equal((await ps()).owners, before)
  await ok('drain', 'pool')
  await until(async () => nodes.get('pool')?.exitCode !== null)
  assert.is(nodes.get('pool')?.exitCode, 0)
})

test('a run is followed like a local one, and its result can be had again', async () => {
  const { status, stdout, stderr } = await ac(...RUN, '--run-id', 'followed')
  assert.is(status, 0, stderr)
  assert.match(stdout, `# ${TOPIC}`)
  assert.match(stderr, /run followed · cluster main at nats:/)
  assert.match(stderr, /coordinator \d+ .*thinking/)
  assert.is(await ok('runs', 'attach', 'foll'), stdout.trimEnd())
  const { result, status: said } = JSON.parse(await ok('runs', 'show', 'followed', '--json'))
  assert.equal([said, result.runId], ['done', 'followed'])
  assert.match(await ok('runs', 'ls'), /^followed +done/m)
  assert.is((await ac('runs', 'cancel', 'followed')).status, 2)
})

test('Ctrl-C leaves a run to the cluster; it is cancelled when somebody says so', async () => {
  thinkMs = 15_000
  const follower = begin([...RUN, '--run-id', 'left'])
  const over = ended(follower)
  await whenSaid(follower, 'thinking')
  follower.kill('SIGINT')
  const { status, stderr } = await over
  assert.is(status, 130)
  assert.match(stderr, 'agenticraft runs attach left --nats')
  assert.is(JSON.parse(await ok('runs', 'show', 'left', '--json')).status, 'running')
  await ok('runs', 'cancel', 'left')
  assert.is((await ac('runs', 'attach', 'left')).status, 130)
  thinkMs = 400
})

test('the owner of a run is killed: another node goes on, and there is one report', async () => {
  const calls = models.log.length
  assert.is(await ok(...RUN, '--run-id', 'survivor', '--detach'), 'survivor')
  const { partition, node } = JSON.parse(await ok('runs', 'show', 'survivor', '--json'))
  const follower = ended(begin(['runs', 'attach', 'survivor', '--json']))
  while (models.log.length === calls) await sleep(20)
  nodes.get(node)?.kill('SIGKILL')
  const { status, stdout, stderr } = await follower
  assert.is(status, 0, stderr)
  const { output, runId } = JSON.parse(stdout)
  assert.is(runId, 'survivor')
  assert.match(output.fullReport, `# ${TOPIC}`)
  const after = await ps('--runs')
  assert.is.not(after.owners[partition], node)
  assert.equal(
    after.runs.filter(({ id }) => id === 'survivor').map(({ status }) => status),
    ['done'],
  )
  await startNode(node)
})

test('a node that is told to go hands over what runs there, and leaves in order', async () => {
  assert.is(await ok(...RUN, '--run-id', 'moved', '--detach'), 'moved')
  const { node } = JSON.parse(await ok('runs', 'show', 'moved', '--json'))
  const leaving = nodes.get(node) as ChildProcess
  const left = whenSaid(leaving, `node ${node} left`)
  leaving.kill('SIGTERM')
  await left
  await until(async () => leaving.exitCode !== null)
  assert.is(leaving.exitCode, 0)
  const { owners } = await ps()
  assert.is(owners.includes(node), false)
  assert.match(await ok('runs', 'attach', 'moved'), `# ${TOPIC}`)
})

test('what is watched through a pipe is one object for each change', async () => {
  const watch = begin(['ps', '--watch', '--nodes', '--json'])
  const over = ended(watch)
  await new Promise<void>(resolve => void watch.stdout?.once('data', () => resolve()))
  await startNode('late')
  await until(async () =>
    (await ps()).nodes.some(({ node, partitions }) => node === 'late' && partitions.length > 0),
  )
  watch.kill('SIGINT')
  const { status, stdout } = await over
  assert.is(status, 0)
  const pictures = stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Ps)
  assert.is(
    pictures[0]?.nodes.some(({ node }) => node === 'late'),
    false,
  )
  assert.is(
    pictures.at(-1)?.nodes.some(({ node }) => node === 'late'),
    true,
  )
})

test.run()
