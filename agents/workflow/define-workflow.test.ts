import * as assert from 'uvu/assert'
import { z } from 'zod'
import { RuntimeError } from '../../actors/errors.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { defineWorkflow, type Step, stepsWithin, type WorkflowDefinition } from './define-workflow.ts'
import { ref } from './reference.ts'

const test = testSuite('agents/workflow/define-workflow')

const GOOD: WorkflowDefinition = {
  name: 'flow',
  description: 'flows',
  input: z.object({ list: z.array(z.number()) }) as z.ZodType<unknown>,
  agents: { worker: 'worker' },
  steps: [{ id: 'a', ask: 'worker', skill: 'work', input: ref('input') }],
  output: ref('a'),
}
const problemsOf = (wrong: Partial<WorkflowDefinition>): readonly string[] => {
  try {
    defineWorkflow({ ...GOOD, ...wrong })
  } catch (error) {
    if (error instanceof RuntimeError && error.kind === 'workflow-invalid')
      return error.details?.['problems'] as readonly string[]
    throw error
  }
  return []
}
const work = (id: string, more: object = {}) => ({ id, ask: 'worker', skill: 'work', input: null, ...more })
const steps = (...list: unknown[]): Partial<WorkflowDefinition> => ({ steps: list as Step[], output: null })

const WRONG: readonly (readonly [string, Partial<WorkflowDefinition>, string])[] = [
  ['a name that is no token', { name: 'a b' }, '"a b"'],
  ['no description', { description: '' }, 'description'],
  ['no steps', steps(), 'no steps'],
  ['steps that are no list', { steps: {} as never, output: null }, 'no steps'],
  ['a role that cannot be kept', { agents: { worker: 'worker', constructor: 'x' } }, 'constructor'],
  ['a role without an agent', { agents: { worker: '' } }, 'worker'],
  ['a step of no kind', steps({ id: 'a' }), 'no known kind'],
  ['a step that is nothing', steps(null), 'no known kind'],
  ['a step of two kinds', steps(work('a', { human: '?' })), 'ask and human'],
  ['a step id that is no token', steps(work('a.b')), 'a.b'],
  ['a step id that an object has by birth', steps(work('__proto__')), '__proto__'],
  ['a step id twice', steps(work('a'), work('a')), 'taken'],
  [
    'a step id twice, once within a branch',
    steps({ id: 'b', branch: [{ when: { eq: [1, 1] }, steps: [work('a')] }] }, work('a')),
    'taken',
  ],
  ['a reserved step id', steps(work('round')), 'taken'],
  ['an unknown role', steps(work('a', { ask: 'nobody' })), 'nobody'],
  ['a role that an object has by birth', steps(work('a', { ask: 'toString' })), 'toString'],
  ['no skill', steps({ id: 'a', ask: 'worker', input: null }), 'skill'],
  ['a nested workflow without a name', steps({ id: 'a', workflow: '', input: null }), 'workflow'],
  ['a reference to a later step', steps(work('a', { input: ref('b') }), work('b')), '"b"'],
  ['a reference to itself', steps(work('a', { input: ref('a') })), '"a"'],
  ['a reference to nothing', steps(work('a', { input: { deep: [ref('nope.x')] } })), 'nope.x'],
  ['an output that refers to nothing', { output: ref('nope') }, 'output'],
  ['a reference to a round outside of loops', steps(work('a', { input: ref('round') })), 'round'],
  [
    'a reference to an item outside of its map',
    steps({ id: 'm', map: ref('input.list'), as: 'x', step: work('') }, work('a', { input: ref('x') })),
    '"x"',
  ],
  [
    'a map over what is no reference',
    steps({ id: 'm', map: [1], as: 'x', step: work('') }),
    'not a reference',
  ],
  ['a map without a step', steps({ id: 'm', map: ref('input.list'), as: 'x' }), 'neither'],
  [
    'a map that names its items like a step',
    steps(work('a'), { id: 'm', map: ref('input.list'), as: 'a', step: work('') }),
    '"a"',
  ],
  [
    'a map that names its items index',
    steps({ id: 'm', map: ref('input.list'), as: 'index', step: work('') }),
    '"index"',
  ],
  [
    'no concurrency',
    steps({ id: 'm', map: ref('input.list'), as: 'x', concurrency: 0, step: work('') }),
    'concurrency 0',
  ],
  [
    'half a success',
    steps({ id: 'm', map: ref('input.list'), as: 'x', atLeast: 0.5, step: work('') }),
    'atLeast 0.5',
  ],
  ['a branch without cases', steps({ id: 'b', branch: [] }), 'no cases'],
  ['a condition that is none', steps({ id: 'b', branch: [{ when: { gte: [1, 2] }, steps: [] }] }), 'gte'],
  [
    'a condition on nothing',
    steps({ id: 'b', branch: [{ when: { exists: ref('nope') }, steps: [] }] }),
    'nope',
  ],
  [
    'a case whose steps are no list',
    steps({ id: 'b', branch: [{ when: { eq: [1, 1] }, steps: 'a' }] }),
    'not a list',
  ],
  ['24/25: a loop without an end', steps({ id: 'l', loop: [work('a')], until: { eq: [1, 2] } }), 'maxRounds'],
  [
    '24/25: a loop of no rounds',
    steps({ id: 'l', loop: [work('a')], until: { eq: [1, 2] }, maxRounds: 0 }),
    'maxRounds 0',
  ],
  [
    '24/25: a loop of endless rounds',
    steps({ id: 'l', loop: [work('a')], until: { eq: [1, 2] }, maxRounds: Number.NaN }),
    'not finite',
  ],
  ['an empty loop', steps({ id: 'l', loop: [], until: { eq: [1, 2] }, maxRounds: 1 }), 'repeats nothing'],
  ['a loop without a condition', steps({ id: 'l', loop: [work('a')], maxRounds: 1 }), 'condition'],
  ['a question without words', steps({ id: 'h', human: '' }), 'nothing'],
  ['nothing to choose from', steps({ id: 'h', human: '?', choices: [] }), 'choose'],
  ['a time limit that is none', steps(work('a', { timeoutMs: 0 })), 'timeoutMs'],
  ['an unknown onError', steps(work('a', { onError: 'retry' })), 'retry'],
  ['a budget that is none', steps(work('a', { budget: { tokens: -1 } })), 'tokens'],
  ['what is not plain data', steps(work('a', { input: { at: new Date(0) } })), 'Date'],
]
for (const [what, wrong, named] of WRONG) {
  test(`refuses a workflow with ${what}`, () => {
    const problems = problemsOf(wrong)
    assert.ok(
      problems.some(problem => problem.includes(named)),
      `${named} is not among: ${problems.join(' | ')}`,
    )
  })
}

test('names all problems at once', () => {
  const problems = problemsOf({
    name: 'a b',
    steps: [
      work('x', { ask: 'nobody' }),
      { id: 'l', loop: [work('x')], until: { gte: [1, 2] }, maxRounds: 0 },
      work('y', { input: ref('nope') }),
    ] as unknown as Step[],
    output: ref('nowhere'),
  })
  assert.is(problems.length, 7, problems.join(' | '))
})

test('accepts references to what may be there: into branches, loops, earlier rounds, nested rounds', () => {
  const inner = {
    id: 'inner',
    loop: [work('i', { input: ref('round') })],
    until: { exists: ref('i') },
    maxRounds: 2,
  }
  const problems = problemsOf(
    steps(
      {
        id: 'b',
        branch: [{ when: { exists: ref('input.list') }, steps: [work('c')] }],
        otherwise: [work('d', { input: ref('c') })],
      },
      work('e', { input: [ref('b'), ref('c'), ref('d')] }),
      {
        id: 'outer',
        loop: [inner, work('after', { input: ref('round') })],
        until: { gt: [ref('round'), 3] },
        maxRounds: 5,
      },
      {
        id: 'm',
        map: ref('input.list'),
        as: 'item',
        step: work('', { input: { item: ref('item'), n: ref('index') } }),
      },
      work('end-of-it', { input: [ref('inner'), ref('i'), ref('outer'), ref('m')] }),
    ),
  )
  assert.equal(problems, [])
})

test('finds every step, however deep', () => {
  const list = [
    work('a'),
    { id: 'l', loop: [{ id: 'b', branch: [{ when: {}, steps: [work('c')] }], otherwise: [work('d')] }] },
    work('e'),
  ] as unknown as Step[]
  assert.equal(
    [...stepsWithin(list)].map(step => step.id),
    ['a', 'l', 'b', 'c', 'd', 'e'],
  )
})

test.run()
