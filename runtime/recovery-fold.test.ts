import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { type EffectContext, effect } from '../actors/effect.ts'
import { RuntimeError } from '../actors/errors.ts'
import { NO_USAGE } from '../actors/events.ts'
import type { Commit, StoredState } from '../actors/journal.ts'
import { assign } from '../actors/machine.ts'
import type { Outstanding } from '../actors/outstanding.ts'
import { foldActor } from './history/fold.ts'
import type { Seen } from './testkit/loose-machine.ts'
import { mortal } from './testkit/mortal.ts'
import { echo, outcomeOf, reply, sample } from './testkit/sample-actors.ts'
import { testSuite } from './testkit/suite.ts'

const test = testSuite('runtime/recovery (fold)', { limitMs: 60_000 })

const sleep = (clock: { at(due: number, fire: () => void): unknown; now(): number }, ms: number) =>
  new Promise<void>(resolve => void clock.at(clock.now() + ms, resolve))

/** A machine of everything: effects that fail and cost, asks, timers, messages, actors it starts, answers. */
function everything(clock: Parameters<typeof sleep>[0]) {
  const work = effect({
    class: 'idempotent',
    reserve: () => ({ modelCalls: 1, inputTokens: 100 }),
    run: async (input: { fails: number; ms: number }, { attempt, spent }: EffectContext) => {
      await sleep(clock, input.ms)
      spent({ ...NO_USAGE, modelCalls: 1, inputTokens: 60 })
      if (attempt <= input.fails) throw new RuntimeError('tool-failed', 'not yet', { retryable: true })
      return input.ms
    },
  })
  const count = assign(({ context }: never) => ({ n: (context as { n: number }).n + 1 }))
  const tell = {
    type: 'tell',
    params: ({ context }: Seen) => ({ to: 'echo/e', type: 'echo.say', body: context }),
  }
  return sample(
    'all',
    {
      type: 'parallel',
      context: { n: 0 },
      on: {
        break: {
          actions: assign(() => {
            throw new Error('told to break')
          }),
        },
        count: { actions: [count, reply(({ context }) => context)] },
        tell: { actions: tell },
        born: {
          actions: {
            type: 'spawn',
            params: ({ event }: Seen) => ({ type: 'echo', id: `c${event['body']}` }),
          },
        },
      },
      states: {
        work: {
          initial: 'idle',
          states: {
            idle: { on: { work: 'working' } },
            working: {
              invoke: {
                id: 'job',
                src: 'work',
                input: ({ event }: Seen) => event['body'],
                onDone: { target: 'idle', actions: [count, reply(({ event }) => event['output'])] },
                onError: { target: 'idle', actions: [count, reply(() => 'failed')] },
              },
              on: { drop: { target: 'idle', actions: count } },
            },
          },
        },
        ask: {
          initial: 'idle',
          states: {
            idle: { on: { ask: 'asking' } },
            asking: {
              invoke: {
                src: 'ask',
                input: ({ event }: Seen) => ({
                  to: (event['body'] as unknown as { to: string }).to,
                  type: 'echo.say',
                  body: 1,
                  share: 0.5,
                  timeoutMs: 500,
                }),
                onDone: { target: 'idle', actions: [count, reply(({ event }) => event['output'])] },
                onError: { target: 'idle', actions: [count, reply(() => 'unanswered')] },
              },
            },
          },
        },
        timer: {
          initial: 'idle',
          states: {
            idle: { on: { wait: 'waiting' } },
            waiting: {
              after: { 300: { target: 'idle', actions: [count, tell] } },
              on: { wait: { target: 'waiting', reenter: true }, stop: 'idle' },
            },
          },
        },
      },
    },
    { actors: { work: work as never } },
  )
}

const OP = fc.oneof(
  fc.record({
    op: fc.constant('work' as const),
    body: fc.record({ fails: fc.nat(3), ms: fc.nat(400) }),
    calls: fc.nat(4),
  }),
  fc.record({
    op: fc.constant('ask' as const),
    body: fc.record({ to: fc.constantFrom('echo/e', 'echo/none', 'mute/m') }),
    calls: fc.nat(4),
  }),
  fc.record({
    op: fc.constantFrom(
      'count' as const,
      'tell' as const,
      'wait' as const,
      'stop' as const,
      'drop' as const,
      'break' as const,
    ),
    body: fc.constant(null),
    calls: fc.nat(2),
  }),
  fc.record({ op: fc.constant('born' as const), body: fc.nat(3), calls: fc.nat(2) }),
  fc.record({ op: fc.constant('advance' as const), body: fc.nat(700), calls: fc.constant(0) }),
  fc.record({ op: fc.constant('cancel' as const), body: fc.constant(null), calls: fc.constant(0) }),
)

const phaseOf = (outstanding: Outstanding) =>
  outstanding.intents.map(({ phase, ...intent }) => ({
    ...intent,
    // A wait that is over is not committed, the outcome of what follows is.
    phase: phase === 'waiting' ? 'running' : phase,
  }))

test('what a fold of its commits makes of an actor is what it was', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(OP, { maxLength: 25 }), async (ops): Promise<void> => {
      const world = mortal({ snapshotEvery: 100_000 })
      const behaviour = everything(world.clock)
      const mute = sample('mute', { on: { 'echo.say': { actions: assign({}) } } })
      const runtime = world.live({ behaviours: [behaviour, echo(), mute] })
      await runtime.spawn(echo(), { id: 'e' }).catch(() => {})
      await runtime.spawn(mute, { id: 'm' })
      const one = await runtime.spawn(behaviour, { id: 'a' })
      let stop = new AbortController()
      for (const { op, body, calls } of ops) {
        if (op === 'advance') await world.clock.advance(body)
        else if (op === 'cancel') {
          stop.abort()
          stop = new AbortController()
        } else if (calls === 0) runtime.tell(one, op, body)
        else
          void outcomeOf(
            runtime.ask(one, op, body, {
              budget: { modelCalls: calls, tokens: 350 },
              signal: stop.signal,
              timeoutMs: 1_000,
            }),
          )
        await world.clock.advance(1)
      }
      const commits: Commit[] = [...((await world.journal.read(one))?.commits ?? [])]
      // One that breaks too often is given up, and its record with it.
      if (commits.length === 0) return runtime.stop()
      await runtime.stop()
      const live = (await world.journal.read(one))?.snapshot?.state as StoredState
      const { states, acting, error } = foldActor(behaviour, commits)
      assert.is(error, undefined)
      const last = states.get(commits.length)
      assert.ok(last)
      const { outstanding, ...state } = live
      assert.equal(behaviour.store(last as never), state)
      const folded = acting.ledger.store()
      const was = outstanding as Outstanding
      assert.equal(folded.debts, was.debts, 'debts and accounts')
      assert.equal(phaseOf(folded), phaseOf(was), 'effects and asks')
      for (const part of ['timers', 'marks', 'answers', 'restarts', 'successes', 'life'] as const)
        assert.equal(folded[part], was[part], part)
      // Receipts are not committed: what has one is only sent once more.
      const kept = new Set(folded.outbox.map(([key]) => key))
      for (const [key] of was.outbox) assert.ok(kept.has(key))
      assert.equal(folded.spawning, was.spawning)
    }),
    { numRuns: 150, seed: 7 },
  )
})

test.run()
