import * as assert from 'uvu/assert'
import { testSuite } from '../testkit/suite.ts'
import { causesOf, spentByRun } from './causes.ts'
import { ASKER, idOf, recordedRun } from './testdata/recorded-run.ts'

const test = testSuite('runtime/history/causes')

test('every step follows from an earlier one, or the run begins there', async () => {
  const { steps } = await recordedRun()
  const causes = causesOf(steps)
  const roots = steps.filter(step => !causes.causeOf(step)?.step)
  for (const step of steps) {
    const from = causes.causeOf(step)?.step
    if (from) assert.ok(from.step < step.step)
  }
  // Three starts, three questions and nine notes came from outside.
  assert.ok(roots.every(({ commit }) => ['init', 'message'].includes(commit.taken.kind)))
  assert.is(roots.length, 15)
})

test('what a run spent is what its effects spent, each attempt once, and no ask again', async () => {
  const { steps } = await recordedRun()
  const { inputTokens, outputTokens, modelCalls, costUsd } = spentByRun(steps)
  assert.equal([inputTokens, outputTokens, modelCalls], [40, 4, 4])
  assert.ok(Math.abs((costUsd ?? 0) - 0.04) < 1e-9)
})

test('what follows from the roots adds up to the whole', async () => {
  const { steps } = await recordedRun()
  const causes = causesOf(steps)
  const roots = steps.filter(step => !causes.causeOf(step)?.step)
  const below = roots.reduce((sum, root) => sum + causes.spentBelow(root).inputTokens, 0)
  assert.is(below, 40)
})

test('an id names the step that made it, also when its last part is not a number', async () => {
  const { steps } = await recordedRun()
  const causes = causesOf(steps)
  const asked = steps[3]
  const id = idOf(steps, ASKER, 2, 0)
  assert.is(causes.made(id)?.step, asked)
  assert.is(causes.stepOf(id), asked)
  assert.is(causes.stepOf(idOf(steps, ASKER, 2, 'end-0')), asked)
  for (const other of ['', '.', 'nobody', `${ASKER}.other.2.0`, 'a.b.c.d'])
    assert.is(causes.stepOf(other), undefined, other)
})

test.run()
