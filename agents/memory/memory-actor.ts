/**
 * The memory actor: one per directory and node, through which the other actors of the node reach a memory. It answers
 * `memory.<method>` with `{ namespace, args }`, several at a time; beyond that messages wait, and when too many do, a
 * new one is refused at once with `mailbox-full`. Besides, it has waiting episodes consolidated, one batch after the
 * other. It keeps no memories: they are in the store, and in the journal while a call is under way.
 */
import { type Behaviour, defineBehaviour } from '../../actors/behaviour.ts'
import { type AnyStateMachine, outputs, setup } from '../../actors/machine.ts'
import { MEMORY, memoryActions, outputOf, TICK, TUNE } from './memory-actions.ts'
import {
  type BatchInput,
  LONG,
  type MemoryAccess,
  memoryEffects,
  READS,
  type SeenProposal,
  WRITES,
} from './memory-effects.ts'
import { type Applied, goesOn, leftOf, nextJob } from './memory-jobs.ts'
import {
  healthOf,
  type Job,
  type MemoryState,
  type MemoryTuning,
  newState,
  underWay,
} from './memory-state.ts'

export interface MemorySetting extends MemoryAccess {
  /** The actor's own id. */
  readonly id: string
  /** Calls that may wait. */
  readonly maxWaiting: number
}

type Args = { readonly context: MemoryState; readonly event: unknown }

/** When nothing is scheduled it still looks at the clock this often, so that a new setting takes effect. */
const IDLE_MS = 86_400_000

/** The behaviour of a memory actor; its input is a `MemoryTuning`. */
export function memoryBehaviour(setting: MemorySetting): Behaviour {
  const machine = setup({
    types: { context: {} as MemoryState, input: {} as MemoryTuning },
    actors: { ...memoryEffects(setting) },
    guards: {
      isFull: ({ context }) => underWay(context) >= context.tuning.maxUnderWay,
      hasRoom: ({ context }) => underWay(context) < context.tuning.maxUnderWay,
      hasJob: ({ context }) => nextJob(context) !== undefined,
      hasModel: ({ context }) => context.tuning.hasModel,
      hasProposal: ({ event }) => outputOf(event) !== null,
      goesOn: ({ context, event }) => goesOn(context, outputOf<Applied>(event)),
    },
    delays: { schedule: ({ context }) => context.tuning.everyMs ?? IDLE_MS },
    actions: { ...outputs, ...(memoryActions(setting.id) as Record<never, never>) },
  }).createMachine(memoryStates() as never)
  return defineBehaviour({
    type: MEMORY,
    machine: machine as unknown as AnyStateMachine,
    mailbox: { capacity: setting.maxWaiting },
  })
}

/** The states; every name they use is declared above. */
function memoryStates() {
  const calls = [...READS, ...WRITES, ...LONG].map(method => [`${MEMORY}.${method}`, { actions: 'call' }])
  const batchInput = ({ context, event }: Args): BatchInput => {
    const job = context.job as Job
    const proposed = outputOf<SeenProposal | null | undefined>(event)
    return {
      namespace: job.namespace,
      limit: leftOf(job, context.tuning),
      ...(isProposal(proposed) && { proposed }),
    }
  }
  const consolidate = 'memory.consolidate'
  const work = [{ guard: 'hasModel', target: 'proposing' }, { target: 'extracting' }]
  const done = { target: 'deciding', actions: 'finish' }
  const fallBack = { target: 'extracting', actions: 'fallBack' }
  const applied = [
    { guard: 'goesOn', target: 'working', actions: 'book' },
    { target: 'deciding', actions: ['book', 'finish'] },
  ]
  return {
    id: MEMORY,
    context: ({ input }: { readonly input: MemoryTuning }) => newState(input),
    type: 'parallel',
    states: {
      serving: {
        initial: 'open',
        on: {
          ...Object.fromEntries(calls),
          'memory.health': {
            actions: { type: 'reply', params: ({ context }: Args) => ({ body: healthOf(context) }) },
          },
          'xstate.done.actor.*': { actions: 'answer' },
          'xstate.error.actor.*': { actions: 'answer' },
        },
        states: {
          open: { always: { guard: 'isFull', target: 'full' } },
          full: { tags: 'busy', always: { guard: 'hasRoom', target: 'open' } },
        },
      },
      consolidating: {
        initial: 'resting',
        on: {
          [consolidate]: { actions: 'queue' },
          [TICK]: { actions: 'later' },
          [TUNE]: { actions: 'tune' },
        },
        states: {
          resting: {
            on: {
              [consolidate]: { target: 'deciding', actions: 'queue' },
              [TICK]: { target: 'surveying', actions: 'looked' },
              [TUNE]: { target: 'resting', reenter: true, actions: 'tune' },
            },
            after: { schedule: { target: 'resting', reenter: true, actions: 'look' } },
          },
          surveying: {
            invoke: {
              src: 'survey',
              id: 'survey',
              input: null,
              onDone: { target: 'deciding', actions: 'plan' },
              onError: done,
            },
          },
          deciding: {
            always: [
              { guard: 'hasJob', target: 'working', actions: 'take' },
              { target: 'resting', actions: 'rest' },
            ],
          },
          working: { always: work },
          proposing: {
            invoke: {
              src: 'propose',
              id: 'propose',
              input: batchInput,
              onDone: [{ guard: 'hasProposal', target: 'applying' }, done],
              onError: fallBack,
            },
          },
          applying: {
            invoke: { src: 'apply', id: 'apply', input: batchInput, onDone: applied, onError: fallBack },
          },
          extracting: {
            invoke: { src: 'apply', id: 'extract', input: batchInput, onDone: applied, onError: done },
          },
        },
      },
    },
  }
}

const isProposal = (value: unknown): value is SeenProposal =>
  typeof value === 'object' && value !== null && 'seen' in value
