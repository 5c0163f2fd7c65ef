/**
 * An embedder of the user's as one function that can be relied on: an embedding model of the AI SDK (by its shape:
 * nothing of the SDK is imported) or a function. Called when a memory is opened. Does not retry (`embedding-queue.ts`
 * and `query-vector.ts` decide about failures) and does not know what is stored.
 */
import { RuntimeError } from '../../actors/errors.ts'
import type { Embed } from '../memory.ts'

/** What is used of the AI SDK's `EmbeddingModelV2<string>` and `EmbeddingModelV3`. */
export interface EmbeddingModel {
  readonly specificationVersion: 'v2' | 'v3'
  readonly provider: string
  readonly modelId: string
  readonly maxEmbeddingsPerCall: PromiseLike<number | undefined> | number | undefined
  doEmbed(options: {
    values: string[]
    abortSignal?: AbortSignal
  }): PromiseLike<{ embeddings: readonly (readonly number[])[] }>
}

export type Embedder = Embed | EmbeddingModel

/** Texts per call when the model does not say, and at most: the limit of most providers is between 96 and 2,048. */
const PER_CALL = 96
const MAX_DIMENSIONS = 16_384

/**
 * One function for both kinds of embedder. It splits its texts into calls of the size the model takes, one after
 * the other, and gives back one vector per text, all of one length, finite and not zero. Throws `definition-invalid`
 * at once when `embedder` is neither; the function rejects with `model-failed`: retryable when the call failed and
 * the model does not say otherwise, not retryable when its answer is wrong.
 */
export function toEmbed(embedder: Embedder): Embed {
  const { name, call, perCall } = callable(embedder)
  return async (texts, { signal } = {}) => {
    const size = Math.max(1, Math.min(PER_CALL, (await perCall()) ?? PER_CALL))
    const vectors: (readonly number[] | Float32Array)[] = []
    for (let first = 0; first < texts.length; first += size) {
      const some = texts.slice(first, first + size)
      vectors.push(...checked(name, some.length, await called(name, call, some, signal)))
    }
    return sameLength(name, vectors)
  }
}

/** What tells vectors of one model from those of another: `openai/text-embedding-3-small`. A function has no name. */
export const modelOf = (embedder: Embedder): string | undefined =>
  typeof embedder === 'function' ? undefined : `${embedder.provider}/${embedder.modelId}`

interface Callable {
  readonly name: string
  readonly call: (texts: readonly string[], signal: AbortSignal | undefined) => Promise<unknown>
  readonly perCall: () => Promise<number | undefined>
}

function callable(embedder: Embedder): Callable {
  if (typeof embedder === 'function') {
    return {
      name: 'the embedder',
      call: async (texts, signal) => embedder(texts, signal && { signal }),
      perCall: async () => undefined,
    }
  }
  checkModel(embedder)
  return {
    name: `the embedding model "${embedder.provider}/${embedder.modelId}"`,
    call: async (texts, signal) =>
      (await embedder.doEmbed({ values: [...texts], ...(signal && { abortSignal: signal }) }))?.embeddings,
    perCall: async () => embedder.maxEmbeddingsPerCall,
  }
}

function checkModel(model: unknown): void {
  const { specificationVersion, doEmbed } = (model ?? {}) as Partial<EmbeddingModel>
  if (typeof doEmbed === 'function' && VERSIONS.includes(specificationVersion as string)) return
  const version = specificationVersion === undefined ? '' : ` of version "${String(specificationVersion)}"`
  throw new RuntimeError('definition-invalid', `the embedder is no embedding model${version}`, {
    why: `it must be a function from texts to vectors, or have doEmbed() and specificationVersion ${VERSIONS.join(' or ')}`,
    fix: "give for example openai.embeddingModel('text-embedding-3-small') of @ai-sdk/openai",
  })
}

const VERSIONS: readonly string[] = ['v2', 'v3']

async function called(
  name: string,
  call: Callable['call'],
  texts: readonly string[],
  signal: AbortSignal | undefined,
): Promise<unknown> {
  try {
    return await call(texts, signal)
  } catch (error) {
    if (error instanceof RuntimeError) throw error
    const { isRetryable, message } = (error ?? {}) as { isRetryable?: unknown; message?: unknown }
    throw new RuntimeError('model-failed', `${name} failed: ${String(message ?? error)}`, {
      cause: error,
      // The SDK's APICallError says so itself; what else is thrown is mostly the network's.
      retryable: typeof isRetryable === 'boolean' ? isRetryable : true,
      details: { texts: texts.length },
    })
  }
}

/** `answer` once it is `count` vectors of finite numbers that have a direction. */
function checked(name: string, count: number, answer: unknown): (readonly number[] | Float32Array)[] {
  if (!Array.isArray(answer)) throw wrong(name, 'its answer is no list of vectors')
  if (answer.length !== count) throw wrong(name, `${answer.length} vectors came for ${count} texts`)
  answer.forEach((vector, at) => {
    const problem = problemOf(vector)
    if (problem) throw wrong(name, `vector ${at + 1} of ${count} ${problem}`)
  })
  return answer
}

function problemOf(vector: unknown): string | undefined {
  if (!Array.isArray(vector) && !(vector instanceof Float32Array)) return 'is no list of numbers'
  if (vector.length === 0 || vector.length > MAX_DIMENSIONS) return `has ${vector.length} dimensions`
  let square = 0
  for (const value of vector) {
    if (typeof value !== 'number' || !Number.isFinite(value)) return `holds "${String(value)}"`
    square += value * value
  }
  return square > 0 && Number.isFinite(square)
    ? undefined
    : 'has no direction: its length is zero or infinite'
}

function sameLength<Vector extends { readonly length: number }>(name: string, vectors: Vector[]): Vector[] {
  const length = vectors[0]?.length ?? 0
  const other = vectors.find(vector => vector.length !== length)
  if (other) throw wrong(name, `vectors of ${length} and of ${other.length} dimensions came for one call`)
  return vectors
}

const wrong = (name: string, why: string): RuntimeError =>
  new RuntimeError('model-failed', `${name} gave a wrong answer: ${why}`, {
    why,
    fix: 'check the embedder: one vector per text, in their order, all of one length, finite and not zero',
    retryable: false,
  })
