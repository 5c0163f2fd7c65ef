/** What every journal must do. An adapter's test calls this with a factory; `reopen` is for those that outlive a process. */
import * as assert from 'uvu/assert'
import { recordScenarios } from '../runtime/testkit/journal-records.ts'
import { reopenScenarios } from '../runtime/testkit/journal-reopening.ts'
import { runScenarios } from '../runtime/testkit/journal-runs.ts'
import {
  A,
  all,
  B,
  commit,
  fill,
  type JournalFixture,
  kindOf,
  range,
  type Scenario,
  seqsOf,
  state,
} from '../runtime/testkit/journal-scenario.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import { type Address, address } from './address.ts'
import { RuntimeError } from './errors.ts'
import type { Act, Commit, Logged, Recorded } from './journal.ts'

/** Defines and runs the suite; `keeps` adds what an adapter owes whose journals can be opened again. */
export function journalConformance(
  name: string,
  open: () => Promise<JournalFixture>,
  { keeps = false }: { readonly keeps?: boolean } = {},
): void {
  const test = testSuite(`${name} (journal conformance)`)

  const scenario = (title: string, body: (fixture: JournalFixture) => Promise<void>): void =>
    test(title, async () => {
      const fixture = await open()
      try {
        await body(fixture)
      } finally {
        await fixture.close()
      }
    })

  scenario('returns what was appended, in order and unchanged', async ({ journal }) => {
    const acts: Act[] = [
      { act: 'tell', to: B, type: 'note.added', body: { text: 'é\u{1F600}', n: [1, null, true] } },
      { act: 'timer', id: 'xstate.after.10.x', due: 42, event: { type: 'xstate.after.10.x' } },
      { act: 'start', child: 'call', src: 'model', input: { a: 1 } },
    ]
    await journal.append(commit(A, 1), () => state(1))
    await journal.append(commit(A, 2, acts), () => state(2))
    const recorded = await journal.read(A)
    assert.equal(recorded?.commits, [commit(A, 1), commit(A, 2, acts)])
    assert.is(recorded?.snapshot, undefined)
  })

  scenario('keeps actors apart and lists them in address order', async ({ journal }) => {
    await fill(journal, B, 1, 1)
    await fill(journal, A, 1, 1)
    assert.equal(await all(journal.actors()), [{ actor: A }, { actor: B }])
    assert.is((await journal.read(A))?.commits.length, 1)
  })

  scenario('refuses a repeated commit and a hole, and keeps what it has', async ({ journal }) => {
    await journal.append(commit(A, 1), () => state(1))
    assert.is(await kindOf(() => journal.append(commit(A, 1), () => state(1))), 'journal-conflict')
    assert.is(await kindOf(() => journal.append(commit(A, 3), () => state(3))), 'journal-conflict')
    assert.is(await kindOf(() => journal.append(commit(B, 2), () => state(2))), 'journal-conflict')
    await journal.append(commit(A, 2), () => state(2))
    assert.equal(
      (await journal.read(A))?.commits.map(entry => entry.seq),
      [1, 2],
    )
  })

  scenario('lets a snapshot of the state before replace the commits before it', async fixture => {
    const { journal, snapshotEvery } = fixture
    await fill(journal, A, 1, snapshotEvery)
    assert.is((await journal.read(A))?.snapshot, undefined)
    await fill(journal, A, snapshotEvery + 1, snapshotEvery * 2 + 3)
    const recorded = await journal.read(A)
    const covered = snapshotEvery * 2
    assert.equal(recorded?.snapshot, { seq: covered, state: state(covered) })
    assert.equal(
      recorded?.commits,
      [1, 2, 3].map(ahead => commit(A, covered + ahead)),
    )
    assert.equal(
      (await all(journal.history(A))).map(one => one.commit.seq),
      range(covered + 1, covered + 3),
    )
  })

  scenario(
    'asks for a state only when it wants a snapshot, and at once',
    async ({ journal, snapshotEvery }) => {
      const asked: number[] = []
      for (let seq = 1; seq <= snapshotEvery + 1; seq++) {
        const appended = journal.append(commit(A, seq), () => {
          asked.push(seq)
          return state(seq - 1)
        })
        assert.equal(asked, seq > snapshotEvery ? [seq] : [])
        await appended
      }
    },
  )

  scenario('changes nothing when the state cannot be had', async ({ journal, snapshotEvery }) => {
    await fill(journal, A, 1, snapshotEvery)
    const next = commit(A, snapshotEvery + 1)
    const failing = () => {
      throw new RuntimeError('not-plain-data', 'no state')
    }
    assert.is(
      await kindOf(() => journal.append(next, failing, { run: 'r', rest: 'ended' })),
      'not-plain-data',
    )
    assert.equal(journal.known(A), { actor: A })
    await fill(journal, A, snapshotEvery + 1, snapshotEvery + 1)
    assert.equal(seqsOf(await journal.read(A)), [snapshotEvery + 1])
  })

  snapshotScenarios(scenario)
  runScenarios(scenario)
  restScenarios(scenario)
  orderScenarios(scenario)
  recordScenarios(scenario, { keeps })

  scenario('forgets a removed actor, who may begin anew', async ({ journal }) => {
    await journal.append(commit(A, 1), () => state(1))
    await journal.remove(A)
    await journal.remove(B)
    assert.is(await journal.read(A), undefined)
    assert.is(journal.known(A), undefined)
    assert.equal(await all(journal.actors()), [])
    assert.equal(await all(journal.history(A)), [])
    await journal.append(commit(A, 1), () => state(1))
    assert.is((await journal.read(A))?.commits.length, 1)
  })

  scenario('does not let a reader change what is stored', async ({ journal }) => {
    await journal.append(commit(A, 1), () => state(1))
    const { commits } = (await journal.read(A)) as Recorded
    ;(commits as Commit[]).pop()
    assert.is((await journal.read(A))?.commits.length, 1)
  })

  scenario('refuses everything after close', async ({ journal }) => {
    await journal.append(commit(A, 1), () => state(1))
    await journal.close()
    await journal.close()
    const calls: (() => unknown)[] = [
      () => journal.append(commit(A, 2), () => state(2)),
      () => journal.snapshot(A, 1, state(1)),
      () => journal.read(A),
      () => all(journal.readAll(() => true)),
      () => all(journal.history(A)),
      () => all(journal.actors()),
      () => journal.remove(A),
      () => journal.records.put('kind', 'id', 1),
      () => journal.records.get('kind', 'id'),
      () => all(journal.records.list('kind')),
      () => journal.records.remove('kind', 'id'),
    ]
    for (const call of calls) assert.is(await kindOf(call), 'journal-closed', String(call))
  })

  if (keeps) reopenScenarios(scenario)
  test.run()
}

function snapshotScenarios(scenario: Scenario): void {
  scenario('stores a state after the last commit, which replaces all commits', async ({ journal }) => {
    await fill(journal, A, 1, 3)
    await journal.snapshot(A, 3, state(3))
    assert.equal(await journal.read(A), { snapshot: { seq: 3, state: state(3) }, commits: [] })
    assert.equal(await all(journal.history(A)), [])
    await journal.snapshot(A, 3, { ...state(3), value: 'other' })
    await fill(journal, A, 4, 5)
    const recorded = await journal.read(A)
    assert.is(recorded?.snapshot?.state.value, 'other')
    assert.equal(seqsOf(recorded), [4, 5])
  })

  scenario('counts commits to the next snapshot from the last one', async ({ journal, snapshotEvery }) => {
    await fill(journal, A, 1, 3)
    await journal.snapshot(A, 3, state(3))
    await fill(journal, A, 4, snapshotEvery + 3)
    assert.is((await journal.read(A))?.snapshot?.seq, 3)
    await fill(journal, A, snapshotEvery + 4, snapshotEvery + 4)
    const recorded = await journal.read(A)
    assert.is(recorded?.snapshot?.seq, snapshotEvery + 3)
    assert.equal(seqsOf(recorded), [snapshotEvery + 4])
  })

  scenario('refuses a state of any other moment, and of an actor it does not know', async ({ journal }) => {
    await fill(journal, A, 1, 3)
    for (const seq of [0, 2, 4]) {
      assert.is(await kindOf(() => journal.snapshot(A, seq, state(seq))), 'journal-conflict', String(seq))
    }
    assert.is(await kindOf(() => journal.snapshot(B, 0, state(0))), 'journal-conflict')
    assert.is(await kindOf(() => journal.snapshot(B, 1, state(1))), 'journal-conflict')
    assert.equal(seqsOf(await journal.read(A)), [1, 2, 3])
  })
}

function restScenarios(scenario: Scenario): void {
  scenario('knows an actor at rest until it commits again', async ({ journal }) => {
    assert.is(journal.known(A), undefined)
    await fill(journal, A, 1, 1)
    assert.equal(journal.known(A), { actor: A })
    await fill(journal, A, 2, 2, { rest: 'asleep' })
    assert.equal(journal.known(A), { actor: A, rest: 'asleep' })
    await fill(journal, A, 3, 3)
    assert.equal(journal.known(A), { actor: A })
    await journal.snapshot(A, 3, state(3), { rest: 'asleep' })
    assert.equal(await all(journal.actors()), [{ actor: A, rest: 'asleep' }])
    await journal.snapshot(A, 3, state(3))
    assert.equal(journal.known(A), { actor: A, rest: 'asleep' }, 'a snapshot alone wakes nobody')
    await fill(journal, A, 4, 4)
    assert.equal(journal.known(A), { actor: A })
  })

  scenario('takes nothing more of an actor that has ended, until it is removed', async ({ journal }) => {
    await fill(journal, A, 1, 1, { run: 'r' })
    await fill(journal, A, 2, 2, { rest: 'ended' })
    assert.equal(journal.known(A), { actor: A, rest: 'ended', run: 'r' })
    assert.is(await kindOf(() => fill(journal, A, 3, 3)), 'journal-conflict')
    assert.is(await kindOf(() => journal.snapshot(A, 2, state(2), { rest: 'asleep' })), 'journal-conflict')
    await journal.snapshot(A, 2, state(2))
    assert.equal(journal.known(A), { actor: A, rest: 'ended', run: 'r' })
    await journal.remove(A)
    await fill(journal, A, 1, 1)
    assert.equal(journal.known(A), { actor: A })
  })
}

function orderScenarios(scenario: Scenario): void {
  scenario('numbers commits over all actors in the order they were appended', async ({ journal }) => {
    for (let seq = 1; seq <= 3; seq++) {
      await fill(journal, A, seq, seq, { run: 'r' })
      await fill(journal, B, seq, seq, { run: 'r' })
    }
    const logged: Logged[] = [...(await all(journal.history(A))), ...(await all(journal.history(B)))]
    const sorted = logged.sort((left, right) => left.order - right.order)
    assert.equal(
      sorted.map(({ commit: { actor, seq } }) => `${actor} ${seq}`),
      [1, 2, 3].flatMap(seq => [`${A} ${seq}`, `${B} ${seq}`]),
    )
    assert.is(new Set(sorted.map(({ order }) => order)).size, 6)
  })

  scenario('reads all wanted actors as it reads each', async ({ journal, snapshotEvery }) => {
    const actors = range(10, 60).map(at => address('tester', `n${at}`))
    for (const [at, actor] of actors.entries()) {
      await fill(journal, actor, 1, (at % (snapshotEvery * 2)) + 1, at % 3 === 0 ? { run: 'r' } : {})
      if (at % 4 === 0)
        await journal.snapshot(actor, (at % (snapshotEvery * 2)) + 1, state(at), { rest: 'asleep' })
    }
    const each: [Address, Recorded][] = []
    for (const actor of actors) each.push([actor, (await journal.read(actor)) as Recorded])
    assert.equal(await all(journal.readAll(() => true)), each)
    const awake = actors.filter((_, at) => at % 4 !== 0)
    assert.equal(
      (await all(journal.readAll(({ rest }) => rest === undefined))).map(([actor]) => actor),
      awake,
    )
    const few = await all(journal.readAll(({ actor }) => actor === actors[7] || actor === actors[3]))
    assert.equal(few, [each[3], each[7]])
    assert.equal(await all(journal.readAll(() => false)), [])
  })
}
