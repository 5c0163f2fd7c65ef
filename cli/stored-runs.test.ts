import * as assert from 'uvu/assert'
import { inMemoryJournal } from '../memory/in-memory-journal.ts'
import { systemHost } from '../runtime/host.ts'
import { runsOf } from '../runtime/run-store.ts'
import type { Runs } from '../runtime/runs.ts'
import { errorOf } from '../runtime/testkit/sample-actors.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import {
  behavioursOf,
  findRun,
  folderOf,
  recordedFolder,
  startOptions,
  workflowNamed,
} from './stored-runs.ts'

const test = testSuite('cli/stored-runs')

async function withRuns(...ids: readonly string[]): Promise<Runs> {
  const runs = runsOf(inMemoryJournal(), systemHost().clock, '1')
  for (const id of ids) await runs.begin({ id, workflow: 'w', input: null, options: {} })
  return runs
}

test('finds a run by its id, or by four and more of its first characters', async () => {
  const runs = await withRuns('abcd1234', 'abcd', 'xyz9')
  assert.is((await findRun(runs, 'abcd1234')).id, 'abcd1234')
  assert.is((await findRun(runs, 'abcd12')).id, 'abcd1234')
  // A whole id is meant, though another one begins with it.
  assert.is((await findRun(runs, 'abcd')).id, 'abcd')
})

test('refuses what no run or more than one begins with', async () => {
  const runs = await withRuns('abcd1234', 'abcd5678')
  assert.is((await errorOf(findRun(runs, 'abcd'))).kind, 'usage')
  for (const given of ['abc', '', 'none', '../etc', 'a b'])
    assert.is((await errorOf(findRun(runs, given))).kind, 'run-unknown', given)
})

test('folders are on record from the data directory, so that both may be moved', () => {
  assert.is(recordedFolder('/a/b/.agenticraft', '/a/b'), '..')
  assert.is(recordedFolder('/a/b', '/a/b'), '.')
  assert.is(folderOf('/c/.agenticraft', { folder: '..' }), '/c')
  assert.is(folderOf('/c/.agenticraft', {}), '/c')
  assert.is(folderOf('/c/.agenticraft', { folder: '/d' }), '/d')
})

test('reads of the options on record only what this program writes', () => {
  const options = { size: 3, model: 'a:b', folder: '..', other: 1 }
  assert.equal(startOptions(options), { size: 3, model: 'a:b', folder: '..' })
  for (const odd of [null, 'text', { size: '3', model: 4, folder: null }, []])
    assert.equal(startOptions(odd), {})
})

test('knows the behaviours of a known workflow, and the supervisor of any', async () => {
  const known = await behavioursOf({ workflow: 'research-team', options: {} })
  for (const type of ['research-team', 'coordinator', 'supervisor']) assert.is(known(type)?.type, type)
  const gone = await behavioursOf({ workflow: 'gone', options: {} })
  assert.equal([gone('research-team'), gone('supervisor')?.type], [undefined, 'supervisor'])
  assert.is((await errorOf(workflowNamed('gone'))).kind, 'usage')
})

test.run()
