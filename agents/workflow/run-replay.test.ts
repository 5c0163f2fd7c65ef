import * as assert from 'uvu/assert'
import { z } from 'zod'
import type { Address } from '../../actors/address.ts'
import { RuntimeError } from '../../actors/errors.ts'
import type { Runtime } from '../../runtime/create-runtime.ts'
import { atEveryCommit, type Life } from '../../runtime/testkit/lives.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { defineAgent } from '../define-agent.ts'
import { scriptedModel } from '../models/scripted.ts'
import { defineSkill } from '../skill.ts'
import { spawnAgent } from '../spawn-agent.ts'
import { answers, ask, INPUT } from '../testdata/workflow-rig.ts'
import { compileWorkflow } from './compile.ts'
import { defineWorkflow, type MapStep, type Step } from './define-workflow.ts'
import { ref, type Template } from './reference.ts'
import { type RunOptions, type RunResult, runWorkflow } from './run-workflow.ts'

const test = testSuite('agents/workflow (killed at every commit)', { limitMs: 60_000 })

const VALUE = z.object({ v: z.unknown() })

/** Workers whose skills take a little time, fail, or think with a model. */
function worker() {
  const skill = (run: (v: unknown) => unknown) =>
    defineSkill({
      description: 'does as told',
      input: VALUE,
      output: VALUE,
      extract: async ({ v }) => {
        await Promise.resolve()
        return { v: run(v) }
      },
    })
  const failing = (message: string): never => {
    throw new RuntimeError('tool-failed', message, { retryable: false })
  }
  return defineAgent({
    name: 'worker',
    description: 'does as told',
    limits: { maxOutputTokens: 60, maxTurns: 50 },
    skills: {
      echo: skill(v => v),
      add: skill(v => (v as number[]).reduce((a, b) => a + b, 0)),
      odd: skill(v => ((v as number) % 2 === 0 ? failing(`${v} is even`) : v)),
      fail: skill(v => failing(String(v))),
      think: defineSkill({
        description: 'thinks',
        input: VALUE,
        output: VALUE,
        prompt: ({ v }) => ({ user: JSON.stringify(v) }),
      }),
    },
  })
}

interface Scenario {
  readonly steps: readonly Step[]
  readonly output: Template
  readonly input?: unknown
  readonly workers?: number
  /** Steps of a workflow `inner`. */
  readonly inner?: readonly Step[]
  readonly options?: Partial<RunOptions>
  /** The answers to its questions, or nobody is there to give any. */
  readonly human?: (step: string) => string
  readonly thinks?: true
  readonly every?: number
  /** Its budget ends it, and an interrupted call counts: how far it comes depends on when it dies. */
  readonly spends?: true
}

const map = (skill: string, more: Partial<MapStep> = {}): MapStep => ({
  id: 'm',
  map: ref('input'),
  as: 'x',
  step: { ask: 'worker', skill, input: { v: ref('x') } },
  ...more,
})

const branching: Step = {
  id: 'b',
  branch: [{ when: { eq: [ref('input'), 1] }, steps: [ask('one', 'echo', 'one')] }],
  otherwise: [ask('two', 'echo', 'two'), ask('more', 'echo', ref('two.v'))],
}

const looping: Step = {
  id: 'l',
  loop: [ask('n', 'add', [ref('round'), 10])],
  until: { gt: [ref('n.v'), 12] },
  maxRounds: 9,
}

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'steps in order': {
    steps: [ask('a', 'echo', ref('input')), ask('b', 'add', [ref('a.v'), 10])],
    output: ref('b.v'),
    input: 1,
  },
  'a map over three workers': {
    steps: [map('echo', { concurrency: 3 })],
    output: ref('m'),
    input: ['a', 'b', 'c', 'd', 'e'],
    workers: 3,
    every: 3,
  },
  'a map whose items may fail': {
    steps: [map('odd', { onError: 'skip', concurrency: 2 })],
    output: ref('m'),
    input: [1, 2, 3, 4],
    workers: 2,
    every: 2,
  },
  'a map with an item that ends the run': {
    steps: [ask('first', 'echo', 1), map('odd', { concurrency: 1 }), ask('never', 'echo', 1)],
    output: ref('never'),
    input: [1, 3, 4, 5],
  },
  'a branch': { steps: [branching], output: [ref('one'), ref('two'), ref('more')], input: 2 },
  'a loop': { steps: [looping], output: [ref('l'), ref('n.v')] },
  'a step that may fail': {
    steps: [ask('a', 'fail', 'no', { onError: 'skip' }), ask('b', 'echo', ref('a'))],
    output: ref('b'),
  },
  'a step that ends the run': {
    steps: [ask('a', 'echo', 1), ask('b', 'fail', 'no'), ask('c', 'echo', 2)],
    output: ref('c'),
  },
  'an input that does not fit': {
    steps: [ask('a', 'echo', 1)],
    output: null,
    input: undefined,
    options: { members: {} },
  },
  'a question to a person': {
    steps: [
      ask('a', 'echo', 1),
      { id: 'h', human: 'ok?', choices: ['yes', 'no'] },
      ask('b', 'echo', ref('h')),
    ],
    output: ref('b.v'),
    human: step => (step === 'h' ? 'yes' : 'no'),
  },
  'two questions': {
    steps: [
      { id: 'h', human: 'one?' },
      { id: 'i', human: 'two?' },
    ],
    output: [ref('h'), ref('i')],
    human: step => `answer to ${step}`,
  },
  'a nested workflow': {
    steps: [{ id: 'n', workflow: 'inner', input: ref('input') }, ask('z', 'echo', ref('n'))],
    inner: [ask('a', 'echo', ref('input')), ask('b', 'add', [ref('a.v'), 1])],
    output: ref('z.v'),
    input: 7,
    every: 2,
  },
  'a nested workflow with a question': {
    steps: [{ id: 'n', workflow: 'inner', input: null }],
    inner: [{ id: 'h', human: 'deep?' }, ask('b', 'echo', ref('h'))],
    output: ref('n'),
    human: step => `answer to ${step}`,
  },
  'a nested workflow that fails': {
    steps: [{ id: 'n', workflow: 'inner', input: null, onError: 'skip' }, ask('z', 'echo', ref('n'))],
    inner: [ask('b', 'fail', 'deep')],
    output: ref('z.v'),
  },
  'workers that think': {
    steps: [ask('a', 'think', 1), ask('b', 'think', ref('a.v'))],
    output: [ref('a.v'), ref('b.v')],
    thinks: true,
    every: 2,
  },
  'a budget that ends': {
    steps: ['a', 'b', 'c'].map(id => ask(id, 'think', 1)),
    output: ref('c.v'),
    options: { budget: { modelCalls: 2 } },
    thinks: true,
    every: 2,
    spends: true,
  },
}

interface FlowLife extends Life {
  readonly calls: () => number
}

function lifeOf({
  steps,
  output,
  input = null,
  workers = 1,
  inner,
  options,
  human,
  thinks,
}: Scenario): FlowLife {
  const model = scriptedModel(answers)
  const flow = compileWorkflow(
    defineWorkflow({
      name: 'flow',
      description: 'flows',
      input: INPUT,
      agents: { worker: 'worker' },
      steps,
      output,
    }),
  )
  const nested =
    inner &&
    compileWorkflow(
      defineWorkflow({
        name: 'inner',
        description: 'flows',
        input: INPUT,
        agents: { worker: 'worker' },
        steps: inner,
        output: ref(`${inner.at(-1)?.id}`),
      }),
    )
  return {
    behaviours: [],
    calls: () => model.calls.length,
    async program(runtime: Runtime) {
      const members: Address[] = []
      for (let i = 1; i <= workers; i++) {
        const more = thinks && { model }
        members.push((await spawnAgent(runtime, worker(), { id: `w${i}`, env: {}, ...more })).address)
      }
      const roles: Record<string, readonly Address[]> = { worker: members }
      if (nested)
        roles['workflow:inner'] = [
          await runtime.spawn(nested, { id: 'i', input: { members: { worker: members } } }),
        ]
      return runWorkflow({
        runtime,
        behaviour: flow,
        input,
        members: roles,
        runId: 'r',
        ...(human && { onHuman: async ({ step }) => human(step) }),
        ...options,
      })
    },
  }
}

/** What of a result must not depend on when its processes died. */
const lasting = (outcome: unknown) => {
  const { status, output, problems, usage, error } = outcome as RunResult
  return {
    status,
    output,
    usage,
    problems: problems.map(({ step, index }) => [step, index]),
    error: error?.kind,
  }
}

for (const [name, scenario] of Object.entries(SCENARIOS))
  test(`comes to the same end: ${name}`, async () => {
    let calm: unknown
    let calls = 0
    await atEveryCommit(
      () => lifeOf(scenario),
      async (outcome, world, life) => {
        calm ??= lasting(outcome)
        calls ||= life.calls()
        if (scenario.spends) assert.is((outcome as RunResult).status, 'budget-exhausted')
        else assert.equal(lasting(outcome), calm)
        assert.ok(life.calls() <= calls + 1, 'at most the call that was under way is made again')
        const record = (await world.journal.records.get('run', 'r')) as
          | { readonly status: string }
          | undefined
        assert.is(record?.status, (calm as { status: string }).status)
      },
      { every: scenario.every ?? 1 },
    )
  })

test.run()
