/**
 * Scenario: a map over supervised workers. Each waits for a timer, spends from a budget that is leased down the
 * tree, tells a log what it did, in numbers, and one of them gets messages that crash it.
 */
import { type Address, address } from '../../../../actors/address.ts'
import type { Behaviour } from '../../../../actors/behaviour.ts'
import { assign } from '../../../../actors/machine.ts'
import type { Seen } from '../../loose-machine.ts'
import { fail, reply, sample } from '../../sample-actors.ts'
import type { LedgerEntry } from '../ledger.ts'
import type { Scenario } from '../program.ts'
import type { World } from '../world.ts'
import { type Asked, askKeyed } from './keyed.ts'

const WORKERS = ['w1', 'w2', 'w3', 'w4'] as const
const LOG = address('log', 'log')
/** Longer than clocks jump. */
const DAY_MS = 86_400_000
const BUDGET_TOKENS = 300
const USAGE = { inputTokens: 40, outputTokens: 10, modelCalls: 1, toolCalls: 0, costUsd: 0 }

const log = (): Behaviour =>
  sample('log', {
    context: { lines: [] },
    on: {
      'log.add': {
        actions: assign(({ context, event }: never) => {
          const { body, from } = event as { body: { n: number }; from: Address }
          const { lines } = context as { lines: readonly unknown[] }
          return { lines: [...lines, { from, ...body }] }
        }),
      },
      'log.read': { actions: reply(({ context }) => context['lines']) },
    },
  })

/** Waits, tells the log, calls a model; `work.break` crashes it. */
const mapWorker = (world: World): Behaviour =>
  sample(
    'worker',
    {
      context: { n: 0 },
      initial: 'idle',
      states: {
        idle: {
          on: {
            'work.do': 'waiting',
            'work.break': {
              actions: assign(() => {
                throw new Error('told to break')
              }),
            },
          },
        },
        waiting: {
          tags: 'busy',
          after: { 750: 'working' },
        },
        working: {
          tags: 'busy',
          entry: [
            assign(({ context }: never) => ({ n: (context as { n: number }).n + 1 })),
            {
              type: 'tell',
              params: ({ context }: Seen) => ({ to: LOG, type: 'log.add', body: { n: context['n'] } }),
            },
            { type: 'publish', params: ({ context }: Seen) => ({ kind: 'began', body: context['n'] }) },
          ],
          invoke: {
            src: 'think',
            input: {},
            onDone: { target: 'idle', actions: reply(({ event }) => event['output']) },
            onError: { target: 'idle', actions: fail },
          },
        },
      },
    },
    { actors: { think: world.effect('think', { class: 'pure', run: () => 'thought', usage: USAGE }) } },
  )

/** Asks every worker at once, with an equal share of its budget, and answers with how many could do it. */
const mapper = (): Behaviour =>
  sample('mapper', {
    context: { done: 0 },
    initial: 'idle',
    states: {
      idle: { on: { 'map.run': 'mapping' } },
      mapping: {
        tags: 'busy',
        type: 'parallel',
        states: Object.fromEntries(WORKERS.map(each => [each, branch(each)])),
        onDone: {
          target: 'idle',
          actions: [reply(({ context }) => context['done']), assign(() => ({ done: 0 }))],
        },
      },
    },
  })

const branch = (id: (typeof WORKERS)[number]) => ({
  initial: 'asking',
  states: {
    asking: {
      invoke: {
        id: `ask-${id}`,
        src: 'ask',
        input: { to: address('worker', id), type: 'work.do', body: null, share: 1 / WORKERS.length },
        onDone: { target: 'over', actions: assign(({ context }: never) => counted(context)) },
        onError: { target: 'over' },
      },
    },
    over: { type: 'final' },
  },
})

const counted = (context: unknown) => ({ done: (context as { done: number }).done + 1 })

export const fanOut: Scenario = {
  name: 'fan-out',
  async start(runtime, world) {
    await runtime.spawn(log(), { id: 'log' })
    await runtime.supervise({
      id: 'team',
      intensity: { restarts: 20, periodMs: 5_000 },
      children: WORKERS.map(id => ({ behaviour: mapWorker(world), id })),
    })
    const map = await runtime.spawn(mapper(), { id: 'mapper' })
    const asked = await Promise.all([
      ...['m1', 'm2', 'm3'].map(key =>
        askKeyed(runtime, map, 'map.run', null, {
          key,
          timeoutMs: DAY_MS,
          budget: { tokens: BUDGET_TOKENS },
        }),
      ),
      askKeyed(runtime, address('worker', 'w4'), 'work.break', null, { key: 'break', timeoutMs: DAY_MS }),
    ])
    const read = await askKeyed(runtime, LOG, 'log.read', null, {
      key: `log-${world.start}`,
      timeoutMs: 60_000,
    })
    return { asked, lines: read.answer }
  },
  check({ result, ledger }) {
    const { asked, lines } = result as { asked: readonly Asked[]; lines: readonly Line[] | undefined }
    const problems: string[] = []
    const broken = asked.at(-1)
    if (broken?.error === undefined) problems.push('a message that crashes its actor was answered')
    for (const { key, error } of asked.slice(0, 3)) if (error) problems.push(`${key} failed: ${error}`)
    return [...problems, ...overspent(ledger), ...disordered(lines ?? [])]
  },
}

interface Line {
  readonly from: Address
  readonly n: number
}

/** Three asks with a budget each: what was really spent, also by attempts that nobody heard of again. */
function overspent(ledger: readonly LedgerEntry[]): readonly string[] {
  const tokens = ledger.reduce(
    (sum, { kind, usage }) =>
      kind === 'happened' && usage ? sum + usage.inputTokens + usage.outputTokens : sum,
    0,
  )
  return tokens > 3 * BUDGET_TOKENS ? [`${tokens} tokens were spent of ${3 * BUDGET_TOKENS}`] : []
}

/** Numbers of one worker grow by one; a restart, which only one of them suffers, begins again at 1. */
function disordered(lines: readonly Line[]): readonly string[] {
  const last = new Map<string, number>()
  return lines.flatMap(({ from, n }) => {
    const before = last.get(from) ?? 0
    last.set(from, n)
    const restarted = from === address('worker', 'w4') && n === 1
    return n === before + 1 || restarted ? [] : [`${from} told ${n} after ${before}`]
  })
}
