/** The actor that answers with the number plus 1, for the scenarios that ask from another process. */
import { defineBehaviour } from '../../actors/behaviour.ts'
import { type AnyStateMachine, type MessageEvent, outputs, setup } from '../../actors/machine.ts'

export const echo = defineBehaviour({
  type: 'echo',
  machine: setup({ actions: outputs }).createMachine({
    on: {
      'echo.say': {
        actions: {
          type: 'reply',
          params: ({ event }) => ({ body: { n: (event as MessageEvent<{ n: number }>).body.n + 1 } }),
        },
      },
    },
  }) as unknown as AnyStateMachine,
})
