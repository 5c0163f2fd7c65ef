/** Our side of `spawn`: how fast actors start under the root supervisor, and what an idle one weighs. */
import { defineBehaviour } from '../../actors/behaviour.ts'
import { type AnyStateMachine, outputs, setup } from '../../actors/machine.ts'
import { createRuntime } from '../../runtime/create-runtime.ts'
import type { Measured } from '../scenario.ts'
import { spawned } from '../spawning.ts'

const cell = defineBehaviour({
  type: 'cell',
  machine: setup({
    types: { context: {} as { n: number }, input: {} as { n: number } },
    actions: outputs,
  }).createMachine({
    context: ({ input }) => ({ n: input.n }),
    initial: 'idle',
    states: {
      idle: {
        on: { 'cell.read': { actions: { type: 'reply', params: ({ context }) => ({ body: context }) } } },
      },
    },
  }) as unknown as AnyStateMachine,
})

export async function spawn(): Promise<Measured> {
  const runtime = createRuntime()
  const found = await spawned({
    start: n => runtime.spawn(cell, { input: { n }, id: `cell-${n}` }),
    read: async actor => ((await runtime.ask(actor, 'cell.read')) as { n: number }).n,
    stop: actor => runtime.stop(actor),
  })
  await runtime.stop()
  return found
}
