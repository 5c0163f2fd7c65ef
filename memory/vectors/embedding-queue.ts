/**
 * Embeds memories after their write was acknowledged. The store keeps what is still to do (a memory without a
 * vector), reads the texts and writes the vectors; this batches, waits after failures and isolates a text that the
 * model refuses. One per namespace, made and closed by the store. Recall works without it: a failure is seen in
 * `stats()` and nowhere else.
 */
import type { Clock } from '../../actors/clock.ts'
import { type RuntimeError, toRuntimeError } from '../../actors/errors.ts'
import { type Backoff, nextDelayMs } from '../../actors/policies/backoff.ts'
import type { Embed } from '../memory.ts'
import { encodeVector } from './vector-bytes.ts'
import { withinLimit } from './within-limit.ts'

/** `bytes`: those of `encodeVector`, for the disk and for `VectorIndex.add`. */
export interface EmbeddedMemory {
  readonly doc: number
  readonly bytes: Uint8Array
}

export interface EmbeddingQueueOptions {
  /** Of `toEmbed`, and the name of `modelOf`. */
  readonly embed: Embed
  readonly model?: string | undefined
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** The texts to embed, in the order of `docs`; undefined for a memory that is gone or must not be embedded. */
  readonly texts: (docs: readonly number[]) => Promise<readonly (string | undefined)[]>
  /** Writes vectors. Leaves out, in the same step, what was forgotten or changed while it was embedded. */
  readonly save: (vectors: readonly EmbeddedMemory[]) => Promise<void>
  /** Memories per call. Default 64. */
  readonly batch?: number
  /** Default 60,000. */
  readonly limitMs?: number
  /** Between attempts after a failure, for ever. Default: 1 s, doubled up to 5 min, full jitter. */
  readonly backoff?: Backoff
}

export interface EmbeddingStats {
  /** Memories without a vector that will get one. */
  readonly waiting: number
  readonly embedded: number
  /** Memories whose text the model refuses while it takes others: not tried again before the next opening. */
  readonly refused: number
  /** Failures since the last success. */
  readonly failures: number
  readonly lastError?: { readonly code: string; readonly message: string }
  /** Absolute ms of the next attempt; absent: none is waited for. */
  readonly retryAt?: number
}

export interface EmbeddingQueue {
  /** Numbers of memories that have no vector, or whose text changed. */
  add(docs: readonly number[]): void
  stats(): EmbeddingStats
  /** Resolves when nothing waits, or when a failure makes the rest wait. */
  settled(): Promise<void>
  /** Aborts what is under way. What still waits is found again at the next opening. */
  close(): Promise<void>
}

const BACKOFF: Backoff = { kind: 'exponential', baseMs: 1_000, maxMs: 300_000 }
/** A text longer than this is embedded by its beginning: 2,000 tokens, which every model takes. */
const MAX_CHARACTERS = 8_000
/** A text that no model refuses: when it fails too, the fault is not in the texts of a batch. */
const PROBE = 'memory'

interface State {
  /** Numbers that wait, from `head`. */
  waiting: number[]
  head: number
  embedded: number
  refused: number
  failures: number
  lastError: RuntimeError | undefined
  retryAt: number | undefined
  working: Promise<void> | undefined
  settling: (() => void)[]
}

export function createEmbeddingQueue(options: EmbeddingQueueOptions): EmbeddingQueue {
  const closing = new AbortController()
  const state: State = {
    waiting: [],
    head: 0,
    embedded: 0,
    refused: 0,
    failures: 0,
    lastError: undefined,
    retryAt: undefined,
    working: undefined,
    settling: [],
  }
  return {
    add(docs) {
      if (closing.signal.aborted || docs.length === 0) return
      for (const doc of docs) state.waiting.push(doc)
      state.working ??= work(state, options, closing.signal)
    },
    stats: () => statsOf(state),
    settled: () =>
      isAtRest(state) ? Promise.resolve() : new Promise<void>(resolve => state.settling.push(resolve)),
    async close() {
      closing.abort()
      await state.working
      release(state)
    },
  }
}

const waitingIn = ({ waiting, head }: State): number => waiting.length - head

const isAtRest = (state: State): boolean => state.working === undefined || state.retryAt !== undefined

function statsOf(state: State): EmbeddingStats {
  const { embedded, refused, failures, lastError, retryAt } = state
  return {
    waiting: waitingIn(state),
    embedded,
    refused,
    failures,
    ...(lastError && { lastError: { code: lastError.code, message: lastError.message } }),
    ...(retryAt !== undefined && { retryAt }),
  }
}

function release(state: State): void {
  for (const resolve of state.settling.splice(0)) resolve()
}

/** Until nothing waits or the queue is closed. Never rejects: what fails is counted and tried again. */
async function work(state: State, options: EmbeddingQueueOptions, closed: AbortSignal): Promise<void> {
  while (waitingIn(state) > 0 && !closed.aborted) {
    const docs = state.waiting.slice(state.head, state.head + (options.batch ?? 64))
    try {
      await embedDocs(state, options, closed, docs)
      forward(state, docs.length)
      state.failures = 0
      if (state.refused === 0) state.lastError = undefined
    } catch (thrown) {
      if (closed.aborted) break
      await waitAfter(state, options, closed, toRuntimeError(thrown))
    }
  }
  state.working = undefined
  release(state)
}

/** The array is cut now and then, not at each batch: a million may wait. */
function forward(state: State, by: number): void {
  state.head += by
  if (state.head < 4096 && state.head < state.waiting.length) return
  state.waiting = state.waiting.slice(state.head)
  state.head = 0
}

async function waitAfter(
  state: State,
  { clock, random, backoff = BACKOFF }: EmbeddingQueueOptions,
  closed: AbortSignal,
  error: RuntimeError,
): Promise<void> {
  state.failures++
  state.lastError = error
  const delay = nextDelayMs({
    backoff,
    attempt: state.failures,
    random: random(),
    retryAfterMs: error.retryAfterMs,
  })
  state.retryAt = clock.now() + delay
  release(state)
  await paused(clock, state.retryAt, closed)
  state.retryAt = undefined
}

const paused = (clock: Clock, until: number, closed: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    const end = (): void => {
      cancel()
      closed.removeEventListener('abort', end)
      resolve()
    }
    const cancel = clock.at(until, end)
    closed.addEventListener('abort', end)
    if (closed.aborted) end()
  })

/** Embeds and saves. Rejects when the embedder or the store does not work; a text that alone is refused is left out. */
async function embedDocs(
  state: State,
  options: EmbeddingQueueOptions,
  closed: AbortSignal,
  docs: readonly number[],
): Promise<void> {
  const texts = await options.texts(docs)
  const there = docs.flatMap((doc, at) => {
    const text = texts[at]
    return text === undefined ? [] : [{ doc, text: text.slice(0, MAX_CHARACTERS) }]
  })
  if (there.length > 0) await embedOrSplit(state, options, closed, there)
}

interface Waiting {
  readonly doc: number
  readonly text: string
}

/** Halves a batch that the model refuses, so that one bad text costs a few calls and not the others their vectors. */
async function embedOrSplit(
  state: State,
  options: EmbeddingQueueOptions,
  closed: AbortSignal,
  some: readonly Waiting[],
): Promise<void> {
  const refusal = await embedAndSave(state, options, closed, some)
  if (!refusal) return
  if (!(await works(options, closed))) throw refusal
  if (some.length === 1) {
    state.refused++
    state.lastError = refusal
    return
  }
  const half = some.length >> 1
  await embedOrSplit(state, options, closed, some.slice(0, half))
  await embedOrSplit(state, options, closed, some.slice(half))
}

/** The error of a model that refuses these texts and would again; every other failure is thrown. */
async function embedAndSave(
  state: State,
  options: EmbeddingQueueOptions,
  closed: AbortSignal,
  some: readonly Waiting[],
): Promise<RuntimeError | undefined> {
  let vectors: Awaited<ReturnType<Embed>>
  try {
    vectors = await callEmbed(
      options,
      closed,
      some.map(({ text }) => text),
    )
  } catch (thrown) {
    const error = toRuntimeError(thrown, 'model-failed')
    if (error.retryable || closed.aborted) throw error
    return error
  }
  await options.save(
    some.map(({ doc }, at) => ({ doc, bytes: encodeVector(vectors[at] ?? [], options.model) })),
  )
  state.embedded += some.length
  return undefined
}

async function works(options: EmbeddingQueueOptions, closed: AbortSignal): Promise<boolean> {
  try {
    await callEmbed(options, closed, [PROBE])
    return true
  } catch {
    return false // The error of the batch is the one that is reported: this call only asked whose fault it is.
  }
}

const callEmbed = (
  { embed, clock, limitMs = 60_000 }: EmbeddingQueueOptions,
  closed: AbortSignal,
  texts: readonly string[],
): ReturnType<Embed> => withinLimit(signal => embed(texts, { signal }), { clock, limitMs, closed })
