import * as assert from 'uvu/assert'
import { address } from '../../actors/address.ts'
import type { Commit } from '../../actors/journal.ts'
import { inMemoryJournal } from '../../memory/in-memory-journal.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import {
  CHAIN_START,
  type ChainEnd,
  promisedCommit,
  promisedState,
  readPromised,
} from './promised-commits.ts'

const test = testSuite('.ci/faults/promised-commits')
const A = address('writer', 'a')

/** What is found in a journal to which `count` commits were appended, each of them changed by `change`. */
async function foundAfter(count: number, change: (commit: Commit) => Commit = commit => commit) {
  const journal = inMemoryJournal()
  let end: ChainEnd = CHAIN_START
  for (let n = 10; n < 10 + count; n++) {
    const before = end
    const { commit, after } = promisedCommit(A, before, n)
    await journal.append(change(commit), () => promisedState(before))
    end = after
  }
  return { found: await readPromised(journal), end }
}

test('follows a chain to the end that was written, also over snapshots', async () => {
  for (const count of [1, 7, 200]) {
    const { found, end } = await foundAfter(count)
    assert.equal(found.problems, [])
    assert.equal(found.ends.get(A), end)
  }
})

test('sees a commit that says something else, or was appended under another number', async () => {
  const changes: ((commit: Commit) => Commit)[] = [
    commit => (commit.seq === 3 ? { ...commit, at: commit.at + 1 } : commit),
    commit => (commit.seq === 3 ? { ...commit, acts: [{ act: 'reply', body: null }] } : commit),
    commit =>
      commit.seq === 3 ? { ...commit, taken: { kind: 'timer', id: 't', event: { type: 't' } } } : commit,
    commit => (commit.seq === 3 ? promisedCommit(A, { ...CHAIN_START, seq: 2 }, 12).commit : commit),
  ]
  for (const change of changes) {
    const { found } = await foundAfter(5, change)
    assert.is(found.problems.length, 1)
    assert.not(found.ends.has(A))
  }
})

test('gives the same commit for the same place, and others elsewhere', () => {
  const after = promisedCommit(A, CHAIN_START, 1).after
  assert.equal(promisedCommit(A, after, 2), promisedCommit(A, after, 2))
  assert.is.not(promisedCommit(A, after, 2).after.link, promisedCommit(A, after, 3).after.link)
  assert.is.not(
    promisedCommit(A, after, 2).after.link,
    promisedCommit(address('writer', 'b'), after, 2).after.link,
  )
})

test.run()
