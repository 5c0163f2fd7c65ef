import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { RECALL_WEIGHTS } from '../memory/recall/weights.ts'
import { memoryDirectory } from './data-directory.ts'
import { openMemory } from './open-memory.ts'
import { testSuite } from './testkit/suite.ts'

const test = testSuite('runtime/open-memory', { limitMs: 30_000 })

const inFolder = (body: (dir: string) => Promise<void>) => async () => {
  const dir = await mkdtemp(join(tmpdir(), 'ac-open-memory-'))
  try {
    await body(memoryDirectory(dir))
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

test(
  'remembers across openings, and finds what was said, as owner and as client',
  inFolder(async dir => {
    const first = await openMemory({ dir })
    const space = first.namespace('customer-7')
    const id = await space.remember({ text: 'I moved to Porto in May.', who: 'Ana' })
    await space.remember({ text: 'The invoice was paid twice.', who: 'Ben' })
    await first.close()

    const owner = await openMemory({ dir })
    const client = await openMemory({ dir })
    assert.equal([owner.role, client.role], ['owner', 'client'])
    for (const memory of [owner, client]) {
      const [best] = await memory.namespace('customer-7').recall('Where did Ana move?', { explain: true })
      assert.is(best?.id, id)
      const sum = Object.values(best?.parts ?? {}).reduce((a, b) => a + b, 0)
      assert.ok(Math.abs(sum - (best?.score ?? 0)) < 1e-9)
    }
    assert.equal(await client.namespace('customer-8').recall('Where did Ana move?'), [])
    await client.close()
    await owner.close()
  }),
)

test(
  'tells how an embedder fails, without the secrets in it, to owner and client',
  inFolder(async dir => {
    const embedder = async () => {
      throw new Error('Incorrect API key provided: sk-abcdefgh12345678')
    }
    const owner = await openMemory({ dir, embedder })
    const client = await openMemory({ dir, embedder })
    await owner.namespace('a').remember({ text: 'one' })
    await owner.namespace('a').recall('one')
    for (const memory of [owner, client]) {
      const { vectors } = await memory.namespace('a').stats()
      assert.equal([vectors?.stored, vectors?.missing, vectors?.failed?.code], [0, 1, 'AC-3004'])
      assert.match(vectors?.failed?.message ?? '', 'the embedder failed')
      assert.not.match(JSON.stringify(vectors), 'abcdefgh')
    }
    await client.close()
    await owner.close()
  }),
)

test(
  'takes its time from the clock it is given, and waits by the system clock all the same',
  inFolder(async dir => {
    const now = Date.UTC(2020, 1, 3)
    const owner = await openMemory({ dir, clock: { now: () => now } })
    const id = await owner.namespace('a').remember({ text: 'then' })
    assert.is((await owner.namespace('a').get(id))?.at, now)
    await owner.close()
  }),
)

test(
  'ranks by the weights it is given',
  inFolder(async dir => {
    const none = Object.fromEntries(Object.keys(RECALL_WEIGHTS.features).map(name => [name, 0]))
    const features = none as typeof RECALL_WEIGHTS.features
    const memory = await openMemory({ dir, weights: { ...RECALL_WEIGHTS, features } })
    await memory.namespace('a').remember({ text: 'green tea' })
    assert.equal(await memory.namespace('a').recall('tea'), [])
    await memory.close()
  }),
)

test(
  'consolidates without a model',
  inFolder(async dir => {
    const memory = await openMemory({ dir })
    const space = memory.namespace('a')
    await space.remember({ text: 'I live in Porto.', who: 'Ana', trust: 'trusted' })
    const { by, episodes, waiting } = await space.consolidate()
    assert.equal({ by, episodes, waiting }, { by: 'extraction', episodes: 1, waiting: 0 })
    assert.equal((await space.verify()).problems, [])
    await memory.close()
  }),
)

test.run()
