/**
 * XState alone: `createActor`, `send`, and the answer by `sendTo` or a subscription. No mailbox limit, no
 * deadline, no commit, no supervision; it runs inside the caller's turn. The floor that our machines stand on.
 */
import {
  type ActorRefFrom,
  type AnyActorRef,
  assign,
  createActor,
  createMachine,
  sendTo,
  setup,
} from 'xstate'
import type { Measured } from '../scenario.ts'
import { spawned } from '../spawning.ts'
import { measured, timed } from '../timing.ts'
import { ASKS_PER_RUN } from '../work.ts'

interface Saying {
  readonly type: 'say'
  readonly n: number
  readonly replyTo?: AnyActorRef
}

/** Answers whoever is named in the event, and shows its last answer to subscribers. */
const echo = setup({ types: { context: {} as { n: number }, events: {} as Saying } }).createMachine({
  context: { n: 0 },
  on: {
    say: [
      {
        guard: ({ event }) => event.replyTo !== undefined,
        actions: sendTo(
          ({ event }) => event.replyTo as AnyActorRef,
          ({ event }) => ({ type: 'said', n: event.n + 1 }),
        ),
      },
      { actions: assign({ n: ({ event }) => event.n + 1 }) },
    ],
  },
})

interface AskerState {
  readonly echo: ActorRefFrom<typeof echo>
  readonly done: (right: number) => void
  readonly n: number
  readonly left: number
  readonly right: number
}
type AskerEvent = { type: 'run'; n: number; done: (right: number) => void } | { type: 'said'; n: number }

const asker = setup({
  types: {
    context: {} as AskerState,
    events: {} as AskerEvent,
    input: {} as { echo: ActorRefFrom<typeof echo> },
  },
  guards: { isLast: ({ context }) => context.left === 1 },
  actions: {
    begin: assign(({ event, context }) =>
      event.type === 'run' ? { left: ASKS_PER_RUN, right: 0, n: event.n, done: event.done } : context,
    ),
    keep: assign(({ event, context: { left, n, right } }) => ({
      left: left - 1,
      n: n + 1,
      right: right + (event.n === n + 1 ? 1 : 0),
    })),
    finish: ({ context }) => context.done(context.right),
  },
}).createMachine({
  context: ({ input }) => ({ echo: input.echo, done: () => {}, n: 0, left: 0, right: 0 }),
  initial: 'idle',
  states: {
    idle: {
      on: {
        run: { target: 'asking', actions: 'begin' },
      },
    },
    asking: {
      entry: sendTo(
        ({ context }) => context.echo,
        ({ context, self }) => ({ type: 'say', n: context.n, replyTo: self as AnyActorRef }),
      ),
      on: {
        said: [
          { guard: 'isLast', target: 'idle', actions: ['keep', 'finish'] },
          { target: 'asking', reenter: true, actions: 'keep' },
        ],
      },
    },
  },
})

export async function localAsk(): Promise<Measured> {
  const to = createActor(echo).start()
  const askers = Array.from({ length: 32 }, () => createActor(asker, { input: { echo: to } }).start())
  let heard: ((n: number) => void) | undefined
  to.subscribe(({ context }) => heard?.(context.n))
  const outside = async (n: number): Promise<number> => {
    const answer = await new Promise<number>(resolve => {
      heard = resolve
      to.send({ type: 'say', n })
    })
    return answer === n + 1 ? 1 : 0
  }
  const between = (n: number, lane: number): Promise<number> =>
    new Promise<number>(done => askers[lane]?.send({ type: 'run', n, done }))
  return measured({
    'outside, 1 in flight': await timed(outside),
    'outside, 32 in flight': await timed(outside, { inFlight: 32 }),
    'between actors, 1 in flight': await timed(between, { size: ASKS_PER_RUN }),
    'between actors, 32 in flight': await timed(between, { size: ASKS_PER_RUN, inFlight: 32 }),
  })
}

/** The machine of our own subject; its answer is what its snapshot shows. */
const cell = createMachine({
  context: ({ input }: { input: { n: number } }) => ({ n: input.n }),
  initial: 'idle',
  states: { idle: { on: { 'cell.read': { actions: [] } } } },
} as never)

export const spawn = (): Promise<Measured> =>
  spawned({
    start: n => createActor(cell, { input: { n } as never }).start(),
    read: actor => (actor.getSnapshot().context as { n: number }).n,
    stop: actor => {
      actor.stop()
    },
  })
