import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { NO_USAGE } from '../../actors/events.ts'
import type { LevelStore } from '../../memory/level.ts'
import { failingStore } from '../../memory/testdata/failing-store.ts'
import { clusterClient } from '../../runtime/cluster/client/cluster-client.ts'
import { claim } from '../../runtime/cluster/log/claim.ts'
import { partitionLog } from '../../runtime/cluster/log/partition-log.ts'
import { partitionOf } from '../../runtime/cluster/placement.ts'
import { createRequests } from '../../runtime/cluster/requests.ts'
import { createCodec } from '../../runtime/codec.ts'
import { systemHost } from '../../runtime/host.ts'
import { errorOf } from '../../runtime/testkit/sample-actors.ts'
import { createSimulatedBroker } from '../../runtime/testkit/simulated-broker.ts'
import { simulatedClock } from '../../runtime/testkit/simulated-clock.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { createInProcessBus } from '../../runtime/transport/in-process.ts'
import type { Transport } from '../../runtime/transport/transport.ts'
import type { RunResult } from '../workflow/run-workflow.ts'
import type { RunnableWorkflow, RunSurroundings } from '../workflow/runnable.ts'
import { type AgentNodeOptions, startAgentNode } from './agent-node.ts'
import { runClient } from './run-client.ts'

const test = testSuite('agents/cluster/agent-node')

/** Counts who listens. */
function counted(transport: Transport) {
  const listening = new Set<object>()
  const subscribe: Transport['subscribe'] = (...args) => {
    const subscription = transport.subscribe(...args)
    const end = <T>(how: () => T): T => {
      listening.delete(subscription)
      return how()
    }
    listening.add(subscription)
    return {
      ...subscription,
      unsubscribe: () => end(() => subscription.unsubscribe()),
      drain: () => end(() => subscription.drain()),
    }
  }
  return { listening, transport: { ...transport, subscribe } as Transport }
}

function scene() {
  const clock = simulatedClock()
  const broker = createSimulatedBroker(clock, { namespace: 'test' })
  const codec = createCodec({ maxBytes: 1_000_000 })
  const bus = createInProcessBus({ clock })
  const { listening, transport } = counted(bus.connect())
  const disks = new Map<string, LevelStore>()
  /** Copies outlive their node's tenancies. */
  const openCopy = async (dir: string): Promise<LevelStore> => {
    const disk = disks.get(dir) ?? failingStore().store
    disks.set(dir, disk)
    return { ...disk, close: async () => {} }
  }
  const options: AgentNodeOptions = {
    ...{ node: 'a', namespace: 'test', dir: '/a', folder: '/', env: {} },
    ...{ broker: broker.connect('a'), transport, codec, monotonic: clock },
    requests: createRequests({ transport, codec, clock }),
    host: { ...systemHost(), clock },
    openCopy,
    onEnd: () => {},
    report: error => assert.unreachable(String(error)),
  }
  return { clock, listening, options, bus, broker }
}

test('a node that does not start leaves nothing behind', async () => {
  const { listening, options } = scene()
  const rates = { openai: { limit: 1, perMs: 1_000 } }
  assert.is((await errorOf(startAgentNode({ ...options, rates, types: ['nothing'] }))).kind, 'usage')
  assert.is(listening.size, 0)
})

/** A node that serves everything, and somebody who uses the cluster. */
async function served(more: Partial<AgentNodeOptions> = {}) {
  const { clock, options, bus, broker } = scene()
  const until = async (isSo: () => boolean): Promise<void> => {
    for (let i = 0; !isSo(); i++) {
      assert.ok(i < 2_000, 'it takes too long')
      await clock.advance(50)
    }
  }
  const within = async <T>(work: Promise<T>): Promise<T> => {
    let settled = false
    const settle = (): void => {
      settled = true
    }
    work.then(settle, settle)
    await until(() => settled)
    return work
  }
  const node = await within(startAgentNode({ ...options, ...more }))
  await until(() => node.ownership.owned().size === 64)
  const { codec, host, monotonic, namespace } = options
  const client = clusterClient({ transport: bus.connect(), codec, host, monotonic, namespace })
  await within(client.heard)
  return { clock, node, client, runs: runClient(client, 'test', clock), within, until, broker }
}

test('a run that is asked for over the bus reads no file outside of the folders of its node', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'node-'))
  const { runs, within, node } = await served({ folder })
  for (const [at, source] of ['/etc/passwd', '../../etc/passwd', '/etc/*'].entries()) {
    const order = {
      id: `r${at}`,
      workflow: 'research-team',
      input: { topic: 'Users', sources: [source] },
      options: {},
    }
    const { status, error } = await within(runs.follow(order.id, { order }))
    assert.is(status, 'failed', source)
    assert.match(JSON.stringify(error), 'path-refused', source)
  }
  await within(node.stop())
  await rm(folder, { recursive: true })
})

test('a node that loses partitions while runs of them end goes on with others, as many at a time as before', async () => {
  const gates = new Map<string, () => void>()
  const workflow: RunnableWorkflow = {
    ...{ name: 'held', description: 'waits', input: z.object({}) },
    async run(_, { runtime, runId }: RunSurroundings) {
      if (!runId.startsWith('free')) await new Promise<void>(resolve => gates.set(runId, resolve))
      await runtime.runs.finish(runId, { status: 'done', usage: NO_USAGE })
      return { runId, status: 'done' } as RunResult
    },
    ...{ behaviours: () => [], replayed: () => null, render: String },
  }
  const reported: unknown[] = []
  const more = { workflows: [workflow], runsAtOnce: 2, report: (error: unknown) => void reported.push(error) }
  const { clock, node, runs, within, until, broker } = await served(more)
  const order = (id: string) => ({ id, workflow: 'held', input: {}, options: {} })
  for (const id of ['held1', 'held2']) await within(runs.submit(order(id)))
  await until(() => gates.size === 2)
  // It is cut off; another seals what the runs are in, and it finds this out when it writes down how they ended.
  broker.cut('a', 'unreachable')
  const thief = broker.connect('thief')
  for (const id of ['held1', 'held2']) {
    const partition = partitionOf(id)
    const log = partitionLog({ broker: thief, namespace: 'test', partition })
    const stores = await claim({
      ...{ log, copy: failingStore().store, deed: await log.tip(), node: 'thief', life: 'l', origin: 'o' },
      ...{
        now: clock.now,
        monotonic: clock,
        mayRestore: async () => true,
        onLost: () => {},
        report: () => {},
      },
    } as never)
    assert.ok(stores)
  }
  for (const open of gates.values()) open()
  broker.heal('a')
  await until(() => node.ownership.owned().size < 64)
  for (let i = 0; i < 4; i++) {
    const free = `free${i}`
    const ended = await within(runs.follow(free, { order: order(free) }))
    assert.is(ended.status, 'done')
  }
  await within(node.stop())
})

test.run()
