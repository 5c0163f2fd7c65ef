import * as assert from 'uvu/assert'
import { settle } from '../../runtime/testkit/simulated-clock.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { failure } from '../testdata/agent-rig.ts'
import { answers, ask, flowOf, thinking } from '../testdata/workflow-rig.ts'
import type { HumanStep } from './define-workflow.ts'
import { ref } from './reference.ts'
import type { HumanQuestion, RunOptions } from './run-workflow.ts'

const test = testSuite('agents/workflow/run-human')

const human = (id: string, more: Partial<HumanStep> = {}): HumanStep => ({ id, human: `${id}?`, ...more })

test('needs-human: asks a person, and goes on with the answer', async () => {
  const asked: HumanQuestion[] = []
  const steps = [
    ask('a', 'echo', 'draft'),
    human('h', { choices: ['yes', 'no'], show: { draft: ref('a.v'), lost: ref('a.v.deeper') } }),
    ask('b', 'echo', ref('h')),
  ]
  const { runtime, run } = await flowOf(steps, ref('b.v'))
  const result = await run(null, {
    onHuman: async question => {
      asked.push(question)
      return 'no'
    },
  })
  assert.equal([result.status, result.output], ['done', 'no'])
  assert.equal(asked, [
    { step: 'h', question: 'h?', show: { draft: 'draft', lost: null }, choices: ['yes', 'no'] },
  ])
  await runtime.stop()
})

test('needs-human: without anyone to ask, with a wrong answer, and with a fault of the asker', async () => {
  const steps = [ask('a', 'echo', 1), human('h', { choices: ['yes', 'no'] })]
  const onHumans: (RunOptions['onHuman'] | undefined)[] = [
    undefined,
    async () => 'maybe',
    async () => 7 as never,
    async () => {
      throw new Error('no terminal')
    },
    () => {
      throw new Error('no terminal, at once')
    },
  ]
  for (const onHuman of onHumans) {
    const { runtime, run, reported } = await flowOf(steps, ref('h'))
    const result = await run(null, onHuman ? { onHuman } : {})
    assert.equal([result.status, result.error?.details?.['needsHuman']], ['needs-human', 'h'])
    assert.equal(result.output, { a: { v: 1 } })
    await runtime.stop()
    assert.is(reported.length, String(onHuman).includes('no terminal') ? 1 : 0)
  }
})

test('needs-human: waits no longer than the step may, and no longer than a day', async () => {
  for (const [more, ms] of [
    [{ timeoutMs: 5_000 }, 5_000],
    [{}, 86_400_000],
  ] as const) {
    const { runtime, run } = await flowOf([human('h', more)], ref('h'))
    let signal: AbortSignal | undefined
    const running = run(null, {
      timeoutMs: 200_000_000,
      onHuman: (_, over) => {
        signal = over
        return new Promise(() => {})
      },
    })
    await runtime.clock.advance(ms - 1)
    assert.is(signal?.aborted, false)
    await runtime.clock.advance(1)
    assert.is((await running).status, 'needs-human')
    assert.is(signal?.aborted, true)
    await runtime.stop()
  }
})

test('needs-human: a late answer to one question does not answer, or end, the next', async () => {
  const steps = [human('one', { timeoutMs: 1_000, onError: 'skip' }), human('two')]
  const answers = new Map<string, (answer: string) => void>()
  const { runtime, run } = await flowOf(steps, [ref('one'), ref('two')])
  const running = run(null, {
    onHuman: ({ step }) => new Promise(resolve => answers.set(step, resolve)),
  })
  await runtime.clock.advance(1_000)
  answers.get('one')?.('too late')
  await settle()
  answers.get('two')?.('in time')
  const result = await running
  assert.equal([result.status, result.output], ['done', [null, 'in time']])
  await runtime.stop()
})

test('needs-human: what follows an answer still has the deadline and the budget of the run', async () => {
  const steps = [ask('a', 'think', 1), human('h'), ask('b', 'think', 2), ask('c', 'think', 3)]
  const poor = await thinking(steps, null, answers)
  const result = await poor.run({ budget: { modelCalls: 2 }, onHuman: async () => 'yes' })
  assert.equal([result.status, poor.model.calls.length, result.usage.modelCalls], ['budget-exhausted', 2, 2])
  await poor.runtime.stop()

  const late = await thinking(steps, null, (_, i) => (i === 0 ? { object: { v: 1 } } : { hang: true }))
  let answer: (text: string) => void = () => {}
  const running = late.run({
    timeoutMs: 10_000,
    onHuman: () =>
      new Promise(resolve => {
        answer = resolve
      }),
  })
  await late.runtime.clock.advance(9_000)
  answer('yes')
  await settle()
  assert.is(late.model.calls.length, 2)
  await late.runtime.clock.advance(1_000)
  assert.equal([(await running).status, (await running).error?.kind], ['failed', 'deadline-exceeded'])
  await settle()
  assert.is(late.model.calls.length, 2)
  await late.runtime.stop()
})

test('needs-human: is cancelled while it waits', async () => {
  const { runtime, run } = await flowOf([ask('a', 'echo', 1), human('h')], ref('h'))
  const controller = new AbortController()
  const running = run(null, { signal: controller.signal, onHuman: () => new Promise(() => {}) })
  await settle()
  controller.abort()
  const result = await running
  assert.equal([result.status, result.output], ['cancelled', { a: { v: 1 } }])
  await runtime.stop()
})

test('a run that waits for a person refuses to be started a second time', async () => {
  const { runtime, run } = await flowOf([human('h')], ref('h'))
  let answer: (text: string) => void = () => {}
  const running = run(null, {
    runId: 'r1',
    onHuman: () =>
      new Promise(resolve => {
        answer = resolve
      }),
  })
  await settle()
  assert.is((await failure(runtime.ask('flow/r1' as never, 'workflow.start', null))).kind, 'workflow-invalid')
  const stray = runtime.ask('flow/r1' as never, 'human.answer', { step: 'other', answer: 'yes' })
  assert.is((await failure(stray)).kind, 'input-invalid')
  for (const body of [null, 7, [], 'yes']) {
    const wrong = runtime.ask('flow/r1' as never, 'human.answer', body)
    assert.is((await failure(wrong)).kind, 'input-invalid')
  }
  answer('yes')
  assert.equal([(await running).status, (await running).output], ['done', 'yes'])
  await runtime.stop()
})

test.run()
