import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { damagedFiles } from './damaged-files.ts'
import { MUTATIONS } from './mutations.ts'

const test = testSuite('.ci/faults/damaged-files', { limitMs: 120_000 })

test('finds every one of 500 damages that changes what is read', async () => {
  const { problems, faults, undetected, figures } = await damagedFiles.run({
    count: 500,
    seed: 30,
    say: () => {},
  })
  assert.equal(problems, [])
  assert.equal([faults, undetected], [500, 0])
  assert.ok((figures['found and called store-corrupt'] ?? 0) > 150, JSON.stringify(figures))
  for (const kind of MUTATIONS) assert.ok((figures[`of kind ${kind}`] ?? 0) > 20, JSON.stringify(figures))
})

test.run()
