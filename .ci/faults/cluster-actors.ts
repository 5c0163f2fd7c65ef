/**
 * The actors of the cluster that is broken: workers that do jobs of four effects in the ledger, tell a tally of
 * their beginning and end, and ask a counter in between; both live in other partitions. A run is a job with a worker
 * of its own. Used by `cluster-subject.ts`; what must be true of their notes is in `cluster-verdict.ts`.
 */
import { z } from 'zod'
import { type Address, address } from '../../actors/address.ts'
import type { Behaviour } from '../../actors/behaviour.ts'
import { RuntimeError } from '../../actors/errors.ts'
import { NO_USAGE } from '../../actors/events.ts'
import { assign } from '../../actors/machine.ts'
import type { RunnableWorkflow } from '../../agents/workflow/runnable.ts'
import type { Seen } from '../../runtime/testkit/loose-machine.ts'
import { reply, sample } from '../../runtime/testkit/sample-actors.ts'
import { type LedgerPlace, ledgerEffect } from './effect-calls.ts'
import { type JobReport, LEDGER_CLASSES, type SeenEffect } from './ledger-entries.ts'

export interface Job {
  readonly job: number
  readonly slowMs: number
  /** Name of its worker, and of the tally and the counter it tells and asks. */
  readonly worker: string
  readonly tally: Address
  readonly counter: Address
}

/** The n-th thing that a worker told a tally. */
export type Note = readonly [worker: string, n: number, job: number, what: 'begun' | 'done']

interface WorkerState extends Job {
  readonly told: number
  readonly seen: readonly SeenEffect[]
}

const state = ({ context }: Seen): WorkerState => context as unknown as WorkerState

const tellTally = (what: Note[3]) => [
  assign(({ context }: never) => ({ told: (context as WorkerState).told + 1 })),
  {
    type: 'tell',
    params: (seen: Seen) => {
      const { tally, worker, told, job } = state(seen)
      return { to: tally, type: 'note.take', body: [worker, told, job, what] satisfies Note }
    },
  },
]

const fail = {
  target: 'idle',
  actions: { type: 'fail', params: ({ event }: Seen) => ({ error: event['error'] }) },
}

/** Calls the ledger once per class, in their order, and answers with the ledger's completions. */
export function workerBehaviour(place: LedgerPlace): Behaviour {
  const step = (at: number): Record<string, unknown> => ({
    tags: 'busy',
    invoke: {
      src: LEDGER_CLASSES[at],
      input: (seen: Seen) => ({
        job: state(seen).job,
        slowMs: 2 + ((state(seen).job * 7 + at * 13) % state(seen).slowMs),
      }),
      onDone: {
        target: at + 1 < LEDGER_CLASSES.length ? `step${at + 1}` : 'counting',
        actions: assign(({ context, event }: never) => ({
          seen: [...(context as WorkerState).seen, (event as { output: SeenEffect }).output],
        })),
      },
      onError: fail,
    },
  })
  const counting = {
    tags: 'busy',
    invoke: {
      src: 'ask',
      input: (seen: Seen) => ({
        to: state(seen).counter,
        type: 'count.up',
        body: { job: state(seen).job },
      }),
      onDone: {
        target: 'idle',
        actions: [
          ...tellTally('done'),
          reply(seen => ({ job: state(seen).job, seen: state(seen).seen }) satisfies JobReport),
        ],
      },
      onError: fail,
    },
  }
  return sample(
    'worker',
    {
      context: { told: 0 },
      initial: 'idle',
      states: {
        idle: {
          on: {
            'job.do': {
              target: 'step0',
              actions: [
                assign(({ event }: never) => ({ ...(event as { body: Job }).body, seen: [] })),
                ...tellTally('begun'),
              ],
            },
          },
        },
        ...Object.fromEntries(LEDGER_CLASSES.map((_, at) => [`step${at}`, step(at)])),
        counting,
      },
    },
    { actors: Object.fromEntries(LEDGER_CLASSES.map(kind => [kind, ledgerEffect(place, kind)])) },
  )
}

/** Keeps everything it is told, in order, also what it knows. */
export const tallyBehaviour = (): Behaviour =>
  sample('tally', {
    context: { notes: [] },
    on: {
      'note.take': {
        actions: assign(({ context, event }: never) => ({
          notes: [...(context as { notes: readonly Note[] }).notes, (event as { body: Note }).body],
        })),
      },
      'notes.read': { actions: reply(({ context }) => context['notes']) },
    },
  })

/** Keeps the jobs it was asked to count, in order, also those it has counted. */
export const counterBehaviour = (): Behaviour =>
  sample('counter', {
    context: { jobs: [] },
    on: {
      'count.up': {
        actions: [
          assign(({ context, event }: never) => ({
            jobs: [
              ...(context as { jobs: readonly number[] }).jobs,
              (event as { body: { job: number } }).body.job,
            ],
          })),
          reply(({ context }) => (context['jobs'] as unknown as readonly number[]).length),
        ],
      },
      'jobs.read': { actions: reply(({ context }) => context['jobs']) },
    },
  })

/** A job as a run, by a worker that lives and ends with it. */
export function jobWorkflow(worker: Behaviour): RunnableWorkflow {
  return {
    name: 'job',
    description: 'Does one job.',
    input: z.looseObject({ job: z.number() }),
    async run(input, { runtime, runId, signal }) {
      const began = performance.now()
      await runtime.spawn(worker, { id: runId, run: runId })
      const output = await runtime.ask(address('worker', runId), 'job.do', input, { key: 'job', signal })
      const durationMs = performance.now() - began
      return { runId, workflow: 'job', status: 'done', output, usage: NO_USAGE, durationMs, problems: [] }
    },
    behaviours: () => [worker],
    replayed() {
      throw new RuntimeError('internal', 'a job is not replayed')
    },
    render: output => JSON.stringify(output),
  }
}
