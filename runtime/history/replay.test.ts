import * as assert from 'uvu/assert'
import { errorOf, worker } from '../testkit/sample-actors.ts'
import { testSuite } from '../testkit/suite.ts'
import { behavioursByType } from './fold.ts'
import { lastReply, replay } from './replay.ts'
import {
  ASKER,
  behaviours,
  changedWorker,
  NOTEBOOK,
  recordedRun,
  WORKER,
  withOther,
} from './testdata/recorded-run.ts'

const test = testSuite('runtime/history/replay')

const forbidden = () => {
  throw new Error('a replay ran an effect')
}

test('shows every step with the states around it, and runs no effect', async () => {
  const { steps } = await recordedRun()
  const known = withOther(worker(forbidden))
  const { steps: shown, misfits } = replay(steps, behavioursByType(known))
  assert.equal(misfits, [])
  assert.equal(
    shown.map(({ step }) => step),
    steps.map(({ step }) => step),
  )
  const ofWorker = shown.filter(({ commit }) => commit.actor === WORKER)
  assert.equal(
    ofWorker.slice(0, 7).map(({ before, after, commit }) => [commit.taken.kind, before, after]),
    [
      ['init', undefined, 'idle'],
      ['message', 'idle', 'working'],
      ['result', 'working', 'idle'],
      ['message', 'idle', 'working'],
      ['attempt-failed', 'working', 'working'],
      ['retry', 'working', 'working'],
      ['result', 'working', 'idle'],
    ],
  )
})

test('stops after the step it is told, with the states of that moment', async () => {
  const { steps } = await recordedRun()
  const { steps: shown, states } = replay(steps, behavioursByType(behaviours()), 6)
  assert.is(shown.length, 6)
  assert.is(states.get(ASKER)?.value, 'asking')
  assert.is(states.get(WORKER)?.value, 'idle')
  assert.equal(states.get(NOTEBOOK)?.context, { notes: [] })
})

test('refuses a step that the run does not have', async () => {
  const { steps } = await recordedRun()
  const behaviourOf = behavioursByType(behaviours())
  for (const to of [0, -1, 1.5, steps.length + 1, Number.NaN]) {
    const error = await errorOf((async () => replay(steps, behaviourOf, to))())
    assert.is(error.kind, 'usage', String(to))
  }
})

test('goes on where a definition has changed, and says which actor and step', async () => {
  const { steps } = await recordedRun()
  const changed = replay(steps, behavioursByType(withOther(changedWorker())))
  assert.equal(
    changed.misfits.map(({ actor, step, error }) => [actor, step, error.kind]),
    [[WORKER, 5, 'definition-changed']],
  )
  assert.is(changed.steps[4]?.after, undefined)
  assert.is(changed.steps[6]?.after, 'idle')
  assert.ok(changed.states.has(ASKER) && !changed.states.has(WORKER))
})

test('shows what is recorded also of actors whose type nobody knows', async () => {
  const { steps } = await recordedRun()
  const { steps: shown, misfits } = replay(steps, behavioursByType([]))
  assert.is(shown.length, steps.length)
  assert.ok(shown.every(({ before, after }) => before === undefined && after === undefined))
  assert.equal(misfits.map(({ actor }) => actor).sort(), [ASKER, NOTEBOOK, WORKER].sort())
})

test('finds what an actor last answered', async () => {
  const { steps } = await recordedRun()
  assert.is(lastReply(steps, ASKER), 'did three')
  assert.is(lastReply(steps.slice(0, 10), ASKER), 'did one')
  assert.is(lastReply(steps, NOTEBOOK), undefined)
})

test.run()
