/** An actor that counts what it is asked: what it has said once may never be said again, whoever hosts it. */
import { defineBehaviour } from '../../actors/behaviour.ts'
import { type AnyStateMachine, assign, outputs, setup } from '../../actors/machine.ts'

interface Count {
  readonly n: number
}

const answer = { type: 'reply', params: ({ context }: { context: Count }) => ({ body: { n: context.n } }) }

export const count = defineBehaviour({
  type: 'count',
  machine: setup({
    types: { context: {} as Count },
    actions: { ...outputs, add: assign(({ context }) => ({ n: context.n + 1 })) },
  }).createMachine({
    context: { n: 0 },
    on: { 'count.next': { actions: ['add', answer as never] } },
  }) as unknown as AnyStateMachine,
})
