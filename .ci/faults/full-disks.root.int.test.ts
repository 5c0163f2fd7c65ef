import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { fullDisks } from './full-disks.ts'

const test = testSuite('.ci/faults/full-disks', { limitMs: 120_000 })

test('loses nothing when the disk fills up, says so, and goes on once there is space', async () => {
  assert.is(fullDisks.unable?.(), undefined)
  const { problems, faults, lost, figures } = await fullDisks.run({ count: 10, seed: 40, say: () => {} })
  assert.equal(problems, [])
  assert.equal([faults, lost], [10, 0])
  assert.ok((figures['commits acknowledged before'] ?? 0) > 100, JSON.stringify(figures))
})

test.run()
