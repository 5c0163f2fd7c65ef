/** The memory of a cluster of real processes over a real server: its owner is killed, and nothing acknowledged is lost. */
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import type { ResearchReport } from '../../agents/research/research-report.ts'
import { newScene, TOPIC } from '../../agents/research/testdata/team-scene.ts'
import { type ClusterClient, clusterClient } from '../../runtime/cluster/client/cluster-client.ts'
import { type ClusterConnection, connectCluster } from '../../runtime/cluster/client/connect-cluster.ts'
import { clusterMemory } from '../../runtime/cluster/memory/client.ts'
import { memoryPartition } from '../../runtime/cluster/memory/place.ts'
import { type NatsServer, startNatsServer } from '../../runtime/testkit/nats-server.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { ended, type Ran, start, whenSaid } from '../testdata/command-line.ts'

const test = testSuite('cli/commands (memory of a cluster)', { limitMs: 120_000 })

const scene = newScene()
const folder = mkdtempSync(join(tmpdir(), 'agenticraft-cluster-memory-'))
const nodes = new Map<string, ChildProcess>()
let nats: NatsServer
let connection: ClusterConnection
let client: ClusterClient

test.before(async () => {
  nats = await startNatsServer({ jetStream: true })
  await Promise.all(['a', 'b'].map(startNode))
  connection = await connectCluster({ servers: nats.url, name: 'test', namespace: 'main' })
  client = clusterClient(connection)
  await settled(['a', 'b'])
})

test.after(async () => {
  for (const child of nodes.values()) child.kill('SIGKILL')
  await client.close()
  await connection.close()
  await nats.stop()
  scene.remove()
  rmSync(folder, { recursive: true })
})

const begin = (args: readonly string[]): ChildProcess =>
  start([...args, '--nats', nats.url, '--cwd', scene.cwd, '--data-dir', folder])
const ac = (...args: readonly string[]): Promise<Ran> => ended(begin(args))

async function startNode(name: string): Promise<void> {
  const child = begin(['node', '--name', name])
  nodes.set(name, child)
  await whenSaid(child, ' joined ')
}

/** All partitions are owned, by those nodes, and stay where they are. */
async function settled(names: readonly string[]): Promise<void> {
  for (let calm = 0; calm < 4; await sleep(250)) {
    const owners = client.owners().map(owner => owner?.node)
    calm = owners.every(Boolean) && new Set(owners).size === names.length ? calm + 1 : 0
  }
}

const ownerOf = (space: string): string => client.owners()[memoryPartition(space)]?.node ?? ''

async function killOwner(space: string): Promise<string> {
  const name = ownerOf(space)
  nodes.get(name)?.kill('SIGKILL')
  return name
}

/** Of a node that is missed, and what taking over may take. */
const TTL_MS = 6_000
const TAKEOVER_MS = 2_000

test('the owner is killed between two writes: all that was acknowledged is there once, within seconds', async () => {
  const memory = clusterMemory(connection)
  const space = memory.namespace('tenant-1')
  const acknowledged = new Map<string, string>()
  let isOver = false
  const write = async (writer: number): Promise<void> => {
    for (let i = 0; !isOver; i++) {
      const text = `the pebble ${writer}-${i} is kept`
      acknowledged.set(await space.remember({ text, session: `s${writer}` }), text)
    }
  }
  const writers = Promise.all([1, 2, 3, 4].map(write))
  while (acknowledged.size < 400) await sleep(10)
  const killed = await killOwner('tenant-1')
  const before = [...acknowledged.values()]
  const began = performance.now()
  const hits = await space.recall('pebble', { limit: 5 })
  const tookMs = performance.now() - began
  assert.is(hits.length, 5)
  assert.ok(tookMs <= TTL_MS + TAKEOVER_MS, `${Math.round(tookMs)} ms`)
  await sleep(200)
  isOver = true
  await writers
  assert.is.not(ownerOf('tenant-1'), killed)
  assert.ok(acknowledged.size > before.length)
  const texts: string[] = []
  for await (const line of space.export()) texts.push(String(JSON.parse(line).text ?? ''))
  const stored = texts.filter(text => text !== '').sort()
  assert.equal(stored, [...acknowledged.values()].sort())
  assert.equal((await space.verify()).problems, [])
  await memory.close()
  await startNode(killed)
  await settled(['a', 'b'])
})

test('the command line reads and changes the memory of the cluster', async () => {
  const ok = async (...args: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = await ac('memory', ...args, '--namespace', 'people')
    assert.is(status, 0, stderr)
    return stdout
  }
  await ok('add', 'Ana keeps bees in Porto.', '--who', 'Ana')
  assert.match(await ok('search', 'Who keeps bees?'), 'Ana keeps bees in Porto.')
  assert.is(JSON.parse(await ok('stats', '--json')).namespaces[0].episodes, 1)
  const { memories } = JSON.parse(await ok('ls', '--json'))
  await ok('forget', memories[0].id, '--yes')
  const { status, stdout, stderr } = await ac('memory', 'purge', '--json')
  assert.is(status, 0, stderr)
  assert.is(JSON.parse(stdout).memories, 1)
  const broker = await connection.broker()
  for await (const { data } of broker.read(`ac.main.jrn.${memoryPartition('people')}.>`))
    assert.is(Buffer.from(data).includes('bees'), false)
  await broker.close()
})

test('a research team goes on with what another node found before it was killed', async () => {
  const research = async (topic: string, id: string): Promise<ResearchReport> => {
    const args = ['--topic', topic, '--sources', '*.md', '--memory', '--run-id', id, '--json']
    const { status, stdout, stderr } = await ac('run', 'research-team', ...args)
    assert.is(status, 0, stderr)
    return (JSON.parse(stdout) as { readonly output: ResearchReport }).output
  }
  const first = await research(TOPIC, 'run-one')
  assert.equal([first.metadata.memory?.known, (first.metadata.memory?.remembered ?? 0) > 3], [0, true])
  const killed = await killOwner('research')
  writeFileSync(
    join(scene.cwd, 'wages.md'),
    'The wages of a keeper of a lighthouse were 600 dollars a year.\n',
  )
  const request = 'Continue our analysis of how a lighthouse warns ships, focusing on wages'
  const second = await research(request, 'run-two')
  assert.is.not(ownerOf('research'), killed)
  assert.is(second.metadata.memory?.continues?.run, 'run-one')
  assert.ok((second.metadata.memory?.known ?? 0) > 0)
  assert.ok(second.findings.some(one => !one.memory && /600 dollars/.test(one.statement)))
})

test.run()
