/** What every journal must do. An adapter's test calls this with a factory; `reopen` is for those that outlive a process. */
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { type Address, address } from './address.ts'
import { RuntimeError } from './errors.ts'
import type { Act, Commit, Journal, Recorded, StoredState } from './journal.ts'

export interface JournalFixture {
  readonly journal: Journal
  /** Snapshots replace commits after this many. */
  readonly snapshotEvery: number
  /** Closes the journal and opens it again on what it kept. Absent where nothing is kept. */
  reopen?(): Promise<Journal>
  close(): Promise<void>
}

const A = address('tester', 'a')
const B = address('tester', 'b')

const commit = (actor: Address, seq: number, acts: readonly Act[] = []): Commit => ({
  actor,
  seq,
  at: 1_700_000_000_000 + seq,
  taken: { kind: 'message', type: 'task.assign', body: { seq }, cause: { id: `m.${seq}` }, attempt: 1 },
  acts,
})

const state = (seq: number): StoredState => ({
  value: 'working',
  context: { seq },
  status: 'active',
  children: {},
})

const kindOf = async (work: () => unknown): Promise<string> => {
  try {
    await work()
  } catch (error) {
    return error instanceof RuntimeError ? error.kind : String(error)
  }
  return 'nothing thrown'
}

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
    await journal.append(commit(B, 1), () => state(1))
    await journal.append(commit(A, 1), () => state(1))
    const found: Address[] = []
    for await (const actor of journal.actors()) found.push(actor)
    assert.equal(found, [A, B])
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

  scenario('lets a snapshot replace the commits before it', async ({ journal, snapshotEvery }) => {
    const total = snapshotEvery * 2 + 3
    for (let seq = 1; seq <= total; seq++) await journal.append(commit(A, seq), () => state(seq))
    const recorded = await journal.read(A)
    const from = recorded?.snapshot?.seq ?? 0
    assert.ok(from > 0, 'a snapshot was taken')
    assert.equal(recorded?.snapshot?.state, state(from))
    const tail = Array.from({ length: total - from }, (_, i) => from + i + 1)
    assert.equal(
      recorded?.commits.map(entry => entry.seq),
      tail,
    )
    assert.ok(tail.length <= snapshotEvery, 'the tail is bounded')
  })

  scenario('forgets a removed actor, who may begin anew', async ({ journal }) => {
    await journal.append(commit(A, 1), () => state(1))
    await journal.remove(A)
    await journal.remove(B)
    assert.is(await journal.read(A), undefined)
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
    assert.is(await kindOf(() => journal.append(commit(A, 2), () => state(2))), 'journal-closed')
    assert.is(await kindOf(() => journal.read(A)), 'journal-closed')
  })

  if (keeps) reopenScenarios(scenario)
  test.run()
}

type Scenario = (title: string, body: (fixture: JournalFixture) => Promise<void>) => void

/** What must also hold across a close and an opening.  */
function reopenScenarios(scenario: Scenario): void {
  const kept = (
    title: string,
    body: (journal: Journal, fixture: Required<JournalFixture>) => Promise<void>,
  ) =>
    scenario(title, async fixture => {
      const { reopen } = fixture
      if (!reopen) throw new Error('an adapter that keeps its journals offers `reopen`')
      await body(fixture.journal, { ...fixture, reopen })
    })

  kept('keeps commits, snapshots and their order across a reopening', async (journal, fixture) => {
    const total = fixture.snapshotEvery * 2 + 3
    for (let seq = 1; seq <= total; seq++) await journal.append(commit(A, seq), () => state(seq))
    await journal.append(commit(B, 1), () => state(1))
    const before = [await journal.read(A), await journal.read(B)]
    const again = await fixture.reopen()
    assert.equal([await again.read(A), await again.read(B)], before)
    const found: Address[] = []
    for await (const actor of again.actors()) found.push(actor)
    assert.equal(found, [A, B])
  })

  kept(
    'goes on after the last commit, and refuses any other, after a reopening',
    async (journal, fixture) => {
      const total = fixture.snapshotEvery + 1
      for (let seq = 1; seq <= total; seq++) await journal.append(commit(A, seq), () => state(seq))
      const again = await fixture.reopen()
      for (const seq of [1, total, total + 2]) {
        assert.is(await kindOf(() => again.append(commit(A, seq), () => state(seq))), 'journal-conflict')
      }
      await again.append(commit(A, total + 1), () => state(total + 1))
      assert.is((await again.read(A))?.commits.at(-1)?.seq, total + 1)
    },
  )

  kept('does not bring a removed actor back at a reopening', async (journal, fixture) => {
    for (let seq = 1; seq <= fixture.snapshotEvery + 2; seq++) {
      await journal.append(commit(A, seq), () => state(seq))
    }
    await journal.remove(A)
    const again = await fixture.reopen()
    assert.is(await again.read(A), undefined)
    await again.append(commit(A, 1), () => state(1))
    assert.is((await again.read(A))?.commits.length, 1)
  })
}
