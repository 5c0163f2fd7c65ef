/**
 * All that a namespace needs of vectors in one thing: what is stored, what is still to be embedded, and what a question
 * is near to. Opened by the store beside the word index, when the memory has an embedder; the store keeps the bytes
 * and knows the texts. Never a reason for recall, remembering or opening to fail: see `stats()`.
 */
import type { Clock } from '../../actors/clock.ts'
import { RuntimeError, toRuntimeError } from '../../actors/errors.ts'
import { type Embedder, modelOf, toEmbed } from './embed.ts'
import {
  createEmbeddingQueue,
  type EmbeddedMemory,
  type EmbeddingQueue,
  type EmbeddingStats,
} from './embedding-queue.ts'
import { createQueryVectors, type QueryVectors } from './query-vector.ts'
import { decodeVector, modelPrint } from './vector-bytes.ts'
import { createVectorIndex, type VectorIndex } from './vector-index.ts'
import { type VectorScores, vectorScores } from './vector-scores.ts'

/** One per memory: its namespaces share the questions that were embedded. */
export interface SharedEmbedder {
  readonly embed: ReturnType<typeof toEmbed>
  readonly model: string | undefined
  readonly queries: QueryVectors
  /** Vectors of another model are deleted and made again, instead of being left unused. */
  readonly embedsAgain: boolean
  readonly clock: Clock
  readonly random: () => number
  /** What may be shown of a text in which an embedder says how it failed. */
  readonly redact: (text: string) => string
}

/** Throws `definition-invalid` for what is no embedder. */
export function shareEmbedder(
  embedder: Embedder,
  {
    clock,
    random,
    embedsAgain = false,
    redact = () => 'the embedder failed',
  }: Pick<SharedEmbedder, 'clock' | 'random'> & Partial<Pick<SharedEmbedder, 'embedsAgain' | 'redact'>>,
): SharedEmbedder {
  const embed = toEmbed(embedder)
  return {
    embed,
    model: modelOf(embedder),
    queries: createQueryVectors({ embed, clock }),
    embedsAgain,
    clock,
    random,
    redact,
  }
}

export interface NamespaceVectorsOptions {
  readonly shared: SharedEmbedder
  /** The vectors on disk. */
  readonly stored: Iterable<EmbeddedMemory>
  /** Numbers of all memories that are there: those without a vector get one. */
  readonly docs: Iterable<number>
  /** The texts to embed, in the order of `docs`; undefined for a memory that is gone or must not be embedded. */
  readonly texts: (docs: readonly number[]) => Promise<readonly (string | undefined)[]>
  /** Writes those whose memory is there in one batch, and says which. */
  readonly save: (vectors: readonly EmbeddedMemory[]) => Promise<readonly number[]>
}

export interface VectorStats extends EmbeddingStats {
  readonly model: string | undefined
  readonly dimensions: number | undefined
  /** Memories that have a vector. */
  readonly vectors: number
  /** Vectors of other models, and how many models those are. */
  readonly foreign: number
  readonly foreignModels: number
  /** The mismatch, or else the last failure of an embedder that has not worked since. No secrets. */
  readonly failed?: { readonly code: string; readonly message: string }
  /** Bytes in memory, about. */
  readonly bytes: number
  /** Why vectors are not used, when the stored ones come from another model. */
  readonly mismatch?: { readonly code: string; readonly message: string; readonly fix: string }
}

export interface NamespaceVectors {
  /** New memories, after their write. */
  remembered(docs: readonly number[]): void
  /** The text of a memory is another: the store has deleted its bytes in the batch that changed it. */
  changed(doc: number): void
  /** The store has deleted its bytes in the batch that forgot it. */
  forgotten(doc: number): void
  /** Undefined when there is nothing to compare with, or when the question could not be embedded in time. */
  scores(
    question: string,
    options?: { readonly candidates?: number; readonly accept?: (doc: number) => boolean },
  ): Promise<VectorScores | undefined>
  /** The store has deleted the bytes of all vectors: all of `docs` are embedded anew, by the embedder given now. */
  embedAgain(docs: Iterable<number>): void
  /** As `EmbeddingQueue.settled`. */
  settled(): Promise<void>
  stats(): VectorStats
  close(): Promise<void>
}

interface State {
  index: VectorIndex
  /** Of another model: nothing is embedded or compared until `embedAgain`. */
  mismatch: RuntimeError | undefined
  /** Numbers with a vector of another model, and what tells those models apart. */
  readonly foreign: Map<number, number>
  /** Being embedded; those of them that were changed or forgotten meanwhile. */
  readonly underWay: Set<number>
  readonly stale: Set<number>
}

export function openNamespaceVectors(options: NamespaceVectorsOptions): NamespaceVectors {
  const { shared } = options
  const state: State = { ...loaded(options), underWay: new Set(), stale: new Set() }
  const queue = queueOf(state, options)
  const embed = (docs: Iterable<number>): void => {
    if (!state.mismatch) queue.add([...docs].filter(doc => !state.index.has(doc)))
  }
  const drop = (doc: number): void => {
    state.index.remove(doc)
    state.foreign.delete(doc)
    if (state.underWay.has(doc)) state.stale.add(doc)
  }
  embed(options.docs)
  return {
    remembered: embed,
    changed(doc) {
      drop(doc)
      embed([doc])
    },
    forgotten: drop,
    async scores(question, { candidates, accept } = {}) {
      if (state.mismatch || state.index.size === 0) return undefined
      const query = await shared.queries.of(question)
      // Both may have changed while the question was embedded.
      const { dimensions, size } = state.index
      if (!query || size === 0 || query.length !== dimensions) return undefined
      return vectorScores(state.index, query, {
        ...(candidates && { candidates }),
        ...(accept && { accept }),
      })
    },
    embedAgain(docs) {
      for (const doc of state.underWay) state.stale.add(doc)
      state.index = createVectorIndex({ model: shared.model })
      state.mismatch = undefined
      state.foreign.clear()
      embed(docs)
    },
    settled: () => queue.settled(),
    stats: () => statsOf(state, queue, shared),
    close: () => queue.close(),
  }
}

/** What is damaged is made again; what comes from another model is left where it is, for whoever goes back to it. */
function loaded({ shared, stored }: NamespaceVectorsOptions): Pick<State, 'index' | 'mismatch' | 'foreign'> {
  const index = createVectorIndex({ model: shared.model })
  const own = modelPrint(shared.model)
  const foreign = new Map<number, number>()
  let mismatch: RuntimeError | undefined
  for (const { doc, bytes } of stored) {
    const vector = decodeVector(bytes)
    const length = vector?.values.length ?? 0
    const isForeign = vector && (vector.model !== own || length !== (index.dimensions ?? length))
    if (isForeign) foreign.set(doc, vector.model * MODEL + length)
    // The first one says what is wrong; a million of errors would take half a minute.
    if (!isForeign || !mismatch) mismatch = addTo(index, doc, bytes) ?? mismatch
  }
  return { index, mismatch, foreign }
}

/** Above the greatest number of dimensions. */
const MODEL = 65_536

/** The mismatch, if it is one. What is damaged is left out. */
function addTo(index: VectorIndex, doc: number, bytes: Uint8Array): RuntimeError | undefined {
  try {
    index.add(doc, bytes)
    return undefined
  } catch (thrown) {
    const error = toRuntimeError(thrown)
    if (error.kind === 'embedding-mismatch') return error
    if (error.kind === 'store-corrupt') return undefined
    throw error
  }
}

function queueOf(state: State, { shared, texts, save }: NamespaceVectorsOptions): EmbeddingQueue {
  const { embed, model, clock, random } = shared
  return createEmbeddingQueue({
    ...{ embed, model, clock, random },
    async texts(docs) {
      state.underWay.clear()
      state.stale.clear()
      for (const doc of docs) state.underWay.add(doc)
      return texts(docs)
    },
    async save(vectors) {
      const fresh = vectors.filter(({ doc }) => !state.stale.has(doc))
      checkLength(state.index, fresh)
      const saved = await save(fresh)
      const kept = new Set(saved.filter(doc => !state.stale.has(doc)))
      for (const { doc, bytes } of fresh) if (kept.has(doc)) state.index.add(doc, bytes)
    },
  })
}

/** Before they are written: the disk keeps vectors of one length only. A whole answer has one (`toEmbed`). */
function checkLength({ dimensions }: VectorIndex, [first]: readonly EmbeddedMemory[]): void {
  const length = first && decodeVector(first.bytes)?.values.length
  if (length === undefined || dimensions === undefined || length === dimensions) return
  throw new RuntimeError(
    'embedding-mismatch',
    `the embedder gives ${length} dimensions, and vectors of ${dimensions} are stored`,
    {
      why: 'vectors can only be compared with vectors of the same embedding model',
      fix: 'give the embedder the memory was embedded with, or embed it again with the new one',
    },
  )
}

const LONGEST_MESSAGE = 300

function statsOf(
  { index, mismatch, foreign }: State,
  queue: EmbeddingQueue,
  { model, queries, redact }: SharedEmbedder,
): VectorStats {
  const embedding = queue.stats()
  const error = embedding.lastError ?? queries.stats().lastError
  const failed = mismatch ?? (error && { code: error.code, message: redact(error.message) })
  return {
    ...embedding,
    model,
    dimensions: index.dimensions,
    vectors: index.size,
    bytes: index.bytes,
    foreign: foreign.size,
    foreignModels: new Set(foreign.values()).size,
    ...(failed && { failed: { code: failed.code, message: failed.message.slice(0, LONGEST_MESSAGE) } }),
    ...(mismatch && {
      mismatch: { code: mismatch.code, message: mismatch.message, fix: mismatch.fix ?? '' },
    }),
  }
}
