import { createOpenAI } from '@ai-sdk/openai'
import type { EmbeddingModelV2, EmbeddingModelV3 } from '@ai-sdk/provider'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { Embed } from '../memory.ts'
import { type Embedder, type EmbeddingModel, modelOf, toEmbed } from './embed.ts'

const test = testSuite('memory/vectors/embed')

/** A model that answers with the length of each text and keeps the sizes of its calls. */
function model(over: Partial<EmbeddingModel> = {}): EmbeddingModel & { readonly calls: number[] } {
  const calls: number[] = []
  return {
    specificationVersion: 'v3',
    provider: 'test',
    modelId: 'lengths',
    maxEmbeddingsPerCall: 3,
    doEmbed: async ({ values }) => {
      calls.push(values.length)
      return { embeddings: values.map(text => [text.length, 1]) }
    },
    ...over,
    calls,
  }
}

async function failure(embedder: Embedder, texts: readonly string[]): Promise<RuntimeError> {
  try {
    await toEmbed(embedder)(texts)
  } catch (error) {
    if (error instanceof RuntimeError) return error
    throw error
  }
  throw new Error('it did not fail')
}

test('models of both versions of the AI SDK are embedders as they are, by type and in fact', async () => {
  const typed = (v2: EmbeddingModelV2<string>, v3: EmbeddingModelV3): readonly Embedder[] => [v2, v3]
  assert.type(typed, 'function')
  const bodies: { input: string[] }[] = []
  const openai = createOpenAI({
    apiKey: 'none',
    fetch: async (_url, init) => {
      const body = JSON.parse(String(init?.body)) as { input: string[] }
      bodies.push(body)
      const data = body.input.map((text, index) => ({ index, embedding: [text.length, 1] }))
      return Response.json({ data, usage: { prompt_tokens: 1, total_tokens: 1 } })
    },
  })
  const embedder = openai.embeddingModel('text-embedding-3-small')
  assert.equal(await toEmbed(embedder)(['a', 'bcd']), [
    [1, 1],
    [3, 1],
  ])
  assert.equal(
    bodies.map(({ input }) => input),
    [['a', 'bcd']],
  )
  assert.is(modelOf(embedder), 'openai.embedding/text-embedding-3-small')
})

test('every text gets its own vector, in order, in calls no larger than the model takes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string(), { maxLength: 40 }),
      fc.constantFrom(1, 2, 7, undefined, Promise.resolve(5), Number.POSITIVE_INFINITY),
      async (texts, maxEmbeddingsPerCall) => {
        const one = model({ maxEmbeddingsPerCall })
        const vectors = await toEmbed(one)(texts)
        assert.equal(
          vectors,
          texts.map(text => [text.length, 1]),
        )
        const limit = (await maxEmbeddingsPerCall) ?? 96
        assert.ok(one.calls.every(size => size <= limit))
      },
    ),
  )
})

test('a function is an embedder too, and gets the signal', async () => {
  const seen: (AbortSignal | undefined)[] = []
  const embed: Embed = async (texts, options) => {
    seen.push(options?.signal)
    return texts.map(() => new Float32Array([1, 0]))
  }
  const { signal } = new AbortController()
  assert.equal(await toEmbed(embed)(['x'], { signal }), [new Float32Array([1, 0])])
  assert.is(seen[0], signal)
  assert.is(modelOf(embed), undefined)
})

test('what is neither is refused when it is given', () => {
  const wrong = [
    undefined,
    null,
    'openai:text-embedding-3-small',
    {},
    { ...model(), specificationVersion: 'v1' },
  ]
  for (const embedder of wrong) {
    assert.throws(
      () => toEmbed(embedder as Embedder),
      (error: RuntimeError) => error.kind === 'definition-invalid' && error.fix !== undefined,
    )
  }
})

test('a wrong answer is an error that says so, and is not worth another attempt', async () => {
  const answers: unknown[] = [
    undefined,
    'text',
    [],
    [[1]],
    [[1], [2], [3]],
    [[1], [Number.NaN]],
    [[1], [Number.POSITIVE_INFINITY]],
    [[1], ['2']],
    [[1], [0]],
    [[1], []],
    [[1], { 0: 1, length: 1 }],
    [
      [1, 2],
      [1, 2, 3],
    ],
  ]
  for (const embeddings of answers) {
    const { kind, retryable } = await failure(model({ doEmbed: async () => ({ embeddings }) as never }), [
      'a',
      'b',
    ])
    assert.is(kind, 'model-failed')
    assert.is(retryable, false)
  }
})

test('vectors of different lengths are found across calls as well', async () => {
  const growing = model({
    maxEmbeddingsPerCall: 1,
    doEmbed: async ({ values }) => ({ embeddings: values.map(text => Array(text.length).fill(1)) }),
  })
  assert.is((await failure(growing, ['ab', 'abc'])).retryable, false)
})

test('a failed call may be made again, unless the model says that it may not', async () => {
  const throwing = (error: unknown): EmbeddingModel => model({ doEmbed: () => Promise.reject(error) })
  assert.is((await failure(throwing(new Error('ECONNRESET')), ['a'])).retryable, true)
  assert.is((await failure(throwing({ isRetryable: false, message: 'no key' }), ['a'])).retryable, false)
  assert.is((await failure(throwing({ isRetryable: true }), ['a'])).retryable, true)
  const own = new RuntimeError('rate-limited', 'slower', { retryAfterMs: 5 })
  assert.is(await failure(throwing(own), ['a']), own)
})

test.run()
