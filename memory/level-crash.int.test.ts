import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { Address } from '../actors/address.ts'
import { createCodec } from '../runtime/codec.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import { openLevelJournal } from './level-journal.ts'
import { startChild } from './testdata/child.ts'
import { lastOf } from './testdata/commits.ts'
import { inFolder } from './testdata/folder.ts'

const test = testSuite('memory/level crashes', { limitMs: 58_000 })
const encoder = createCodec()

test(
  'keeps every acknowledged commit across 20 kills at random moments',
  inFolder(async dir => {
    const LOOPS = 20
    const delays = fc.sample(fc.integer({ min: 0, max: 120_000 }), { numRuns: LOOPS, seed: 11 })
    const acknowledged = new Map<Address, number>()
    let total = 0
    for (const delay of delays) {
      const child = startChild('write', dir)
      await child.said('open')
      await sleep(delay / 1_000)
      await child.kill()
      for (const line of child.lines().filter(one => one.startsWith('tester/'))) {
        const [actor = '', seq = ''] = line.split(' ')
        acknowledged.set(actor as Address, Number(seq))
        total++
      }
      const journal = await openLevelJournal({ dir, encoder, snapshotEvery: 9 })
      assert.is(journal.lostTail, 0)
      for (const [actor, seq] of acknowledged) {
        const last = lastOf(await journal.read(actor))
        assert.ok(last >= seq, `${actor}: ${seq} was acknowledged, ${last} is there`)
        acknowledged.set(actor, last)
      }
      await journal.close()
    }
    assert.ok(total > LOOPS * 4, `${total} commits were acknowledged`)
  }),
)

test.run()
