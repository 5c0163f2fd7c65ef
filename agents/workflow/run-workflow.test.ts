import * as assert from 'uvu/assert'
import { settle } from '../../runtime/testkit/simulated-clock.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { ask, flowOf, INPUT, workflowOf } from '../testdata/workflow-rig.ts'
import { compileWorkflow, workflowMachine } from './compile.ts'
import { defineWorkflow, type MapStep, type Step, type WorkflowDefinition } from './define-workflow.ts'
import { ref, type Template } from './reference.ts'

const test = testSuite('agents/workflow/run-workflow')

const mapOf = (id: string, skill: string, more: Partial<MapStep> = {}): MapStep => ({
  id,
  map: ref('input'),
  as: 'x',
  step: { ask: 'worker', skill, input: { v: ref('x') } },
  ...more,
})

/** The output of these steps. Throws unless the run was done. */
async function outputOf(steps: readonly Step[], output: Template, input: unknown = null, count = 1) {
  const { runtime, run } = await flowOf(steps, output, count)
  const result = await run(input)
  await runtime.stop()
  assert.is(result.status, 'done', JSON.stringify(result.error))
  return result.output
}

test('does its steps in order, each with what came before', async () => {
  const steps = [
    ask('a', 'echo', ref('input.n')),
    ask('b', 'add', [ref('a.v'), 10]),
    ask('c', 'add', [ref('a.v'), ref('b.v')]),
  ]
  assert.equal(await outputOf(steps, { b: ref('b.v'), c: ref('c.v') }, { n: 1 }), { b: 11, c: 12 })
})

test('asks the members of a role in turn', async () => {
  const steps = ['a', 'b', 'c', 'd'].map(id => ask(id, 'who', null))
  assert.equal(await outputOf(steps, [ref('a.v'), ref('b.v'), ref('c.v'), ref('d.v')], null, 3), [
    'worker/w1',
    'worker/w2',
    'worker/w3',
    'worker/w1',
  ])
})

test('a member that failed is not asked again before the others', async () => {
  const steps = [ask('a', 'fail', 'no', { onError: 'skip' }), ask('b', 'who', null)]
  assert.equal(await outputOf(steps, ref('b.v'), null, 2), 'worker/w2')
})

test('a map keeps the order of its items, whichever is done first', async () => {
  const { runtime, run, open, log } = await flowOf([mapOf('m', 'hang')], ref('m'), 3)
  const running = run(['a', 'b', 'c'])
  await settle()
  for (const v of ['c', 'a', 'b']) {
    open(v)
    await settle()
  }
  assert.equal((await running).output, [{ v: 'a' }, { v: 'b' }, { v: 'c' }])
  assert.equal(log, ['+a', '+b', '+c', '-c', '-a', '-b'])
  await runtime.stop()
})

test('a map does as many items at once as it may, and no more', async () => {
  const items = ['a', 'b', 'c', 'd', 'e']
  const { runtime, run, open, log } = await flowOf([mapOf('m', 'hang', { concurrency: 2 })], ref('m'), 5)
  const running = run(items)
  await settle()
  for (const v of items) {
    const under =
      log.filter(entry => entry.startsWith('+')).length - log.filter(entry => entry.startsWith('-')).length
    assert.ok(under <= 2 && under > 0)
    if (v !== 'e') assert.is(under, 2)
    open(v)
    await settle()
  }
  assert.equal(log, ['+a', '+b', '-a', '+c', '-b', '+d', '-c', '+e', '-d', '-e'])
  assert.is((await running).status, 'done')
  await runtime.stop()
})

test('a map spreads its items over all members, not over the first', async () => {
  const steps = [mapOf('m', 'who', { concurrency: 2 })]
  const output = (await outputOf(steps, ref('m'), [1, 2, 3, 4, 5, 6, 7, 8], 4)) as { v: string }[]
  assert.equal(
    output.map(({ v }) => v),
    [1, 2, 3, 4, 1, 2, 3, 4].map(n => `worker/w${n}`),
  )
})

test('a map over nothing is done at once', async () => {
  assert.equal(await outputOf([mapOf('m', 'echo', { atLeast: 3 })], ref('m'), []), [])
})

test('a map knows the index of its items', async () => {
  const step = { ask: 'worker', skill: 'echo', input: { v: [ref('index'), ref('x')] } }
  assert.equal(await outputOf([mapOf('m', 'echo', { step })], ref('m'), ['a', 'b']), [
    { v: [0, 'a'] },
    { v: [1, 'b'] },
  ])
})

test('an item that fails ends the run, stops the others, and keeps what was done', async () => {
  const steps = [ask('first', 'echo', 1), mapOf('m', 'odd', { concurrency: 1 }), ask('never', 'echo', 1)]
  const { runtime, run } = await flowOf(steps, ref('never'))
  const result = await run([1, 3, 4, 5])
  assert.equal([result.status, result.error?.kind], ['failed', 'tool-failed'])
  assert.equal(result.output, { first: { v: 1 }, m: [{ v: 1 }, { v: 3 }, null, null] })
  assert.equal(
    result.problems.map(({ step, index }) => [step, index]),
    [['m', 2]],
  )
  const hanging = await flowOf([mapOf('m', 'hang')], ref('m'), 2)
  const running = hanging.run(['bad', 'b', 'c'])
  await settle()
  hanging.open('bad')
  assert.is((await running).status, 'failed')
  await settle()
  assert.equal(hanging.log, ['+bad', '+b', '-bad', '!bad', '!b'])
  await Promise.all([runtime.stop(), hanging.runtime.stop()])
})

test('an item that may fail leaves null in its place, and its problem on record', async () => {
  const { runtime, run } = await flowOf([mapOf('m', 'odd', { onError: 'skip' })], ref('m'), 2)
  const result = await run([1, 2, 3, 4])
  assert.equal([result.status, result.output], ['done', [{ v: 1 }, null, { v: 3 }, null]])
  assert.equal(
    result.problems.map(({ step, index, error }) => [step, index, error.message]),
    [
      ['m', 1, '2 is even'],
      ['m', 3, '4 is even'],
    ],
  )
  await runtime.stop()
})

test('too few successes fail the step after all, the needed number does not', async () => {
  const { runtime, run } = await flowOf([mapOf('m', 'odd', { onError: 'skip', atLeast: 2 })], ref('m'), 2)
  assert.is((await run([1, 2, 3])).status, 'done')
  const few = await run([2, 3, 4])
  assert.equal([few.status, few.error?.message], ['failed', '2 is even'])
  assert.equal(few.output, { m: [null, { v: 3 }, null] })
  assert.is((await run([3])).status, 'done')
  await runtime.stop()
})

test('a map within a loop counts its failures anew in every round', async () => {
  const steps: Step[] = [
    {
      id: 'l',
      loop: [mapOf('m', 'odd', { onError: 'skip', atLeast: 1 })],
      until: { eq: [1, 2] },
      maxRounds: 4,
    },
  ]
  assert.equal(await outputOf(steps, [ref('m'), ref('l')], [1, 2]), [[{ v: 1 }, null], 4])
})

test('a map over what is no list fails its step, or skips it', async () => {
  const { runtime, run } = await flowOf([ask('a', 'echo', 1), mapOf('m', 'echo')], ref('m'))
  const failed = await run('bees')
  assert.equal([failed.status, failed.error?.kind], ['failed', 'reference-unresolved'])
  assert.equal(failed.output, { a: { v: 1 }, m: null })
  await runtime.stop()
  const skipped = await flowOf([mapOf('m', 'echo', { onError: 'skip' })], ref('m'))
  const result = await skipped.run({ not: 'a list' })
  assert.equal([result.status, result.output, result.problems.length], ['done', null, 1])
  await skipped.runtime.stop()
})

const branching: Step[] = [
  {
    id: 'b',
    branch: [
      { when: { eq: [ref('input'), 1] }, steps: [ask('one', 'echo', 'one')] },
      {
        when: { lt: [ref('input'), 3] },
        steps: [ask('two', 'echo', 'two'), ask('more', 'echo', ref('two.v'))],
      },
      { when: { eq: [ref('input'), 3] }, steps: [] },
    ],
    otherwise: [ask('other', 'echo', 'other')],
  },
]
for (const [input, taken] of [
  [1, { one: { v: 'one' }, more: null, other: null }],
  [2, { one: null, more: { v: 'two' }, other: null }],
  [3, { one: null, more: null, other: null }],
  [4, { one: null, more: null, other: { v: 'other' } }],
  ['x', { one: null, more: null, other: { v: 'other' } }],
] as const) {
  test(`a branch takes the first case that holds for ${JSON.stringify(input)}, and what it left out reads as null`, async () => {
    const output = { one: ref('one'), more: ref('more'), other: ref('other') }
    assert.equal(await outputOf(branching, output, input), taken)
  })
}

test('a branch without otherwise may do nothing at all', async () => {
  const steps: Step[] = [
    { id: 'b', branch: [{ when: { exists: ref('input') }, steps: [ask('c', 'echo', 1)] }] },
    ask('d', 'echo', [ref('b'), ref('c')]),
  ]
  assert.equal(await outputOf(steps, ref('d')), { v: [null, null] })
})

test('a loop ends when its condition holds after a round, and says how many there were', async () => {
  const steps: Step[] = [
    { id: 'l', loop: [ask('n', 'add', [ref('round'), 10])], until: { gt: [ref('n.v'), 12] }, maxRounds: 9 },
  ]
  assert.equal(await outputOf(steps, [ref('l'), ref('n.v')]), [3, 13])
})

test('a limit that is ignored: a loop ends after its rounds, whatever its condition says', async () => {
  for (const maxRounds of [1, 5]) {
    const steps: Step[] = [
      { id: 'l', loop: [ask('n', 'echo', ref('round'))], until: { exists: ref('l') }, maxRounds },
    ]
    const { runtime, run } = await flowOf(
      steps.map(step => ({ ...step, until: { eq: [1, 2] } }) as Step),
      [ref('l'), ref('n.v')],
    )
    assert.equal((await run()).output, [maxRounds, maxRounds])
    await runtime.stop()
  }
})

test('a loop that loses its index: loops within loops and branches keep their own rounds', async () => {
  const inner: Step = {
    id: 'inner',
    loop: [ask('i', 'echo', ref('round'))],
    until: { eq: [ref('round'), 2] },
    maxRounds: 5,
  }
  const steps: Step[] = [
    {
      id: 'outer',
      loop: [
        { id: 'b', branch: [{ when: { gt: [ref('round'), 1] }, steps: [inner] }] },
        ask('after', 'echo', [ref('round'), ref('inner'), ref('i')]),
      ],
      until: { eq: [ref('round'), 3] },
      maxRounds: 9,
    },
  ]
  assert.equal(await outputOf(steps, [ref('outer'), ref('after.v')]), [3, [3, 2, { v: 2 }]])
})

test('a step that may fail leaves null behind, and the run goes on', async () => {
  const { runtime, run } = await flowOf(
    [ask('a', 'fail', 'no', { onError: 'skip' }), ask('b', 'echo', ref('a'))],
    ref('b'),
  )
  const result = await run()
  assert.equal([result.status, result.output], ['done', { v: null }])
  assert.equal(
    result.problems.map(({ step, error }) => [step, error.message]),
    [['a', 'no']],
  )
  await runtime.stop()
})

test('a reference into nothing fails its own step with what was done so far, or skips it', async () => {
  const skipped = ask('a', 'fail', 'no', { onError: 'skip' })
  const { runtime, run } = await flowOf(
    [ask('z', 'echo', 1), skipped, ask('b', 'echo', ref('a.v'))],
    ref('b'),
  )
  const failed = await run()
  assert.equal([failed.status, failed.error?.kind], ['failed', 'reference-unresolved'])
  assert.equal(failed.output, { z: { v: 1 }, a: null })
  assert.equal(runtime.eventsOf('actor.crashed'), [])
  await runtime.stop()
  const steps = [skipped, ask('b', 'echo', ref('a.v'), { onError: 'skip' }), ask('c', 'echo', 2)]
  assert.equal(await outputOf(steps, [ref('b'), ref('c.v')]), [null, 2])
  const items = mapOf('m', 'echo', {
    onError: 'skip',
    step: { ask: 'worker', skill: 'echo', input: { v: ref('x.deep.er') } },
  })
  assert.equal(await outputOf([items], ref('m'), [{ deep: { er: 1 } }, { deep: null }, 7]), [
    { v: 1 },
    null,
    null,
  ])
})

test('an output that cannot be made fails the run, and keeps what was done', async () => {
  const { runtime, run } = await flowOf([ask('a', 'echo', { deep: null })], ref('a.v.deep.er'))
  const result = await run()
  assert.equal([result.status, result.error?.kind], ['failed', 'reference-unresolved'])
  assert.equal(result.output, { a: { v: { deep: null } } })
  await runtime.stop()
})

test('a workflow that went through JSON compiles to the same machine, and runs the same', async () => {
  const steps: Step[] = [
    ask('a', 'echo', ref('input')),
    mapOf('m', 'odd', { onError: 'skip', concurrency: 2 }),
    ...branching,
    { id: 'l', loop: [ask('n', 'echo', ref('round'))], until: { gt: [ref('round'), 1] }, maxRounds: 3 },
    { id: 'h', human: 'ok?', choices: ['yes'], timeoutMs: 1_000 },
  ]
  const literal: Omit<WorkflowDefinition, 'input'> = {
    name: 'flow',
    description: 'flows',
    agents: { worker: 'worker' },
    steps,
    output: [ref('m'), ref('n'), ref('h')],
  }
  const workflow = defineWorkflow({ ...literal, input: INPUT })
  const again = defineWorkflow({ ...JSON.parse(JSON.stringify(literal)), input: INPUT })
  const shape = (flow: typeof workflow) => JSON.stringify(workflowMachine(flow).definition)
  assert.is(shape(again), shape(workflow))
  const { runtime, run } = await flowOf([ask('unused', 'echo', 1)])
  const runs = [workflow, again].map(flow =>
    run([1, 2], { behaviour: compileWorkflow(flow), onHuman: async () => 'yes' }),
  )
  const [first, second] = await Promise.all(runs)
  assert.equal(first?.output, [[{ v: 1 }, null], { v: 2 }, 'yes'])
  assert.equal(second?.output, first?.output)
  await runtime.stop()
})

test('names that the machine uses itself are fine for workflows and steps', async () => {
  for (const name of ['failing', 'waiting', 'running']) {
    compileWorkflow(workflowOf([ask('a', 'echo', 1)], null, name))
  }
  const ids = ['failing', 'waiting', 'choosing', 'otherwise', 'deciding', 'case-1', '1', 'case_1']
  const steps: Step[] = [
    ...ids.map(id => ask(id, 'echo', id)),
    { id: 'finishing', branch: [{ when: { eq: [1, 1] }, steps: [ask('running', 'echo', 'r')] }] },
  ]
  assert.equal(
    await outputOf(
      steps,
      [...ids, 'running'].map(id => ref(`${id}.v`)),
    ),
    [...ids, 'r'],
  )
})

test('tells of the run and of every step, with its errors', async () => {
  const { runtime, run } = await flowOf(
    [ask('a', 'echo', 1), mapOf('m', 'odd', { onError: 'skip' }), ask('f', 'fail', 'no')],
    null,
    2,
  )
  const result = await run([1, 2], { runId: 'r1' })
  const steps = runtime.seen.filter(event => event.type === 'step.started' || event.type === 'step.finished')
  assert.equal(
    steps.map(event => [
      event.type.slice(5),
      event.step,
      event.index ?? null,
      (event.type === 'step.finished' && event.error?.kind) || null,
    ]),
    [
      ['started', 'a', null, null],
      ['finished', 'a', null, null],
      ['started', 'm', null, null],
      ['started', 'm', 0, null],
      ['started', 'm', 1, null],
      ['finished', 'm', 0, null],
      ['finished', 'm', 1, 'tool-failed'],
      ['finished', 'm', null, null],
      ['started', 'f', null, null],
      ['finished', 'f', null, 'tool-failed'],
    ],
  )
  assert.ok(steps.every(event => event.run === 'r1' && event.actor === 'flow/r1'))
  const [started] = runtime.eventsOf('run.started')
  const [finished] = runtime.eventsOf('run.finished')
  assert.equal([started?.run, started?.workflow], ['r1', 'flow'])
  assert.equal([finished?.run, finished?.status, finished?.error?.kind], ['r1', 'failed', 'tool-failed'])
  assert.equal([result.runId, result.workflow], ['r1', 'flow'])
  assert.ok(runtime.eventsOf('effect.succeeded').every(event => event.run === 'r1'))
  await runtime.stop()
})

test('memory held after a run: a run leaves no actor, timer or subscription behind', async () => {
  const { runtime, run } = await flowOf([ask('a', 'echo', 1), { id: 'h', human: 'ok?' }])
  const before = runtime.actors().length
  for (let i = 0; i < 3; i++) assert.is((await run(null, { onHuman: async () => 'yes' })).status, 'done')
  assert.is((await run()).status, 'needs-human')
  assert.equal([runtime.actors().length, runtime.clock.pending()], [before, []])
  await runtime.stop()
})

test.run()
