import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { kindOf, withStore } from './testdata/opened.ts'

const test = testSuite('memory/store/reading (by id)')

test(
  'memories are listed by the beginning of their ids, in the order of storing, page by page',
  withStore(
    async ({ space }) => {
      for (let i = 0; i < 10; i++) await space.remember({ text: `memory ${i}` })
      const texts = async (idPrefix: string, more: object = {}) =>
        (await space.list({ idPrefix, ...more })).memories.map(({ text }) => text)
      assert.equal(await texts('idone'), ['memory 0', 'memory 2', 'memory 4', 'memory 6', 'memory 8'])
      assert.equal(await texts('idtwo-zZ'), [])
      const [first] = (await space.list({ idPrefix: 'idtwo' })).memories
      assert.equal(await texts(first?.id ?? ''), ['memory 1'])
      const { after, memories } = await space.list({ idPrefix: 'idone', limit: 2 })
      assert.is(memories.length, 2)
      assert.equal(await texts('idone', { limit: 2, after }), ['memory 4', 'memory 6'])
      assert.equal(await texts('idone', { until: 0 }), [])
    },
    { ids: alternately('idone', 'idtwo') },
  ),
)

test(
  'what was forgotten is not found by the beginning of its id, what was changed is',
  withStore(async opened => {
    const { space } = opened
    const [kept, gone] = [await space.remember({ text: 'kept' }), await space.remember({ text: 'gone' })]
    await space.forget(gone)
    await space.update(kept, { text: 'changed' })
    const found = async (id: string) =>
      (await opened.space.list({ idPrefix: id })).memories.map(({ text }) => text)
    assert.equal([await found(gone), await found(kept)], [[], ['changed']])
    await opened.reopen()
    assert.equal([await found(gone), await found(kept)], [[], ['changed']])
    assert.equal((await opened.memory.namespace('empty').list({ idPrefix: kept })).memories, [])
  }),
)

test(
  'a beginning that is too short or no id is refused',
  withStore(async ({ space }) => {
    for (const idPrefix of ['', 'abc', 'ab!d', 'a b c d', 7 as unknown as string])
      assert.is(await kindOf(() => space.list({ idPrefix })), 'input-invalid', String(idPrefix))
  }),
)

function alternately(...starts: readonly string[]): () => string {
  let made = 0
  return () => `${starts[made % starts.length]}-${made++}`
}

test.run()
