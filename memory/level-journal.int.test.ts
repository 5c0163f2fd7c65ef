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
const tamper = async (dir: string, change: Change) => {
  const store = await openLevel(dir)
  for await (const [key, value] of store.range()) {
    const next = change(key, Uint8Array.from(value))
    await store.batch([next ? { type: 'put', key, value: next } : { type: 'del', key }])
  }
  await store.close()
}

/** The key of a commit of A. */
const at = (seq: number) => `a!tester/a!1${seq.toString(16).padStart(14, '0')}`

type Change = (key: string, value: Uint8Array) => Uint8Array | undefined

const filled = async (dir: string, count: number, snapshotEvery = 64) => {
  const journal = await openLevelJournal({ dir, encoder, snapshotEvery })
  for (let seq = 1; seq <= count; seq++) await journal.append(commitOf(A, seq), () => stateOf(seq - 1))
  await journal.append(commitOf(B, 1), () => stateOf(0))
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
      await Promise.all(actors.map(actor => journal.append(commitOf(actor, seq), () => stateOf(seq - 1))))
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
      Array.from({ length: 50 }, (_, at) => journal.append(commitOf(A, at + 1), () => stateOf(at))),
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
      await journal.append({ ...commitOf(A, seq), at: 5 }, () => stateOf(seq - 1))
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

test('finds a lost snapshot, a damaged one, one of another moment, and commits it should have replaced', async () => {
  const earlier = new Map<string, Uint8Array>()
  await inFolder(async dir => {
    await filled(dir, 4, 3)
    const store = await openLevel(dir)
    for await (const [key, value] of store.range()) earlier.set(key, value)
    await store.close()
  })()
  const cases: [object, Change][] = [
    [{ what: 'hole', actor: A, seq: 7 }, (key, value) => (key === 'a!tester/a!0' ? undefined : value)],
    [{ what: 'torn', actor: A }, (key, value) => (key === 'a!tester/a!0' ? value.subarray(0, 4) : value)],
    [{ what: 'hole', actor: A, seq: 7 }, (key, value) => (key === 'a!tester/a!0' ? earlier.get(key) : value)],
    [{ what: 'heads' }, (key, value) => (key === at(8) ? undefined : value)],
  ]
  for (const [expected, change] of cases) {
    await inFolder(async dir => {
      await filled(dir, 8, 3)
      await tamper(dir, change)
      assert.equal(await problemOf(dir), expected)
    })()
  }
  await inFolder(async dir => {
    await filled(dir, 8, 3)
    const store = await openLevel(dir)
    const key = at(4)
    await store.batch([{ type: 'put', key, value: earlier.get(key) ?? new Uint8Array() }])
    await store.close()
    assert.equal(await problemOf(dir), { what: 'leftover', actor: A, seq: 4 })
  })()
})

test('finds what is missing of the history of a run, and runs and actors that do not know each other', async () => {
  const ofRun = async (dir: string) => {
    const journal = await openLevelJournal({ dir, encoder, snapshotEvery: 3 })
    for (let seq = 1; seq <= 8; seq++) {
      await journal.append(commitOf(A, seq), () => stateOf(seq - 1), { run: 'r' })
    }
    await journal.close()
  }
  const cases: [object, Change][] = [
    [{ what: 'hole', actor: A, seq: 2 }, (key, value) => (key === at(1) ? undefined : value)],
    [{ what: 'hole', actor: A, seq: 3 }, (key, value) => (key === at(2) ? undefined : value)],
    [{ what: 'hole', actor: A, seq: 6 }, (key, value) => (key >= at(6) && key <= at(9) ? undefined : value)],
    [{ what: 'heads' }, (key, value) => (key === 'a!tester/a!0' ? undefined : value)],
    [{ what: 'run', actor: A }, (key, value) => (key === 'r!r!tester/a' ? undefined : value)],
    [{ what: 'torn', actor: A }, (key, value) => (key === 'r!r!tester/a' ? value.subarray(0, 5) : value)],
    [{ what: 'run', actor: A }, (key, value) => (key.startsWith('a!') ? undefined : value)],
  ]
  for (const [expected, change] of cases) {
    await inFolder(async dir => {
      await ofRun(dir)
      await tamper(dir, change)
      assert.equal(await problemOf(dir), expected)
    })()
  }
})

test('finds records that were changed, lost, exchanged or rolled back', async () => {
  const first = new Map<string, Uint8Array>()
  const cases: [object, Change][] = [
    [
      { what: 'flipped', record: ['runs', 'a'] },
      (key, value) => {
        if (key === 'v!runs!a') value[60] = (value[60] ?? 0) ^ 1
        return value
      },
    ],
    [
      { what: 'torn', record: ['runs', 'a'] },
      (key, value) => (key === 'v!runs!a' ? value.subarray(0, 9) : value),
    ],
    [
      { what: 'flipped', record: ['runs', 'b'] },
      (key, value) => (key === 'v!runs!b' ? first.get('v!runs!a') : value),
    ],
    [{ what: 'heads' }, (key, value) => (key === 'v!runs!a' ? undefined : value)],
    [{ what: 'heads' }, (key, value) => (key === 'v!runs!a' ? first.get(key) : value)],
  ]
  for (const [expected, change] of cases) {
    await inFolder(async dir => {
      const journal = await openLevelJournal({ dir, encoder })
      await journal.records.put('runs', 'a', { status: 'running', fill: 'x'.repeat(40) })
      await journal.records.put('runs', 'b', { status: 'running' })
      await journal.close()
      await tamper(dir, (key, value) => {
        first.set(key, value)
        return value
      })
      const again = await openLevelJournal({ dir, encoder })
      await again.records.put('runs', 'a', { status: 'done', fill: 'x'.repeat(40) })
      assert.equal((await again.verify()).records, 2)
      await again.close()
      await tamper(dir, change)
      assert.equal(await problemOf(dir), expected)
    })()
  }
})

test(
  'opens with a body that cannot be decoded, and says so where it is read and by verify',
  inFolder(async dir => {
    const other = { encode: () => new Uint8Array([0xc1]), decode: () => null }
    const journal = await openLevelJournal({ dir, encoder: other })
    await journal.append(commitOf(A, 1), () => stateOf(0), { run: 'r' })
    await journal.append(commitOf(B, 1), () => stateOf(0))
    await journal.snapshot(B, 1, stateOf(1))
    await journal.records.put('kind', 'id', 1)
    await journal.close()
    const again = await openLevelJournal({ dir, encoder })
    for (const call of [
      () => again.read(A),
      () => again.read(B),
      () => collect(again.history(A)),
      () => collect(again.readAll(() => true)),
      () => again.records.get('kind', 'id'),
      () => collect(again.records.list('kind')),
    ]) {
      assert.is(await kindOf(call), 'store-corrupt', String(call))
    }
    assert.equal((await again.verify()).problems, [
      { what: 'unreadable', actor: A, seq: 1 },
      { what: 'unreadable', actor: B },
      { what: 'unreadable', record: ['kind', 'id'] },
    ])
    await again.append(commitOf(address('tester', 'c'), 1), () => stateOf(0))
    await again.close()
  }),
)

test(
  'takes commits and states of a megabyte when its encoder does',
  inFolder(async dir => {
    const settings = { dir, encoder: createCodec({ maxBytes: 16_000_000 }), snapshotEvery: 2 }
    const journal = await openLevelJournal(settings)
    const large = (seq: number) => ({
      ...commitOf(A, seq),
      acts: [{ act: 'reply' as const, body: 'x'.repeat(2_000_000) }],
    })
    const state = { ...stateOf(2), context: { text: 'y'.repeat(3_000_000) } }
    await Promise.all([1, 2, 3].map(seq => journal.append(large(seq), () => state, { sync: true })))
    await journal.close()
    const again = await openLevelJournal(settings)
    assert.equal(await again.read(A), { snapshot: { seq: 2, state }, commits: [large(3)] })
    await again.close()
  }),
)

test(
  'backs up while it is written to, restores, and refuses a target that is not empty',
  inFolder(async dir => {
    const source = join(dir, 'source')
    const journal = await openLevelJournal({ dir: source, encoder, snapshotEvery: 10 })
    const append = async (from: number, to: number) => {
      for (let seq = from; seq <= to; seq++) await journal.append(commitOf(A, seq), () => stateOf(seq - 1))
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
