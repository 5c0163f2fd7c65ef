import { crc32 } from 'node:zlib'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { openLevel } from '../level.ts'
import { ANALYSIS_VERSION } from '../recall/analysis-version.ts'
import type { Analyse } from '../recall/recall-index.ts'
import { familyRange } from './keys.ts'
import { sealed, unsealed } from './records.ts'
import { analyse, type Opened, openedIn, withStore } from './testdata/opened.ts'

const test = testSuite('memory/store/other-analysis', { limitMs: 120_000 })

/** Words that were read in another way: their terms are none of those that are asked for today. */
const otherWords: Analyse = entry => {
  const { hashes, ...rest } = analyse(entry)
  return { ...rest, hashes: Array.from(hashes, hash => hash + 1) }
}

/** Bytes of a segment's header: its checksum, of all that follows, and the version of the analysis. */
const CHECKSUM_AT = 8
const ANALYSIS_AT = 36

const headerOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset)

/** Has every segment of the closed store say `version`, and returns how many there are. */
async function markedAs(dir: string, version: number): Promise<number> {
  const store = await openLevel(dir)
  const entries: [string, Uint8Array][] = []
  for await (const [key, value] of store.range(familyRange('x', 1)))
    entries.push([key, Uint8Array.from(unsealed(value) ?? [])])
  // A segment of so few memories is one part.
  for (const [key, bytes] of entries) {
    const header = headerOf(bytes)
    assert.is(header.getUint32(ANALYSIS_AT, true), ANALYSIS_VERSION)
    header.setUint32(ANALYSIS_AT, version, true)
    header.setUint32(CHECKSUM_AT, crc32(bytes.subarray(CHECKSUM_AT + 4)), true)
    await store.batch([{ type: 'put', key, value: sealed(bytes) }], { sync: true })
  }
  await store.close()
  return entries.length
}

async function versionsIn(dir: string): Promise<readonly number[]> {
  const store = await openLevel(dir)
  const versions: number[] = []
  for await (const [, value] of store.range(familyRange('x', 1)))
    versions.push(headerOf(Uint8Array.from(unsealed(value) ?? [])).getUint32(ANALYSIS_AT, true))
  await store.close()
  return versions
}

const COUNT = 2_500

/** Enough for a segment that is written in the background and one at closing; some changed, forgotten and ended. */
async function fill({ space }: Opened): Promise<{ readonly gone: string }> {
  const ids: string[] = []
  for (let at = 0; at < COUNT; at += 500) {
    const some = Array.from({ length: 500 }, (_, nth) => ({ text: `all word${at + nth}`, session: 's' }))
    ids.push(...(await space.rememberAll(some)))
  }
  const [changed = '', gone = ''] = ids
  await space.update(changed, { text: 'all changed' })
  await space.forget(gone)
  for (const object of ['Porto', 'Lisbon']) {
    const fact = { subject: 'Ana', predicate: 'lives in', object, single: true }
    await space.remember({ kind: 'fact', text: `Ana lives in ${object}`, fact })
  }
  return { gone }
}

test(
  'an index of words that were read in another way is made anew: everything is found, and nothing twice',
  withStore(
    async opened => {
      const { gone } = await fill(opened)
      await opened.memory.close()
      assert.ok((await markedAs(opened.dir, ANALYSIS_VERSION + 1)) >= 1)
      const again = await openedIn(opened.dir)
      opened.memory = again.memory
      const { space, damage } = again
      const recalled = async (query: string) =>
        (await space.recall(query, { limit: 200 })).map(({ text }) => text)
      for (let nth = 2; nth < COUNT; nth += 83) {
        assert.equal(await recalled(`word${nth}`), [`all word${nth}`])
      }
      assert.equal(await recalled('changed'), ['all changed'])
      for (const query of ['word0', 'word1']) assert.equal(await recalled(query), [])
      assert.is(await space.get(gone), undefined)
      assert.equal(await recalled('lives'), ['Ana lives in Lisbon'])
      const everywhere = (await space.recall('all', { limit: 200 })).map(({ id }) => id)
      assert.equal([everywhere.length, new Set(everywhere).size], [200, 200])
      assert.equal(await space.verify(), { memories: COUNT + 1, problems: [] })
      assert.equal(damage, [], 'nothing is damaged')
      await again.memory.close()
      const versions = await versionsIn(opened.dir)
      assert.ok(versions.length >= 1)
      assert.ok(
        versions.every(version => version === ANALYSIS_VERSION),
        `${versions}`,
      )
      const third = await openedIn(opened.dir)
      opened.memory = third.memory
      assert.equal(
        (await third.space.recall('word77')).map(({ text }) => text),
        ['all word77'],
      )
      assert.equal((await third.space.verify()).problems, [])
    },
    { analyse: otherWords },
  ),
)

test.run()
