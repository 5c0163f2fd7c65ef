/** What the tests of workflows begin with: workers that do as they are told, and a way to run steps with them. */
import { z } from 'zod'
import type { Address } from '../../actors/address.ts'
import { RuntimeError } from '../../actors/errors.ts'
import { type TestRuntime, testRuntime } from '../../runtime/testkit/test-runtime.ts'
import { defineAgent } from '../define-agent.ts'
import { type Script, type ScriptedModel, scriptedModel } from '../models/scripted.ts'
import { defineSkill } from '../skill.ts'
import { spawnAgent } from '../spawn-agent.ts'
import { compileWorkflow } from '../workflow/compile.ts'
import { defineWorkflow, type Step, type Workflow } from '../workflow/define-workflow.ts'
import type { Template } from '../workflow/reference.ts'
import { type RunOptions, type RunResult, runWorkflow } from '../workflow/run-workflow.ts'
import { latch } from './agent-rig.ts'

const VALUE = z.object({ v: z.unknown() })

/** `echo` gives back its input, `hang` waits until its latch is opened, `fail` fails. */
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
        if (v === 'bad') throw new RuntimeError('tool-failed', 'bad', { retryable: false })
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
  /** Failures that nobody waited for. */
  readonly reported: readonly unknown[]
  open(v: unknown): void
  run(input?: unknown, options?: Partial<RunOptions>): Promise<RunResult>
}

/** Steps, ready to run with so many workers. */
export async function flowOf(steps: readonly Step[], output: Template = null, count = 1): Promise<Flow> {
  const reported: unknown[] = []
  const runtime = testRuntime({ onError: error => reported.push(error) })
  const { agent, log, open } = workers()
  const spawned: Address[] = []
  for (let i = 1; i <= count; i++)
    spawned.push((await spawnAgent(runtime, agent, { id: `w${i}`, env: {} })).address)
  const behaviour = compileWorkflow(workflowOf(steps, output))
  return {
    runtime,
    log,
    reported,
    open,
    run: (input = null, options = {}) =>
      runWorkflow({ runtime, behaviour, input, members: { worker: spawned }, ...options }),
  }
}

/** A step that asks a worker. */
export const ask = (id: string, skill: string, v: Template, more: Partial<Step> = {}): Step =>
  ({ id, ask: 'worker', skill, input: { v }, ...more }) as Step

/** Steps for workers that think with a scripted model; each call costs 100 tokens. */
export async function thinking(
  steps: readonly Step[],
  output: Template,
  script: Script,
  count = 1,
): Promise<{
  readonly runtime: TestRuntime
  readonly model: ScriptedModel
  run(options?: Partial<RunOptions>): Promise<RunResult>
}> {
  const runtime = testRuntime()
  const worker = defineAgent({
    name: 'worker',
    description: 'thinks',
    limits: { maxOutputTokens: 60, maxTurns: 50 },
    skills: {
      think: defineSkill({
        description: 'thinks',
        input: z.object({ v: z.unknown() }),
        output: z.object({ v: z.unknown() }),
        prompt: ({ v }) => ({ user: JSON.stringify(v) }),
      }),
    },
  })
  const model = scriptedModel(script)
  const members: Address[] = []
  for (let i = 1; i <= count; i++)
    members.push((await spawnAgent(runtime, worker, { id: `w${i}`, env: {}, model })).address)
  const behaviour = compileWorkflow(workflowOf(steps, output))
  const run = (options: Partial<RunOptions> = {}) =>
    runWorkflow({ runtime, behaviour, input: null, members: { worker: members }, ...options })
  return { runtime, model, run }
}

/** Of one call of `answers`. */
export const PRICE = { inputTokens: 60, outputTokens: 40, costUsd: 0.5 }
/** Every call thinks, and costs 100 tokens. */
export const answers: Script = () => ({ object: { v: 'thought' }, usage: PRICE })
