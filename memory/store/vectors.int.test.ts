import * as assert from 'uvu/assert'
import { systemClock } from '../../runtime/clock.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { openLevel } from '../level.ts'
import type { Embed, MemoryVectors } from '../memory.ts'
import { analyseEntry } from '../recall/analyse-entry.ts'
import { rank } from '../recall/ranking.ts'
import type { EmbeddingModel } from '../vectors/embed.ts'
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

const named = (modelId: string): EmbeddingModel => ({
  specificationVersion: 'v3',
  provider: 'test',
  modelId,
  maxEmbeddingsPerCall: undefined,
  doEmbed: async ({ values }) => ({ embeddings: (await senses(values)).map(vector => [...vector]) }),
})

/** What is told of vectors once it is as it should be. */
async function told(opened: Opened, isDone: (vectors: MemoryVectors) => boolean): Promise<MemoryVectors> {
  for (let tries = 0; tries < 500; tries++) {
    const { vectors } = await opened.space.stats()
    if (vectors && isDone(vectors)) return vectors
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  throw new Error(`still ${JSON.stringify((await opened.space.stats()).vectors)}`)
}

test(
  'stats tell how many memories have a vector, of which model, and which vectors are of another',
  withStore(
    async opened => {
      const ids = await opened.space.rememberAll([{ text: 'the hound sleeps' }, ...FILLER])
      const whole = {
        model: 'test/small',
        dimensions: 4,
        missing: 0,
        refused: 0,
        foreign: 0,
        foreignModels: 0,
      }
      assert.equal(await told(opened, ({ stored }) => stored === 13), { ...whole, stored: 13 })
      await opened.space.forget(ids[1] ?? '')
      assert.equal((await opened.space.stats()).vectors, { ...whole, stored: 12 })
      await opened.reopen({ embedder: named('large') })
      const { failed, ...others } = (await opened.space.stats()).vectors ?? { failed: undefined }
      const none = { model: 'test/large', stored: 0, missing: 12, refused: 0, foreign: 12, foreignModels: 1 }
      assert.equal([others, failed?.code], [none, 'AC-3013'])
      await opened.reopen({ embedder: named('large'), embedsAgain: true })
      assert.equal(await told(opened, ({ stored }) => stored === 12), {
        ...whole,
        model: 'test/large',
        stored: 12,
      })
    },
    { ...withVectors, embedder: named('small') },
  ),
)

test(
  'stats tell that an embedder fails, without its words where nobody takes secrets out of them',
  withStore(
    async opened => {
      await opened.space.remember({ text: 'the hound sleeps' })
      const { failed, ...rest } = await told(opened, vectors => vectors.failed !== undefined)
      assert.equal(rest, { stored: 0, missing: 1, refused: 0, foreign: 0, foreignModels: 0 })
      assert.is(failed?.code, 'AC-3004')
      assert.not.match(failed?.message ?? '', 'sk-1')
    },
    {
      ...withVectors,
      embedder: async () => {
        throw new Error('no entry with sk-1')
      },
    },
  ),
)

test(
  'stats of a memory without an embedder say nothing of vectors',
  withStore(async ({ space }) => {
    await space.remember({ text: 'the hound sleeps' })
    assert.not.ok('vectors' in (await space.stats()))
  }),
)

test(
  'an embedder needs timers',
  withStore(async ({ dir }) => {
    assert.is(await kindOf(() => openedIn(`${dir}-other`, { embedder: senses })), 'input-invalid')
  }),
)

test.run()
