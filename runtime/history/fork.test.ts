import * as assert from 'uvu/assert'
import type { Plain } from '../../actors/plain.ts'
import { createRuntime } from '../create-runtime.ts'
import { errorOf, worker } from '../testkit/sample-actors.ts'
import { testSuite } from '../testkit/suite.ts'
import { behavioursByType } from './fold.ts'
import { type ForkRequest, fork } from './fork.ts'
import { replay } from './replay.ts'
import { behaviours, changedWorker, RUN, recordedRun, start, withOther } from './testdata/recorded-run.ts'

const test = testSuite('runtime/history/fork')

const NEW = '99999999-bbbb-4ccc-8ddd-000000000000'
const behaviourOf = behavioursByType(behaviours())
const request = (more: Partial<ForkRequest>): ForkRequest => ({
  run: RUN,
  id: NEW,
  at: 1,
  behaviourOf,
  ...more,
})

test('copies the history up to a step under the new id, and leaves the old run as it is', async () => {
  const { journal, runtime, steps } = await recordedRun()
  const record = await fork(journal, runtime.runs, request({ at: 10, options: { size: 5 } }))
  const { id, status, workflow, input, options, forkedFrom } = record
  assert.equal([id, status, workflow, forkedFrom], [NEW, 'running', 'sample', { run: RUN, at: 10 }])
  assert.equal([input, options], [{ topic: 'x' }, { size: 5 }])
  const copied = await runtime.runs.steps(NEW)
  const expected = JSON.parse(JSON.stringify(steps.slice(0, 10)).replaceAll(RUN, NEW))
  assert.equal(JSON.parse(JSON.stringify(copied)), expected)
  assert.equal(await runtime.runs.steps(RUN), steps)
  assert.equal(replay(copied, behaviourOf).misfits, [])
})

test('the copy can be made at every step, and read back with the state the old run had there', async () => {
  const { journal, runtime, steps } = await recordedRun()
  for (const { step } of steps) {
    const id = NEW.replace('0000', String(step).padStart(4, '0'))
    await fork(journal, runtime.runs, request({ id, at: step }))
    const then = replay(steps, behaviourOf, step).states
    const now = replay(await runtime.runs.steps(id), behaviourOf).states
    const plain = (states: typeof then): string =>
      JSON.stringify([...states].map(([actor, { value, context }]) => [actor, value, context]))
    assert.is(plain(now).replaceAll(id, RUN), plain(then))
  }
})

test('the new run goes on live: what is recorded is not done again, what is not is done', async () => {
  const { journal, runtime, steps, advance } = await recordedRun()
  const asked = steps.find(({ commit }) => commit.taken.kind === 'message' && commit.taken.body === 'two')
  await fork(journal, runtime.runs, request({ at: asked?.step ?? 0 }))
  await runtime.stop()
  const done: unknown[] = []
  const known = withOther(worker(input => done.push(input)))
  const next = createRuntime({ journal, behaviours: known, host: { ...runtime.host, random: () => 0.5 } })
  await start(next, NEW, known)
  await advance(1_000)
  assert.equal(done, ['two'])
  assert.is(next.snapshot(`asker/${NEW}` as never)?.value, 'idle')
  await next.stop()
})

test('an edited result is what the actor goes on with', async () => {
  const { journal, runtime, steps } = await recordedRun()
  const result = steps.find(({ commit }) => commit.taken.kind === 'result')
  const edit = { text: 'something else' }
  await fork(journal, runtime.runs, request({ at: result?.step ?? 0, edit }))
  const last = (await runtime.runs.steps(NEW)).at(-1)?.commit
  assert.ok(last?.taken.kind === 'result')
  assert.equal((last.taken as { output: Plain }).output, edit)
  assert.equal(
    last.acts.find(({ act }) => act === 'reply'),
    { act: 'reply', body: edit },
  )
})

test('an edited message is what the actor takes in', async () => {
  const { journal, runtime, steps } = await recordedRun()
  const asked = steps.find(({ commit }) => commit.taken.kind === 'message' && commit.taken.body === 'one')
  await fork(journal, runtime.runs, request({ at: asked?.step ?? 0, edit: 'four' }))
  const copied = await runtime.runs.steps(NEW)
  const begun = copied.at(-1)?.commit.acts.find(({ act }) => act === 'start')
  assert.is(begun?.act === 'start' && begun.input, 'four')
  assert.equal(replay(copied, behaviourOf).misfits, [])
})

test('refuses an edit of a step that took in neither a result nor a message', async () => {
  const { journal, runtime } = await recordedRun()
  for (const at of [1, 11, 12]) {
    const error = await errorOf(fork(journal, runtime.runs, request({ at, edit: 'x' })))
    assert.is(error.kind, 'usage', String(at))
  }
  assert.is(await runtime.runs.get(NEW), undefined)
})

test('refuses what cannot be copied, and leaves nothing behind', async () => {
  const { journal, runtime } = await recordedRun()
  const { runs } = runtime
  const kinds = async (more: Partial<ForkRequest>): Promise<string> =>
    (await errorOf(fork(journal, runs, request(more)))).kind
  assert.is(await kinds({ run: 'no-such-run-at-all-here' }), 'run-unknown')
  assert.is(await kinds({ at: 99 }), 'usage')
  assert.is(await kinds({ id: RUN }), 'usage')
  const other = behavioursByType(withOther(changedWorker()))
  assert.is(await kinds({ at: 6, behaviourOf: other }), 'definition-changed')
  assert.is(await kinds({ at: 6, behaviourOf: behavioursByType([]) }), 'definition-changed')
  await runs.begin({ id: 'short', workflow: 'sample', input: null, options: {} })
  await start(runtime, 'short')
  assert.is(await kinds({ run: 'short' }), 'usage')
  await runs.begin({ id: `${RUN}-other`, workflow: 'sample', input: null, options: {} })
  await runtime.spawn(behaviours()[2] as never, { id: 'elsewhere', run: `${RUN}-other` })
  assert.is(await kinds({ run: `${RUN}-other` }), 'usage')
  assert.is(await runs.get(NEW), undefined)
  assert.equal(await runs.actors(NEW), [])
})

test('a copy that is cut short is on record as failed', async () => {
  const { journal, runtime } = await recordedRun()
  let left = 3
  const failing = {
    ...journal,
    append: (...args: Parameters<typeof journal.append>) => {
      if (left-- === 0) throw new Error('the disk is full')
      return journal.append(...args)
    },
  }
  const thrown = await fork(failing, runtime.runs, request({ at: 8 })).catch(error => error)
  assert.is(thrown.message, 'the disk is full')
  assert.is((await runtime.runs.get(NEW))?.status, 'failed')
})

test.run()
