import * as assert from 'uvu/assert'
import { address } from '../../../actors/address.ts'
import type { Behaviour, Snapshot } from '../../../actors/behaviour.ts'
import { effect } from '../../../actors/effect.ts'
import { toWireError } from '../../../actors/errors.ts'
import type { Commit, Taken } from '../../../actors/journal.ts'
import { assign } from '../../../actors/machine.ts'
import type { Seen } from '../loose-machine.ts'
import { sample } from '../sample-actors.ts'
import { testSuite } from '../suite.ts'
import { foldRecord } from './fold.ts'

const test = testSuite('runtime/testkit/simulation/fold')

const A = address('counter', 'a')
const keep = (read: (event: Record<string, unknown>) => unknown) =>
  assign(({ event }: { event: never }) => ({ got: read(event) }))

/** Does an effect for `go`, keeps how it ended, then waits for a timer. */
const counter = (afterMs = 100): Behaviour =>
  sample(
    'counter',
    {
      context: ({ input }: { input?: unknown }) => ({ input: input ?? null, got: null }),
      initial: 'idle',
      states: {
        idle: { on: { go: { target: 'working', actions: keep(event => event['from']) } } },
        working: {
          invoke: {
            src: 'work',
            id: 'w',
            input: ({ event }: Seen) => event['body'],
            onDone: { target: 'waiting', actions: keep(event => event['output']) },
            onError: { target: 'idle', actions: keep(event => (event['error'] as { kind: string }).kind) },
          },
        },
        waiting: { after: { [afterMs]: 'idle' } },
      },
    },
    { actors: { work: effect({ class: 'pure', run: () => null }) } },
  )

const WORK = `${A}.l.2.0`
const init: Taken = { kind: 'init', life: 'l', input: 'in' }
const go: Taken = { kind: 'message', type: 'go', body: 'x', cause: { id: 'm', from: A }, attempt: 1 }
const done: Taken = { kind: 'result', intent: WORK, output: 42 }
const failed: Taken = { kind: 'failure', intent: WORK, error: toWireError(new Error('no')) }
const attempt: Taken = {
  kind: 'attempt-failed',
  intent: WORK,
  attempt: 1,
  error: toWireError(new Error('no')),
}

/** What each of these does to a live actor, as the cell does it: with the events of the interpreter. */
function live(
  behaviour: Behaviour,
  takens: readonly Taken[],
): { commits: readonly Commit[]; snapshot: Snapshot } {
  const events: Readonly<Record<string, (at: number) => { readonly type: string }>> = {
    message: at => ({ type: 'go', body: 'x', id: 'm', at, from: A }) as { type: string },
    result: () => ({ type: 'xstate.done.actor.w', output: 42, actorId: 'w' }) as { type: string },
    failure: () =>
      ({ type: 'xstate.error.actor.w', error: toWireError(new Error('no')), actorId: 'w' }) as {
        type: string
      },
    timer: () => ({ type: 'xstate.after.100.counter.waiting' }),
  }
  let snapshot: Snapshot | undefined
  const commits = takens.map((taken, i): Commit => {
    const at = 1_000 + i
    const event = events[taken.kind]?.(at)
    const step =
      taken.kind === 'init' || taken.kind === 'restart'
        ? behaviour.initial(taken.input, at)
        : event && snapshot && behaviour.next(snapshot, event, at)
    snapshot = step?.snapshot ?? snapshot
    return { actor: A, seq: i + 1, at, taken, acts: step?.acts ?? [] }
  })
  return { commits, snapshot: snapshot as Snapshot }
}

const timer = (behaviour: Behaviour, takens: readonly Taken[]): Taken => {
  const act = live(behaviour, takens)
    .commits.flatMap(({ acts }) => acts)
    .find(each => each.act === 'timer')
  return { kind: 'timer', id: act?.id ?? '', event: act?.event ?? { type: '' } }
}

for (const [title, takens] of [
  ['a start with its input', [init]],
  ['a message with its sender, an attempt and its result', [init, go, attempt, done]],
  ['a failure', [init, go, failed]],
  [
    'a restart',
    [init, go, { kind: 'restart', restarts: 1, input: 'in', error: toWireError(new Error('x')) }],
  ],
] as const) {
  test(`comes to the live state after ${title}`, () => {
    const { commits, snapshot } = live(counter(), takens)
    const folded = foldRecord(counter(), { commits })
    assert.equal(folded.snapshot && counter().store(folded.snapshot), counter().store(snapshot))
    assert.equal(folded.differing, [])
  })
}

test('takes timers as they were recorded', () => {
  const before: readonly Taken[] = [init, go, done]
  const { commits } = live(counter(), [...before, timer(counter(), before)])
  const folded = foldRecord(counter(), { commits: commits.map(each => ({ ...each, acts: each.acts })) })
  assert.is(folded.snapshot?.value, 'idle')
})

test('goes on from a snapshot, with the effects that were under way', () => {
  const { commits, snapshot } = live(counter(), [init, go, done])
  const half = live(counter(), [init, go])
  const outstanding = {
    life: 'l',
    restarts: 0,
    successes: 0,
    debts: [],
    timers: [],
    outbox: [],
    marks: {},
    spawning: [],
    answers: [],
    intents: [
      {
        id: WORK,
        child: 'w',
        src: 'work',
        input: 'x',
        startedAt: 0,
        phase: 'running' as const,
        attempt: 1,
        interruptions: 0,
      },
    ],
  }
  const folded = foldRecord(counter(), {
    snapshot: { seq: 2, state: { ...counter().store(half.snapshot), outstanding } },
    commits: commits.slice(2),
  })
  assert.equal(folded.snapshot && counter().store(folded.snapshot), counter().store(snapshot))
})

test('says at which commits a behaviour decides otherwise', () => {
  const { commits } = live(counter(100), [init, go, done])
  assert.equal(foldRecord(counter(200), { commits }).differing, [3])
})

test.run()
