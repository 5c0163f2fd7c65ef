import * as assert from 'uvu/assert'
import { systemClock } from '../../runtime/clock.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { openLevel } from '../level.ts'
import type { Embed } from '../memory.ts'
import { analyseEntry } from '../recall/analyse-entry.ts'
import { rank } from '../recall/ranking.ts'
import { familyRange } from './keys.ts'
import { kindOf, type Opened, openedIn, withStore } from './testdata/opened.ts'

const test = testSuite('memory/store/vectors', { limitMs: 60_000 })

const SENSES = [/dog|puppy|hound/, /boat|ship|sail/, /bread|cake|bake/]
/** Texts of one sense are near. */
const senses: Embed = async texts =>
  texts.map(text => [0.05, ...SENSES.map(sense => (sense.test(text) ? 1 : 0))])

const withVectors = {
  embedder: senses,
  timers: systemClock,
  random: () => 0.5,
  rank,
  analyse: analyseEntry,
}

const FILLER = Array.from({ length: 12 }, (_, at) => ({ text: `matter ${at} of another sort` }))

/** Recalls until the vectors, which are made in the background, are there. Some score for all is no answer. */
async function found(opened: Opened, query: string): Promise<string | undefined> {
  for (let tries = 0; tries < 200; tries++) {
    const [hit] = await opened.space.recall(query)
    if (hit && hit.score > 0.02) return hit.text
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  return undefined
}

async function vectorsIn(dir: string): Promise<number> {
  const store = await openLevel(dir)
  let count = 0
  for await (const _ of store.range(familyRange('b', 1))) count++
  await store.close()
  return count
}

test(
  'finds by its sense what shares no word with the question, also after opening',
  withStore(async opened => {
    await opened.space.rememberAll([{ text: 'the hound sleeps' }, { text: 'we went sailing' }, ...FILLER])
    assert.is(await found(opened, 'puppy'), 'the hound sleeps')
    await opened.reopen()
    assert.is(await found(opened, 'puppy'), 'the hound sleeps')
    assert.equal((await opened.space.verify()).problems, [])
  }, withVectors),
)

test(
  'forgets vectors with their memories, and makes those of changed words anew',
  withStore(async opened => {
    const [gone = '', changed = ''] = await opened.space.rememberAll([
      { text: 'the hound sleeps' },
      { text: 'we went sailing' },
      ...FILLER,
    ])
    assert.is(await found(opened, 'puppy'), 'the hound sleeps')
    await opened.space.forget(gone)
    assert.ok((await opened.space.recall('puppy')).every(({ text }) => text !== 'the hound sleeps'))
    await opened.space.update(changed, { text: 'we had cake' })
    assert.is(await found(opened, 'bread'), 'we had cake')
    assert.ok((await opened.space.recall('boat')).every(({ score }) => score < 0.02))
    await opened.space.purge()
    assert.equal((await opened.space.verify()).problems, [])
    await opened.memory.close()
    assert.is(await vectorsIn(opened.dir), FILLER.length + 1)
    const again = await openedIn(opened.dir, withVectors)
    opened.memory = again.memory
  }, withVectors),
)

test(
  'recalls and remembers as without an embedder while that fails',
  withStore(
    async ({ space }) => {
      await space.remember({ text: 'the hound sleeps' })
      assert.is((await space.recall('hound')).length, 1)
    },
    {
      ...withVectors,
      embedder: async () => {
        throw new Error('no network')
      },
    },
  ),
)

test(
  'an embedder needs timers',
  withStore(async ({ dir }) => {
    assert.is(await kindOf(() => openedIn(`${dir}-other`, { embedder: senses })), 'input-invalid')
  }),
)

test.run()
