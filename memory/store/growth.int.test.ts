import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { leastFirst, START, withStore } from './testdata/opened.ts'

const test = testSuite('memory/store/growth', { limitMs: 60_000 })

test(
  'facts and insights beyond their number go by the growth policy, which knows what was recalled',
  withStore(
    async ({ space }) => {
      const add = (text: string, importance: number) => space.remember({ kind: 'insight', text, importance })
      await add('alpha', 0.2)
      await add('beta', 0.3)
      await add('gamma', 0.4)
      assert.is((await space.recall('alpha')).length, 1)
      assert.is((await space.consolidate()).dropped, 1)
      assert.equal(
        (await space.list()).memories.map(({ text }) => text),
        ['alpha', 'gamma'],
      )
      assert.equal((await space.verify()).problems, [])
    },
    { growth: leastFirst, retention: { maxInsights: 2 } },
  ),
)

test(
  'old episodes go only by an explicit retention, after consolidation, and what they taught stays',
  withStore(
    async opened => {
      const { space } = opened
      const old = await space.remember({ text: 'Ana lives in Porto', at: START - 2_000, session: 's' })
      const young = await space.remember({ text: 'hello', at: START, session: 's' })
      assert.is((await space.consolidate()).dropped, 1)
      assert.is(await space.get(old), undefined)
      const [fact] = await space.facts('Ana')
      assert.equal(fact?.from, [old])
      assert.equal(await space.history(fact?.id ?? ''), [{ fact, evidence: [] }])
      assert.equal(
        (await space.recent({ session: 's' })).map(({ id }) => id),
        [young],
      )
      assert.equal((await space.verify()).problems, [])
      await opened.reopen()
      assert.equal((await opened.space.verify()).problems, [])
    },
    { retention: { episodesOlderThanMs: 1_000 } },
  ),
)

test.run()
