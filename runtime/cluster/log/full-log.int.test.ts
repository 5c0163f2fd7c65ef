/** A partition on a real server whose log is full: snapshots make room, and nothing is asked for over and over. */
import * as assert from 'uvu/assert'
import { toRuntimeError } from '../../../actors/errors.ts'
import { failingStore } from '../../../memory/testdata/failing-store.ts'
import { natsBench } from '../../testkit/nats-broker-bench.ts'
import { testSuite } from '../../testkit/suite.ts'
import { claim } from './claim.ts'
import { partitionLog } from './partition-log.ts'

const test = testSuite('runtime/cluster/log (a full log)', { limitMs: 60_000 })

const LOG_BYTES = 6 * 2 ** 20
const VALUE_BYTES = 300_000

test('a log goes on being written when it was filled by what is over, and tells of it', async () => {
  const bench = natsBench()
  try {
    const server = await bench.server()
    const { broker } = await bench.connect(server.url, 'full', { maxBytes: LOG_BYTES })
    let creates = 0
    const counted: typeof broker = {
      ...broker,
      create(subject, data) {
        creates++
        return broker.create(subject, data)
      },
    }
    const log = partitionLog({ broker: counted, namespace: 'full', partition: 1 })
    const errors: unknown[] = []
    const stores = await claim({
      ...{ log, copy: failingStore().store, deed: await log.tip(), node: 'a', life: 'l', origin: 'o' },
      onLost: () => assert.unreachable('nobody takes it over'),
      report: error => void errors.push(error),
    })
    assert.ok(stores)
    const store = stores.store('s')
    const writes = (3 * LOG_BYTES) / VALUE_BYTES
    for (let n = 0; n < writes; n++)
      await store.batch([{ type: 'put', key: `k${n % 2}`, value: Buffer.alloc(VALUE_BYTES, n) }])
    await stores.giveUp(undefined)
    assert.ok(creates < 4 * writes, `${creates} messages for ${writes} writes`)
    assert.ok(errors.every(error => toRuntimeError(error).details?.['isFull'] === true))
    assert.ok(errors.length >= 1 && errors.length < 20, `it was told of ${errors.length} times`)
    await stores.close()
  } finally {
    await bench.end()
  }
})

test.run()
