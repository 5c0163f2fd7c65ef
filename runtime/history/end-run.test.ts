import * as assert from 'uvu/assert'
import { testSuite } from '../testkit/suite.ts'
import { endRun } from './end-run.ts'
import { RUN, recordedRun } from './testdata/recorded-run.ts'

const test = testSuite('runtime/history/end-run')

test('ends every actor of the run, once, and keeps its history', async () => {
  const { journal, runtime, steps } = await recordedRun()
  await runtime.stop()
  const ended = await endRun(journal, RUN, 99)
  assert.is(ended.length, 3)
  for (const actor of ended) assert.is(journal.known(actor)?.rest, 'ended')
  const after = await runtime.runs.steps(RUN)
  assert.equal(after.slice(0, steps.length), steps)
  assert.equal(
    after.slice(steps.length).map(({ commit }) => [commit.at, commit.taken]),
    Array(3).fill([99, { kind: 'ended', reason: 'asked' }]),
  )
  assert.equal(await endRun(journal, RUN, 99), [])
})

test('a run that is not there has no actors to end', async () => {
  const { journal } = await recordedRun()
  assert.equal(await endRun(journal, 'another', 99), [])
})

test.run()
