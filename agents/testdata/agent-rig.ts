/** What the tests of agents begin with: one agent on a test runtime, and the error that a promise ends with. */
import type { Address } from '../../actors/address.ts'
import { RuntimeError } from '../../actors/errors.ts'
import type { EffectPolicy } from '../../actors/strategy.ts'
import type { Answered, AskOptions } from '../../runtime/messages.ts'
import { type TestRuntime, testRuntime } from '../../runtime/testkit/test-runtime.ts'
import type { Agent } from '../define-agent.ts'
import type { ModelSpec } from '../models/access.ts'
import type { Prices } from '../models/model.ts'
import { type Script, type ScriptedModel, scriptedModel } from '../models/scripted.ts'
import { spawnAgent } from '../spawn-agent.ts'

export interface RigOptions {
  readonly runtime?: TestRuntime
  readonly model?: ModelSpec
  readonly price?: Prices
  readonly fallbackModel?: ModelSpec
  readonly policy?: Partial<EffectPolicy>
  readonly resources?: unknown
}

export interface Rig {
  readonly runtime: TestRuntime
  readonly address: Address
  ask(skill: string, input: unknown, options?: AskOptions): Promise<unknown>
  askWithUsage(skill: string, input: unknown, options?: AskOptions): Promise<Answered>
}

export async function agentRig(
  agent: Agent,
  { runtime = testRuntime(), ...options }: RigOptions = {},
): Promise<Rig> {
  const { address, ask } = await spawnAgent(runtime, agent, { ...options, env: {} })
  return {
    runtime,
    address,
    ask,
    askWithUsage: (skill, input, how) => runtime.askWithUsage(address, 'task.assign', { skill, input }, how),
  }
}

/** An agent that thinks with a scripted model. */
export async function scriptedRig(
  agent: Agent,
  script: Script,
  options: Omit<RigOptions, 'model'> = {},
): Promise<Rig & { readonly model: ScriptedModel }> {
  const model = scriptedModel(script)
  return { ...(await agentRig(agent, { ...options, model })), model }
}

/** The error that `work` ends with. Throws when it does not fail, or with something that is no `RuntimeError`. */
export async function failure(work: Promise<unknown>): Promise<RuntimeError> {
  const outcome = await work.then(
    value => ({ value }),
    (thrown: unknown) => ({ thrown }),
  )
  if ('value' in outcome) throw new Error(`it did not fail, but gave ${JSON.stringify(outcome.value)}`)
  if (outcome.thrown instanceof RuntimeError) return outcome.thrown
  throw outcome.thrown
}

/** A promise that a test fulfils by hand. */
export function latch(): { readonly promise: Promise<void>; open(): void } {
  let open: () => void = () => {}
  const promise = new Promise<void>(resolve => {
    open = resolve
  })
  return { promise, open: () => open() }
}
