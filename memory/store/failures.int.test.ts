import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import { createCodec } from '../../runtime/codec.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { type CompactingStore, openLevel } from '../level.ts'
import type { Memory } from '../memory.ts'
import { storeOn } from './open-store.ts'
import { kindOf, START } from './testdata/opened.ts'

const test = testSuite('memory/store/failures', { limitMs: 60_000 })

interface Disk {
  /** Writes that fail from now on, before or after they reached the disk. */
  failing: number
  reaches: boolean
  reopenings: number
}

/** A store whose writes fail when a test says so, and all after one that failed until it was opened again. */
function fragile(store: CompactingStore, disk: Disk): CompactingStore {
  let isStopped = false
  const failure = () => new RuntimeError('store-failed', 'no space')
  return {
    ...store,
    async batch(ops, options) {
      if (isStopped) throw failure()
      if (disk.failing > 0) {
        disk.failing--
        isStopped = true
        if (disk.reaches) await store.batch(ops, options)
        throw failure()
      }
      await store.batch(ops, options)
    },
    async reopen() {
      disk.reopenings++
      isStopped = false
    },
  }
}

const withFragile = (body: (memory: Memory, disk: Disk) => Promise<void>) => async () => {
  const dir = await mkdtemp(join(tmpdir(), 'ac-fragile-'))
  const disk: Disk = { failing: 0, reaches: false, reopenings: 0 }
  let made = 0
  const memory = await storeOn(fragile(await openLevel(dir), disk), {
    encoder: createCodec(),
    clock: () => START,
    ids: () => `id-${++made}`,
  })
  try {
    await body(memory, disk)
  } finally {
    await memory.close()
    await rm(dir, { recursive: true, force: true })
  }
}

for (const reaches of [false, true]) {
  const what = reaches ? 'reached the disk all the same' : 'did not reach the disk'
  test(
    `after a write that failed and ${what}, what was acknowledged is there and a repeat stores it once`,
    withFragile(async (memory, disk) => {
      const space = memory.namespace('main')
      const other = memory.namespace('other')
      const kept = await space.remember({ text: 'kept', session: 's' })
      await other.remember({ text: 'beside' })
      Object.assign(disk, { failing: 1, reaches })
      const failed = [
        kindOf(() => space.remember({ text: 'failed', session: 's' }, { key: 'k' })),
        kindOf(() => space.remember({ text: 'also failed', session: 's' })),
      ]
      assert.equal(await Promise.all(failed), ['store-failed', 'store-failed'])
      const id = await space.remember({ text: 'failed', session: 's' }, { key: 'k' })
      assert.is(disk.reopenings, 1)
      const { memories } = await space.list()
      assert.equal(
        memories.map(one => one.id),
        [kept, id],
      )
      assert.is((await other.list()).memories.length, 1)
      assert.equal((await space.verify()).problems, [])
      assert.equal((await other.verify()).problems, [])
      assert.is((await space.recent({ session: 's' })).length, 2)
    }),
  )
}

test(
  'a forget, an update, a consolidation and a purge that fail can be made again',
  withFragile(async (memory, disk) => {
    const space = memory.namespace('main')
    const ids = await space.rememberAll([
      { text: 'I live in Porto', who: 'Ana', session: 's' },
      { text: 'I like olives', who: 'Ana', session: 's' },
    ])
    const again = async <T>(work: () => Promise<T>): Promise<T> => {
      Object.assign(disk, { failing: 1 })
      assert.is(await kindOf(work), 'store-failed')
      const done = await work()
      assert.equal((await space.verify()).problems, [])
      return done
    }
    assert.is((await again(() => space.consolidate())).episodes, 2)
    assert.is(
      (await again(() => space.update(ids[1] ?? '', { text: 'I like cheese' }))).text,
      'I like cheese',
    )
    assert.is((await again(() => space.forget(ids[0] ?? ''))).memories, 1)
    assert.ok((await again(() => space.purge())).memories >= 1)
    assert.equal(
      (await space.list({ kinds: ['episode'] })).memories.map(({ id }) => id),
      [ids[1]],
    )
  }),
)

test.run()
