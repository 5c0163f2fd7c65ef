/** A workflow as the command line runs it: its input as a schema, a way to run it, and its result for people. */
import type { z } from 'zod'
import type { Runtime } from '../../runtime/create-runtime.ts'
import type { Env } from '../models/providers.ts'
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
}

export interface RunnableWorkflow {
  readonly name: string
  readonly description: string
  /** Flags of the command are made from it: camelCase becomes kebab-case, arrays may be repeated. */
  readonly input: z.ZodObject
  /** The run, to its end. Throws only for what is wrong before it begins. */
  run(input: Readonly<Record<string, unknown>>, surroundings: RunSurroundings): Promise<RunResult>
  /** Markdown for a person. */
  render(output: unknown): string
}
