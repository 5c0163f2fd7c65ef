import * as assert from 'uvu/assert'
import { toMermaid } from '../../actors/mermaid.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { testRuntime } from '../../runtime/testkit/test-runtime.ts'
import { agentBehaviour } from '../agent-behaviour.ts'
import { createModelAccess } from '../models/access.ts'
import { ask, workers, workflowOf } from '../testdata/workflow-rig.ts'
import { workflowMachine } from './compile.ts'
import { ref } from './reference.ts'

const test = testSuite('agents/workflow/picture')

/** Every id that a line of a diagram uses has been given to a state. */
function assertWhole(text: string): void {
  const ids = new Set([...text.matchAll(/^ *state "[^"]*" as ([A-Za-z0-9_]+)/gm)].map(match => match[1]))
  for (const [, from, to] of text.matchAll(/^ *(\S+) --> ([^\s:]+)/gm)) {
    for (const id of [from, to]) assert.ok(id === '[*]' || ids.has(id), `${id} is no state`)
  }
}

test('a workflow as a picture: its steps in order, branches and loops as boxes', () => {
  const text = toMermaid(
    workflowMachine(
      workflowOf([
        ask('plan-it', 'echo', 1),
        { id: 'b', branch: [{ when: { exists: ref('plan-it') }, steps: [ask('plan_it', 'echo', 1)] }] },
        { id: 'h', human: 'ok?', timeoutMs: 5_000 },
      ]),
    ),
  )
  assertWhole(text)
  assert.is(
    text,
    `stateDiagram-v2
  [*] --> waiting
  state "waiting" as waiting
  state "running" as running {
    [*] --> running__plan_45_it
    state "plan-it" as running__plan_45_it
    state "b" as running__b {
      [*] --> running__b__choosing
      state "choosing" as running__b__choosing
      state "case-1" as running__b__case_45_1 {
        [*] --> running__b__case_45_1__plan_95_it
        state "plan_it" as running__b__case_45_1__plan_95_it
        state "end" as running__b__case_45_1__end
        running__b__case_45_1__end --> [*]
        running__b__case_45_1__plan_95_it --> running__b__case_45_1__end: done
      }
      state "otherwise" as running__b__otherwise {
        [*] --> running__b__otherwise__end
        state "end" as running__b__otherwise__end
        running__b__otherwise__end --> [*]
      }
      state "end" as running__b__end
      running__b__end --> [*]
      running__b__choosing --> running__b__case_45_1: [guarded]
      running__b__choosing --> running__b__otherwise
      running__b__case_45_1 --> running__b__end: done
      running__b__otherwise --> running__b__end: done
    }
    state "h" as running__h
    state "end" as running__end
    running__end --> [*]
    running__plan_45_it --> running__b: done
    running__b --> running__h: done
    running__h --> running__end: human.answer
  }
  state "finishing" as finishing
  state "failing" as failing
  waiting --> running: workflow.start
  running --> finishing: done
  running__plan_45_it --> failing: error
  running__b__case_45_1__plan_95_it --> failing: error
  running__h --> failing: human.unavailable [guarded]
  running__h --> failing: after 5000 ms
  finishing --> failing: [guarded]
  finishing --> waiting
  failing --> waiting`,
  )
})

test('an agent as a picture', async () => {
  const runtime = testRuntime()
  const models = createModelAccess({ runtime, env: {} })
  const { machine } = agentBehaviour(workers().agent, { models, now: () => 0 })
  const text = toMermaid(machine)
  assertWhole(text)
  assert.is(
    text,
    `stateDiagram-v2
  [*] --> idle
  state "idle" as idle
  state "extracting" as extracting
  state "preparing" as preparing
  state "thinking" as thinking
  state "acting" as acting
  state "finishing" as finishing
  idle --> extracting: task.assign [extracts]
  idle --> preparing: task.assign [prepares]
  idle --> idle: task.assign [hasFailed]
  idle --> thinking: task.assign [thinks]
  extracting --> idle: done
  extracting --> idle: error
  preparing --> idle: done [hasFailed]
  preparing --> thinking: done [thinks]
  preparing --> idle: error
  thinking --> idle: done [hasFailed]
  thinking --> acting: done [acts]
  thinking --> thinking: done [thinks]
  thinking --> finishing: done [finishes]
  thinking --> idle: done [answers]
  thinking --> idle: error
  acting --> idle: done [hasFailed]
  acting --> thinking: done [thinks]
  acting --> idle: error [hasFailed]
  acting --> thinking: error [thinks]
  finishing --> idle: done
  finishing --> idle: error`,
  )
  await runtime.stop()
})

test.run()
