/**
 * Scenario: a coordinator that works as a workflow does: plan, two asks side by side, a wait, a publication that
 * must happen once, and an answer. Several run one after the other through the same actors.
 */
import { type Address, address } from '../../../../actors/address.ts'
import type { Behaviour } from '../../../../actors/behaviour.ts'
import { assign } from '../../../../actors/machine.ts'
import type { Seen } from '../../loose-machine.ts'
import { fail, reply, sample, worker } from '../../sample-actors.ts'
import type { Scenario } from '../program.ts'
import type { World } from '../world.ts'
import { type Asked, askKeyed } from './keyed.ts'

/** Longer than clocks jump. */
const DAY_MS = 86_400_000
const RUNS = ['r1', 'r2', 'r3', 'r4'] as const

type Fields = Readonly<Record<string, unknown>>
const keep = (name: string) => assign(({ event }: never) => ({ [name]: (event as Fields)['output'] }))

const askState = (to: Address, name: string) => ({
  initial: 'asking',
  states: {
    asking: {
      invoke: {
        id: `ask-${name}`,
        src: 'ask',
        input: ({ context }: Seen) => ({ to, type: 'work.do', body: { plan: context['plan'], name } }),
        onDone: { target: 'over', actions: keep(name) },
        onError: { target: 'over' },
      },
    },
    over: { type: 'final' },
  },
})

const coordinatorBehaviour = (world: World): Behaviour =>
  sample(
    'coordinator',
    {
      context: { run: '', plan: '', left: '', right: '' },
      initial: 'idle',
      states: {
        idle: {
          on: {
            'flow.run': {
              target: 'planning',
              actions: assign(({ event }: never) => ({
                run: (event as Fields)['body'],
                left: '',
                right: '',
              })),
            },
          },
        },
        planning: {
          tags: 'busy',
          entry: {
            type: 'publish',
            params: ({ context }: Seen) => ({ kind: 'planning', body: context['run'] }),
          },
          invoke: {
            src: 'plan',
            input: ({ context }: Seen) => ({ run: context['run'] }),
            onDone: { target: 'gathering', actions: keep('plan') },
            onError: { target: 'idle', actions: fail },
          },
        },
        gathering: {
          tags: 'busy',
          type: 'parallel',
          states: {
            left: askState(address('worker', 'left'), 'left'),
            right: askState(address('worker', 'right'), 'right'),
          },
          onDone: 'waiting',
        },
        waiting: { tags: 'busy', after: { 5000: 'publishing' } },
        publishing: {
          tags: 'busy',
          entry: {
            type: 'publish',
            params: ({ context }: Seen) => ({ kind: 'publishing', body: context['run'] }),
          },
          invoke: {
            src: 'publish',
            input: ({ context }: Seen) => ({ run: context['run'] }),
            onDone: {
              target: 'idle',
              actions: reply(({ context, event }) => ({
                published: event['output'],
                left: context['left'],
                right: context['right'],
              })),
            },
            onError: { target: 'idle', actions: fail },
          },
        },
      },
    },
    {
      actors: {
        plan: world.effect<{ run: string }, string>('plan', {
          class: 'pure',
          run: ({ run }) => `plan of ${run}`,
        }),
        publish: world.effect<{ run: string }, string>('publish', {
          class: 'verifiable',
          run: ({ run }) => `published ${run}`,
        }),
      },
    },
  )

/** A worker whose effect is the simulation's. */
function writer(world: World): Behaviour {
  const { effect: spec } = world.effect<{ name: string; plan: string }, string>('write', {
    class: 'idempotent',
    run: ({ name, plan }) => `${name} by ${plan}`,
    latencyMs: 2_000,
  })
  return worker((input, context) => spec.run(input, context), { class: spec.class })
}

export const coordinator: Scenario = {
  name: 'coordinator',
  async start(runtime, world) {
    const write = writer(world)
    await runtime.spawn(write, { id: 'left' })
    await runtime.spawn(write, { id: 'right' })
    const to = await runtime.spawn(coordinatorBehaviour(world), { id: 'one' })
    const asked: Asked[] = []
    for (const key of RUNS)
      asked.push(await askKeyed(runtime, to, 'flow.run', key, { key, timeoutMs: DAY_MS }))
    return asked
  },
  check({ result, ledger }) {
    const asked = result as readonly Asked[]
    return RUNS.flatMap((run, at) => {
      const answer = asked[at]?.answer as Fields | undefined
      const keys = new Set(
        ledger.flatMap(({ kind, name, key, input }) =>
          kind === 'started' && name === 'publish' && (input as Fields)['run'] === run ? [key] : [],
        ),
      )
      const published = ledger.filter(({ kind, key }) => kind === 'happened' && keys.has(key)).length
      if (answer && answer['published'] !== `published ${run}`)
        return [`${run} was answered with another's result`]
      return published > 1 || (answer && published === 0) ? [`${run} was published ${published} times`] : []
    })
  },
}
