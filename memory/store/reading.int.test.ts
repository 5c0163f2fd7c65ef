import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { ListOptions, NewMemory } from '../memory.ts'
import { START, withStore } from './testdata/opened.ts'

const test = testSuite('memory/store/reading', { limitMs: 60_000 })

const MEMORIES: readonly NewMemory[] = [
  { text: 'good morning', who: 'Ana', session: 'a', at: START - 40 },
  { text: 'hello Ana', who: 'Bo', session: 'a', at: START - 30, trust: 'agent' },
  { text: 'other talk', who: 'Ana', session: 'b', at: START - 20, source: 'file:x' },
  { text: 'it rains', kind: 'insight', at: START - 10, trust: 'trusted' },
  {
    text: 'Ana lives in Porto',
    kind: 'fact',
    at: START - 5,
    fact: { subject: 'Ana', predicate: 'lives in', object: 'Porto' },
  },
]

test(
  'lists what fits every member of a filter, in the order of storing',
  withStore(async ({ space }) => {
    await space.rememberAll(MEMORIES)
    const texts = async (options: ListOptions) => (await space.list(options)).memories.map(({ text }) => text)
    assert.is((await texts({})).length, 5)
    assert.equal(await texts({ who: 'ANA' }), ['good morning', 'other talk'])
    assert.equal(await texts({ who: 'Nobody' }), [])
    assert.equal(await texts({ session: 'a' }), ['good morning', 'hello Ana'])
    assert.equal(await texts({ session: 'a', who: 'Bo' }), ['hello Ana'])
    assert.equal(await texts({ since: START - 30, until: START - 10 }), ['hello Ana', 'other talk'])
    assert.equal(await texts({ minTrust: 'agent' }), ['hello Ana', 'it rains'])
    assert.equal(await texts({ source: 'file:x' }), ['other talk'])
    assert.equal(await texts({ subject: 'the Ana' }), ['Ana lives in Porto'])
    assert.equal(await texts({ kinds: ['insight', 'fact'] }), ['it rains', 'Ana lives in Porto'])
  }),
)

test(
  'gives pages that join without a gap, also when the memory a page ended with was forgotten',
  withStore(async ({ space }) => {
    const ids = await space.rememberAll(Array.from({ length: 25 }, (_, at) => ({ text: `memory ${at}` })))
    const first = await space.list({ limit: 10 })
    await space.forget(ids[9] ?? '')
    const second = await space.list({ limit: 10, ...(first.after !== undefined && { after: first.after }) })
    const third = await space.list({ limit: 10, ...(second.after !== undefined && { after: second.after }) })
    assert.equal(
      [...first.memories, ...second.memories, ...third.memories].map(({ id }) => id),
      ids,
    )
    assert.is(third.after, undefined)
    assert.is((await space.list({ limit: 24 })).after, undefined)
  }),
)

test(
  'gives the last episodes, oldest first, of one session or of all, within a number of tokens',
  withStore(async opened => {
    const { space } = opened
    await space.rememberAll(MEMORIES)
    const texts = async (options = {}) => (await opened.space.recent(options)).map(({ text }) => text)
    assert.equal(await texts(), ['good morning', 'hello Ana', 'other talk'])
    assert.equal(await texts({ limit: 2 }), ['hello Ana', 'other talk'])
    assert.equal(await texts({ session: 'a' }), ['good morning', 'hello Ana'])
    assert.equal(await texts({ session: 'unknown' }), [])
    assert.equal(await texts({ maxTokens: 4 }), ['other talk'])
    assert.equal(await texts({ maxTokens: 1 }), [])
    await opened.reopen()
    assert.equal(await texts(), ['good morning', 'hello Ana', 'other talk'])
    assert.equal(await texts({ session: 'a' }), ['good morning', 'hello Ana'])
  }),
)

test(
  'recalls what a filter accepts, with those around it and an explanation',
  withStore(async ({ space }) => {
    await space.rememberAll(MEMORIES)
    const [hit, ...more] = await space.recall('hello', { neighbours: 2, explain: true })
    assert.equal([hit?.text, hit?.who, hit?.session, more], ['hello Ana', 'Bo', 'a', []])
    assert.equal(
      hit?.neighbours?.map(({ text }) => text),
      ['good morning'],
    )
    assert.ok((hit?.score ?? 0) > 0 && Object.keys(hit?.parts ?? {}).length > 0)
    const [plain] = await space.recall('hello')
    assert.equal([plain?.parts, plain?.neighbours], [undefined, undefined])
    const found = async (options: object) =>
      (await space.recall('Ana', options)).map(({ text }) => text).sort()
    assert.is((await found({})).length, 4)
    assert.equal(await found({ kinds: ['fact'] }), ['Ana lives in Porto'])
    assert.equal(await found({ minTrust: 'agent' }), ['hello Ana'])
    assert.equal(await found({ session: 'b' }), ['other talk'])
    assert.equal(await found({ at: START - 30 }), ['good morning', 'hello Ana'])
    assert.equal(await found({ until: START - 30 }), ['good morning'])
    assert.equal(await found({ limit: 1 }).then(one => one.length), 1)
    assert.equal(await space.recall('  '), [])
    assert.equal(await space.recall('xylophone'), [])
  }),
)

test(
  'says nothing of what is younger than the asked time, not even beside a hit',
  withStore(async ({ space }) => {
    await space.rememberAll(MEMORIES)
    const [hit] = await space.recall('good morning', { at: START - 40, neighbours: 5 })
    assert.equal(hit?.neighbours, [])
  }),
)

test(
  'counts what there is',
  withStore(async ({ space }) => {
    await space.rememberAll(MEMORIES)
    const { indexBytes, ...stats } = await space.stats()
    assert.ok(indexBytes > 0)
    assert.equal(stats, {
      namespace: 'main',
      episodes: 3,
      facts: 1,
      current: 1,
      insights: 1,
      sessions: 2,
      people: 2,
      waiting: 3,
      forgottenSincePurge: 0,
      oldest: START - 40,
      newest: START - 5,
    })
    await space.forget({ who: 'Ana' })
    const after = await space.stats()
    assert.equal([after.episodes, after.sessions, after.people, after.forgottenSincePurge], [1, 1, 1, 2])
  }),
)

test(
  'finds all of thousands again after opening, from segments and tail, with its sessions',
  withStore(async opened => {
    for (let at = 0; at < 5_000; at += 500) {
      await opened.space.rememberAll(
        Array.from({ length: 500 }, (_, nth) => ({
          text: `number ${at + nth} word${(at + nth) % 100}`,
          session: `s${(at + nth) % 50}`,
        })),
      )
    }
    const before = await opened.space.recall('word7', { limit: 200, neighbours: 1 })
    assert.is(before.length, 50)
    await opened.reopen()
    assert.equal(await opened.space.recall('word7', { limit: 200, neighbours: 1 }), before)
    assert.equal((await opened.space.verify()).problems, [])
    await opened.space.remember({ text: 'number 5000 word7' })
    assert.is((await opened.space.recall('word7', { limit: 200 })).length, 51)
  }),
)

test.run()
