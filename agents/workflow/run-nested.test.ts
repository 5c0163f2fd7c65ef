import * as assert from 'uvu/assert'
import type { Address } from '../../actors/address.ts'
import { settle } from '../../runtime/testkit/simulated-clock.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { testRuntime } from '../../runtime/testkit/test-runtime.ts'
import { answers, ask, flowOf, thinking, workflowOf } from '../testdata/workflow-rig.ts'
import { compileWorkflow } from './compile.ts'
import type { HumanStep, Step } from './define-workflow.ts'
import { ref, type Template } from './reference.ts'
import { type RunOptions, runWorkflow } from './run-workflow.ts'

const test = testSuite('agents/workflow/run-nested')

const human = (id: string, more: Partial<HumanStep> = {}): HumanStep => ({ id, human: `${id}?`, ...more })

/** A run with one nested workflow `inner`. */
async function nestedFlow(inner: readonly Step[], innerOutput: Template, more: object = {}) {
  const flow = await flowOf(
    [{ id: 'n', workflow: 'inner', input: ref('input'), ...more }, ask('z', 'echo', ref('n'))],
    ref('z.v'),
    2,
  )
  const nested = await flow.runtime.spawn(compileWorkflow(workflowOf(inner, innerOutput, 'inner')), {
    id: 'i1',
    input: { members: { worker: ['worker/w1', 'worker/w2'] } },
  })
  const members = { worker: ['worker/w1', 'worker/w2'] as Address[], 'workflow:inner': [nested] }
  return { ...flow, nested, run: (options: Partial<RunOptions> = {}) => flow.run(7, { members, ...options }) }
}

test('a nested workflow gives its output to its step, as often as it is asked', async () => {
  const { runtime, run } = await nestedFlow([ask('a', 'echo', ref('input'))], ref('a.v'))
  for (let i = 0; i < 3; i++) assert.equal([(await run()).status, (await run()).output], ['done', 7])
  await runtime.stop()
})

test('a nested workflow that fails fails its step with its own error, or is skipped', async () => {
  const inner = [ask('a', 'fail', 'inner')]
  const failing = await nestedFlow(inner, null)
  const result = await failing.run()
  assert.equal([result.status, result.error?.message], ['failed', 'inner'])
  assert.is(
    failing.runtime.eventsOf('step.finished').find(event => event.step === 'n')?.error?.kind,
    'tool-failed',
  )
  await failing.runtime.stop()
  const skipping = await nestedFlow(inner, null, { onError: 'skip' })
  assert.equal([(await skipping.run()).status, (await skipping.run()).output], ['done', null])
  await skipping.runtime.stop()
})

test('a nested workflow’s question reaches the person who answers for the run', async () => {
  const { runtime, run } = await nestedFlow([human('h')], ref('h'))
  assert.equal((await run({ onHuman: async ({ step }) => `answer to ${step}` })).output, 'answer to h')
  const nobody = await run()
  assert.equal([nobody.status, nobody.error?.details?.['needsHuman']], ['needs-human', 'h'])
  await runtime.stop()
})

test('a nested workflow is cancelled with its run', async () => {
  const { runtime, run, log } = await nestedFlow([ask('a', 'hang', 'deep')], ref('a'))
  const controller = new AbortController()
  const running = run({ signal: controller.signal })
  await settle()
  controller.abort()
  assert.is((await running).status, 'cancelled')
  await settle()
  assert.equal(log, ['+deep', '!deep'])
  await runtime.stop()
})

test('a nested workflow spends from the budget of its run', async () => {
  const { runtime, model, run } = await thinking(
    [{ id: 'n', workflow: 'inner', input: null }, ask('z', 'think', 1)],
    ref('n'),
    answers,
  )
  const inner = compileWorkflow(workflowOf([ask('a', 'think', 1), ask('b', 'think', 2)], ref('b.v'), 'inner'))
  const nested = await runtime.spawn(inner, { id: 'i1', input: { members: { worker: ['worker/w1'] } } })
  const members = { worker: ['worker/w1'] as Address[], 'workflow:inner': [nested] }
  const rich = await run({ members, budget: { modelCalls: 3 } })
  assert.equal([rich.status, rich.output, rich.usage.modelCalls], ['done', 'thought', 3])
  const poor = await run({ members, budget: { modelCalls: 1 } })
  assert.equal([poor.status, poor.usage.modelCalls, model.calls.length], ['budget-exhausted', 1, 4])
  const flat = await run({ members, budget: { modelCalls: 9, depth: 1 } })
  assert.equal([flat.status, flat.error?.details?.['what']], ['budget-exhausted', 'depth'])
  assert.is(model.calls.length, 4)
  await runtime.stop()
})

test('agents that wait for each other: workflows that start each other are refused at once', async () => {
  const runtime = testRuntime()
  const inner = compileWorkflow(workflowOf([{ id: 'back', workflow: 'outer', input: null }], null, 'inner'))
  const outer = compileWorkflow(workflowOf([{ id: 'down', workflow: 'inner', input: null }], null, 'outer'))
  const members = { worker: ['worker/none'], 'workflow:inner': ['inner/i'], 'workflow:outer': ['outer/o'] }
  await runtime.spawn(inner, { id: 'i', input: { members } })
  const result = await runWorkflow({
    runtime,
    behaviour: outer,
    input: null,
    runId: 'o',
    members: members as never,
  })
  assert.equal([result.status, result.error?.kind], ['failed', 'ask-cycle'])
  await runtime.stop()
})

test.run()
