import * as assert from 'uvu/assert'
import { notebook } from '../testkit/sample-actors.ts'
import { testSuite } from '../testkit/suite.ts'
import { behavioursByType } from './fold.ts'
import {
  behaviours,
  changedWorker,
  NOTEBOOK,
  recordedRun,
  WORKER,
  withOther,
} from './testdata/recorded-run.ts'
import { verifyRun } from './verify.ts'

const test = testSuite('runtime/history/verify')

test('is ok with the behaviours that wrote the run, whose definitions are those on record', async () => {
  const { steps } = await recordedRun()
  const { ok, actors } = verifyRun(steps, behavioursByType(behaviours()))
  assert.is(ok, true)
  assert.is(actors.length, 3)
  assert.ok(actors.every(({ verdict, redefined }) => verdict === 'ok' && redefined === undefined))
  assert.is(
    actors.reduce((sum, { commits }) => sum + commits, 0),
    steps.length,
  )
})

test('names the actor and the first step that does not fit, and what the definitions were', async () => {
  const { steps } = await recordedRun()
  const { ok, actors } = verifyRun(steps, behavioursByType(withOther(changedWorker())))
  assert.is(ok, false)
  const broken = actors.filter(({ verdict }) => verdict !== 'ok')
  assert.equal(
    broken.map(({ actor, verdict, step, error }) => [actor, verdict, step, error?.kind]),
    [[WORKER, 'changed', 5, 'definition-changed']],
  )
  const { from, to } = broken[0]?.redefined ?? {}
  assert.ok(from && to && from.definition !== to.definition)
})

test('a new version that decides the same is ok, and named', async () => {
  const { steps } = await recordedRun()
  const { ok, actors } = verifyRun(steps, behavioursByType(withOther(notebook({ version: '2' }))))
  assert.is(ok, true)
  const { redefined } = actors.find(({ actor }) => actor === NOTEBOOK) ?? {}
  assert.equal([redefined?.from.version, redefined?.to.version], [undefined, '2'])
  assert.is(redefined?.from.definition, redefined?.to.definition)
})

test('an actor whose type is gone is not ok', async () => {
  const { steps } = await recordedRun()
  const { ok, actors } = verifyRun(steps, behavioursByType(behaviours().slice(0, 2)))
  assert.is(ok, false)
  assert.is(actors.find(({ actor }) => actor === NOTEBOOK)?.verdict, 'unknown-type')
})

test('a run without steps is ok', () => {
  assert.equal(verifyRun([], behavioursByType([])), { ok: true, actors: [] })
})

test.run()
