/**
 * The actors of a simulated cluster: drivers that carry out operations by telling, asking, waiting and starting others,
 * in as many partitions; doers with effects of all classes; notebooks in which everything is written down once.
 */
import type { Address } from '../../../actors/address.ts'
import type { Behaviour } from '../../../actors/behaviour.ts'
import { assign } from '../../../actors/machine.ts'
import type { Seen } from '../loose-machine.ts'
import { asker, fail, notebook, reply, sample } from '../sample-actors.ts'
import { doer } from './scenarios/effect-chain.ts'
import type { World } from './world.ts'

/** What a driver is asked to do. */
export interface Operation {
  readonly op: string
  /** Who does the effects, and who takes the notes. */
  readonly doer: Address
  readonly notebook: Address
  /** Asked in between, if there is one: two hops instead of one. */
  readonly via?: Address
  readonly restMs: number
}

const note = (what: string) => ({
  type: 'tell',
  params: ({ context }: Seen) => {
    const { op, notebook: to } = context['operation'] as unknown as Operation
    return { to, type: 'note.add', body: `${what} ${op}` }
  },
})

/** The last notes of an operation come from its driver, in this order. */
export const NOTES = ['begin', 'asked', 'rested', 'end'] as const
export const BORN = 'born'

/** Carries out one operation after the other, and answers each with what its effects came to. */
const driver = (): Behaviour =>
  sample(
    'driver',
    {
      context: { operation: null, done: null },
      initial: 'idle',
      states: {
        idle: {
          on: {
            'drive.do': {
              target: 'asking',
              actions: assign(({ event }: never) => ({ operation: (event as { body: unknown }).body })),
            },
          },
        },
        asking: {
          tags: 'busy',
          entry: note('begin'),
          invoke: {
            src: 'ask',
            input: ({ context }: Seen) => asking(context['operation'] as unknown as Operation),
            onDone: {
              target: 'resting',
              actions: [
                assign(({ event }: never) => ({ done: (event as { output: unknown }).output })),
                note('asked'),
              ],
            },
            onError: { target: 'idle', actions: [note('failed'), fail] },
          },
        },
        resting: {
          tags: 'busy',
          entry: {
            type: 'spawn',
            params: ({ context }: Seen) => {
              const { op, notebook: to } = context['operation'] as unknown as Operation
              return { type: 'child', id: op, input: { op, to } }
            },
          },
          after: { rest: { target: 'answering', actions: note('rested') } },
        },
        answering: {
          tags: 'busy',
          entry: note('end'),
          always: { target: 'idle', actions: reply(({ context }) => context['done']) },
        },
      },
    },
    { delays: { rest: ({ context }: Seen) => (context['operation'] as unknown as Operation).restMs } },
  )

function asking({ op, doer: to, via }: Operation): unknown {
  const ask = { to, type: 'chain.do', body: { op } }
  return via === undefined ? ask : { to: via, type: 'ask.on', body: ask }
}

/** Says that it is there, and goes after a while. */
const child = (): Behaviour =>
  sample('child', {
    context: ({ input }: { readonly input: unknown }) => ({ ...(input as object) }),
    initial: 'there',
    states: {
      there: {
        entry: {
          type: 'tell',
          params: ({ context }: Seen) => ({
            to: context['to'],
            type: 'note.add',
            body: `${BORN} ${context['op']}`,
          }),
        },
        after: { 200: 'gone' },
      },
      gone: { type: 'final' },
    },
  })

/** Anew for every life of a node: effects know whose they are. */
export const clusterActors = (world: Pick<World, 'effect'>): readonly Behaviour[] => [
  driver(),
  doer(world),
  notebook(),
  asker(),
  child(),
]
