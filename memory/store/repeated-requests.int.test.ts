import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import { createCodec } from '../../runtime/codec.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { type CompactingStore, openLevel } from '../level.ts'
import { storeOn } from './open-store.ts'
import { kindOf, linesOf, oneRule, START, withStore } from './testdata/opened.ts'

const test = testSuite('memory/store/repeated-requests', { limitMs: 60_000 })

test(
  'a forget that is made again says what the first one did, and forgets nothing that came later',
  withStore(async opened => {
    const { space } = opened
    const said = { text: 'Ana lives in Porto', who: 'Ana' }
    const id = await space.remember(said)
    await space.consolidate()
    const first = await space.forget({ who: 'Ana' }, { key: 'k' })
    assert.equal(first, { memories: 1, derived: 1 })
    await space.remember(said)
    assert.equal(await space.forget({ who: 'Ana' }, { key: 'k' }), first)
    await opened.reopen()
    assert.equal(await opened.space.forget({ who: 'Ana' }, { key: 'k' }), first)
    assert.is((await opened.space.stats()).episodes, 1)
    assert.equal(await opened.space.forget(id, { key: 'other' }), { memories: 0, derived: 0 })
    assert.equal(await opened.space.forget({ who: 'Ana' }, { key: 'third' }), { memories: 1, derived: 0 })
    assert.is(await kindOf(() => opened.space.forget(id, { nonsense: 1 } as never)), 'input-invalid')
    assert.equal((await opened.space.verify()).problems, [])
  }),
)

test(
  'a forget that was cut short goes on when it is made again, and counts both parts',
  withStore(async opened => {
    await opened.memory.close()
    let writesLeft = Number.POSITIVE_INFINITY
    const failing = (store: CompactingStore): CompactingStore => ({
      ...store,
      async batch(ops, options) {
        if (writesLeft-- <= 0) throw new RuntimeError('store-failed', 'no space')
        await store.batch(ops, options)
      },
      reopen: async () => {
        writesLeft = Number.POSITIVE_INFINITY
      },
    })
    let made = 0
    opened.memory = await storeOn(failing(await openLevel(opened.dir)), {
      encoder: createCodec(),
      clock: () => START,
      ids: () => `id-${++made}`,
      consolidator: oneRule,
    })
    const space = opened.memory.namespace('main')
    const texts = Array.from({ length: 1_000 }, (_, nth) => ({ text: `Ana likes thing${nth}`, session: 's' }))
    await space.rememberAll(texts)
    await space.consolidate({ limit: 1_000 })
    writesLeft = 1
    assert.is(await kindOf(() => space.forget({ session: 's' }, { key: 'k' })), 'store-failed')
    assert.is((await space.stats()).episodes, 500)
    for (const time of ['again', 'once more'])
      assert.equal(
        await space.forget({ session: 's' }, { key: 'k' }),
        { memories: 1_000, derived: 1_000 },
        time,
      )
    assert.equal((await space.verify()).problems, [])
  }),
)

test(
  'an import that is made again says what the first one did',
  withStore(async opened => {
    const { space, memory } = opened
    await space.rememberAll(Array.from({ length: 450 }, (_, nth) => ({ text: `text ${nth}` })))
    await space.remember({ text: 'Ana lives in Porto' })
    await space.consolidate({ limit: 1_000 })
    const lines = await linesOf(space)
    const copy = memory.namespace('copy')
    const first = await copy.import(lines, { key: 'k' })
    assert.equal(first, { imported: 452, known: 0 })
    assert.equal(await copy.import(lines, { key: 'k' }), first)
    assert.equal(await copy.import(lines), { imported: 0, known: 452 })
    assert.equal(await copy.import(lines, { key: 'other' }), { imported: 0, known: 452 })
    assert.equal((await copy.verify()).problems, [])
    // Cut short after the first batch: the header and 200 lines.
    const part = memory.namespace('part')
    await part.import(lines.slice(0, 201), { key: 'k' })
    assert.equal(await part.import(lines, { key: 'k' }), first)
    assert.equal(await linesOf(part), await linesOf(copy))
  }),
)

test.run()
