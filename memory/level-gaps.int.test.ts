/** What a power cut may leave of LevelDB's logs, constructed file by file: two of them, cut anywhere. */
import { appendFile, cp, link, open, readdir, readFile, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { address } from '../actors/address.ts'
import { createCodec } from '../runtime/codec.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import { type CompactingStore, openLevel } from './level.ts'
import { findGap } from './level-gaps.ts'
import { type LevelJournal, openLevelJournal } from './level-journal.ts'
import { commitOf, kindOf, lastOf, stateOf } from './testdata/commits.ts'
import { inFolder } from './testdata/folder.ts'

const test = testSuite('memory/level-gaps', { limitMs: 58_000 })
const encoder = createCodec()

const ACTORS = ['a', 'b', 'c'].map(id => address('tester', id))
const openJournal = (dir: string): Promise<LevelJournal> =>
  openLevelJournal({ dir, encoder, snapshotEvery: 9 })
const logsIn = async (dir: string): Promise<string[]> =>
  (await readdir(join(dir, 'level'))).filter(name => name.endsWith('.log')).sort()
const findIn = (dir: string) => findGap(join(dir, 'level'), '\u0000writes')

interface TwoLogs {
  readonly dir: string
  /** Writes before the first log, writes up to the last that was synced, and all. */
  readonly before: number
  readonly synced: number
  readonly written: number
  /** Bytes of the first log that were synced. */
  readonly syncedSize: number
}

/**
 * A journal as the disk has it between the moment when LevelDB began a second log and the one when it has put the
 * first into a table: one commit after the other, of three actors in turn, 30 of them synced in the first log.
 */
async function twoLogs(work: string): Promise<TwoLogs> {
  const [live, dir] = [join(work, 'live'), join(work, 'dir')]
  let written = 0
  const append = async (journal: LevelJournal, sync: boolean): Promise<void> => {
    const actor = ACTORS[written % 3] ?? address('tester', 'a')
    const seq = Math.floor(written / 3) + 1
    const { taken, ...rest } = commitOf(actor, seq)
    // Large, so that a log is full soon.
    const body = { seq, fill: `${seq};`.repeat(500) }
    await journal.append({ ...rest, taken: { ...taken, body } as typeof taken }, () => stateOf(seq - 1), {
      sync,
    })
    written++
  }
  const earlier = await openJournal(live)
  for (let n = 0; n < 40; n++) await append(earlier, false)
  await earlier.close()
  const journal = await openJournal(live)
  const before = written
  const filter = (path: string) => !/\.log$|\.sock$|LOCK$/.test(path)
  await cp(live, dir, { recursive: true, filter })
  const keep = (name = '') => link(join(live, 'level', name), join(dir, 'level', name))
  const [first = ''] = await logsIn(live)
  await keep(first)
  for (let n = 0; n < 30; n++) await append(journal, true)
  const synced = written
  const { size: syncedSize } = await stat(join(dir, 'level', first))
  let newest: string | undefined = first
  for (; newest === first; newest = (await logsIn(live)).at(-1)) await append(journal, false)
  await keep(newest)
  for (let n = 0; n < 300; n++) await append(journal, false)
  await cp(join(live, 'high-water'), join(dir, 'high-water'))
  await journal.close()
  await rm(live, { recursive: true })
  assert.is((await logsIn(dir)).length, 2)
  return { dir, before, synced, written, syncedSize }
}

/** Where each log ends, and where a page of zeros begins in it, as parts of what need not have been on the disk. */
interface Cut {
  readonly ends: readonly [number, number]
  readonly zeros: readonly [number, number]
  /** Bytes of an edit of the manifest that was not synced, all of them zero. */
  readonly edit: number
}

const part = fc.noBias(fc.nat(1_000)).map(at => at / 1_000)
const cut: fc.Arbitrary<Cut> = fc.record({
  ends: fc.tuple(fc.oneof(part, fc.constant(1), fc.constant(0)), part),
  zeros: fc.tuple(fc.oneof(part, fc.constant(2)), fc.oneof(part, fc.constant(2))),
  edit: fc.constantFrom(0, 90, 4_096),
})

async function cutLogs(
  { dir, syncedSize }: TwoLogs,
  copy: string,
  { ends, zeros, edit }: Cut,
): Promise<void> {
  await rm(copy, { recursive: true, force: true })
  await cp(dir, copy, { recursive: true })
  const manifest = (await readFile(join(copy, 'level', 'CURRENT'), 'latin1')).trim()
  await appendFile(join(copy, 'level', manifest), Buffer.alloc(edit))
  for (const [at, name] of (await logsIn(copy)).entries()) {
    const path = join(copy, 'level', name)
    const safe = at === 0 ? syncedSize : 0
    const { size } = await stat(path)
    const end = safe + Math.floor((size - safe) * (ends[at] ?? 1))
    await truncate(path, end)
    const from = safe + Math.floor((size - safe) * (zeros[at] ?? 2))
    if (from < end) await zero(path, from, Math.min(4_096, end - from))
  }
}

async function zero(path: string, from: number, length: number): Promise<void> {
  const file = await open(path, 'r+')
  await file.write(Buffer.alloc(length), 0, length, from)
  await file.close()
}

test(
  'opens after any power cut with the first so many writes, all that were synced among them',
  inFolder(async work => {
    const logs = await twoLogs(work)
    const copy = join(work, 'copy')
    let gaps = 0
    let withSecond = 0
    const first = join(copy, 'level', (await logsIn(logs.dir))[0] ?? '')
    for (const one of fc.sample(cut, { numRuns: 60, seed: 7 })) {
      const what = JSON.stringify(one)
      await cutLogs(logs, copy, one)
      const gap = await findIn(copy)
      if (gap) gaps++
      for (const opening of [1, 2]) {
        const journal = await openJournal(copy)
        const ends = await Promise.all(ACTORS.map(async actor => lastOf(await journal.read(actor))))
        const kept = ends.reduce((sum, end) => sum + end)
        await journal.close()
        // In turn: those before the last have one more, or as many.
        const expected = ACTORS.map((_, at) => Math.ceil((kept - at) / 3))
        assert.equal(ends, expected, what)
        assert.ok(kept >= logs.synced && kept <= logs.written, what)
        assert.is(journal.lostTail, opening === 1 ? logs.written - kept : 0, what)
        if (gap) assert.ok(kept < gap.first && gap.last <= logs.written, what)
        if (!gap && opening === 1 && one.ends[0] === 1 && one.zeros[0] === 2) withSecond++
      }
      assert.not.ok((await readdir(join(copy, 'level'))).includes(first))
    }
    assert.ok(gaps > 20 && withSecond > 3, `${gaps} gaps, ${withSecond} without one up to the second log`)
  }),
)

test(
  'cuts nothing off when what is missing was synced, which no power cut does, and says so every time',
  inFolder(async work => {
    const { dir, syncedSize } = await twoLogs(work)
    const path = join(dir, 'level', (await logsIn(dir))[0] ?? '')
    await zero(path, Math.floor(syncedSize / 2), 100)
    const bytes = await readFile(path)
    for (const opening of [1, 2]) {
      assert.is(await kindOf(() => openJournal(dir)), 'store-corrupt', `opening ${opening}`)
      assert.equal(await readFile(path), bytes)
    }
  }),
)

test(
  'finds the second log without any of the first',
  inFolder(async work => {
    const { dir, before, written } = await twoLogs(work)
    const [first = '', second = ''] = await logsIn(dir)
    await truncate(join(dir, 'level', first), 0)
    const gap = await findIn(dir)
    assert.equal([gap?.last, gap?.cuts.length], [written, 1])
    assert.ok((gap?.first ?? 0) > before + 1)
    await rm(join(dir, 'level', first))
    assert.equal(await findIn(dir), gap)
    await truncate(join(dir, 'level', second), 0)
    assert.is(await findIn(dir), undefined)
  }),
)

/** What may happen between two looks at the logs. None of it leaves a gap. */
const STEPS: Readonly<Record<string, (store: CompactingStore, n: number) => Promise<void>>> = {
  write: (store, n) =>
    store.batch([{ type: 'put', key: `k${n % 7}`, value: new Uint8Array((n * 997) % 5_000) }]),
  writeMuch: async (store, n) => {
    for (let at = 0; at < 30; at++) await STEPS['write']?.(store, n + at)
  },
  remove: (store, n) => store.batch([{ type: 'del', key: `k${n % 7}` }], { sync: true }),
  flush: store => store.flush(),
  compact: store => store.compact(),
}

test(
  'finds no gap where there is none: after tables, compactions, empty logs, reopening, and a lost tail',
  inFolder(async dir => {
    const names = [...Object.keys(STEPS), 'reopen', 'lose', 'flush']
    let store = await openLevel(dir)
    let lost = 0
    for (const [n, name] of fc.sample(fc.constantFrom(...names), { numRuns: 200, seed: 8 }).entries()) {
      await STEPS[name]?.(store, n)
      assert.is(await findIn(dir), undefined, `${n} ${name}`)
      if (name !== 'reopen' && name !== 'lose') continue
      await store.close()
      if (name === 'lose') {
        const path = join(dir, 'level', (await logsIn(dir)).at(-1) ?? '')
        await truncate(path, Math.floor((await stat(path)).size * 0.9))
      }
      const kind = await kindOf(async () => {
        store = await openLevel(dir)
      })
      if (kind === 'store-corrupt') {
        // What was lost was synced.
        await rm(dir, { recursive: true })
        store = await openLevel(dir)
      } else if (store.lostTail > 0) lost++
      assert.is(await findIn(dir), undefined, `${n} ${name}`)
    }
    await store.close()
    assert.ok(lost > 3, `${lost} lost tails`)
  }),
)

test.run()
