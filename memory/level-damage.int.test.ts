/** What changed, cut or lost files lead to: the same data, or an error that says so. Mutations are seeded. */
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { type Address, address } from '../actors/address.ts'
import type { Recorded } from '../actors/journal.ts'
import { createCodec } from '../runtime/codec.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import { openLevelJournal } from './level-journal.ts'
import { collect, commitOf, kindOf, lastOf, stateOf } from './testdata/commits.ts'
import { inFolder } from './testdata/folder.ts'

const test = testSuite('memory/level damage', { limitMs: 58_000 })
const encoder = createCodec()

/** Everything a journal holds, or what it said instead. */
async function contentOf(dir: string) {
  const journal = await openLevelJournal({ dir, encoder, snapshotEvery: 9 })
  try {
    const content: [Address, Recorded | undefined][] = []
    for (const { actor } of await collect(journal.actors())) content.push([actor, await journal.read(actor)])
    assert.equal(await collect(journal.readAll(() => true)), content)
    const records = await collect(journal.records.list('seqs'))
    const order = (await collect(journal.history(address('tester', 'c')))).at(-1)?.order
    return { content, records, order, lostTail: journal.lostTail }
  } finally {
    await journal.close()
  }
}

/** A directory as a killed process leaves it: with everything still in the log. `synced` says how commits were. */
async function leftBehind(dir: string, synced: boolean, tables = false): Promise<void> {
  const live = join(dir, 'live')
  const journal = await openLevelJournal({ dir: live, encoder, snapshotEvery: 9 })
  // Enough for several blocks of the log: LevelDB drops the rest of a damaged block and reads on behind it.
  for (let seq = 1; seq <= 125; seq++) {
    for (const id of ['a', 'b', 'c']) {
      const actor = address('tester', id)
      const options = { sync: synced, ...(id === 'c' && { run: 'run' }) }
      await journal.append(commitOf(actor, seq), () => stateOf(seq - 1), options)
    }
    if (seq % 10 !== 0) continue
    // Actors of a single commit, and records: no later one shows that it was lost.
    await journal.append(commitOf(address('once', `n${seq}`), 1), () => stateOf(0), { sync: synced })
    await journal.records.put('seqs', String(seq).padStart(3, '0'), seq, { sync: synced })
  }
  if (tables) {
    await journal.close()
    await contentOf(live)
  }
  const filter = (path: string) => !path.endsWith('.sock') && !path.endsWith('LOCK')
  await cp(live, join(dir, 'original'), { recursive: true, filter })
  await journal.close()
}

interface Damage {
  readonly file: number
  readonly at: number
  readonly how: 'flip' | 'cut' | 'zero'
  readonly bit: number
}

const damage: fc.Arbitrary<Damage> = fc.record({
  file: fc.nat(),
  // Uniform over the file: fast-check prefers small numbers otherwise, and would only hit its first bytes.
  at: fc.noBias(fc.nat(2 ** 31 - 1)).map(at => at / 2 ** 31),
  how: fc.constantFrom('flip', 'flip', 'cut', 'zero'),
  bit: fc.nat(7),
})

async function harm(folder: string, pattern: RegExp, { file, at, how, bit }: Damage): Promise<string> {
  const names = (await readdir(folder)).filter(name => pattern.test(name)).sort()
  const path = join(folder, names[file % names.length] ?? '')
  const bytes = await readFile(path)
  const place = Math.floor(at * bytes.length)
  if (how === 'flip') bytes[place] = (bytes[place] ?? 0) ^ (1 << bit)
  if (how === 'zero') bytes.fill(0, place, Math.min(place + 64, bytes.length))
  await writeFile(path, how === 'cut' ? bytes.subarray(0, place) : bytes)
  return path
}

type Content = readonly (readonly [Address, Recorded | undefined])[]

/** Whether each actor's record is one that it had: what it holds is what that actor committed, up to some commit. */
const isEarlier = (found: Content, later: Content): boolean =>
  found.every(([actor, recorded]) => {
    const last = lastOf(recorded)
    const made = recorded?.commits.every(one => isDeepStrictEqual(one, commitOf(actor, one.seq)))
    const state = recorded?.snapshot
    const kept = !state || isDeepStrictEqual(state.state, stateOf(state.seq))
    return made && kept && last <= lastOf(later.find(([other]) => other === actor)?.[1])
  })

async function mutate(dir: string, pattern: RegExp, numRuns: number, seed: number) {
  const original = join(dir, 'original')
  const copy = join(dir, 'copy')
  const expected = await (async () => {
    await cp(original, copy, { recursive: true })
    return contentOf(copy)
  })()
  assert.ok(expected.content.length > 10, 'actors with many commits and with one')
  const counts = { same: 0, corrupt: 0, failed: 0, torn: 0 }
  for (const one of fc.sample(damage, { numRuns, seed })) {
    await rm(copy, { recursive: true, force: true })
    await cp(original, copy, { recursive: true })
    const path = await harm(join(copy, 'level'), pattern, one)
    let found: Awaited<ReturnType<typeof contentOf>> | undefined
    const kind = await kindOf(async () => {
      found = await contentOf(copy)
    })
    const what = `${JSON.stringify(one)} of ${path}: ${kind}`
    if (kind === 'store-corrupt' || kind === 'store-failed') {
      counts[kind === 'store-corrupt' ? 'corrupt' : 'failed']++
      assert.is.not(await kindOf(() => contentOf(copy)), 'nothing thrown', `when opened again: ${what}`)
    } else {
      assert.is(kind, 'nothing thrown', what)
      if (found && found.lostTail > 0) {
        counts.torn++
        assert.ok(isEarlier(found.content, expected.content), `not an earlier moment: ${what}`)
        assert.equal(found.records, expected.records.slice(0, found.records.length), what)
      } else {
        counts.same++
        assert.ok(isDeepStrictEqual(found, expected), `silently wrong: ${what}`)
      }
    }
  }
  return counts
}

test(
  'is never silently wrong after damage to the log of synced commits',
  inFolder(async dir => {
    await leftBehind(dir, true)
    const counts = await mutate(dir, /\.log$/, 300, 1)
    assert.is(counts.torn + counts.failed, 0)
    assert.ok(counts.corrupt > 100, JSON.stringify(counts))
  }),
)

test(
  'reports a lost tail of unsynced commits, also when there are whole ones behind what is damaged',
  inFolder(async dir => {
    await leftBehind(dir, false)
    const counts = await mutate(dir, /\.log$/, 300, 2)
    assert.is(counts.failed + counts.corrupt, 0)
    assert.ok(counts.torn > 100, JSON.stringify(counts))
  }),
)

test(
  'is never silently wrong after damage to tables, the manifest or its pointer',
  inFolder(async dir => {
    await leftBehind(dir, true, true)
    const counts = await mutate(dir, /\.ldb$|^MANIFEST|^CURRENT$/, 200, 3)
    assert.is(counts.torn + counts.failed, 0)
    assert.ok(counts.corrupt > 100, JSON.stringify(counts))
  }),
)

test(
  'finds a store that was emptied, rolled back, or lost its mark',
  inFolder(async dir => {
    await leftBehind(dir, true)
    const copy = join(dir, 'copy')
    const harms: (() => Promise<unknown>)[] = [
      () => rm(join(copy, 'level'), { recursive: true }),
      () => rm(join(copy, 'high-water')),
      () => writeFile(join(copy, 'high-water'), 'x'.repeat(48)),
      () => writeFile(join(copy, 'high-water'), ''),
    ]
    for (const harm of harms) {
      await rm(copy, { recursive: true, force: true })
      await cp(join(dir, 'original'), copy, { recursive: true })
      await harm()
      for (const opening of [1, 2]) {
        assert.is(await kindOf(() => contentOf(copy)), 'store-corrupt', `${harm}, opening ${opening}`)
      }
    }
  }),
)

test.run()
