import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { runKills } from './kills.ts'

const test = testSuite('.ci/faults/kills', { limitMs: 120_000 })

test('finishes every job once across 20 kills, and makes no committed effect again', async () => {
  const { problems, faults, lost, repeated, figures } = await runKills({ count: 20, seed: 50, say: () => {} })
  assert.equal(problems, [])
  assert.equal([faults, lost, repeated], [20, 0, 0])
  assert.ok((figures['effects called'] ?? 0) > 200, JSON.stringify(figures))
})

test('finds work that is lost or done again by a program that forgets', async () => {
  const { problems, repeated } = await runKills({
    count: 4,
    seed: 51,
    jobs: 40,
    forgets: true,
    say: () => {},
  })
  assert.ok(repeated > 0, 'effects that were made again must be seen')
  assert.ok(problems.length > 0)
})

test.run()
