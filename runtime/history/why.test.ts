import * as assert from 'uvu/assert'
import { errorOf } from '../testkit/sample-actors.ts'
import { testSuite } from '../testkit/suite.ts'
import { idOf, recordedRun, WORKER } from './testdata/recorded-run.ts'
import { type Hop, why } from './why.ts'

const test = testSuite('runtime/history/why')

const short = (hops: readonly Hop[]) =>
  hops.map(({ step, made, spent, spentBelow }) => [
    step.step,
    step.commit.taken.kind,
    made?.act?.act,
    spent.inputTokens,
    spentBelow.inputTokens,
  ])

test('goes from an answer back through who answered it to what came from outside, with what it cost', async () => {
  const { steps } = await recordedRun()
  assert.equal(short(why(steps, 14)), [
    [9, 'message', 'start', 0, 20],
    [10, 'message', 'start', 0, 20],
    [11, 'attempt-failed', 'start', 10, 20],
    [12, 'retry', 'start', 0, 10],
    [13, 'result', 'reply', 10, 10],
    [14, 'result', undefined, 0, 0],
  ])
})

test('answers for the id of an effect as for the step that started it', async () => {
  const { steps } = await recordedRun()
  const hops = why(steps, idOf(steps, WORKER, 2, 0))
  assert.equal(short(hops), [
    [4, 'message', 'start', 0, 10],
    [5, 'message', 'start', 0, 10],
  ])
  assert.is(hops.at(-1)?.made?.id, idOf(steps, WORKER, 2, 0))
})

test('refuses what the run did not make', async () => {
  const { steps } = await recordedRun()
  for (const what of ['nonsense', `${WORKER}.other.2.0`, 0, 99]) {
    const error = await errorOf((async () => why(steps, what))())
    assert.is(error.kind, 'usage', String(what))
  }
})

test.run()
