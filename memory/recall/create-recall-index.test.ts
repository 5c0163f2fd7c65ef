import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { createRecallIndex } from './create-recall-index.ts'
import type { IndexEntry, QueryTerm, RecallIndex } from './recall-index.ts'
import {
  add,
  analyse,
  bruteForce,
  emptyStore,
  end,
  expunge,
  living,
  remove,
  reopen,
  rounded,
  type Stored,
  seal,
  termsOf,
} from './testdata/index-model.ts'

const test = testSuite('memory/recall/create-recall-index', { limitMs: 120_000 })

const VOCABULARY = 24
const BM25 = { k1: 0.9, b: 0.4 }

const entry = (doc: number, text: string, more: Partial<IndexEntry> = {}): IndexEntry => ({
  doc,
  text,
  who: 0,
  at: 1_000 + doc,
  session: doc,
  kind: 'episode',
  trust: 'untrusted',
  importance: 0.5,
  ...more,
})

/** Words by a law of few that are common and many that are rare, as in talk. */
const word = fc.nat(999).map(n => Math.floor(VOCABULARY * (n / 1_000) ** 2))
const text = fc.array(word, { maxLength: 9 }).map(words => words.join(' '))

type Step =
  | { readonly do: 'add'; readonly text: string; readonly session: number; readonly gap: number }
  | { readonly do: 'remove' | 'end'; readonly pick: number }
  | { readonly do: 'replace'; readonly pick: number; readonly text: string; readonly knows: number }
  | { readonly do: 'seal' | 'reopen' }
  | { readonly do: 'expunge' }

/** Some gaps reach into the next blocks of 65,536 numbers, so that runs are merged. */
const gap = fc.oneof(
  { weight: 30, arbitrary: fc.constant(0) },
  { weight: 4, arbitrary: fc.nat(40) },
  { weight: 1, arbitrary: fc.integer({ min: 60_000, max: 140_000 }) },
)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 20, arbitrary: fc.record({ do: fc.constant('add' as const), text, session: fc.nat(4), gap }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('remove' as const, 'end' as const), pick: fc.nat() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('replace' as const), pick: fc.nat(), text, knows: fc.nat(2) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('seal' as const, 'reopen' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('expunge' as const) }) },
)

interface World {
  readonly stored: Stored
  next: number
  /** The first memory of each session. */
  readonly firsts: number[]
}

async function take(world: World, one: Step): Promise<void> {
  const { stored } = world
  const pick = (nth: number): number | undefined => {
    const alive = living(stored)
    return alive[nth % Math.max(1, alive.length)]?.entry.doc
  }
  if (one.do === 'add') {
    world.next += one.gap
    addTo(world, one.text, one.session)
  }
  if (one.do === 'seal') await seal(stored, true)
  if (one.do === 'expunge') await expunge(stored)
  if (one.do === 'reopen') stored.index = reopen(stored)
  const doc = 'pick' in one ? pick(one.pick) : undefined
  if (doc === undefined) return
  if (one.do === 'replace') replace(world, doc, one.text, one.knows)
  if (one.do === 'remove') remove(stored, doc)
  if (one.do === 'end') end(stored, doc, one.pick % 3 > 0)
}

/** Session 4 is none. */
function addTo(world: World, text: string, session: number): void {
  const doc = world.next++
  world.firsts[session] ??= doc
  const first = session === 4 ? doc : (world.firsts[session] as number)
  const prev = world.stored.sessions.get(first)?.at(-1)
  add(
    world.stored,
    entry(doc, text, {
      session: first,
      who: doc % 7,
      kind: (['episode', 'fact', 'insight'] as const)[doc % 3] ?? 'fact',
      trust: (['untrusted', 'agent', 'trusted'] as const)[(doc >> 2) % 3] ?? 'agent',
      importance: (doc % 11) / 10,
      ...(prev !== undefined && { prev }),
    }),
  )
}

/** A store may say that it stands at the end of the session, after the old one, or after what was before that. */
function replace(world: World, old: number, text: string, knows: number): void {
  const { stored } = world
  const session = stored.known.get(old)?.entry.session ?? old
  const order = stored.sessions.get(session) ?? []
  const prev = [order.at(-1), old, order[order.indexOf(old) - 1] ?? old][knows]
  const doc = world.next++
  add(stored, entry(doc, text, { session, ...(prev !== undefined && { prev }) }))
  remove(stored, old, doc)
}

function sameColumns(index: RecallIndex, stored: Stored): void {
  assert.is(index.live, living(stored).length)
  for (const { entry, length, alive, ended } of stored.known.values()) {
    const { doc } = entry
    assert.is(index.alive(doc), alive)
    if (!alive) continue
    assert.equal(
      {
        at: index.at(doc),
        who: index.who(doc),
        session: index.session(doc),
        kind: index.kind(doc),
        trust: index.trust(doc),
        flags: index.flags(doc),
        length: index.length(doc),
        ended: index.ended(doc),
      },
      {
        at: entry.at,
        who: entry.who,
        session: entry.session,
        kind: entry.kind,
        trust: entry.trust,
        flags: length & 7,
        length,
        ended,
      },
    )
    assert.ok(Math.abs(index.importance(doc) - entry.importance) <= 0.5 / 255 + 1e-12)
  }
}

function sameSessions(index: RecallIndex, stored: Stored): void {
  for (const order of stored.sessions.values()) {
    for (const [nth, doc] of order.entries()) {
      assert.is(index.prev(doc), order[nth - 1] ?? -1, `before ${doc} in ${order}`)
      assert.is(index.next(doc), order[nth + 1] ?? -1, `after ${doc} in ${order}`)
    }
  }
}

interface Search {
  readonly terms: readonly QueryTerm[]
  readonly k: number
  readonly modulus: number
  readonly maxBoost: number
}

const search: fc.Arbitrary<Search> = fc.record({
  terms: fc.array(
    fc.record({
      hash: word,
      weight: fc.oneof(fc.constant(1), fc.double({ min: 0.05, max: 3, noNaN: true })),
    }),
    { minLength: 1, maxLength: 8 },
  ),
  k: fc.integer({ min: 1, max: 60 }),
  modulus: fc.constantFrom(1, 1, 2, 3),
  maxBoost: fc.constantFrom(1, 1, 1.8),
})

/** Returns how many ranks were compared. */
function sameTop(index: RecallIndex, stored: Stored, { terms, k, modulus, maxBoost }: Search): number {
  const accept = (doc: number): boolean => doc % modulus === 0
  const boost = (doc: number): number => (doc % 5 === 1 ? maxBoost : 1)
  const options = { bm25: BM25, ...(modulus > 1 && { accept }), ...(maxBoost > 1 && { boost, maxBoost }) }
  const all = bruteForce(stored, terms, BM25, hash => index.documentFrequency(hash), accept, boost)
  const found = index.top(terms, k, options)
  assert.equal(
    found.map(({ doc }) => doc),
    all.slice(0, k).map(({ doc }) => doc),
  )
  for (const [rank, { score }] of found.entries())
    assert.ok(Math.abs(rounded(score) - rounded(all[rank]?.score ?? 0)) <= 1)
  return found.length
}

function sameFrequencies(index: RecallIndex, stored: Stored, { terms, modulus }: Search): void {
  const docs = Uint32Array.from(
    living(stored)
      .map(({ entry }) => entry.doc)
      .filter(doc => doc % modulus === 0),
  )
  const table = index.frequencies(terms, docs)
  assert.is(table.length, docs.length * terms.length)
  for (const [row, doc] of docs.entries()) {
    for (const [column, { hash }] of terms.entries())
      assert.is(table[row * terms.length + column], stored.known.get(doc)?.terms.get(hash) ?? 0)
  }
}

test('agrees with plain lists after any history, before and after it is opened again', async () => {
  let ranks = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 160, size: 'max' }),
      fc.array(search, { minLength: 3, maxLength: 3 }),
      async (steps, searches) => {
        const world: World = { stored: emptyStore(), next: 1, firsts: [] }
        for (const one of steps) await take(world, one)
        const { stored } = world
        for (const index of [stored.index, reopen(stored)]) {
          sameColumns(index, stored)
          sameSessions(index, stored)
          for (const one of searches) {
            ranks += sameTop(index, stored, one)
            sameFrequencies(index, stored, one)
          }
        }
      },
    ),
    { numRuns: 300, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: true },
  )
  assert.ok(ranks > 3_000, `${ranks} ranks`)
})

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
