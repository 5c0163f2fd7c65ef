import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { address } from '../actors/address.ts'
import { RuntimeError } from '../actors/errors.ts'
import { createCodec } from '../runtime/codec.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import { journalOn } from './journal-on.ts'
import { collect, commitOf, kindOf, lastOf, stateOf } from './testdata/commits.ts'
import { failingStore } from './testdata/failing-store.ts'

const test = testSuite('memory/journal-on')
const A = address('tester', 'a')
const B = address('tester', 'b')

async function opened(options = {}) {
  const disk = failingStore(options)
  const journal = await journalOn(disk.store, { encoder: createCodec(), snapshotEvery: 4 })
  const append = (actor = A, seq = 1, more = {}) =>
    journal.append(commitOf(actor, seq), () => stateOf(seq - 1), more)
  return { disk, journal, append }
}

const kindsOf = (all: readonly (() => Promise<unknown>)[]) => Promise.all(all.map(kindOf))

test('refuses what is under way and waits when a write fails, and opens the store again for the next', async () => {
  const { disk, journal, append } = await opened()
  await append(A, 1)
  disk.nextWrite = 'lost'
  const refused = [kindOf(() => append(A, 2)), kindOf(() => append(B, 1))]
  await new Promise(resolve => setImmediate(resolve))
  refused.push(kindOf(() => append(A, 3, { rest: 'ended' })))
  assert.equal(await Promise.all(refused), ['store-failed', 'store-failed', 'store-failed'])
  assert.is(disk.reopenings, 0)
  await Promise.all([append(A, 2), append(A, 3), append(B, 1)])
  assert.is(disk.reopenings, 1)
  assert.is(lastOf(await journal.read(A)), 3)
  assert.equal(await collect(journal.actors()), [{ actor: A }, { actor: B }])
  assert.equal((await journal.verify()).problems, [])
})

test('has a refused commit that reached the disk, and a conflict for who repeats it', async () => {
  const { disk, journal, append } = await opened()
  await append(A, 1)
  disk.nextWrite = 'kept'
  assert.is(await kindOf(() => append(A, 2, { rest: 'asleep', run: 'r' })), 'store-failed')
  assert.is(await kindOf(() => append(A, 2)), 'journal-conflict')
  assert.equal(journal.known(A), { actor: A, rest: 'asleep', run: 'r' })
  assert.is(lastOf(await journal.read(A)), 2)
  await append(A, 3)
  assert.equal((await journal.verify()).problems, [])
})

test('knows nothing of a refused commit that did not reach the disk', async () => {
  const { disk, journal, append } = await opened()
  await append(A, 1)
  disk.nextWrite = 'lost'
  const calls = [() => append(A, 2, { rest: 'ended', run: 'r' }), () => append(B, 1), () => journal.remove(A)]
  assert.equal(await kindsOf(calls), ['store-failed', 'store-failed', 'store-failed'])
  assert.equal((await journal.read(A))?.commits, [commitOf(A, 1)])
  assert.equal(await collect(journal.actors()), [{ actor: A }])
  await append(A, 2)
})

test('opens again after a failed reading too, and ends iterations that were under way', async () => {
  const { disk, journal, append } = await opened()
  for (const actor of [A, B]) for (let seq = 1; seq <= 3; seq++) await append(actor, seq)
  const iteration = journal.readAll(() => true)[Symbol.asyncIterator]()
  assert.is((await iteration.next()).value?.[0], A)
  disk.nextRead = 'fails'
  assert.is(await kindOf(() => iteration.next()), 'store-failed')
  assert.is((await collect(journal.readAll(() => true))).length, 2)
  disk.nextRead = 'fails'
  assert.is(await kindOf(() => journal.read(A)), 'store-failed')
  await journal.records.put('kind', 'id', 1)
  disk.nextRead = 'fails'
  assert.is(await kindOf(() => journal.records.get('kind', 'id')), 'store-failed')
  assert.is(await journal.records.get('kind', 'id'), 1)
  assert.is(disk.reopenings, 3)
})

test('tries again at the next operation when the store cannot be opened again yet', async () => {
  const { disk, append } = await opened()
  await append(A, 1)
  disk.nextWrite = 'lost'
  assert.is(await kindOf(() => append(A, 2)), 'store-failed')
  const refuse = () => {
    throw new RuntimeError('store-failed', 'still full')
  }
  disk.nextReopening = refuse
  assert.equal(await kindsOf([() => append(A, 2), () => append(B, 1)]), ['store-failed', 'store-failed'])
  assert.is(disk.reopenings, 1)
  await append(A, 2)
  assert.is(disk.reopenings, 2)
})

test('stays failed when less is there than was acknowledged, or something else', async () => {
  const harms: ((values: Map<string, Uint8Array>, earlier: Map<string, Uint8Array>) => void)[] = [
    values => values.delete('a!tester/a!100000000000002'),
    values => values.clear(),
    (values, earlier) => {
      // Sound in itself, and older than what was acknowledged.
      values.clear()
      for (const [key, value] of earlier) values.set(key, value)
    },
  ]
  for (const harm of harms) {
    const { disk, journal, append } = await opened()
    await append(A, 1)
    const earlier = new Map(disk.values)
    await append(A, 2)
    disk.nextWrite = 'lost'
    assert.is(await kindOf(() => append(A, 3)), 'store-failed')
    disk.nextReopening = () => harm(disk.values, earlier)
    for (const call of [() => append(A, 3), () => journal.read(A), () => journal.records.get('kind', 'id')]) {
      assert.is(await kindOf(call), 'store-corrupt', String(harm))
    }
    assert.is(disk.reopenings, 1)
    await journal.close()
    assert.is(await kindOf(() => append(A, 3)), 'journal-closed')
  }
})

test('stays failed on a store that cannot be opened again', async () => {
  const { disk, append } = await opened({ reopens: false })
  disk.nextWrite = 'lost'
  assert.is(await kindOf(() => append(A, 1)), 'store-failed')
  for (let again = 0; again < 3; again++) assert.is(await kindOf(() => append(A, 1)), 'store-failed')
  disk.values.clear()
})

test('closes while it is being opened again', async () => {
  const { disk, journal, append } = await opened()
  disk.nextWrite = 'lost'
  assert.is(await kindOf(() => append(A, 1)), 'store-failed')
  const waiting = kindOf(() => append(A, 1))
  await journal.close()
  assert.is(await waiting, 'journal-closed')
})

type Step =
  | {
      readonly do: 'append' | 'snapshot' | 'remove' | 'record'
      readonly actor: 0 | 1
      readonly together: boolean
    }
  | { readonly do: 'fail'; readonly kept: boolean }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constantFrom(
          'append' as const,
          'append' as const,
          'append' as const,
          'snapshot' as const,
          'remove' as const,
          'record' as const,
        ),
        actor: fc.constantFrom(0 as const, 1 as const),
        together: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('fail' as const), kept: fc.boolean() }) },
  ),
  { maxLength: 60 },
)

test('keeps what it acknowledged through any failures, and is whole after each', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async all => {
      const { disk, journal, append } = await opened()
      const actors = [A, B]
      const last = [0, 0]
      const owed = [0, 0]
      for (const step of all) {
        if (step.do === 'fail') {
          disk.nextWrite = step.kept ? 'kept' : 'lost'
          continue
        }
        const { actor: at } = step
        const actor = actors[at] ?? A
        const seq = (last[at] ?? 0) + 1
        const run = at === 1 ? { run: 'r' } : {}
        const work = {
          append: () => append(actor, seq, run),
          snapshot: () => journal.snapshot(actor, seq - 1, stateOf(seq - 1), run),
          remove: () => journal.remove(actor),
          record: () => journal.records.put('kind', String(at), seq),
        }[step.do]
        const kind = step.together
          ? await kindOf(() => Promise.all([work(), journal.read(actor)]))
          : await kindOf(work)
        if (kind === 'nothing thrown' && step.do === 'append') owed[at] = seq
        if (kind === 'nothing thrown' && step.do === 'remove') owed[at] = 0
        // Only a removal that was refused may have taken what was acknowledged.
        const removed = kind === 'store-failed' && step.do === 'remove'
        last[at] = lastOf(await journal.read(actor).catch(() => journal.read(actor)))
        if (removed) owed[at] = Math.min(owed[at] ?? 0, last[at] ?? 0)
        assert.ok((last[at] ?? 0) >= (owed[at] ?? 0), `${last[at]} is there, ${owed[at]} was acknowledged`)
      }
      assert.equal((await journal.verify()).problems, [])
    }),
    { numRuns: 150 },
  )
})

test.run()
