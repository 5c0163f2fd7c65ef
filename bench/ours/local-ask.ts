/** Our side of `local-ask`: `runtime.ask` from outside, and an actor that asks another through its machine. */
import type { Address } from '../../actors/address.ts'
import { defineBehaviour } from '../../actors/behaviour.ts'
import { type AnyStateMachine, ask, assign, type MessageEvent, outputs, setup } from '../../actors/machine.ts'
import { createRuntime } from '../../runtime/create-runtime.ts'
import type { Measured } from '../scenario.ts'
import { measured, timed } from '../timing.ts'
import { ASKS_PER_RUN } from '../work.ts'

interface Saying {
  readonly n: number
}
interface AskerState {
  readonly echo: Address
  readonly n: number
  readonly left: number
  readonly right: number
}
type AskerArgs = { readonly context: AskerState; readonly event: unknown }

const body = <Body>(event: unknown): Body => (event as MessageEvent<Body>).body
const answer = ({ event }: AskerArgs): number => (event as { output: Saying }).output.n

const echo = defineBehaviour({
  type: 'echo',
  machine: setup({ actions: outputs }).createMachine({
    on: {
      'echo.say': {
        actions: { type: 'reply', params: ({ event }) => ({ body: { n: body<Saying>(event).n + 1 } }) },
      },
    },
  }) as unknown as AnyStateMachine,
})

/** Asks the echo `left` times, one after the other, and replies how many answers were right. */
const asker = defineBehaviour({
  type: 'asker',
  machine: setup({
    types: { context: {} as AskerState, input: {} as { echo: Address } },
    actors: { ask },
    guards: { isLast: ({ context }) => context.left === 1 },
    actions: {
      ...outputs,
      begin: assign(({ event }) => ({ left: ASKS_PER_RUN, right: 0, n: body<Saying>(event).n })),
      keep: assign(({ context, event }) => ({
        left: context.left - 1,
        n: context.n + 1,
        right: context.right + (answer({ context, event }) === context.n + 1 ? 1 : 0),
      })),
    },
  }).createMachine({
    context: ({ input }) => ({ echo: input.echo, n: 0, left: 0, right: 0 }),
    initial: 'idle',
    states: {
      idle: { on: { 'asker.run': { target: 'asking', actions: 'begin' } } },
      asking: {
        tags: 'busy',
        invoke: {
          src: 'ask',
          input: ({ context }) => ({ to: context.echo, type: 'echo.say', body: { n: context.n } }),
          onDone: [
            {
              guard: 'isLast',
              target: 'idle',
              actions: ['keep', { type: 'reply', params: ({ context }) => ({ body: { n: context.right } }) }],
            },
            { target: 'asking', reenter: true, actions: 'keep' },
          ],
        },
      },
    },
  }) as unknown as AnyStateMachine,
})

export async function localAsk(): Promise<Measured> {
  const runtime = createRuntime()
  const to = await runtime.spawn(echo, { id: 'one' })
  const askers: Address[] = []
  for (let i = 0; i < 32; i++) askers.push(await runtime.spawn(asker, { id: `a${i}`, input: { echo: to } }))
  const outside = async (n: number): Promise<number> =>
    ((await runtime.ask(to, 'echo.say', { n })) as Saying).n === n + 1 ? 1 : 0
  const between = async (n: number, lane: number): Promise<number> =>
    ((await runtime.ask(askers[lane] as Address, 'asker.run', { n })) as Saying).n
  const timings = {
    'outside, 1 in flight': await timed(outside),
    'outside, 32 in flight': await timed(outside, { inFlight: 32 }),
    'between actors, 1 in flight': await timed(between, { size: ASKS_PER_RUN }),
    'between actors, 32 in flight': await timed(between, { size: ASKS_PER_RUN, inFlight: 32 }),
  }
  await runtime.stop()
  return measured(timings)
}
