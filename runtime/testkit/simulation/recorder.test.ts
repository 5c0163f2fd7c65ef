import * as assert from 'uvu/assert'
import { address } from '../../../actors/address.ts'
import type { AppendOptions, Commit, Journal, StoredState, Taken } from '../../../actors/journal.ts'
import { inMemoryJournal } from '../../../memory/in-memory-journal.ts'
import { testSuite } from '../suite.ts'
import { recorder } from './recorder.ts'

const test = testSuite('runtime/testkit/simulation/recorder')

const A = address('a', '1')
const state = (): StoredState => ({ value: 'x', context: {}, status: 'active', children: {} })
const timer: Taken = { kind: 'timer', id: 't', event: { type: 'go' } }
const commit = (seq: number, taken: Taken = timer): Commit => ({ actor: A, seq, at: 0, taken, acts: [] })
const first = commit(1, { kind: 'init', life: 'l' })

const made = () => {
  let order = 0
  return recorder(() => ++order)
}

/** A journal with these commits. */
async function having(...commits: readonly Commit[]): Promise<Journal> {
  const journal = inMemoryJournal()
  for (const each of commits) await journal.append(each, state)
  return journal
}

const seqs = (witness: ReturnType<typeof made>): readonly number[] =>
  witness.lives.flatMap(({ commits }) => commits.map(({ seq }) => seq))

async function writing(...options: readonly AppendOptions[]) {
  const witness = made()
  const journal = witness.watch(inMemoryJournal())
  await journal.append(first, state, { sync: true })
  for (const [i, option] of options.entries()) await journal.append(commit(i + 2), state, option)
  return witness
}

test('witnesses what was acknowledged', async () => {
  const witness = await writing({}, {})
  assert.equal([seqs(witness), witness.broken], [[1, 2, 3], []])
})

test('does not witness a commit that was never acknowledged', async () => {
  const witness = made()
  const journal = witness.watch({ ...inMemoryJournal(), append: () => new Promise(() => {}) })
  void journal.append(first, state)
  await Promise.resolve()
  assert.equal(seqs(witness), [])
})

test('finds that a dead process lost what was acknowledged', async () => {
  const witness = await writing({}, {})
  witness.crashed('process')
  await witness.confront(await having(first, commit(2)))
  assert.is(witness.broken.length, 1)
})

test('allows a power cut to take what was not synced, and forgets it', async () => {
  const witness = await writing({ sync: true }, {}, {})
  witness.crashed('machine')
  await witness.confront(await having(first, commit(2)))
  assert.equal([seqs(witness), witness.broken], [[1, 2], []])
})

test('does not allow it to take what was synced, nor what came before', async () => {
  const witness = await writing({}, { sync: true }, {})
  witness.crashed('machine')
  await witness.confront(await having(first))
  assert.is(witness.broken.length, 2)
})

test('takes on what was written though nobody was told in time', async () => {
  const witness = await writing({})
  witness.crashed('process')
  await witness.confront(await having(first, commit(2), commit(3)))
  assert.equal([seqs(witness), witness.broken], [[1, 2, 3], []])
})

test('takes on a commit that was refused when the actor goes on behind it', async () => {
  const witness = made()
  const appended: number[] = []
  const journal = witness.watch({
    ...inMemoryJournal(),
    append: async ({ seq }) => {
      appended.push(seq)
      if (seq === 2) throw new Error('the sync failed')
    },
  })
  await journal.append(first, state)
  await Promise.resolve(journal.append(commit(2), state)).catch(() => {})
  assert.equal(seqs(witness), [1])
  await journal.append(commit(3), state)
  assert.equal([seqs(witness), witness.broken, appended], [[1, 2, 3], [], [1, 2, 3]])
})

test('sees two results of one intent, holes, and commits after the end', async () => {
  const result: Taken = { kind: 'result', intent: 'k', output: null }
  for (const wrong of [
    [first, commit(2, result), commit(3, result)],
    [first, commit(3)],
    [first, commit(2, { kind: 'ended', reason: 'done' }), commit(3)],
    [commit(2)],
  ]) {
    const witness = made()
    const journal = witness.watch({ ...inMemoryJournal(), append: () => {} })
    for (const each of wrong) journal.append(each, state)
    assert.is(witness.broken.length, 1)
  }
})

test('does not miss an actor that was to be forgotten when the process died', async () => {
  const witness = made()
  const journal = witness.watch({ ...inMemoryJournal(), remove: () => new Promise(() => {}) })
  await journal.append(first, state)
  void journal.remove(A)
  witness.crashed('process')
  await witness.confront(await having())
  assert.equal([witness.broken, witness.lives[0]?.over], [[], true])
})

test('takes on an actor of which nothing was acknowledged', async () => {
  const witness = made()
  witness.crashed('machine')
  await witness.confront(await having(first, commit(2)))
  assert.equal([seqs(witness), witness.lives[0]?.life, witness.broken], [[1, 2], 'l', []])
})

test('holds a power cut against the journal also when the process dies again before it was read', async () => {
  const witness = await writing({})
  witness.crashed('machine')
  witness.crashed('process')
  await witness.confront(await having(first))
  assert.equal([seqs(witness), witness.broken], [[1], []])
})

test('begins a new life at an address that was forgotten', async () => {
  const witness = made()
  const journal = witness.watch(inMemoryJournal())
  await journal.append(first, state)
  await journal.remove(A)
  await journal.append(commit(1, { kind: 'init', life: 'm' }), state)
  assert.equal(
    witness.lives.map(({ life, over }) => [life, over]),
    [
      ['l', true],
      ['m', false],
    ],
  )
  assert.equal(witness.broken, [])
})

test.run()
