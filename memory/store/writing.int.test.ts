import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { NewMemory } from '../memory.ts'
import { kindOf, START, withStore } from './testdata/opened.ts'

const test = testSuite('memory/store/writing', { limitMs: 60_000 })

test(
  'keeps every member of a memory, also when it is opened again',
  withStore(async opened => {
    const memory: NewMemory = {
      text: 'Olá, Ana 🙂',
      who: 'Ana María',
      at: START - 5,
      session: 'a session',
      importance: 0.7,
      trust: 'agent',
      source: 'https://example.org/a',
      meta: { a: { b: [1, 'two', null, true] } },
      by: 'model:x',
    }
    const id = await opened.space.remember(memory)
    await opened.reopen()
    assert.equal(await opened.space.get(id), { id, kind: 'episode', ...memory, storedAt: START })
  }),
)

test(
  'completes a memory with now, half importance and no trust',
  withStore(async ({ space }) => {
    const id = await space.remember({ text: 'hello' })
    assert.equal(await space.get(id), {
      id,
      kind: 'episode',
      text: 'hello',
      at: START,
      importance: 0.5,
      trust: 'untrusted',
      storedAt: START,
    })
  }),
)

test(
  'refuses what is no memory and stores nothing of it, or of those given with it',
  withStore(async ({ space }) => {
    const cyclic: Record<string, unknown> = {}
    cyclic['self'] = cyclic
    const wrong: readonly unknown[] = [
      undefined,
      null,
      'text',
      {},
      { text: '' },
      { text: '  ' },
      { text: 7 },
      { text: 'x'.repeat(65_537) },
      { text: 'x', kind: 'rumour' },
      { text: 'x', kind: 'fact' },
      { text: 'x', fact: { subject: 'a', predicate: 'b', object: 'c' } },
      { text: 'x', validFrom: 5 },
      { text: 'x', kind: 'fact', fact: { subject: 'a', predicate: 'b' } },
      {
        text: 'x',
        kind: 'fact',
        fact: { subject: 'a', predicate: 'b', object: 'c' },
        validFrom: 9,
        validUntil: 8,
      },
      { text: 'x', at: Number.NaN },
      { text: 'x', at: '2024' },
      { text: 'x', importance: 1.1 },
      { text: 'x', trust: 'total' },
      { text: 'x', who: '' },
      { text: 'x', meta: [] },
      { text: 'x', meta: cyclic },
      { text: 'x', meta: { when: new Date(0) } },
      { text: 'x', meta: { bytes: new Uint8Array(2) } },
      { text: 'x', meta: { long: 'x'.repeat(65_536) } },
      { text: 'x', from: ['no id!'] },
      { text: 'x', txet: 'y' },
    ]
    for (const one of wrong) {
      assert.is(
        await kindOf(() => space.remember(one as NewMemory)),
        'input-invalid',
        JSON.stringify(one === wrong[20] ? 'cyclic' : one)?.slice(0, 100),
      )
      const both = [{ text: 'sound' }, one as NewMemory]
      assert.is(await kindOf(() => space.rememberAll(both)), 'input-invalid')
    }
    const many = Array.from({ length: 1_001 }, () => ({ text: 'x' }))
    assert.is(await kindOf(() => space.rememberAll(many)), 'input-invalid')
    assert.is(await kindOf(() => space.remember({ text: 'x', from: ['unknown'] })), 'memory-unknown')
    assert.equal((await space.list()).memories, [])
    assert.equal(await space.rememberAll([]), [])
  }),
)

test(
  'refuses a namespace without a proper name and a filter that is none',
  withStore(async ({ memory, space }) => {
    for (const name of ['', ' a', 'a\n', 'x'.repeat(257), '\ud800', 7 as unknown as string]) {
      assert.is(await kindOf(() => memory.namespace(name)), 'input-invalid')
    }
    const calls = [
      () => space.list({ limit: 0 }),
      () => space.list({ kinds: ['x' as 'fact'] }),
      () => space.list({ after: 'nowhere' }),
      () => space.recent({ limit: 1.5 }),
      () => space.recall('x', { limit: 201 }),
      () => space.recall(7 as unknown as string),
      () => space.recall('x', { source: 'y' } as never),
      () => space.facts('x', { at: Number.POSITIVE_INFINITY }),
      () => space.forget({}),
      () => space.forget({ nobody: 1 } as never),
      () => space.get('not an id'),
      () => space.remember({ text: 'x' }, { key: '' }),
      () => space.apply({ facts: [] } as never, []),
    ]
    for (const call of calls) assert.is(await kindOf(call), 'input-invalid', String(call))
  }),
)

test(
  'stores all memories of one call in their order, and those of many callers once each',
  withStore(async ({ space }) => {
    const texts = Array.from({ length: 1_000 }, (_, at) => `memory ${at}`)
    const ids = await space.rememberAll(texts.map(text => ({ text, session: 's' })))
    const more = await Promise.all(texts.map(text => space.remember({ text: `more ${text}`, session: 's' })))
    const all = [...(await space.list({ limit: 1_000 })).memories]
    const { memories } = await space.list({ limit: 1_000, session: 's' })
    assert.equal(
      memories.map(({ id }) => id),
      ids,
    )
    assert.equal(
      all.map(({ text }) => text),
      texts,
    )
    assert.is(new Set([...ids, ...more]).size, 2_000)
    assert.equal((await space.verify()).problems, [])
  }),
)

test(
  'a request that is repeated under its key gets the same ids and stores nothing, also at once and after opening',
  withStore(async opened => {
    const memories = [{ text: 'one' }, { text: 'two' }]
    const [first, second] = await Promise.all([
      opened.space.rememberAll(memories, { key: 'k' }),
      opened.space.rememberAll(memories, { key: 'k' }),
    ])
    assert.equal(first, second)
    await opened.reopen()
    assert.equal(await opened.space.rememberAll([{ text: 'other' }], { key: 'k' }), first)
    assert.is((await opened.space.list()).memories.length, 2)
    assert.not.equal(await opened.memory.namespace('other').rememberAll(memories, { key: 'k' }), first)
    await opened.space.forget(first?.[0] ?? '')
    assert.equal(await opened.space.rememberAll(memories, { key: 'k' }), first)
    assert.is((await opened.space.list()).memories.length, 1)
  }),
)

test(
  'a request key is forgotten after a day',
  withStore(async opened => {
    const id = await opened.space.remember({ text: 'one' }, { key: 'k' })
    opened.now += 13 * 3_600_000
    assert.is(await opened.space.remember({ text: 'one' }, { key: 'k' }), id)
    await opened.space.remember({ text: 'other' }, { key: 'k2' })
    opened.now += 25 * 3_600_000
    await opened.space.remember({ text: 'third' }, { key: 'k3' })
    // What is old is deleted after a call.
    for (let tries = 0; tries < 50; tries++) await new Promise(resolve => setTimeout(resolve, 2))
    assert.is.not(await opened.space.remember({ text: 'one' }, { key: 'k' }), id)
    assert.equal((await opened.space.verify()).problems, [])
  }),
)

test(
  'namespaces know nothing of each other',
  withStore(async ({ memory }) => {
    const [a, b] = [memory.namespace('a'), memory.namespace('b')]
    const id = await a.remember({ text: 'secret of a', who: 'Ana', session: 's' })
    await b.remember({ text: 'of b', who: 'Bo' })
    assert.is(await b.get(id), undefined)
    assert.equal(await b.recall('secret'), [])
    assert.equal(await b.recent({ session: 's' }), [])
    assert.equal((await b.list({ who: 'Ana' })).memories, [])
    assert.equal(await b.forget(id), { memories: 0, derived: 0 })
    assert.equal(await memory.namespaces(), ['a', 'b'])
    assert.is((await a.stats()).episodes, 1)
  }),
)

test(
  'a namespace without memories is not there',
  withStore(async ({ memory }) => {
    const space = memory.namespace('empty')
    assert.equal(await space.list(), { memories: [] })
    assert.equal(await space.recent(), [])
    assert.equal(await space.recall('anything'), [])
    assert.equal(await space.facts(), [])
    assert.is(await space.get('x'), undefined)
    assert.is(await space.pending(), undefined)
    assert.equal(await space.forget('x'), { memories: 0, derived: 0 })
    assert.is((await space.stats()).episodes, 0)
    assert.equal(await space.verify(), { memories: 0, problems: [] })
    assert.is(await kindOf(() => space.update('x', {})), 'memory-unknown')
    assert.is(await kindOf(() => space.history('x')), 'memory-unknown')
    assert.equal(await memory.namespaces(), [])
  }),
)

test(
  'closes and opens namespaces as memory allows, and loses nothing by it',
  withStore(
    async ({ memory }) => {
      for (let round = 0; round < 3; round++) {
        for (let at = 0; at < 12; at++) {
          await memory.namespace(`space ${at}`).remember({ text: `round ${round} of ${at}`, session: 's' })
        }
      }
      for (let at = 0; at < 12; at++) {
        const space = memory.namespace(`space ${at}`)
        assert.is((await space.recent({ session: 's' })).length, 3)
        assert.is((await space.recall(`round ${at}`)).length, 3)
        assert.equal((await space.verify()).problems, [])
      }
    },
    { memoryBytes: 20_000 },
  ),
)

test(
  'refuses every call after it was closed',
  withStore(async ({ memory, space }) => {
    const writing = space.remember({ text: 'last' })
    const closing = memory.close()
    await writing
    await closing
    assert.is(await kindOf(() => space.remember({ text: 'late' })), 'journal-closed')
    assert.is(await kindOf(() => space.list()), 'journal-closed')
    assert.is(await kindOf(() => space.purge()), 'journal-closed')
  }),
)

test.run()
