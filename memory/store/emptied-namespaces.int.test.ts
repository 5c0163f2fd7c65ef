import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import { createCodec } from '../../runtime/codec.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { type CompactingStore, openLevel } from '../level.ts'
import type { Memory } from '../memory.ts'
import { storeOn } from './open-store.ts'
import { kindOf, START } from './testdata/opened.ts'
import { filesWith } from './testdata/table-files.ts'

const test = testSuite('memory/store/emptied-namespaces', { limitMs: 60_000 })

const marker = (): string => randomBytes(18).toString('base64url').replaceAll(/[-_]/g, 'x')

const withDir = (body: (dir: string) => Promise<void>) => async () => {
  const parent = await mkdtemp(join(tmpdir(), 'ac-emptied-'))
  try {
    await body(join(parent, 'memory'))
  } finally {
    await rm(parent, { recursive: true, force: true })
  }
}

type Change = (store: CompactingStore) => Partial<CompactingStore>

async function openedIn(dir: string, change: Change = () => ({})): Promise<Memory> {
  const store = await openLevel(dir)
  return await storeOn(
    { ...store, ...change(store) },
    { encoder: createCodec(), clock: () => START, ids: marker },
  )
}

/** Keys of namespaces, of any kind. */
async function keysIn(dir: string): Promise<readonly string[]> {
  const store = await openLevel(dir)
  const keys: string[] = []
  for await (const [key] of store.range()) keys.push(key)
  await store.close()
  return keys.filter(key => !key.startsWith('m!'))
}

const PROGRAM = fileURLToPath(new URL('./testdata/killed-purge.ts', import.meta.url))

/** How the program ended. */
const killed = (...args: readonly string[]): Promise<NodeJS.Signals | null> =>
  new Promise(resolve => {
    const child = execFile(process.execPath, ['--import', 'tsx', PROGRAM, ...args])
    child.on('close', (_code, signal) => resolve(signal))
  })

test(
  'a purge that is killed before it compacts still owes what an emptied namespace held, and the next one pays',
  withDir(async dir => {
    const [name, text] = [marker(), marker()]
    assert.is(await killed(dir, name, text), 'SIGKILL')
    assert.ok((await keysIn(dir)).length > 0, 'what is owed stands on disk')
    const memory = await openedIn(dir)
    assert.equal(await memory.namespaces(), [])
    assert.is((await memory.namespace('any').purge()).memories, 1)
    assert.equal(await filesWith(dir, [name, text]), [])
    assert.is((await memory.namespace('any').purge()).memories, 0)
    await memory.close()
    assert.equal(await keysIn(dir), [])
  }),
)

test(
  'a compaction that failed is made again by the next purge, and a namespace of the same name owes nothing of it',
  withDir(async dir => {
    let failures = 1
    const memory = await openedIn(dir, store => ({
      compact: async () => {
        if (failures-- > 0) throw new RuntimeError('store-failed', 'no space')
        await store.compact()
      },
    }))
    const [name, text] = [marker(), marker()]
    const space = memory.namespace(name)
    await space.rememberAll([{ text, who: text }, { text: `${text} too` }])
    await space.forget({ since: 0 })
    assert.is(await kindOf(() => space.purge()), 'store-failed')
    await space.remember({ text: 'begun anew' })
    assert.is((await space.purge()).memories, 2)
    assert.equal(await filesWith(dir, [text]), [])
    assert.is((await space.stats()).forgottenSincePurge, 0)
    assert.equal(
      (await space.list()).memories.map(one => one.text),
      ['begun anew'],
    )
    assert.equal((await space.verify()).problems, [])
    await memory.close()
    assert.equal(
      (await keysIn(dir)).filter(key => key.includes('!00000001')),
      [],
    )
  }),
)

test(
  'what is remembered and forgotten while a purge empties its namespace is left to the next, not lost sight of',
  withDir(async dir => {
    const texts = [marker(), marker(), marker()] as const
    const [before, meanwhile, who] = texts
    let isFirst = true
    const memory = await openedIn(dir, store => ({
      flush: async () => {
        await store.flush()
        if (!isFirst) return
        isFirst = false
        // In one file with its deletion, which no compaction looks under.
        const space = memory.namespace('main')
        await space.forget(await space.remember({ text: meanwhile, who }))
      },
    }))
    const space = memory.namespace('main')
    await space.forget(await space.remember({ text: before }))
    assert.is((await space.purge()).memories, 1)
    assert.equal(await filesWith(dir, [before]), [])
    assert.equal(await memory.namespaces(), [])
    assert.is((await memory.namespace('other').purge()).memories, 1)
    assert.equal(await filesWith(dir, texts), [])
    await memory.close()
    assert.equal(await keysIn(dir), [])
  }),
)

test(
  'a namespace that is begun anew while the purge that emptied it compacts keeps its own count of what was forgotten',
  withDir(async dir => {
    let isFirst = true
    const memory = await openedIn(dir, store => ({
      compact: async () => {
        await store.compact()
        if (!isFirst) return
        isFirst = false
        const space = memory.namespace('main')
        const [, two = ''] = await space.rememberAll([{ text: 'one' }, { text: 'two' }])
        await space.forget(two)
      },
    }))
    const space = memory.namespace('main')
    await space.forget(await space.remember({ text: 'old' }))
    assert.is((await space.purge()).memories, 1)
    assert.is((await space.stats()).forgottenSincePurge, 1)
    assert.is((await space.purge()).memories, 1)
    await memory.close()
  }),
)

test.run()
