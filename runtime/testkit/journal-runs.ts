/** What every journal must do for the actors of runs. Part of `actors/journal.conformance.ts`. */
import * as assert from 'uvu/assert'
import { address } from '../../actors/address.ts'
import { A, all, B, commit, fill, kindOf, range, type Scenario, seqsOf, state } from './journal-scenario.ts'

export function runScenarios(scenario: Scenario): void {
  scenario('keeps the whole history of a run, and reads past it', async ({ journal, snapshotEvery }) => {
    const total = snapshotEvery * 2 + 2
    await fill(journal, A, 1, total, { run: 'run 1' })
    const recorded = await journal.read(A)
    assert.is(recorded?.snapshot?.seq, snapshotEvery * 2)
    assert.equal(seqsOf(recorded), [total - 1, total])
    await journal.snapshot(A, total, state(total))
    assert.equal(await journal.read(A), { snapshot: { seq: total, state: state(total) }, commits: [] })
    const history = await all(journal.history(A))
    assert.equal(
      history.map(one => one.commit),
      range(1, total).map(seq => commit(A, seq)),
    )
  })

  scenario(
    'remembers the run of an actor, and keeps what is left from the moment it has one',
    async fixture => {
      const { journal, snapshotEvery } = fixture
      await fill(journal, A, 1, snapshotEvery + 1)
      await fill(journal, A, snapshotEvery + 2, snapshotEvery + 2, { run: 'r' })
      assert.equal(journal.known(A), { actor: A, run: 'r' })
      await fill(journal, A, snapshotEvery + 3, snapshotEvery * 4)
      assert.equal(
        (await all(journal.history(A))).map(one => one.commit.seq),
        range(snapshotEvery + 1, snapshotEvery * 4),
      )
      await fill(journal, B, 1, 1)
      await journal.snapshot(B, 1, state(1), { run: 'r' })
      assert.equal(journal.known(B), { actor: B, run: 'r' })
    },
  )

  scenario('lists the actors of a run, whatever it is called', async ({ journal }) => {
    const runs = ['r', 'r!', 'r!tester/a', 'r/../x', 'r%21', 'é\u{1F600}', 'r '.repeat(128)]
    for (const [at, run] of runs.entries()) await fill(journal, address('tester', `n${at}`), 1, 1, { run })
    await fill(journal, A, 1, 2, { run: 'r' })
    await fill(journal, B, 1, 1)
    for (const [at, run] of runs.entries()) {
      const known = { actor: address('tester', `n${at}`), run }
      const expected = run === 'r' ? [{ actor: A, run }, known] : [known]
      assert.equal(await all(journal.actors(run)), expected, run)
    }
    assert.equal(await all(journal.actors('r%')), [])
    assert.is((await all(journal.actors())).length, runs.length + 2)
    await journal.remove(A)
    assert.is((await all(journal.actors('r'))).length, 1)
  })

  scenario('refuses a second run for an actor, and names that cannot be stored', async ({ journal }) => {
    await fill(journal, A, 1, 1, { run: 'r' })
    assert.is(await kindOf(() => fill(journal, A, 2, 2, { run: 'other' })), 'journal-conflict')
    for (const run of ['', 'x'.repeat(257), 'a\nb', '\ud800']) {
      assert.is(await kindOf(() => fill(journal, B, 1, 1, { run })), 'address-invalid', JSON.stringify(run))
    }
    assert.is(journal.known(B), undefined)
    await journal.remove(A)
    await fill(journal, A, 1, 1, { run: 'other' })
    assert.equal(await all(journal.actors('r')), [])
  })
}
