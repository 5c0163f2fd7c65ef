import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import type { Backoff } from '../../actors/policies/backoff.ts'
import { type SimulatedClock, settle, simulatedClock } from '../../runtime/testkit/simulated-clock.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { Embed } from '../memory.ts'
import { toEmbed } from './embed.ts'
import {
  createEmbeddingQueue,
  type EmbeddedMemory,
  type EmbeddingQueue,
  type EmbeddingQueueOptions,
} from './embedding-queue.ts'
import { decodeVector } from './vector-bytes.ts'

const test = testSuite('memory/vectors/embedding-queue')

const backoff: Backoff = { kind: 'exponential', baseMs: 1_000, maxMs: 8_000, jitter: 'none' }
const refuse = (message: string) => new RuntimeError('model-failed', message, { retryable: false })
const busy = () => new RuntimeError('model-failed', 'busy', { retryable: true })

interface Setting {
  readonly queue: EmbeddingQueue
  readonly clock: SimulatedClock
  /** Texts of each call of the embedder. */
  readonly calls: (readonly string[])[]
  readonly saved: EmbeddedMemory[]
}

/** Memory n says "text n"; `answer` may throw instead of embedding. */
function setting(
  answer: (texts: readonly string[], call: number) => void,
  over: Partial<EmbeddingQueueOptions> = {},
): Setting {
  const clock = simulatedClock()
  const calls: (readonly string[])[] = []
  const saved: EmbeddedMemory[] = []
  const embed: Embed = async texts => {
    calls.push(texts)
    answer(texts, calls.length)
    return texts.map(text => [text.length, 1])
  }
  const queue = createEmbeddingQueue({
    embed: toEmbed(embed),
    model: 'test/lengths',
    clock,
    random: () => 0.5,
    texts: async docs => docs.map(doc => `text ${doc}`),
    save: async vectors => void saved.push(...vectors),
    batch: 4,
    backoff,
    ...over,
  })
  return { queue, clock, calls, saved }
}

const docsOf = (saved: readonly EmbeddedMemory[]): readonly number[] => saved.map(({ doc }) => doc)
const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, doc) => doc)

test('what is added is embedded in batches, in order, and saved with its model', async () => {
  const { queue, calls, saved } = setting(() => {})
  queue.add(upTo(6))
  queue.add([6, 7, 8, 9])
  await queue.settled()
  assert.equal(docsOf(saved), upTo(10))
  assert.equal(
    calls.map(texts => texts.length),
    [4, 4, 2],
  )
  assert.equal(decodeVector(saved[0]?.bytes ?? new Uint8Array())?.values, new Int8Array([127, 21]))
  assert.equal(queue.stats(), { waiting: 0, embedded: 10, refused: 0, failures: 0 })
  await queue.close()
})

test('a failure is seen, waited after and tried again until it works', async () => {
  const { queue, clock, saved } = setting((_, call) => {
    if (call <= 3) throw busy()
  })
  const start = clock.now()
  queue.add([1, 2])
  await queue.settled()
  const { lastError, ...seen } = queue.stats()
  assert.equal(seen, { waiting: 2, embedded: 0, refused: 0, failures: 1, retryAt: start + 1_000 })
  assert.is(lastError?.code, 'AC-3004')
  await clock.advance(999)
  assert.is(queue.stats().failures, 1)
  await clock.advance(1)
  assert.is(queue.stats().retryAt, start + 3_000)
  queue.add([3])
  await clock.advance(6_000)
  assert.equal(docsOf(saved), [1, 2, 3])
  assert.equal(queue.stats(), { waiting: 0, embedded: 3, refused: 0, failures: 0 })
  await queue.close()
})

test('a wait that the provider asks for is kept', async () => {
  const { queue, clock } = setting((_, call) => {
    if (call === 1) throw new RuntimeError('rate-limited', 'slower', { retryAfterMs: 50_000 })
  })
  queue.add([1])
  await queue.settled()
  assert.is(queue.stats().retryAt, clock.now() + 50_000)
  await queue.close()
})

test('one text that the model refuses costs the others nothing', async () => {
  const { queue, saved, calls } = setting(
    texts => {
      if (texts.includes('text 5')) throw refuse('too strange')
    },
    { batch: 16 },
  )
  queue.add(upTo(16))
  await queue.settled()
  assert.equal(
    [...docsOf(saved)].sort((a, b) => a - b),
    upTo(16).filter(doc => doc !== 5),
  )
  const { lastError, ...seen } = queue.stats()
  assert.equal(seen, { waiting: 0, embedded: 15, refused: 1, failures: 0 })
  assert.is(lastError?.code, 'AC-3004')
  assert.ok(calls.length <= 14, `${calls.length} calls`)
  await queue.close()
})

test('a model that refuses everything refuses no text: all of them wait', async () => {
  const { queue, calls } = setting(() => {
    throw refuse('the key is wrong')
  })
  queue.add(upTo(10))
  await queue.settled()
  assert.is(queue.stats().waiting, 10)
  assert.is(queue.stats().refused, 0)
  assert.is(calls.length, 2)
  await queue.close()
})

test('a wrong answer of a function is treated as a refusal, not saved', async () => {
  const clock = simulatedClock()
  const saved: EmbeddedMemory[] = []
  const queue = createEmbeddingQueue({
    embed: toEmbed(async texts =>
      texts.map(text => [text === 'memory' || text === 'text 1' ? 1 : Number.NaN]),
    ),
    clock,
    random: () => 0,
    texts: async docs => docs.map(doc => `text ${doc}`),
    save: async vectors => void saved.push(...vectors),
  })
  queue.add([1, 2])
  await queue.settled()
  assert.equal(docsOf(saved), [1])
  assert.is(queue.stats().refused, 1)
  await queue.close()
})

test('a memory that is gone is left out, and long texts are embedded by their beginning', async () => {
  const { queue, calls, saved } = setting(() => {}, {
    texts: async docs => docs.map(doc => (doc === 2 ? undefined : 'x'.repeat(20_000))),
  })
  queue.add([1, 2, 3])
  queue.add([2])
  await queue.settled()
  assert.equal(docsOf(saved), [1, 3])
  assert.equal(
    calls.map(texts => texts.map(text => text.length)),
    [[8_000, 8_000]],
  )
  await queue.close()
})

test('a store that cannot be written makes the batch wait, and no vector is lost', async () => {
  let isBroken = true
  const saved: EmbeddedMemory[] = []
  const { queue, clock } = setting(() => {}, {
    save: async vectors => {
      if (isBroken) throw new RuntimeError('store-failed', 'the disk is full')
      saved.push(...vectors)
    },
  })
  queue.add([1, 2])
  await queue.settled()
  assert.is(queue.stats().lastError?.code, 'AC-6003')
  assert.is(queue.stats().embedded, 0)
  isBroken = false
  await clock.advance(1_000)
  assert.equal(docsOf(saved), [1, 2])
  await queue.close()
})

test('an embedder that hangs is given up at the limit, and told', async () => {
  const signals: AbortSignal[] = []
  const { queue, clock } = setting(() => {}, {
    embed: (_, { signal } = {}) => {
      if (signal) signals.push(signal)
      return new Promise(() => {})
    },
    limitMs: 5_000,
  })
  queue.add([1])
  await clock.advance(4_999)
  assert.is(queue.stats().failures, 0)
  await clock.advance(1)
  assert.is(queue.stats().failures, 1)
  assert.is(queue.stats().lastError?.code, 'AC-2002')
  assert.is(signals[0]?.aborted, true)
  await queue.close()
})

test('closing ends a call and a wait at once, and leaves no timer', async () => {
  const hanging = setting(() => {}, { embed: () => new Promise(() => {}) })
  hanging.queue.add([1])
  await settle()
  await hanging.queue.close()
  assert.equal(hanging.clock.pending(), [])
  assert.is(hanging.queue.stats().waiting, 1)

  const waiting = setting(() => {
    throw busy()
  })
  waiting.queue.add([1])
  await waiting.queue.settled()
  await waiting.queue.close()
  assert.equal(waiting.clock.pending(), [])
  waiting.queue.add([2])
  await settle()
  assert.is(waiting.calls.length, 1)
})

test.run()
