/** What survives a full disk. It mounts a small file system of its own, which needs root on Linux. */
import { execFileSync } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { address } from '../actors/address.ts'
import { createCodec } from '../runtime/codec.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import { openLevelJournal } from './level-journal.ts'
import { commitOf, kindOf, lastOf, stateOf } from './testdata/commits.ts'
import { inFolder } from './testdata/folder.ts'

const test = testSuite('memory/full disk', { limitMs: 58_000 })
const encoder = createCodec()

/** A file system of 2 MB in `dir`, for as long as `body` runs. */
async function onSmallDisk(dir: string, body: (disk: string) => Promise<void>): Promise<void> {
  if (process.getuid?.() !== 0 || process.platform !== 'linux') {
    throw new Error('this test mounts a small file system: run it on Linux as root')
  }
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', dir])
  try {
    await body(dir)
  } finally {
    execFileSync('umount', ['-l', dir])
  }
}

test(
  'stops at a full disk, also after space is freed, and has all that was acknowledged when opened again',
  inFolder(dir =>
    onSmallDisk(dir, async disk => {
      const store = join(disk, 'store')
      const ballast = join(disk, 'ballast')
      await writeFile(ballast, Buffer.alloc(1_400_000))
      const actor = address('tester', 'a')
      const open = () => openLevelJournal({ dir: store, encoder, snapshotEvery: 1_000_000 })
      const journal = await open()
      let last = 0
      const append = (seq: number) => journal.append(commitOf(actor, seq), () => stateOf(seq))
      const kinds = new Set<string>()
      while (kinds.size === 0 && last < 10_000) {
        const outcomes = await Promise.allSettled([1, 2, 3].map(ahead => append(last + ahead)))
        for (const outcome of outcomes) {
          if (outcome.status === 'fulfilled') last++
          else kinds.add(await kindOf(() => Promise.reject(outcome.reason)))
        }
      }
      assert.equal([...kinds], ['store-failed'])
      assert.ok(last > 100, `${last} commits fitted`)
      await rm(ballast)
      for (let seq = last + 4; seq < last + 20; seq++) {
        assert.is(await kindOf(() => append(seq)), 'store-failed', `commit ${seq} after space was freed`)
      }
      assert.is(await kindOf(() => journal.read(actor)), 'store-failed')
      assert.is(await kindOf(() => journal.verify()), 'store-failed')
      await journal.close()

      const again = await open()
      const found = lastOf(await again.read(actor))
      assert.ok(found >= last && found <= last + 3, `${last} were acknowledged, ${found} are there`)
      for (let seq = found + 1; seq <= found + 100; seq++) {
        await again.append(commitOf(actor, seq), () => stateOf(seq))
      }
      await again.close()
      const third = await open()
      assert.is((await third.read(actor))?.commits.length, found + 100)
      await third.close()
    }),
  ),
)

test.run()
