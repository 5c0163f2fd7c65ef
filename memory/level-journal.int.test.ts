import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { address } from '../actors/address.ts'
import { createCodec } from '../runtime/codec.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import { openLevel } from './level.ts'
import { openLevelJournal, restoreLevelJournal, verifyLevelJournal } from './level-journal.ts'
import { collect, commitOf, kindOf, stateOf } from './testdata/commits.ts'

const test = testSuite('memory/level-journal', { limitMs: 30_000 })
const encoder = createCodec()
const A = address('tester', 'a')
const B = address('tester', 'b')

const inFolder = (body: (dir: string) => Promise<void>) => async () => {
  const dir = await mkdtemp(join(tmpdir(), 'ac-journal-'))
  try {
    await body(dir)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** Writes to the store beneath a closed journal, as no journal would. */
const tamper = async (dir: string, change: (key: string, value: Uint8Array) => Uint8Array | undefined) => {
  const store = await openLevel(dir)
  for await (const [key, value] of store.range()) {
    const next = change(key, Uint8Array.from(value))
    await store.batch([next ? { type: 'put', key, value: next } : { type: 'del', key }])
  }
  await store.close()
}

const filled = async (dir: string, count: number, snapshotEvery = 64) => {
  const journal = await openLevelJournal({ dir, encoder, snapshotEvery })
  for (let seq = 1; seq <= count; seq++) await journal.append(commitOf(A, seq), () => stateOf(seq))
  await journal.append(commitOf(B, 1), () => stateOf(1))
  await journal.close()
}

const problemOf = async (dir: string) => {
  const report = await verifyLevelJournal({ dir, encoder })
  assert.is(await kindOf(() => openLevelJournal({ dir, encoder })), 'store-corrupt')
  return report.problems[0]
}

test(
  'merges the commits of concurrent actors into few writes',
  inFolder(async dir => {
    const journal = await openLevelJournal({ dir, encoder, sync: 'always' })
    const actors = Array.from({ length: 64 }, (_, at) => address('tester', `n${at}`))
    const rounds = 5
    for (let seq = 1; seq <= rounds; seq++) {
      await Promise.all(actors.map(actor => journal.append(commitOf(actor, seq), () => stateOf(seq))))
    }
    assert.ok(journal.writes <= rounds * 2, `${journal.writes} writes for ${rounds * 64} commits`)
    assert.is((await journal.verify()).commits, rounds * 64)
    await journal.close()
  }),
)

test(
  'lets one actor append again before its last commit is acknowledged, in order',
  inFolder(async dir => {
    const journal = await openLevelJournal({ dir, encoder, snapshotEvery: 7 })
    await Promise.all(
      Array.from({ length: 50 }, (_, at) => journal.append(commitOf(A, at + 1), () => stateOf(at + 1))),
    )
    await journal.close()
    const again = await openLevelJournal({ dir, encoder, snapshotEvery: 7 })
    const recorded = await again.read(A)
    assert.is((recorded?.snapshot?.seq ?? 0) + (recorded?.commits.length ?? 0), 50)
    await again.close()
  }),
)

test(
  'throws a conflict at once, and a commit that cannot be encoded changes nothing',
  inFolder(async dir => {
    const journal = await openLevelJournal({ dir, encoder: createCodec({ maxBytes: 2_000 }) })
    let thrown: unknown
    try {
      void journal.append(commitOf(A, 2), () => stateOf(2))
    } catch (error) {
      thrown = error
    }
    assert.ok(thrown, 'thrown, not rejected')
    const large = { ...commitOf(A, 1), acts: [{ act: 'reply' as const, body: 'x'.repeat(3_000) }] }
    assert.is(await kindOf(() => journal.append(large, () => stateOf(1))), 'codec-too-large')
    await journal.append(commitOf(A, 1), () => stateOf(1))
    assert.equal((await journal.verify()).problems, [])
    await journal.close()
  }),
)

test('names the commit that was flipped, cut, removed, moved or is from elsewhere', async () => {
  const isCommit = (key: string, seq: number) => key.endsWith(seq.toString(16).padStart(14, '0'))
  const cases: [string, object, (key: string, value: Uint8Array) => Uint8Array | undefined][] = [
    [
      'a flipped bit',
      { what: 'flipped', actor: A, seq: 3 },
      (key, value) => {
        if (key.includes('/a!') && isCommit(key, 3)) value[50] = (value[50] ?? 0) ^ 4
        return value
      },
    ],
    [
      'a cut record',
      { what: 'torn', actor: A, seq: 3 },
      (key, value) => (key.includes('/a!') && isCommit(key, 3) ? value.subarray(0, 20) : value),
    ],
    [
      'a missing commit in the middle',
      { what: 'hole', actor: A, seq: 3 },
      (key, value) => (key.includes('/a!') && isCommit(key, 2) ? undefined : value),
    ],
    [
      'a missing first commit',
      { what: 'hole', actor: A, seq: 2 },
      (key, value) => (key.includes('/a!') && isCommit(key, 1) ? undefined : value),
    ],
    [
      'a missing last commit',
      { what: 'heads' },
      (key, value) => (key.includes('/a!') && isCommit(key, 5) ? undefined : value),
    ],
    ['a missing actor', { what: 'heads' }, (key, value) => (key.includes('/b!') ? undefined : value)],
    ['a missing digest', { what: 'heads' }, (key, value) => (key === 'm!heads' ? undefined : value)],
  ]
  for (const [title, expected, change] of cases) {
    await inFolder(async dir => {
      await filled(dir, 5)
      await tamper(dir, change)
      assert.equal(await problemOf(dir), expected, title)
    })()
  }
})

test(
  'finds a record that another history left, and one under a foreign key',
  inFolder(async dir => {
    await filled(dir, 5)
    const other = join(dir, 'other')
    const journal = await openLevelJournal({ dir: other, encoder })
    for (let seq = 1; seq <= 5; seq++) {
      await journal.append({ ...commitOf(A, seq), at: 5 }, () => stateOf(seq))
    }
    await journal.close()
    const foreign = await openLevel(other)
    const records = new Map(await collect(foreign.range()))
    await foreign.close()
    await tamper(dir, (key, value) => (key.endsWith('4') ? records.get(key) : value))
    assert.equal(await problemOf(dir), { what: 'chain', actor: A, seq: 4 })
    const store = await openLevel(other)
    await store.batch([{ type: 'put', key: 'zebra', value: new Uint8Array(3) }])
    await store.close()
    assert.equal(await problemOf(other), { what: 'key' })
  }),
)

test('finds a lost snapshot, a damaged one, and commits it should have replaced', async () => {
  for (const [expected, change] of [
    [{ what: 'hole', actor: A, seq: 7 }, () => undefined],
    [{ what: 'torn', actor: A }, (value: Uint8Array) => value.subarray(0, 4)],
  ] as const) {
    await inFolder(async dir => {
      await filled(dir, 8, 5)
      await tamper(dir, (key, value) => (key.endsWith('a!0') ? change(value) : value))
      assert.equal(await problemOf(dir), expected)
    })()
  }
})

test(
  'backs up while it is written to, restores, and refuses a target that is not empty',
  inFolder(async dir => {
    const source = join(dir, 'source')
    const journal = await openLevelJournal({ dir: source, encoder, snapshotEvery: 10 })
    const append = async (from: number, to: number) => {
      for (let seq = from; seq <= to; seq++) await journal.append(commitOf(A, seq), () => stateOf(seq))
    }
    await append(1, 25)
    const [report] = await Promise.all([journal.backup(join(dir, 'copy')), append(26, 60)])
    assert.equal(report.problems, [])
    assert.is(await kindOf(() => journal.backup(join(dir, 'copy'))), 'output-unwritable')
    await journal.close()
    await restoreLevelJournal(join(dir, 'copy'), join(dir, 'restored'), encoder)
    const restored = await openLevelJournal({ dir: join(dir, 'restored'), encoder, snapshotEvery: 10 })
    const recorded = await restored.read(A)
    const last = recorded?.commits.at(-1)?.seq ?? recorded?.snapshot?.seq ?? 0
    assert.ok(last >= 25 && last <= 60, `the copy is of one moment, at ${last}`)
    await restored.append(commitOf(A, last + 1), () => stateOf(last + 1))
    await restored.close()
    await writeFile(join(dir, 'file'), 'mine')
    assert.is(await kindOf(() => restoreLevelJournal(join(dir, 'copy'), dir, encoder)), 'output-unwritable')
    assert.ok((await readdir(dir)).includes('file'))
  }),
)

test(
  'refuses options that make no sense and a directory that is a file',
  inFolder(async dir => {
    await writeFile(join(dir, 'file'), '')
    assert.is(await kindOf(() => openLevelJournal({ dir: join(dir, 'file'), encoder })), 'store-failed')
    for (const snapshotEvery of [0, -1, 1.5, Number.NaN]) {
      assert.is(await kindOf(() => openLevelJournal({ dir, encoder, snapshotEvery })), 'usage')
    }
  }),
)

test.run()
