import * as assert from 'uvu/assert'
import { runMemoryKills } from '../../.ci/faults/memory-kills.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'

const test = testSuite('memory/store/kills', { limitMs: 180_000 })

test('keeps every acknowledged memory once, and forgets for good, across 10 kills', async () => {
  const { problems, faults, lost, repeated, figures } = await runMemoryKills({
    count: 10,
    seed: 60,
    say: () => {},
  })
  assert.equal(problems, [])
  assert.equal([faults, lost, repeated], [10, 0, 0])
  assert.ok((figures['memories acknowledged'] ?? 0) > 100, JSON.stringify(figures))
  assert.ok((figures['forgotten, acknowledged'] ?? 0) > 10, JSON.stringify(figures))
})

test('finds what is lost by a program that loses its directory', async () => {
  const { problems, lost } = await runMemoryKills({ count: 4, seed: 61, loses: true, say: () => {} })
  assert.ok(lost > 0)
  assert.ok(problems.length > 0)
})

test.run()
