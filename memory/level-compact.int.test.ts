import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { type CompactingStore, type Op, openLevel } from './level.ts'
import { filesWith } from './store/testdata/table-files.ts'
import { kindOf } from './testdata/commits.ts'

const test = testSuite('memory/level-compact', { limitMs: 120_000 })

const withStore = (body: (store: CompactingStore, dir: string) => Promise<void>) => async () => {
  const dir = await mkdtemp(join(tmpdir(), 'ac-compact-'))
  const store = await openLevel(dir)
  try {
    await body(store, dir)
  } finally {
    await store.close()
    await rm(dir, { recursive: true, force: true })
  }
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const put = (key: string, value: Uint8Array): Op => ({ type: 'put', key, value })
const marker = (): string => randomBytes(24).toString('base64url').replaceAll(/[-_]/g, 'x')

/** Ascending keys: each file is one of its own, and nothing younger overlaps it. */
async function fill(store: CompactingStore, from: number, count: number): Promise<void> {
  for (let at = 0; at < count; at += 100) {
    const keys = Array.from({ length: 100 }, (_, nth) => `k${String(from + at + nth).padStart(8, '0')}`)
    await store.batch(keys.map(key => put(key, randomBytes(1_000))))
  }
}

test(
  'reads at once what was written, and throws after closing',
  withStore(async store => {
    await store.batch([put('a', text('x'))])
    assert.equal([...(store.getSync('a') ?? [])], [120])
    assert.is(store.getSync('b'), undefined)
    await store.close()
    assert.is(await kindOf(() => store.getSync('a')), 'journal-closed')
    assert.is(await kindOf(() => store.compact()), 'journal-closed')
  }),
)

test(
  'takes what was deleted and replaced out of all files, when it was said once more after a flush',
  withStore(async (store, dir) => {
    const [gone, old, kept] = [marker(), marker(), marker()]
    const forget = (): Promise<void> =>
      store.batch([{ type: 'del', key: 'k00020000' }, put('k00020001', text('new'))])
    // The value and its deletion come together, into one file that nothing younger touches.
    await store.batch([
      put('k00020000', text(gone)),
      put('k00020001', text(old)),
      put('k00020002', text(kept)),
    ])
    await forget()
    await store.flush()
    await store.compact()
    assert.ok((await filesWith(dir, [gone])).length > 0, 'this is why it has to be said again')
    await store.flush()
    await forget()
    await store.compact()
    assert.equal(await filesWith(dir, [gone, old]), [])
    await fill(store, 0, 20_000)
    await store.batch([put('k00020000', text(gone)), put('k00020001', text(old))])
    await fill(store, 20_003, 20_000)
    await forget()
    await store.flush()
    await forget()
    await store.compact()
    assert.equal(await filesWith(dir, [gone, old]), [])
    assert.ok((await filesWith(dir, [kept])).length > 0)
    assert.is(new TextDecoder().decode(store.getSync('k00020001')), 'new')
    assert.is(store.getSync('k00039999')?.length, 1_000)
  }),
)

test(
  'waits for an iteration, which would hold old files, and is not in the way of reads and writes',
  withStore(async (store, dir) => {
    const gone = marker()
    await store.batch([put('a', text(gone)), put('b', text('b'))])
    await store.flush()
    await store.batch([{ type: 'del', key: 'a' }])
    const entries = store.range()[Symbol.asyncIterator]()
    assert.is((await entries.next()).value?.[0], 'b')
    let isDone = false
    const compacting = store.compact().then(() => {
      isDone = true
    })
    await store.batch([put('c', text('c'))])
    assert.ok(store.getSync('c'))
    await new Promise(resolve => setTimeout(resolve, 50))
    assert.not.ok(isDone)
    await entries.return?.()
    await compacting
    assert.equal(await filesWith(dir, [gone]), [])
    await Promise.all([store.compact(), store.compact(), store.flush(), store.batch([put('d', text('d'))])])
    await store.close()
    const again = await openLevel(dir)
    const keys: string[] = []
    for await (const [key] of again.range()) keys.push(key)
    assert.equal(keys, ['b', 'c', 'd'])
    await again.close()
  }),
)

test(
  'closes after a compaction under way',
  withStore(async store => {
    await fill(store, 0, 2_000)
    const compacting = store.compact()
    await Promise.all([store.close(), compacting])
  }),
)

test.run()
