/** A workflow as the command line runs it: its input as a schema, a way to run it, and its result for people. */
import type { z } from 'zod'
import type { Address } from '../../actors/address.ts'
import type { Behaviour } from '../../actors/behaviour.ts'
import type { EffectDecision } from '../../actors/protocol.ts'
import type { Runtime } from '../../runtime/create-runtime.ts'
import type { RunRecord } from '../../runtime/runs.ts'
import type { Env } from '../models/providers.ts'
import type { WorkflowResult } from './run-state.ts'
import type { RunResult } from './run-workflow.ts'

export interface RunSurroundings {
  readonly runtime: Runtime
  readonly cwd: string
  readonly env: Env
  readonly signal: AbortSignal
  readonly runId: string
  /** Agents in the team, where the workflow has one. */
  readonly size?: number
  /** `provider:model`. */
  readonly model?: string
  /** Namespace of the memory that it recalls from and remembers in, where the workflow can. */
  readonly memory?: string
  /** What a person decided about effects of unknown outcome, by effect. */
  readonly decisions?: ReadonlyMap<string, EffectDecision>
}

export interface RunnableWorkflow {
  readonly name: string
  readonly description: string
  /** Flags of the command are made from it: camelCase becomes kebab-case, arrays may be repeated. */
  readonly input: z.ZodObject
  /** The run, to its end. Throws only for what is wrong before it begins. */
  run(input: Readonly<Record<string, unknown>>, surroundings: RunSurroundings): Promise<RunResult>
  /** The behaviours of a run's actors, for what reads its journal: none of their effects is run. */
  behaviours(options: {
    readonly model?: string
    readonly size?: number
    readonly memory?: string
  }): readonly Behaviour[]
  /** The output of a run, made again from what its workflow answered; the same that `run` gave. */
  replayed(record: RunRecord, answer: WorkflowResult, actors: readonly Address[]): unknown
  /** Markdown for a person. */
  render(output: unknown): string
}
