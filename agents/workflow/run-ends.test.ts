import * as assert from 'uvu/assert'
import { z } from 'zod'
import { settle } from '../../runtime/testkit/simulated-clock.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { answers, ask, flowOf, PRICE, thinking, workflowOf } from '../testdata/workflow-rig.ts'
import { compileWorkflow } from './compile.ts'
import type { HumanStep, Step } from './define-workflow.ts'
import { ref } from './reference.ts'

const test = testSuite('agents/workflow/run-ends')

const human = (id: string, more: Partial<HumanStep> = {}): HumanStep => ({ id, human: `${id}?`, ...more })

test('an input that does not fit, and a role that nobody plays, fail the run before anything is done', async () => {
  const { runtime, run, log } = await flowOf([ask('a', 'hang', 1)])
  const vacant = await run(null, { members: {} })
  assert.equal([vacant.status, vacant.error?.kind], ['failed', 'workflow-invalid'])
  const nested = compileWorkflow(
    workflowOf([ask('a', 'hang', 1), { id: 'n', workflow: 'inner', input: null }]),
  )
  const missing = await run(null, { behaviour: nested })
  assert.equal([missing.status, missing.error?.kind], ['failed', 'workflow-invalid'])
  const typed = compileWorkflow({ ...workflowOf([ask('a', 'hang', 1)]), input: z.object({ n: z.number() }) })
  const misfit = await run({ n: 'one' }, { behaviour: typed })
  assert.equal([misfit.status, misfit.error?.kind], ['failed', 'input-invalid'])
  const strange = await run(() => 1)
  assert.equal([strange.status, strange.error?.kind], ['failed', 'not-plain-data'])
  assert.equal(log, [])
  await runtime.stop()
})

test('done: with its output and what all of it cost', async () => {
  const steps = [ask('a', 'think', 1), ask('b', 'think', ref('a.v'))]
  const { runtime, run } = await thinking(steps, [ref('a.v'), ref('b.v')], answers)
  const result = await run()
  assert.equal([result.status, result.output], ['done', ['thought', 'thought']])
  assert.equal(result.usage, { inputTokens: 120, outputTokens: 80, modelCalls: 2, toolCalls: 0, costUsd: 1 })
  await runtime.stop()
})

test('a failure returned as success: a failed run says so, with its error, cost and what there is', async () => {
  const steps = [ask('a', 'think', 1), ask('b', 'think', 2)]
  const { runtime, run } = await thinking(steps, ref('b'), (_, i) =>
    i === 0 ? { object: { v: 'thought' }, usage: PRICE } : { finish: 'refused', usage: PRICE },
  )
  const result = await run()
  assert.equal([result.status, result.error?.kind], ['failed', 'refused'])
  assert.equal(result.output, { a: { v: 'thought' } })
  assert.is(result.usage.modelCalls, 2)
  await runtime.stop()
})

test('budget of a run: ends as budget-exhausted with what was done, and calls nothing more', async () => {
  const steps = ['a', 'b', 'c', 'd'].map(id => ask(id, 'think', 1))
  const { runtime, model, run } = await thinking(steps, ref('d'), answers)
  const result = await run({ budget: { modelCalls: 2 } })
  assert.equal([result.status, result.error?.kind], ['budget-exhausted', 'budget-exhausted'])
  assert.equal(result.output, { a: { v: 'thought' }, b: { v: 'thought' } })
  assert.equal([model.calls.length, result.usage.modelCalls], [2, 2])
  await runtime.stop()
})

test('budget of a run: no step may skip the end of the money', async () => {
  const steps = ['a', 'b', 'c'].map(id => ask(id, 'think', 1, { onError: 'skip' }))
  const { runtime, model, run } = await thinking(steps, ref('c'), answers)
  assert.is((await run({ budget: { modelCalls: 1 } })).status, 'budget-exhausted')
  assert.is(model.calls.length, 1)
  await runtime.stop()
})

const mapped = (more: object = {}): Step => ({
  id: 'm',
  map: ref('input'),
  as: 'x',
  step: { ask: 'worker', skill: 'think', input: { v: ref('x') } },
  ...more,
})

test('budget of a run: a parallel map shares it out, and what is not spent comes back', async () => {
  const { runtime, model, run } = await thinking([mapped(), ask('z', 'think', 1)], ref('z.v'), answers, 4)
  const enough = await run({ input: [1, 2, 3, 4], budget: { modelCalls: 5, tokens: 4_000 } })
  assert.equal([enough.status, enough.output, model.calls.length], ['done', 'thought', 5])
  await runtime.stop()
})

test('budget of a run: a map never spends more than its run may, and keeps the items it has', async () => {
  const { runtime, model, run } = await thinking([mapped({ concurrency: 2 })], ref('m'), answers, 2)
  const result = await run({ input: [1, 2, 3, 4, 5, 6], budget: { modelCalls: 4 } })
  assert.is(result.status, 'budget-exhausted')
  assert.ok(model.calls.length <= 4 && model.calls.length >= 2)
  const { m } = result.output as { m: unknown[] }
  assert.is(m.filter(item => item !== null).length, model.calls.length)
  assert.is(m.length, 6)
  await runtime.stop()
})

test('budget of a step: a step spends no more than its own budget, whatever the run has left', async () => {
  const steps = [ask('a', 'think', 1, { budget: { modelCalls: 0 } } as Partial<Step>)]
  const { runtime, model, run } = await thinking(steps, null, answers)
  assert.is((await run({ budget: { modelCalls: 100 } })).status, 'budget-exhausted')
  assert.is(model.calls.length, 0)
  await runtime.stop()
})

test('cancelled: an AbortSignal ends all that is under way, and keeps what was done and what it cost', async () => {
  const steps = [ask('a', 'think', 1), mapped()]
  const { runtime, model, run } = await thinking(
    steps,
    ref('m'),
    (_, i) => (i === 0 ? { object: { v: 'thought' }, usage: PRICE } : { hang: true }),
    3,
  )
  const controller = new AbortController()
  const running = run({ input: [1, 2, 3], signal: controller.signal })
  await settle()
  assert.is(model.calls.length, 4)
  controller.abort()
  const result = await running
  assert.equal([result.status, result.error?.kind], ['cancelled', 'cancelled'])
  assert.equal(result.output, { a: { v: 'thought' }, m: [null, null, null] })
  assert.equal([result.usage.modelCalls, result.usage.costUsd], [1, 0.5])
  await settle()
  assert.equal(
    runtime.actors().filter(actor => actor.address.startsWith('flow/')),
    [],
  )
  await runtime.clock.advance(600_000)
  assert.is(model.calls.length, 4)
  await runtime.stop()
})

test('cancelled: attempts that failed before the end are paid for too', async () => {
  const { runtime, run, model } = await thinking([ask('a', 'think', 1)], null, (_, i) =>
    i < 2 ? { object: 'a misfit', usage: PRICE } : { hang: true },
  )
  const controller = new AbortController()
  const running = run({ signal: controller.signal })
  await runtime.clock.advance(5_000)
  assert.is(model.calls.length, 3)
  controller.abort()
  const { status, usage } = await running
  assert.equal([status, usage.modelCalls, usage.costUsd], ['cancelled', 2, 1])
  await runtime.stop()
})

test('cancelled: a signal that aborted before anything began begins nothing', async () => {
  const { runtime, run, log } = await flowOf([ask('a', 'hang', 1)])
  const result = await run(null, { signal: AbortSignal.abort() })
  assert.equal([result.status, log], ['cancelled', []])
  await runtime.stop()
})

test('a timeout for runs: a run that takes too long fails, and so does what it waits for', async () => {
  const { runtime, run, log } = await flowOf([ask('a', 'echo', 1), ask('b', 'hang', 'x')])
  const running = run(null, { timeoutMs: 5_000 })
  await runtime.clock.advance(5_000)
  const result = await running
  assert.equal([result.status, result.error?.kind, result.durationMs], ['failed', 'deadline-exceeded', 5_000])
  assert.equal(result.output, { a: { v: 1 } })
  await settle()
  assert.equal(log, ['+x', '!x'])
  await runtime.stop()
})

test('a step that takes too long fails, or is skipped, whatever its kind', async () => {
  const hanging = (id: string) => ask(id, 'hang', id)
  const kinds: Step[] = [
    ask('s', 'hang', 's', { timeoutMs: 1_000 }),
    {
      ...mapped(),
      id: 's',
      timeoutMs: 1_000,
      step: { ask: 'worker', skill: 'hang', input: { v: ref('x') } },
    } as Step,
    { id: 's', branch: [{ when: { eq: [1, 1] }, steps: [hanging('i')] }], timeoutMs: 1_000 },
    { id: 's', loop: [hanging('i')], until: { eq: [1, 1] }, maxRounds: 2, timeoutMs: 1_000 },
    human('s', { timeoutMs: 1_000 }),
  ]
  for (const kind of kinds) {
    for (const onError of ['fail', 'skip'] as const) {
      const { runtime, run, log } = await flowOf(
        [{ ...kind, onError }, ask('z', 'echo', ref('s'))],
        ref('z.v'),
        2,
      )
      const running = run([1, 2], { onHuman: () => new Promise(() => {}) })
      await runtime.clock.advance(999)
      assert.is(runtime.eventsOf('run.finished').length, 0)
      await runtime.clock.advance(1)
      const result = await running
      const expected = onError === 'skip' ? 'done' : 'human' in kind ? 'needs-human' : 'failed'
      assert.equal(
        [result.status, result.problems.length],
        [expected, 1],
        JSON.stringify([kind, onError, result]),
      )
      if (onError === 'skip') assert.is(result.output, null)
      await settle()
      assert.is(
        log.filter(entry => entry.startsWith('!')).length,
        log.filter(entry => entry.startsWith('+')).length,
      )
      await runtime.stop()
    }
  }
})

test('a crash that ends silently: a run whose machine crashes fails with the error and does not begin again', async () => {
  const steps = [ask('a', 'echo', 1), ask('b', 'echo', 2)]
  const behaviour = compileWorkflow(workflowOf(steps))
  const { runtime, run } = await flowOf(steps)
  const result = await run(null, {
    runId: 'r1',
    behaviour: {
      ...behaviour,
      next(snapshot, event, now) {
        if (event.type === 'xstate.done.actor.b') throw new Error('a fault of the machine')
        return behaviour.next(snapshot, event, now)
      },
    },
  })
  assert.equal([result.status, result.error?.kind], ['failed', 'actor-crashed'])
  assert.equal(runtime.eventsOf('actor.restarted'), [])
  assert.is(runtime.eventsOf('step.started').filter(event => event.step === 'a').length, 1)
  assert.is(runtime.eventsOf('run.finished').length, 1)
  await runtime.stop()
})

test.run()
