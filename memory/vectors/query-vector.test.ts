import * as assert from 'uvu/assert'
import { settle, simulatedClock } from '../../runtime/testkit/simulated-clock.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { Embed } from '../memory.ts'
import { createQueryVectors } from './query-vector.ts'

const test = testSuite('memory/vectors/query-vector')

function counted(embed: Embed): { readonly embed: Embed; readonly calls: string[] } {
  const calls: string[] = []
  return {
    calls,
    embed: (texts, options) => {
      calls.push(...texts)
      return embed(texts, options)
    },
  }
}

test('a question has a vector of length 1, and the same question is not embedded again', async () => {
  const { embed, calls } = counted(async texts => texts.map(() => [3, 4]))
  const vectors = createQueryVectors({ embed, clock: simulatedClock() })
  const first = await vectors.of('where?')
  assert.equal(first, Float32Array.of(0.6, 0.8))
  assert.is(await vectors.of('where?'), first)
  assert.equal(calls, ['where?'])
})

test('no more questions are kept than said, those asked last', async () => {
  const { embed, calls } = counted(async texts => texts.map(() => [1]))
  const vectors = createQueryVectors({ embed, clock: simulatedClock(), kept: 2 })
  for (const question of ['a', 'b', 'a', 'c', 'a', 'b']) await vectors.of(question)
  assert.equal(calls, ['a', 'b', 'c', 'b'])
})

test('a failure gives no vector, is counted, and the embedder is left alone for a while', async () => {
  const clock = simulatedClock()
  const { embed, calls } = counted(async () => {
    throw new Error('down')
  })
  const vectors = createQueryVectors({ embed, clock })
  assert.is(await vectors.of('a'), undefined)
  assert.is(await vectors.of('b'), undefined)
  assert.equal(calls, ['a'])
  assert.equal(vectors.stats(), { failures: 1, lastError: { code: 'AC-3004', message: 'down' } })
  await clock.advance(10_000)
  await vectors.of('b')
  assert.equal(calls, ['a', 'b'])
})

test('a failure is not told any more when the embedder has answered since', async () => {
  const clock = simulatedClock()
  let isDown = true
  const embed: Embed = async texts => {
    if (isDown) throw new Error('down')
    return texts.map(() => [1])
  }
  const vectors = createQueryVectors({ embed, clock })
  await vectors.of('a')
  assert.is(vectors.stats().lastError?.code, 'AC-3004')
  isDown = false
  await clock.advance(10_000)
  await vectors.of('a')
  assert.equal(vectors.stats(), { failures: 1 })
})

test('recall waits for a slow embedder only so long', async () => {
  const clock = simulatedClock()
  const vectors = createQueryVectors({ embed: () => new Promise(() => {}), clock, limitMs: 300 })
  let answer: Float32Array | undefined | 'none yet' = 'none yet'
  void vectors.of('a').then(vector => {
    answer = vector
  })
  await clock.advance(299)
  assert.is(answer, 'none yet')
  await clock.advance(1)
  await settle()
  assert.is(answer, undefined)
  assert.is(vectors.stats().lastError?.code, 'AC-2002')
  assert.equal(clock.pending(), [])
})

test.run()
