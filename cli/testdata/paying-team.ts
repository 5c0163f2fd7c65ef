/**
 * For tests of clusters, loaded by their nodes: agents that say where they work and take their time, and a workflow that
 * pays, which nobody may repeat unasked. What they do is written to the file that PAYING_LOG names; a payment ends when
 * the file PAYING_OPEN names is there.
 */
import { appendFileSync, existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { effect } from '../../actors/effect.ts'
import { defineAgent } from '../../agents/define-agent.ts'
import { defineSkill } from '../../agents/skill.ts'
import { ask, workflowOf } from '../../agents/testdata/workflow-rig.ts'
import { compileWorkflow } from '../../agents/workflow/compile.ts'
import { ref } from '../../agents/workflow/reference.ts'
import { runWorkflow } from '../../agents/workflow/run-workflow.ts'
import type { RunnableWorkflow } from '../../agents/workflow/runnable.ts'
import type { Seen } from '../../runtime/testkit/loose-machine.ts'
import { fail, reply, sample } from '../../runtime/testkit/sample-actors.ts'

const note = (text: string): void =>
  appendFileSync(process.env['PAYING_LOG'] ?? '', `${text} ${process.pid}\n`)

async function opened(signal: AbortSignal): Promise<void> {
  while (!existsSync(process.env['PAYING_OPEN'] ?? '')) await sleep(50, undefined, { signal })
}

const porter = defineAgent({
  name: 'porter',
  description: 'Carries one thing after the other.',
  skills: {
    carry: defineSkill({
      description: 'Carry it.',
      input: z.object({ thing: z.string() }),
      output: z.object({ pid: z.number() }),
      async extract({ thing }, { signal }) {
        note(`carry ${thing}`)
        await opened(signal)
        return { pid: process.pid }
      },
    }),
  },
})

const pay = effect({
  class: 'manual',
  async run(_: unknown, { signal }) {
    note('pay')
    await opened(signal)
    return 'paid'
  },
})

const worker = sample(
  'worker',
  {
    initial: 'idle',
    states: {
      idle: { on: { 'task.assign': 'working' } },
      working: {
        tags: 'busy',
        invoke: {
          src: 'pay',
          input: ({ event }: Seen) => event['body'],
          onDone: { target: 'idle', actions: reply(({ event }) => ({ v: event['output'] })) },
          onError: { target: 'idle', actions: fail },
        },
      },
    },
  },
  { actors: { pay: pay as never } },
)

const behaviour = compileWorkflow(workflowOf([ask('a', 'any', 'bill')], ref('a.v')))

/** What the partitions bring back with a run. */
export const behaviours = [behaviour, worker]

const paying: RunnableWorkflow = {
  name: behaviour.type,
  description: 'Pays once.',
  input: z.object({}),
  async run(input, { runtime, runId, signal, decisions }) {
    const members = { worker: [await runtime.spawn(worker, { id: `w-${runId}`, run: runId })] }
    return runWorkflow({ runtime, behaviour, input, members, runId, signal, ...(decisions && { decisions }) })
  },
  behaviours: () => behaviours,
  replayed: () => null,
  render: output => `paid: ${JSON.stringify(output)}`,
}

export const agents = [porter]
export const workflows = [paying]
