/** What a journal that outlives a process must do across a close and an opening. Part of `actors/journal.conformance.ts`. */
import * as assert from 'uvu/assert'
import { address } from '../../actors/address.ts'
import type { Journal } from '../../actors/journal.ts'
import { A, all, B, fill, type JournalFixture, kindOf, type Scenario, state } from './journal-scenario.ts'

export function reopenScenarios(scenario: Scenario): void {
  const kept = (
    title: string,
    body: (journal: Journal, fixture: Required<JournalFixture>) => Promise<void>,
  ) =>
    scenario(title, async fixture => {
      const { reopen } = fixture
      if (!reopen) throw new Error('an adapter that keeps its journals offers `reopen`')
      await body(fixture.journal, { ...fixture, reopen })
    })
  const contentOf = async (journal: Journal) => ({
    actors: await all(journal.actors()),
    ofRun: await all(journal.actors('r')),
    recorded: await all(journal.readAll(() => true)),
    histories: [await all(journal.history(A)), await all(journal.history(B))],
  })

  kept('says after a reopening what it said before', async (journal, fixture) => {
    const { snapshotEvery } = fixture
    await fill(journal, A, 1, snapshotEvery * 2 + 3)
    await fill(journal, B, 1, snapshotEvery * 2 + 3, { run: 'r' })
    await fill(journal, address('tester', 'c'), 1, 1, { rest: 'ended', run: 'r' })
    await fill(journal, address('tester', 'd'), 1, 2)
    await journal.snapshot(address('tester', 'd'), 2, state(2), { rest: 'asleep' })
    const before = await contentOf(journal)
    assert.is(before.ofRun.length, 2)
    const again = await fixture.reopen()
    assert.equal(await contentOf(again), before)
  })

  kept(
    'goes on after the last commit, and refuses any other, after a reopening',
    async (journal, fixture) => {
      for (const options of [{}, { run: 'r' }]) {
        const actor = options.run === undefined ? A : B
        const total = fixture.snapshotEvery + 1
        await fill(journal, actor, 1, total, options)
      }
      const again = await fixture.reopen()
      for (const actor of [A, B]) {
        const total = fixture.snapshotEvery + 1
        for (const seq of [1, total, total + 2]) {
          assert.is(await kindOf(() => fill(again, actor, seq, seq)), 'journal-conflict')
        }
        await fill(again, actor, total + 1, total * 2 + 1)
        assert.is((await again.read(actor))?.commits.at(-1)?.seq, total * 2 + 1)
      }
      assert.is((await all(again.history(B))).length, fixture.snapshotEvery * 2 + 3)
    },
  )

  kept('goes on with the order of commits, also when the last ones are gone', async (journal, fixture) => {
    await fill(journal, A, 1, 2, { run: 'r' })
    await fill(journal, B, 1, 3)
    const last = (await all(journal.history(B))).at(-1)?.order ?? 0
    await journal.remove(B)
    const again = await fixture.reopen()
    await fill(again, A, 3, 3)
    const orders = (await all(again.history(A))).map(({ order }) => order)
    assert.ok((orders[2] ?? 0) > last, `${orders} after ${last}`)
  })

  kept('does not bring a removed actor back at a reopening', async (journal, fixture) => {
    await fill(journal, A, 1, fixture.snapshotEvery + 2)
    await fill(journal, B, 1, fixture.snapshotEvery + 2, { run: 'r' })
    await journal.remove(A)
    await journal.remove(B)
    const again = await fixture.reopen()
    assert.is(await again.read(A), undefined)
    assert.equal(await all(again.actors('r')), [])
    await fill(again, A, 1, 1)
    assert.is((await again.read(A))?.commits.length, 1)
  })
}
