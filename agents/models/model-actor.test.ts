import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { CLOSED } from '../../actors/policies/breaker.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import {
  type AdmitAnswer,
  admission,
  DEFAULT_BREAKER,
  freePass,
  isWorthReporting,
  type ModelState,
  modelBehaviour,
  type Outcome,
  reported,
} from './model-actor.ts'

const test = testSuite('agents/models/model-actor')

const fresh: ModelState = {
  id: 'a:b',
  limits: { breaker: DEFAULT_BREAKER },
  breaker: CLOSED,
  rate: { tokens: 1e9, at: 0, pausedUntil: 0 },
}
const limited: ModelState = {
  ...fresh,
  limits: { breaker: DEFAULT_BREAKER, rate: { limit: 2, perMs: 1_000 } },
  rate: { tokens: 2, at: 0, pausedUntil: 0 },
}
const failing = (state: ModelState, times: number, now = 0): ModelState =>
  times === 0
    ? state
    : failing(reported(state, { ok: false, ticket: state.breaker.epoch }, now), times - 1, now)
const open = failing(fresh, DEFAULT_BREAKER.failures)
const paused = reported(fresh, { ok: false, ticket: 0, pausedForMs: 3_000 }, 1_000)

const PASSES: readonly (readonly [string, ModelState, number, boolean])[] = [
  ['all is well', fresh, 0, true],
  ['some failures, still closed', failing(fresh, 4), 0, true],
  ['the breaker is open', open, 0, false],
  ['the breaker could be tried again', open, 15_000, false],
  ['a pause is on', paused, 3_999, false],
  ['a pause is over', paused, 4_000, true],
  ['calls are counted', limited, 0, false],
]
for (const [name, state, now, free] of PASSES) {
  test(`a call ${free ? 'goes ahead without asking' : 'has to ask'} when ${name}`, () => {
    assert.is(freePass(state, now), free ? state.breaker.epoch : undefined)
  })
}

const ADMISSIONS: readonly (readonly [string, ModelState, number, AdmitAnswer])[] = [
  ['lets a call through', fresh, 0, { allowed: true, ticket: 0 }],
  [
    'lets nothing through while open',
    open,
    5_000,
    { allowed: false, because: 'circuit-open', waitMs: 10_000 },
  ],
  ['lets a probe through after that', open, 15_000, { allowed: true, ticket: 2 }],
  ['says how long a pause lasts', paused, 1_500, { allowed: false, because: 'rate-limited', waitMs: 2_500 }],
  [
    'waits for a token',
    admission(admission(limited, 0).state, 0).state,
    100,
    { allowed: false, because: 'rate-limited', waitMs: 400 },
  ],
]
for (const [name, state, now, answer] of ADMISSIONS) {
  test(`the model actor ${name}`, () => assert.equal(admission(state, now).answer, answer))
}

test('a call that the breaker refuses costs no token of the rate', () => {
  const state = { ...limited, breaker: open.breaker }
  assert.is(admission(state, 0).state.rate.tokens, 2)
})

test('one probe at a time, and its outcome closes or opens the breaker', () => {
  const probing = admission(open, 15_000)
  assert.is(probing.state.breaker.name, 'half-open')
  assert.is(admission(probing.state, 15_001).answer.allowed, false)
  const { ticket } = probing.answer as AdmitAnswer & { allowed: true }
  assert.is(reported(probing.state, { ok: true, ticket }, 15_002).breaker.name, 'closed')
  assert.is(reported(probing.state, { ok: false, ticket }, 15_002).breaker.name, 'open')
})

test('a 429 pauses everybody and opens no breaker, however often it comes', () => {
  const after = Array.from({ length: 20 }).reduce<ModelState>(
    state => reported(state, { ok: false, ticket: 0, pausedForMs: 500 }, 0),
    fresh,
  )
  assert.equal([after.breaker.name, after.rate.pausedUntil], ['closed', 500])
})

test('a shorter pause never ends a longer one', () => {
  const shorter = reported(paused, { ok: false, ticket: 0, pausedForMs: 10 }, 1_000)
  assert.is(shorter.rate.pausedUntil, 4_000)
})

test('a success is reported only where it changes something', () => {
  const won: Outcome = { ok: true, ticket: 0 }
  assert.is(isWorthReporting(fresh, won), false)
  assert.is(isWorthReporting(failing(fresh, 1), won), true)
  assert.is(isWorthReporting(open, won), true)
  assert.is(isWorthReporting(fresh, { ok: false, ticket: 0 }), true)
})

test('a free pass is exactly an admission that would change nothing', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('fail' as const), ms: fc.nat(20_000) }),
    fc.record({ kind: fc.constant('succeed' as const), ms: fc.nat(20_000) }),
    fc.record({ kind: fc.constant('pause' as const), ms: fc.nat(20_000) }),
    fc.record({ kind: fc.constant('admit' as const), ms: fc.nat(20_000) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), steps => {
      let state = fresh
      let now = 0
      let ticket = 0
      for (const { kind, ms } of steps) {
        now += ms
        if (kind === 'admit') {
          const admitted = admission(state, now)
          state = admitted.state
          if (admitted.answer.allowed) ticket = admitted.answer.ticket
        } else if (kind === 'pause') state = reported(state, { ok: false, ticket, pausedForMs: ms }, now)
        else state = reported(state, { ok: kind === 'succeed', ticket }, now)
        const pass = freePass(state, now)
        const { answer, state: next } = admission(state, now)
        if (pass !== undefined) {
          assert.equal(answer, { allowed: true, ticket: pass })
          assert.equal(next.breaker, state.breaker)
        }
        if (!answer.allowed) assert.ok(answer.waitMs > 0 && Number.isFinite(answer.waitMs))
      }
    }),
  )
})

test('who waits as long as it was told is let through', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.nat(5_000), fc.nat(5_000), (calls, pausedForMs, now) => {
      let state = reported(limited, { ok: false, ticket: 0, pausedForMs }, now)
      let at = now
      for (let i = 0; i < calls; i++) {
        const first = admission(state, at)
        state = first.state
        if (first.answer.allowed) continue
        at += first.answer.waitMs
        const second = admission(state, at)
        assert.is(second.answer.allowed, true)
        state = second.state
      }
    }),
  )
})

test('tells of every change of the breaker, and of nothing else', () => {
  const behaviour = modelBehaviour()
  const input = { id: 'a:b', limits: { breaker: { failures: 2, windowMs: 1_000, openMs: 500 } } }
  let { snapshot } = behaviour.initial(input as never, 0)
  const told: unknown[] = []
  const send = (type: string, body: unknown, at: number): void => {
    const step = behaviour.next(snapshot, { type, body, at, id: `m${at}` } as never, at)
    snapshot = step.snapshot
    told.push(
      ...step.acts.filter(act => act.act === 'signal').map(act => (act.body as { state: string }).state),
    )
  }
  send('model.admit', null, 0)
  send('model.report', { ok: false, ticket: 0 }, 1)
  send('model.report', { ok: false, ticket: 0 }, 2)
  send('model.report', { ok: false, ticket: 0 }, 3)
  send('model.admit', null, 4)
  send('model.admit', null, 502)
  send('model.report', { ok: true, ticket: 2 }, 503)
  assert.equal(told, ['open', 'half-open', 'closed'])
})

test.run()
