/** The partitions of one node: what a take that failed leaves behind, and copies that are damaged more than once. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import { type LevelStore, openLevel } from '../../memory/level.ts'
import { failingStore } from '../../memory/testdata/failing-store.ts'
import { createCodec } from '../codec.ts'
import { systemHost } from '../host.ts'
import { createSimulatedBroker } from '../testkit/simulated-broker.ts'
import { testSuite } from '../testkit/suite.ts'
import { createInProcessBus } from '../transport/in-process.ts'
import { type PartitionHostOptions, partitionHost } from './partition-host.ts'
import { createRequests } from './requests.ts'

const test = testSuite('runtime/cluster/partition-host')

function hosted(
  options: Pick<PartitionHostOptions, 'dir' | 'openCopy'> & Partial<Pick<PartitionHostOptions, 'onServed'>>,
) {
  const host = systemHost()
  const { clock } = host
  const broker = createSimulatedBroker(clock, { namespace: 'main' }).connect('n')
  const transport = createInProcessBus({ clock }).connect()
  const lost: number[] = []
  const errors: unknown[] = []
  const partitions = partitionHost({
    node: 'n',
    life: 'l',
    namespace: 'main',
    broker,
    transport,
    requests: createRequests({ transport, codec: createCodec(), clock }),
    host,
    monotonic: clock,
    onServed: async () => ({ operations: {}, leave() {}, gone() {} }),
    mayRestore: async () => true,
    onLost: (_, epoch) => void lost.push(epoch),
    report: error => void errors.push(error),
    ...options,
  })
  const take = async (): Promise<string> => partitions.take(3, await partitions.inspect(3))
  return { partitions, take, lost, errors }
}

test('what still writes of a take that failed takes nothing from the one that serves', async () => {
  const copy: LevelStore = { ...failingStore().store, close: async () => {} }
  let takes = 0
  let late = (): Promise<void> => Promise.resolve()
  const { partitions, take, lost } = hosted({
    dir: '/nowhere',
    openCopy: async () => copy,
    async onServed(served) {
      if (takes++ > 0) return { operations: {}, leave() {}, gone() {} }
      late = () => served.store('memory').batch([{ type: 'put', key: 'k', value: new Uint8Array([1]) }])
      throw new Error('the first take fails')
    },
  })
  assert.match(await take().catch(error => error.message), 'the first take fails')
  assert.is(await take(), 'taken')
  const [served] = partitions.served().values()
  let isSettled = false
  late().then(
    () => {
      isSettled = true
    },
    () => {
      isSettled = true
    },
  )
  // Behind what the first wrote, had it been written.
  await served?.store('memory').batch([{ type: 'put', key: 'own', value: new Uint8Array([2]) }])
  for (let turns = 0; turns < 20; turns++) await new Promise(resolve => setImmediate(resolve))
  assert.equal([...partitions.served().keys()], [3])
  assert.equal([lost, isSettled], [[], false])
  assert.is(await served?.store('memory').get('k'), undefined)
  await partitions.close()
})

test('a copy that is damaged a second time is put aside as well, and one of them stays', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'partition-host-'))
  let isDamaged = false
  const { partitions, take, errors } = hosted({
    dir,
    async openCopy(place) {
      if (!isDamaged) return openLevel(place)
      isDamaged = false
      throw new RuntimeError('store-corrupt', 'damaged')
    },
  })
  try {
    for (let times = 0; times < 3; times++) {
      assert.is(await take(), 'taken')
      await partitions.release(3, async () => undefined, 0)
      isDamaged = true
    }
    assert.is(errors.length, 2)
    assert.equal((await readdir(dir)).sort(), ['3', '3.damaged'])
  } finally {
    await partitions.close()
    await rm(dir, { recursive: true, force: true })
  }
})

test.run()
