import { randomBytes } from 'node:crypto'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { openLevel } from '../level.ts'
import type { Namespace, NewMemory } from '../memory.ts'
import { type Opened, START, withStore } from './testdata/opened.ts'
import { contentsOf, filesWith } from './testdata/table-files.ts'

const test = testSuite('memory/store/purging', { limitMs: 300_000 })

/** 24 characters that no compression shortens, and no other text has. */
const marker = (): string => randomBytes(18).toString('base64url').replaceAll(/[-_]/g, 'x')

interface Marked {
  readonly markers: readonly string[]
  readonly memory: NewMemory
}

/** A memory with a marker in every field that people write. */
function marked(at = START): Marked {
  const markers = Array.from({ length: 7 }, marker)
  const [text = '', who, session, source, key = '', value, place = ''] = markers
  return {
    markers,
    memory: {
      text: `about ${text} and ${place}`,
      ...(who !== undefined && { who }),
      ...(session !== undefined && { session }),
      ...(source !== undefined && { source }),
      meta: { [key]: value },
      at,
    },
  }
}

const fill = async (space: Namespace, from: number, count: number, size: number): Promise<void> => {
  for (let at = 0; at < count; at += 1_000) {
    const some = Array.from({ length: Math.min(1_000, count - at) }, (_, nth) => ({
      text: `filler ${from + at + nth} ${randomBytes(size / 2).toString('hex')}`,
      session: `s${(from + at + nth) % 997}`,
    }))
    await space.rememberAll(some)
  }
}

test(
  'a purge leaves nothing of what was forgotten in any file, in whatever field it was',
  withStore(async opened => {
    const { space, dir } = opened
    const { markers, memory } = marked()
    const kept = marked()
    const [subject = '', object = '', predicate = '', factWho = '', insight = ''] = Array.from(
      { length: 5 },
      marker,
    )
    const sentence = `${subject} likes ${object}`
    const id = await space.remember(memory)
    const said = await space.remember({ text: sentence, who: factWho, trust: 'trusted' })
    const note = await space.remember({ text: `Note: ${insight}` })
    const stated = await space.remember({
      kind: 'fact',
      text: `stated ${predicate}`,
      fact: { subject, predicate, object },
    })
    const keptId = await space.remember(kept.memory)
    await space.consolidate()
    assert.is((await space.facts(subject)).length, 2)
    const other = marker()
    const patched = await space.remember({ text: `before ${other}`, meta: { [other]: 1 } })
    await space.update(patched, { text: 'after', meta: null })
    const gone = [...markers, subject, object, predicate, factWho, insight, other]
    for (const one of gone) assert.ok((await filesWith(dir, [one])).length > 0, `${one} must be there before`)
    for (const one of [id, said, note, stated]) await space.forget(one)
    const purged = await space.purge()
    assert.is(purged.memories, 6)
    assert.equal(await filesWith(dir, gone), [])
    assert.ok((await filesWith(dir, kept.markers)).length > 0)
    assert.equal((await space.get(keptId))?.text, kept.memory.text)
    assert.equal((await space.verify()).problems, [])
    await opened.reopen()
    assert.equal(await filesWith(dir, gone), [])
    assert.equal((await opened.space.verify()).problems, [])
    assert.equal(await opened.space.recall(markers[0] ?? ''), [])
    assert.is((await opened.space.purge()).memories, 0)
  }),
)

test(
  'a namespace of which all was forgotten leaves with its name',
  withStore(async ({ memory, dir }) => {
    const name = marker()
    const { memory: one, markers } = marked()
    const space = memory.namespace(name)
    await space.remember(one)
    assert.equal(await memory.namespaces(), [name])
    await space.forget({ since: 0 })
    assert.is((await memory.namespace('other').purge()).memories, 1)
    assert.equal(await filesWith(dir, [name, ...markers]), [])
    assert.equal(await memory.namespaces(), [])
    await space.remember({ text: 'again' })
    assert.is((await space.list()).memories.length, 1)
    assert.equal((await space.verify()).problems, [])
  }),
)

/** Memories forgotten early, in the middle and late, with many others written around them. */
async function forgetAmong(opened: Opened, count: number, size: number): Promise<readonly string[]> {
  const { space } = opened
  const markers: string[] = []
  const ids: string[] = []
  const step = Math.ceil(count / 10)
  for (let from = 0; from < count; from += step) {
    const one = marked(START + from)
    ids.push(await space.remember(one.memory))
    markers.push(...one.markers)
    await fill(space, from, Math.min(step, count - from), size)
    const last = ids.at(-2)
    // Some are forgotten long before others are written, so that they and their deletion sink together.
    if (from % (3 * step) === 0 && last !== undefined) await space.forget(last)
  }
  for (const id of ids) await space.forget(id)
  return markers
}

test(
  'a purge reaches the deepest of several levels',
  withStore(async opened => {
    const { space, dir } = opened
    const markers = await forgetAmong(opened, 40_000, 600)
    const { before, after } = await space.purge()
    assert.ok(after < before * 1.1, `${before} bytes became ${after}`)
    assert.equal(await filesWith(dir, markers), [])
    await opened.reopen()
    assert.equal(await filesWith(dir, markers), [])
    assert.is((await opened.space.stats()).episodes, 40_000)
  }),
)

test(
  'what is compressed is found by the search these tests rely on',
  withStore(async ({ space, dir, memory }) => {
    const secret = 'a text that compresses a text that compresses'
    await space.rememberAll(Array.from({ length: 500 }, () => ({ text: secret })))
    await memory.close()
    const store = await openLevel(dir)
    await store.compact()
    await store.close()
    const contents = await contentsOf(dir)
    const tables = contents.filter(({ name }) => name.endsWith('.ldb'))
    const unpacked = contents.filter(({ name }) => name.endsWith('unpacked'))
    assert.ok(tables.length > 0)
    assert.not.ok(tables.some(({ bytes }) => bytes.includes(secret)))
    assert.ok(unpacked.some(({ bytes }) => bytes.includes(secret)))
  }),
)

test(
  'a purge that was cut short is made again by the next',
  withStore(async opened => {
    const { space, dir } = opened
    const { memory, markers } = marked()
    await space.forget(await space.remember(memory))
    assert.is((await space.stats()).forgottenSincePurge, 1)
    await opened.reopen()
    assert.is((await opened.space.stats()).forgottenSincePurge, 1)
    assert.is((await opened.space.purge()).memories, 1)
    assert.equal(await filesWith(dir, markers), [])
    assert.is((await opened.space.stats()).forgottenSincePurge, 0)
  }),
)

test(
  'reads and writes go on while a purge is under way',
  withStore(async ({ space }) => {
    await fill(space, 0, 20_000, 200)
    await space.forget({ session: 's5' })
    let isDone = false
    const purging = space.purge().finally(() => {
      isDone = true
    })
    let calls = 0
    for (; !isDone; calls++) {
      const id = await space.remember({ text: `meanwhile ${calls}` })
      assert.is((await space.get(id))?.text, `meanwhile ${calls}`)
      await space.facts()
      if (calls % 10 === 0) await space.forget(id)
      if (calls % 7 === 0) await space.update(id, { importance: 0.9 }).catch(() => undefined)
    }
    await purging
    assert.ok(calls > 5, `${calls} calls`)
    assert.equal((await space.verify()).problems, [])
  }),
)

test.run()
