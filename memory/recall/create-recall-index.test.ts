import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { createRecallIndex } from './create-recall-index.ts'
import {
  BM25,
  entry,
  type Search,
  sameColumns,
  sameFrequencies,
  sameSessions,
  sameTop,
} from './testdata/index-checks.ts'
import { add, analyse, emptyStore, expunge, remove, reopen, seal, termsOf } from './testdata/index-model.ts'

const test = testSuite('memory/recall/create-recall-index', { limitMs: 120_000 })

/** Made by a rule, so that it is the same at every run. */
const ruleText = (doc: number): string => {
  const words: number[] = []
  let state = (doc * 2_654_435_761) >>> 0
  for (let i = 0; i < 6 + (doc % 5); i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    words.push(Math.floor(3_000 * (state / 2 ** 32) ** 3))
  }
  return words.join(' ')
}

const QUERIES: readonly Search[] = Array.from({ length: 12 }, (_, nth) => ({
  terms: termsOf(ruleText(nth * 977 + 3)).map((hash, place) => ({ hash, weight: 1 + (place % 3) / 2 })),
  k: [1, 10, 200, 1_000][nth % 4] ?? 10,
  modulus: [1, 1, 3][nth % 3] ?? 1,
  maxBoost: nth % 2 === 0 ? 1 : 2.5,
}))

test('agrees with plain lists over tail, runs and a full segment, and merges 32 runs into one', async () => {
  const stored = emptyStore()
  for (let doc = 0; doc < 75_000; doc++) {
    add(
      stored,
      entry(doc, ruleText(doc), { session: doc - (doc % 25), ...(doc % 25 > 0 && { prev: doc - 1 }) }),
    )
    if (doc % 9 === 8) remove(stored, doc - 3)
    if (stored.index.unsealed >= 2_048) await seal(stored, false)
  }
  await seal(stored, false)
  assert.is(stored.segments.size, 1 + Math.floor((75_000 - 65_536) / 2_048))
  assert.is(stored.index.unsealed, (75_000 - 65_536) % 2_048)
  for (const index of [stored.index, reopen(stored)]) {
    let ranks = 0
    for (const query of QUERIES) {
      ranks += sameTop(index, stored, query)
      sameFrequencies(index, stored, query)
    }
    assert.ok(ranks > 3_000, `${ranks} ranks`)
    sameColumns(index, stored)
    sameSessions(index, stored)
  }
  const before = stored.index.documentFrequency(0)
  await expunge(stored)
  assert.ok(stored.index.documentFrequency(0) < before)
  for (const index of [stored.index, reopen(stored)]) {
    for (const query of QUERIES) sameTop(index, stored, query)
    sameSessions(index, stored)
  }
})

test('lets go on what is added, removed and asked while it seals', async () => {
  const stored = emptyStore()
  for (let doc = 0; doc < 6_000; doc++) add(stored, entry(doc, ruleText(doc)))
  const sealing = stored.index.seal({ all: true })
  let doc = 6_000
  let turns = 0
  const timer = setInterval(() => {
    turns++
    add(stored, entry(doc, ruleText(doc)))
    remove(stored, doc - 4_000)
    doc++
  }, 0)
  const result = await sealing
  clearInterval(timer)
  assert.ok(turns > 0, 'the event loop went on')
  for (const { base, bytes } of result?.put ?? []) stored.segments.set(base, bytes)
  for (const index of [stored.index, reopen(stored)]) {
    for (const query of QUERIES) sameTop(index, stored, query)
    sameColumns(index, stored)
  }
})

test('leaves nothing of a removed memory in the bytes once it is expunged', async () => {
  const stored = emptyStore()
  add(stored, entry(0, '7 8', { at: 1_111 }))
  add(stored, entry(1, '7 4242424242', { at: 1.23456789e12, who: 77, session: 0, prev: 0 }))
  add(stored, entry(2, '7 9', { at: 3_333, session: 0, prev: 1 }))
  await seal(stored, true)
  const traces = (): boolean[] =>
    [...stored.segments.values()].map(
      bytes =>
        Buffer.from(bytes).includes(floats(4242424242)) || Buffer.from(bytes).includes(floats(1.23456789e12)),
    )
  assert.equal(traces(), [true])
  remove(stored, 1)
  await expunge(stored)
  assert.equal(traces(), [false])
  const again = reopen(stored)
  assert.not(again.alive(1))
  assert.is(again.prev(2), 0)
  assert.is(again.next(0), 2)
  assert.is(again.documentFrequency(4242424242), 0)
})

const floats = (number: number): Buffer => Buffer.from(Float64Array.of(number).buffer)

test('puts equal scores in the order of the numbers, the newest first', () => {
  const index = createRecallIndex({ analyse })
  for (let doc = 0; doc < 3_000; doc++) index.add(entry(doc, doc % 2 === 0 ? '1 2 3' : '3 2 1'))
  const found = index.top(
    [1, 2, 3].map(hash => ({ hash, weight: 0.1 * hash })),
    5,
    { bm25: BM25 },
  )
  assert.equal(
    found.map(({ doc }) => doc),
    [2_999, 2_998, 2_997, 2_996, 2_995],
  )
  assert.is(new Set(found.map(({ score }) => score)).size, 1)
})

test('keeps few runs when everything is sealed often', async () => {
  const stored = emptyStore()
  for (let doc = 0; doc < 3_000; doc++) {
    add(stored, entry(doc, ruleText(doc)))
    if (doc % 20 === 0) await seal(stored, true)
  }
  assert.ok(stored.segments.size <= 2, `${stored.segments.size} runs`)
  for (const query of QUERIES) sameTop(reopen(stored), stored, query)
})

test('has nothing to seal while there is little, and says nothing of an empty query', async () => {
  const index = createRecallIndex({ analyse })
  assert.is(await index.seal({ all: true }), undefined)
  index.add(entry(5, '1 2'))
  assert.is(await index.seal(), undefined)
  assert.is(index.unsealed, 1)
  assert.is(index.end, 6)
  assert.equal(index.top([], 10, { bm25: BM25 }), [])
  assert.equal(index.top([{ hash: 1, weight: 0 }], 10, { bm25: BM25 }), [])
  assert.equal(index.top([{ hash: 1, weight: 1 }], 0, { bm25: BM25 }), [])
  assert.equal(index.top([{ hash: 99, weight: 1 }], 10, { bm25: BM25 }), [])
  assert.is(index.top([{ hash: 1, weight: 1 }], 10, { bm25: BM25 }).length, 1)
  assert.equal([index.alive(4), index.prev(4), index.next(9e8), index.who(77)], [false, -1, -1, 0])
})

test('refuses a number that does not ascend and what is no hash', () => {
  const index = createRecallIndex({ analyse })
  index.add(entry(5, '1 2'))
  for (const doc of [5, 4, -1, 5.5, 2 ** 32, Number.NaN]) {
    assert.throws(
      () => index.add(entry(doc, '1')),
      (error: { kind: string }) => error.kind === 'internal',
    )
  }
  for (const text of ['NaN', '-1', '1.5', '9007199254740992']) {
    assert.throws(
      () => index.add(entry(6, text)),
      (error: { kind: string }) => error.kind === 'internal',
    )
  }
  assert.is(index.live, 1)
})

test('searches within a search, and goes on after a filter that throws', () => {
  const index = createRecallIndex({ analyse })
  for (let doc = 0; doc < 100; doc++) index.add(entry(doc, ruleText(doc)))
  const terms = [0, 1, 2, 3].map(hash => ({ hash, weight: 1 }))
  const plain = index.top(terms, 10, { bm25: BM25 })
  const accept = (doc: number): boolean => index.top(terms, 100, { bm25: BM25 }).some(hit => hit.doc === doc)
  assert.equal(index.top(terms, 10, { bm25: BM25, accept }), plain)
  const fails = (): boolean => {
    throw new RangeError('not today')
  }
  assert.throws(() => index.top(terms, 10, { bm25: BM25, accept: fails }), /not today/)
  assert.equal(index.top(terms, 10, { bm25: BM25 }), plain)
})

test.run()
