/** Mastra: a workflow of ten chained steps, no storage configured: its steps are not persisted. */
import { z } from 'zod'
import { loadPeer } from '../peer-packages.ts'
import type { Measured } from '../scenario.ts'
import { measured, timed } from '../timing.ts'
import { STEPS } from '../work.ts'

interface Run {
  start(options: {
    inputData: { n: number }
  }): Promise<{ readonly status: string; readonly result?: { readonly n: number } }>
}
interface Workflow {
  then(step: unknown): Workflow
  commit(): void
  createRunAsync(): Promise<Run>
}
interface Mastra {
  createWorkflow(options: Record<string, unknown>): Workflow
  createStep(options: Record<string, unknown>): unknown
}

export async function workflowSteps(): Promise<Measured> {
  const { createWorkflow, createStep } = await loadPeer<Mastra>('@mastra/core/workflows')
  const schema = z.object({ n: z.number() })
  const io = { inputSchema: schema, outputSchema: schema }
  const workflow = createWorkflow({ id: 'counting', ...io })
  for (let i = 0; i < STEPS; i++) {
    const execute = async ({ inputData }: { inputData: { n: number } }) => ({ n: inputData.n + 1 })
    workflow.then(createStep({ id: `step-${i}`, ...io, execute }))
  }
  workflow.commit()
  const step = await timed(
    async n => {
      const run = await workflow.createRunAsync()
      const { status, result } = await run.start({ inputData: { n } })
      return status === 'success' && result?.n === n + STEPS ? STEPS : 0
    },
    { size: STEPS },
  )
  return measured({ step })
}
