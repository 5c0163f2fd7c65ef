import fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { RuntimeError } from '../../actors/errors.ts'
import { settle, simulatedClock } from '../../runtime/testkit/simulated-clock.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { Embed } from '../memory.ts'
import type { EmbeddingModel } from './embed.ts'
import { type NamespaceVectors, openNamespaceVectors, shareEmbedder } from './namespace-vectors.ts'

const test = testSuite('memory/vectors/namespace-vectors')

/** Counts of the letters a to c: texts of like letters are near. */
const letters: Embed = async texts =>
  texts.map(text => ['a', 'b', 'c'].map(letter => 0.01 + [...text].filter(each => each === letter).length))

const modelNamed = (modelId: string, embed: Embed = letters): EmbeddingModel => ({
  specificationVersion: 'v3',
  provider: 'test',
  modelId,
  maxEmbeddingsPerCall: undefined,
  doEmbed: async ({ values }) => ({ embeddings: (await embed(values)).map(vector => [...vector]) }),
})

/** A store as the vectors see it: texts and bytes by number, both changed as one. */
function disk(texts: Readonly<Record<number, string>> = {}) {
  const there = new Map(Object.entries(texts).map(([doc, text]) => [Number(doc), text]))
  const bytes = new Map<number, Uint8Array>()
  const clock = simulatedClock()
  const open = (embedder: Embed | EmbeddingModel = letters): NamespaceVectors =>
    openNamespaceVectors({
      shared: shareEmbedder(embedder, { clock, random: () => 0.5 }),
      stored: [...bytes].map(([doc, each]) => ({ doc, bytes: each })),
      docs: there.keys(),
      texts: async docs => docs.map(doc => there.get(doc)),
      save: async vectors => {
        const kept = vectors.filter(({ doc }) => there.has(doc))
        for (const vector of kept) bytes.set(vector.doc, vector.bytes)
        return kept.map(({ doc }) => doc)
      },
    })
  return { there, bytes, clock, open }
}

const near = async (vectors: NamespaceVectors, question: string): Promise<readonly number[] | undefined> =>
  (await vectors.scores(question))?.near.map(({ doc }) => doc)

test('what is there is embedded after opening, and found by what it is near to', async () => {
  const { open, bytes } = disk({ 1: 'aaa', 2: 'bbb', 3: 'aab' })
  const vectors = open()
  assert.is(await vectors.scores('a'), undefined)
  await vectors.settled()
  assert.equal(await near(vectors, 'a'), [1, 3, 2])
  assert.is(bytes.size, 3)
  assert.is(vectors.stats().vectors, 3)
  assert.is(vectors.stats().waiting, 0)
  await vectors.close()
})

test('a vector on disk is not made again', async () => {
  const { open, there } = disk({ 1: 'aaa', 2: 'bbb' })
  const first = open()
  await first.settled()
  await first.close()
  there.set(3, 'ccc')
  const asked: string[] = []
  const second = open(async texts => {
    asked.push(...texts)
    return letters(texts)
  })
  await second.settled()
  assert.equal(asked, ['ccc'])
  assert.equal(await near(second, 'c'), [3, 2, 1])
  await second.close()
})

test('a changed text gets another vector, and a forgotten memory has none', async () => {
  const { open, there, bytes } = disk({ 1: 'aaa', 2: 'bbb' })
  const vectors = open()
  await vectors.settled()
  there.set(1, 'ccc')
  bytes.delete(1)
  vectors.changed(1)
  there.delete(2)
  bytes.delete(2)
  vectors.forgotten(2)
  await vectors.settled()
  assert.equal(await near(vectors, 'c'), [1])
  assert.ok(((await vectors.scores('c'))?.near[0]?.score ?? 0) > 0.99)
  await vectors.close()
})

test('what changes or goes while it is embedded leaves no vector of the old text', async () => {
  const { open, there, bytes } = disk({ 1: 'aaa', 2: 'bbb', 3: 'bba' })
  const gates: (() => void)[] = []
  const vectors = open(async texts => {
    await new Promise<void>(resolve => gates.push(resolve))
    return letters(texts)
  })
  await settle()
  there.set(1, 'ccc')
  vectors.changed(1)
  there.delete(2)
  vectors.forgotten(2)
  gates.shift()?.()
  await settle()
  assert.equal([...bytes.keys()], [3])
  gates.shift()?.()
  await vectors.settled()
  assert.equal([...bytes.keys()].sort(), [1, 3])
  const asked = vectors.scores('c')
  await settle()
  gates.shift()?.()
  assert.is((await asked)?.near[0]?.doc, 1)
  await vectors.close()
})

test('whatever is remembered, changed and forgotten, at rest each memory has the vector of its text', async () => {
  const step = fc.record({
    doc: fc.integer({ min: 1, max: 6 }),
    text: fc.option(fc.stringMatching(/^[abc]{1,6}$/), { freq: 3 }),
    isAwaited: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async steps => {
      const { open, there, bytes } = disk()
      const vectors = open()
      for (const { doc, text, isAwaited } of steps) {
        const wasThere = there.has(doc)
        if (text === null) there.delete(doc)
        else there.set(doc, text)
        bytes.delete(doc)
        if (text === null) vectors.forgotten(doc)
        else if (wasThere) vectors.changed(doc)
        else vectors.remembered([doc])
        if (isAwaited) await vectors.settled()
      }
      await vectors.settled()
      assert.equal([...bytes.keys()].sort(), [...there.keys()].sort())
      for (const [doc, text] of there) {
        const scores = await vectors.scores(text)
        const cosine = scores?.near.find(hit => hit.doc === doc)?.score ?? 0
        assert.ok(cosine > 0.999, `${doc} "${text}" ${cosine}`)
      }
      await vectors.close()
    }),
    { numRuns: 60 },
  )
})

test('vectors of another model are kept, not used, and said; embedding again replaces them', async () => {
  const { open, bytes, there } = disk({ 1: 'aaa', 2: 'bbb' })
  const small = open(modelNamed('small'))
  await small.settled()
  await small.close()
  const large = open(modelNamed('large'))
  there.set(3, 'ccc')
  large.remembered([3])
  await large.settled()
  assert.is(large.stats().mismatch?.code, 'AC-3013')
  const { model, vectors, foreign, foreignModels, failed } = large.stats()
  assert.equal([model, vectors, foreign, foreignModels], ['test/large', 0, 2, 1])
  assert.is(failed?.code, 'AC-3013')
  assert.is(await large.scores('a'), undefined)
  assert.is(bytes.size, 2)
  bytes.clear()
  large.embedAgain(there.keys())
  await large.settled()
  assert.is(large.stats().mismatch, undefined)
  assert.equal([large.stats().vectors, large.stats().foreign, large.stats().failed], [3, 0, undefined])
  assert.equal(await near(large, 'c'), [3, 2, 1])
  await large.close()

  bytes.clear()
  const again = open(modelNamed('small'))
  await again.settled()
  assert.is(again.stats().mismatch, undefined)
  await again.close()
})

test('vectors of several models are counted, also while memories go and while vectors of this one are there', async () => {
  const { open, bytes, there } = disk({ 1: 'aaa', 2: 'bbb', 3: 'ccc' })
  const byModel = new Map<number, Uint8Array>()
  for (const [doc, name] of [
    [1, 'one'],
    [2, 'two'],
    [3, 'three'],
  ] as const) {
    const vectors = open(modelNamed(name))
    await vectors.settled()
    await vectors.close()
    byModel.set(doc, bytes.get(doc) ?? new Uint8Array())
    bytes.clear()
  }
  for (const [doc, each] of byModel) bytes.set(doc, each)
  const vectors = open(modelNamed('three'))
  const counts = () => [vectors.stats().vectors, vectors.stats().foreign, vectors.stats().foreignModels]
  assert.equal(counts(), [1, 2, 2])
  there.delete(2)
  vectors.forgotten(2)
  assert.equal(counts(), [1, 1, 1])
  assert.is(await vectors.scores('a'), undefined)
  await vectors.close()
})

test('what an embedder says when it fails is told as far as it may be, until it works again', async () => {
  const clock = simulatedClock()
  const bytes: number[] = []
  let isDown = true
  const vectors = openNamespaceVectors({
    shared: shareEmbedder(
      async texts => {
        if (isDown) throw new Error('no entry with key-1')
        return letters(texts)
      },
      { clock, random: () => 0.5, redact: text => text.replaceAll('key-1', '[redacted]') },
    ),
    stored: [],
    docs: [1],
    texts: async docs => docs.map(() => 'aaa'),
    save: async some => {
      bytes.push(...some.map(({ doc }) => doc))
      return some.map(({ doc }) => doc)
    },
  })
  await vectors.settled()
  assert.is(vectors.stats().failed?.code, 'AC-3004')
  assert.match(vectors.stats().failed?.message ?? '', 'no entry with [redacted]')
  isDown = false
  await clock.advance(10_000)
  await vectors.settled()
  assert.equal([bytes, vectors.stats().failed], [[1], undefined])
  await vectors.close()
})

test('a function that changes its length is found out before anything is written', async () => {
  const { open, bytes, there } = disk({ 1: 'aaa' })
  let width = 3
  const vectors = open(async texts => texts.map(() => Array(width).fill(1)))
  await vectors.settled()
  width = 4
  there.set(2, 'bbb')
  vectors.remembered([2])
  await vectors.settled()
  assert.equal([...bytes.keys()], [1])
  assert.is(vectors.stats().lastError?.code, 'AC-3013')
  assert.is(await vectors.scores('a'), undefined)
  await vectors.close()
})

test('damaged bytes are made again, and an embedder that is down takes nothing away', async () => {
  const { open, bytes } = disk({ 1: 'aaa', 2: 'bbb' })
  const first = open()
  await first.settled()
  await first.close()
  bytes.set(2, Uint8Array.of(0, 1, 2))
  const down = open(async () => {
    throw new Error('no network')
  })
  await down.settled()
  assert.is(down.stats().vectors, 1)
  assert.is(down.stats().waiting, 1)
  assert.is(await down.scores('a'), undefined)
  await down.close()
  const up = open()
  await up.settled()
  assert.is(up.stats().vectors, 2)
  await up.close()
})

test('what is no embedder is refused when the memory is opened', () => {
  assert.throws(
    () => shareEmbedder('text-embedding-3-small' as never, { clock: simulatedClock(), random: Math.random }),
    (error: RuntimeError) => error.kind === 'definition-invalid',
  )
})

test.run()
