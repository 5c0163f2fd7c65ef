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
  'refuses commits while the disk is full, and goes on by itself with all that was acknowledged once it is not',
  inFolder(dir =>
    onSmallDisk(dir, async disk => {
      const store = join(disk, 'store')
      const ballast = join(disk, 'ballast')
      await writeFile(ballast, Buffer.alloc(1_400_000))
      const actor = address('tester', 'a')
      const open = () => openLevelJournal({ dir: store, encoder, snapshotEvery: 1_000_000 })
      const journal = await open()
      const append = (seq: number) =>
        journal.append(commitOf(actor, seq), () => stateOf(seq - 1), { sync: seq % 5 === 0 })
      let last = 0
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

      await writeFile(join(disk, 'filler'), Buffer.alloc(2_000_000)).catch(() => undefined)
      const large = {
        ...commitOf(actor, last + 1),
        acts: [{ act: 'reply' as const, body: 'x'.repeat(200_000) }],
      }
      for (let attempt = 0; attempt < 5; attempt++) {
        const kind = await kindOf(() => journal.append(large, () => stateOf(last)))
        // A commit that was refused may have reached the disk, and then this one does not follow.
        assert.ok(kind === 'store-failed' || kind === 'journal-conflict', `${kind} while the disk is full`)
      }

      await rm(ballast)
      await rm(join(disk, 'filler'), { force: true })
      const found = lastOf(await journal.read(actor))
      assert.ok(found >= last && found <= last + 3, `${last} were acknowledged, ${found} are there`)
      for (let seq = found + 1; seq <= found + 100; seq++) await append(seq)
      assert.equal((await journal.verify()).problems, [])
      assert.is(await kindOf(() => append(found + 1)), 'journal-conflict')
      await journal.close()

      const again = await open()
      assert.is((await again.read(actor))?.commits.length, found + 100)
      await again.close()
    }),
  ),
)

test.run()
