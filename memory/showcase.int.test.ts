import { randomBytes } from 'node:crypto'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { extractiveConsolidator } from './consolidation/extractive.ts'
import { growthPolicy } from './consolidation/growth.ts'
import type { ExplainedFact, MemoryRecord } from './memory.ts'
import { withStore } from './store/testdata/opened.ts'
import { filesWith } from './store/testdata/table-files.ts'

const test = testSuite('memory/showcase', { limitMs: 60_000 })

const options = { consolidator: extractiveConsolidator(), growth: growthPolicy }
const MARCH = Date.UTC(2024, 2, 4, 10)
const MAY = Date.UTC(2024, 4, 15, 10)

/** Names that stand nowhere else, so that a search of the files is sure. */
const name = (): string => `Q${randomBytes(9).toString('hex')}`

const objects = (facts: readonly MemoryRecord[]): string[] => facts.map(({ fact }) => fact?.object ?? '')
const told = (history: readonly ExplainedFact[]): string[] =>
  history.map(
    ({ fact, evidence }) =>
      `${fact.fact?.object} ${fact.validUntil === undefined ? 'holds' : 'ended'}: ${evidence.map(({ text }) => text).join(' / ')}`,
  )

test(
  'a customer says where she lives and later that she moved: facts have the new place, history both with their sentences',
  withStore(async opened => {
    const { space } = opened
    await space.remember({
      text: 'Hello! I live in Porto and I love jazz.',
      who: 'Ana',
      at: MARCH,
      session: 'call 1',
    })
    opened.now = MARCH + 1_000
    await space.consolidate()
    assert.equal(objects(await space.facts('Ana', { predicate: 'lives in' })), ['Porto'])

    await space.remember({
      text: 'Please note that I moved to Lisbon last month.',
      who: 'Ana',
      at: MAY,
      session: 'call 2',
    })
    opened.now = MAY + 1_000
    const done = await space.consolidate()
    assert.is(done.ended, 1)
    assert.is(done.by, 'extraction')

    const [lisbon, ...others] = await space.facts('Ana', { predicate: 'lives in' })
    assert.is(others.length, 0)
    assert.is(lisbon?.fact?.object, 'Lisbon')
    assert.is(lisbon?.trust, 'untrusted')
    assert.is(lisbon?.validFrom, Date.UTC(2024, 3, 1))
    assert.equal(objects(await space.facts('Ana', { predicate: 'lives in', at: MARCH + 1_000 })), ['Porto'])
    assert.equal(objects(await space.facts('ana', { predicate: 'likes' })), ['jazz'])
    assert.equal(told(await space.history(lisbon?.id ?? '')), [
      'Porto ended: Hello! I live in Porto and I love jazz.',
      'Lisbon holds: Please note that I moved to Lisbon last month.',
    ])
  }, options),
)

test(
  'the order in which sentences become known does not matter',
  withStore(async opened => {
    const { space } = opened
    opened.now = MAY + 1_000
    await space.remember({ text: 'I moved to Lisbon.', who: 'Ana', at: MAY })
    await space.consolidate()
    await space.remember({ text: 'I live in Porto.', who: 'Ana', at: MARCH })
    await space.consolidate()
    const [lisbon, ...others] = await space.facts('Ana', { predicate: 'lives in' })
    assert.equal([lisbon?.fact?.object, others.length], ['Lisbon', 0])
    assert.equal(told(await space.history(lisbon?.id ?? '')), [
      'Porto ended: I live in Porto.',
      'Lisbon holds: I moved to Lisbon.',
    ])
  }, options),
)

test(
  'when the sentence about the move is forgotten, the place before holds again',
  withStore(async opened => {
    const { space } = opened
    opened.now = MAY + 1_000
    await space.remember({ text: 'I live in Porto.', who: 'Ana', at: MARCH })
    const moved = await space.remember({ text: 'I moved to Lisbon.', who: 'Ana', at: MAY })
    await space.consolidate()
    await space.forget(moved)
    assert.equal(objects(await space.facts('Ana', { predicate: 'lives in' })), ['Porto'])
  }, options),
)

test(
  'forget and purge leave neither place in any file, nor what was concluded from them',
  withStore(async opened => {
    const { space, dir } = opened
    const [old, young, who, town] = [name(), name(), name(), name()]
    opened.now = MAY + 1_000
    await space.remember({ text: `I live in ${old}.`, who, at: MARCH, session: 's1' })
    await space.remember({ text: `I moved to ${young}. I am a nurse.`, who, at: MAY, session: 's2' })
    await space.remember({ text: `Bob lives in ${town}.`, who: 'Bob', at: MAY })
    await space.consolidate()
    assert.is((await space.facts(who)).length, 2)
    assert.ok((await space.list({ kinds: ['insight'] })).memories.some(({ text }) => text.includes(young)))

    const gone = await space.forget({ who })
    assert.ok(gone.memories + gone.derived >= 6, JSON.stringify(gone))
    assert.equal(await space.facts(who), [])
    await space.purge()
    assert.equal(await filesWith(dir, [old, young, who]), [])
    await space.consolidate()
    assert.equal(await space.facts(who), [])
    assert.equal(objects(await space.facts('Bob')), [town])
    assert.ok((await filesWith(dir, [town])).length > 0)
    assert.equal((await space.verify()).problems, [])
  }, options),
)

test(
  'a customer does not end what the operator vouches for',
  withStore(async opened => {
    const { space } = opened
    opened.now = MAY + 1_000
    await space.remember({
      kind: 'fact',
      text: 'Ana lives in Porto',
      fact: { subject: 'Ana', predicate: 'lives in', object: 'Porto', single: true },
      at: MARCH,
      trust: 'trusted',
    })
    await space.remember({ text: 'I live in Lisbon.', who: 'Ana', at: MAY })
    await space.consolidate()
    assert.equal(objects(await space.facts('Ana', { predicate: 'lives in' })), ['Porto'])
    const [porto] = await space.facts('Ana', { predicate: 'lives in' })
    assert.equal(
      (await space.history(porto?.id ?? '')).map(({ fact }) => fact.fact?.object),
      ['Porto', 'Lisbon'],
    )
  }, options),
)

test.run()
