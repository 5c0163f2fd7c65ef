/**
 * Scenario: asks along a chain of three actors, at whose end effects of all five classes are done one after the
 * other. What a crash may do to each class is what it is for.
 */
import type { Behaviour } from '../../../../actors/behaviour.ts'
import type { EffectClass } from '../../../../actors/effect.ts'
import { assign } from '../../../../actors/machine.ts'
import type { Seen } from '../../loose-machine.ts'
import { asker, fail, reply, sample } from '../../sample-actors.ts'
import type { LedgerEntry } from '../ledger.ts'
import type { Scenario } from '../program.ts'
import type { World } from '../world.ts'
import { type Asked, askKeyed } from './keyed.ts'

const CLASSES: readonly EffectClass[] = ['pure', 'idempotent', 'verifiable', 'compensable', 'manual']

interface Op {
  readonly op: string
}

/** Does one effect of each class for `chain.do`, and answers with what they came to. */
export function doer(world: Pick<World, 'effect'>): Behaviour {
  const actors = Object.fromEntries(
    CLASSES.map(of => [
      of,
      world.effect<Op, string>(of, { class: of, run: ({ op }) => `${of} ${op}`, latencyMs: 400 }),
    ]),
  )
  const states = Object.fromEntries(
    CLASSES.map((of, at) => [
      of,
      {
        tags: 'busy',
        entry: { type: 'publish', params: ({ context }: Seen) => ({ kind: of, body: context['op'] }) },
        invoke: {
          src: of,
          input: ({ context }: Seen) => ({ op: context['op'] }),
          onDone: {
            target: CLASSES[at + 1] ?? 'answering',
            actions: assign(({ context, event }: never) => ({
              done: [
                ...(context as { done: readonly unknown[] }).done,
                (event as { output: unknown }).output,
              ],
            })),
          },
          onError: { target: 'idle', actions: fail },
        },
      },
    ]),
  )
  return sample(
    'doer',
    {
      context: { op: '', done: [] },
      initial: 'idle',
      states: {
        idle: {
          on: {
            'chain.do': {
              target: CLASSES[0],
              actions: assign(({ event }: never) => ({ op: (event as { body: Op }).body.op, done: [] })),
            },
          },
        },
        ...states,
        answering: { always: { target: 'idle', actions: reply(({ context }) => context['done']) } },
      },
    },
    { actors },
  )
}

const OPS = ['a', 'b', 'c'] as const

export const effectChain: Scenario = {
  name: 'effect-chain',
  async start(runtime, world) {
    const end = await runtime.spawn(doer(world), { id: 'end' })
    const middle = await runtime.spawn(asker(), { id: 'middle' })
    const first = await runtime.spawn(asker(), { id: 'first' })
    return Promise.all(
      OPS.map(op =>
        askKeyed(
          runtime,
          first,
          'ask.on',
          { to: middle, type: 'ask.on', body: { to: end, type: 'chain.do', body: { op } } },
          { key: `chain-${op}`, timeoutMs: 3_600_000 },
        ),
      ),
    )
  },
  check({ result, ledger }) {
    return (result as readonly Asked[]).flatMap(({ key, answer }, at) => {
      const op = OPS[at] ?? ''
      const problems = CLASSES.flatMap(of => countProblems(of, op, ledger, answer !== undefined))
      const expected = CLASSES.map(of => `${of} ${op}`)
      if (answer !== undefined && JSON.stringify(answer) !== JSON.stringify(expected))
        problems.push(`${key} was answered with ${JSON.stringify(answer)}`)
      return problems
    })
  },
}

/** How often an operation took place in the world, over all keys it may have had. */
function countProblems(
  of: EffectClass,
  op: string,
  ledger: readonly LedgerEntry[],
  answered: boolean,
): string[] {
  if (of === 'pure') return []
  const keys = new Set(
    ledger.flatMap(({ kind, class: is, key, input }) =>
      kind === 'started' && is === of && (input as unknown as Op).op === op ? [key] : [],
    ),
  )
  const times = (kind: LedgerEntry['kind']): number =>
    ledger.filter(entry => entry.kind === kind && keys.has(entry.key)).length
  // The other side does an idempotent one once per key, however often it is called.
  const happened =
    of === 'idempotent' ? Math.min(keys.size, times('happened')) : times('happened') - undone(ledger, keys)
  const right = answered ? happened === 1 : happened <= 1
  return right
    ? []
    : [`${of} effect of "${op}" happened ${happened} times, ${answered ? 'answered' : 'not answered'}`]
}

/** Undoing what did not happen undoes nothing. */
function undone(ledger: readonly LedgerEntry[], keys: ReadonlySet<string>): number {
  let open = 0
  let count = 0
  for (const { kind, key } of ledger) {
    if (!keys.has(key)) continue
    if (kind === 'happened') open++
    else if (kind === 'undone') {
      count += open
      open = 0
    }
  }
  return count
}
