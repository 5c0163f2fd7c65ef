/** What the tests of workflows begin with: workers that do as they are told, and a way to run steps with them. */
import { z } from 'zod'
import type { Address } from '../../actors/address.ts'
import { RuntimeError } from '../../actors/errors.ts'
import { type TestRuntime, testRuntime } from '../../runtime/testkit/test-runtime.ts'
import { defineAgent } from '../define-agent.ts'
import { defineSkill } from '../skill.ts'
import { spawnAgent } from '../spawn-agent.ts'
import { compileWorkflow } from '../workflow/compile.ts'
import { defineWorkflow, type Step, type Workflow } from '../workflow/define-workflow.ts'
import type { Template } from '../workflow/reference.ts'
import { type RunOptions, type RunResult, runWorkflow } from '../workflow/run-workflow.ts'
import { latch } from './agent-rig.ts'

const VALUE = z.object({ v: z.unknown() })

/** `echo` gives back its input, `hang` until its latch is opened, `fail` fails. */
export function workers(name = 'worker') {
  const log: string[] = []
  const gates = new Map<string, ReturnType<typeof latch>>()
  const gateOf = (v: string) => {
    const gate = gates.get(v) ?? latch()
    gates.set(v, gate)
    return gate
  }
  const skill = (run: (v: unknown, actor: Address, signal: AbortSignal) => unknown) =>
    defineSkill({
      description: 'does as told',
      input: VALUE,
      output: VALUE,
      extract: async ({ v }, { actor, signal }) => ({ v: await run(v, actor, signal) }),
    })
  const agent = defineAgent({
    name,
    description: 'does as told',
    skills: {
      echo: skill(v => v),
      who: skill((_, actor) => actor),
      add: skill(v => (v as number[]).reduce((a, b) => a + b, 0)),
      fail: skill(v => {
        throw new RuntimeError('tool-failed', String(v), { retryable: false })
      }),
      odd: skill(v => {
        if ((v as number) % 2 === 0)
          throw new RuntimeError('tool-failed', `${v} is even`, { retryable: false })
        return v
      }),
      hang: skill(async (v, _, signal) => {
        log.push(`+${v}`)
        signal.addEventListener('abort', () => log.push(`!${v}`))
        await gateOf(String(v)).promise
        log.push(`-${v}`)
        return v
      }),
    },
  })
  return { agent, log, open: (v: unknown) => gateOf(String(v)).open() }
}

export const INPUT = z.unknown() as z.ZodType<unknown>

/** A workflow of these steps for workers. */
export const workflowOf = (steps: readonly Step[], output: Template = null, name = 'flow'): Workflow =>
  defineWorkflow({ name, description: 'flows', input: INPUT, agents: { worker: 'worker' }, steps, output })

export interface Flow {
  readonly runtime: TestRuntime
  readonly log: string[]
  open(v: unknown): void
  run(input?: unknown, options?: Partial<RunOptions>): Promise<RunResult>
}

/** Steps, ready to run with so many workers. */
export async function flowOf(steps: readonly Step[], output: Template = null, count = 1): Promise<Flow> {
  const runtime = testRuntime()
  const { agent, log, open } = workers()
  const spawned: Address[] = []
  for (let i = 1; i <= count; i++)
    spawned.push((await spawnAgent(runtime, agent, { id: `w${i}`, env: {} })).address)
  const behaviour = compileWorkflow(workflowOf(steps, output))
  return {
    runtime,
    log,
    open,
    run: (input = null, options = {}) =>
      runWorkflow({ runtime, behaviour, input, members: { worker: spawned }, ...options }),
  }
}

/** A step that asks a worker. */
export const ask = (id: string, skill: string, v: Template, more: Partial<Step> = {}): Step =>
  ({ id, ask: 'worker', skill, input: { v }, ...more }) as Step
