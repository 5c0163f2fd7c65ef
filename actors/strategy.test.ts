import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { type Address, address } from './address.ts'
import type { EffectClass } from './effect.ts'
import { ERRORS, type ErrorKind, RuntimeError, toWireError } from './errors.ts'
import type { Reason } from './events.ts'
import {
  type ChildFailure,
  checkIntensity,
  checkPolicy,
  DEFAULT_INTENSITY,
  DEFAULT_POLICY,
  decideChild,
  decideEffect,
  type EffectFailure,
  type EffectPolicy,
  type Intensity,
  reasonOf,
  type Strategy,
} from './strategy.ts'

const test = testSuite('actors/strategy')

const [A, B, C, D] = ['a', 'b', 'c', 'dynamic'].map(id => address('child', id)) as [
  Address,
  Address,
  Address,
  Address,
]
const ORDER = [A, B, C]
const MANY: Intensity = { restarts: 100, periodMs: 5_000 }
const failed = (child: Address, more: Partial<ChildFailure> = {}): ChildFailure => ({
  child,
  restart: 'permanent',
  reason: 'crashed',
  now: 10_000,
  ...more,
})

const isInvalid = (error: unknown): boolean =>
  error instanceof RuntimeError && error.kind === 'definition-invalid'

test('restarts those that the strategy says, in start order', () => {
  const table: readonly (readonly [strategy: Strategy, failed: Address, affected: readonly Address[]])[] = [
    ['one-for-one', A, [A]],
    ['one-for-one', C, [C]],
    ['one-for-all', A, [A, B, C]],
    ['one-for-all', B, [A, B, C]],
    ['rest-for-one', A, [A, B, C]],
    ['rest-for-one', B, [B, C]],
    ['rest-for-one', C, [C]],
    ['one-for-one', D, [D]],
    ['one-for-all', D, [D]],
    ['rest-for-one', D, [D]],
  ]
  for (const [strategy, child, affected] of table) {
    const decision = decideChild(strategy, MANY, ORDER, [], failed(child))
    assert.is(decision.directive, 'restart')
    assert.equal(decision.affected, affected, `${strategy} ${child}`)
    assert.equal(decision.restarts, [10_000])
  }
})

test('never restarts a temporary child, and does not count its end', () => {
  for (const strategy of ['one-for-one', 'one-for-all', 'rest-for-one'] as const) {
    const decision = decideChild(
      strategy,
      { restarts: 0, periodMs: 1 },
      ORDER,
      [9_999.5],
      failed(B, { restart: 'temporary' }),
    )
    assert.equal(decision, { directive: 'stop', affected: [B], restarts: [9_999.5] })
  }
})

test('restarts transient and permanent children alike after a failure', () => {
  for (const restart of ['transient', 'permanent'] as const) {
    assert.is(decideChild('one-for-one', MANY, ORDER, [], failed(A, { restart })).directive, 'restart')
  }
})

test('gives up when there were more restarts than allowed within the period', () => {
  const intensity = { restarts: 2, periodMs: 1_000 }
  const decide = (history: readonly number[]) =>
    decideChild('one-for-one', intensity, ORDER, history, failed(A))
  assert.is(decide([]).directive, 'restart')
  assert.is(decide([9_500]).directive, 'restart')
  assert.is(decide([9_400, 9_500]).directive, 'escalate')
  assert.equal(decide([9_400, 9_500]).affected, [A])
})

test('forgets restarts that are older than the period', () => {
  const intensity = { restarts: 1, periodMs: 1_000 }
  const decide = (at: number) => decideChild('one-for-one', intensity, ORDER, [at], failed(A))
  assert.equal(decide(9_000), { directive: 'restart', affected: [A], restarts: [10_000] })
  assert.is(decide(9_001).directive, 'escalate')
})

test('allows no restart at all where the intensity is zero', () => {
  assert.is(
    decideChild('one-for-one', { restarts: 0, periodMs: 1 }, ORDER, [], failed(A)).directive,
    'escalate',
  )
})

test('tolerates by default what OTP tolerates: one restart in five seconds', () => {
  assert.equal(DEFAULT_INTENSITY, { restarts: 1, periodMs: 5_000 })
})

test('never allows more restarts within a period than the intensity, whatever the times', () => {
  const gaps = fc.array(fc.nat({ max: 400 }), { maxLength: 60, size: 'max' })
  fc.assert(
    fc.property(gaps, fc.nat({ max: 4 }), fc.integer({ min: 1, max: 900 }), (between, restarts, periodMs) => {
      let [now, history]: [number, readonly number[]] = [0, []]
      const restarted: number[] = []
      for (const gap of between) {
        now += gap
        const decision = decideChild(
          'one-for-one',
          { restarts, periodMs },
          ORDER,
          history,
          failed(A, { now }),
        )
        history = decision.restarts
        if (decision.directive === 'restart') restarted.push(now)
        const within = restarted.filter(at => at > now - periodMs)
        assert.ok(within.length <= restarts)
      }
    }),
  )
})

const policy: EffectPolicy = {
  ...DEFAULT_POLICY,
  retry: {
    attempts: 3,
    backoff: { kind: 'exponential', baseMs: 100, maxMs: 10_000, factor: 2, jitter: 'full' },
  },
}

const failure = (kind: ErrorKind, more: Partial<EffectFailure> = {}): EffectFailure => ({
  class: 'pure',
  attempt: 1,
  interruptions: 0,
  error: toWireError(new RuntimeError(kind, 'it failed')),
  reason: reasonOf(kind),
  now: 0,
  random: 0.5,
  ...more,
})

test('repeats what may have happened only where the class allows it', () => {
  const table: Record<EffectClass, boolean> = {
    pure: true,
    idempotent: true,
    verifiable: true,
    compensable: true,
    manual: false,
  }
  for (const [effectClass, again] of Object.entries(table) as [EffectClass, boolean][]) {
    for (const kind of [
      'effect-failed',
      'attempt-timeout',
      'stalled',
      'model-failed',
      'tool-failed',
    ] as const) {
      assert.is(
        decideEffect(policy, failure(kind, { class: effectClass })).retry,
        again,
        `${effectClass} ${kind}`,
      )
    }
  }
})

test('finds out or undoes what may have happened before it repeats it', () => {
  const first = (effectClass: EffectClass, kind: ErrorKind) => {
    const decision = decideEffect(policy, failure(kind, { class: effectClass }))
    return decision.retry ? decision.first : 'no retry'
  }
  assert.is(first('verifiable', 'attempt-timeout'), 'check')
  assert.is(first('compensable', 'attempt-timeout'), 'undo')
  assert.is(first('idempotent', 'attempt-timeout'), undefined)
  assert.is(first('verifiable', 'rate-limited'), undefined, 'it was never begun')
})

const interrupted = (more: Partial<EffectFailure>) =>
  decideEffect(policy, failure('effect-interrupted', { interruptions: 1, ...more }))

test('goes on at once with what the end of a process interrupted, as its class says', () => {
  const go = { retry: true, delayMs: 0 }
  assert.equal(interrupted({ class: 'pure' }), go)
  assert.equal(interrupted({ class: 'idempotent' }), go)
  assert.equal(interrupted({ class: 'verifiable' }), { ...go, first: 'check' })
  assert.equal(interrupted({ class: 'compensable' }), { ...go, first: 'undo' })
  const manual = interrupted({ class: 'manual' })
  assert.ok(!manual.retry && manual.park)
})

test('does not count the end of a process as a failure, and leaves to a person what ends it again and again', () => {
  assert.ok(interrupted({ attempt: 5, interruptions: 5 }).retry)
  const sixth = interrupted({ attempt: 6, interruptions: 6 })
  assert.ok(!sixth.retry && sixth.park)
  assert.ok(decideEffect(policy, failure('effect-failed', { attempt: 4, interruptions: 2 })).retry)
  assert.not.ok(decideEffect(policy, failure('effect-failed', { attempt: 5, interruptions: 2 })).retry)
})

test('repeats a call of any class that was never begun', () => {
  for (const effectClass of ['pure', 'idempotent', 'verifiable', 'compensable', 'manual'] as const) {
    for (const kind of ['rate-limited', 'circuit-open'] as const) {
      assert.ok(decideEffect(policy, failure(kind, { class: effectClass })).retry, `${effectClass} ${kind}`)
    }
  }
})

test('does not repeat what cannot succeed by being repeated', () => {
  const kinds: readonly ErrorKind[] = [
    'refused',
    'model-rejected',
    'context-overflow',
    'url-refused',
    'budget-exhausted',
  ]
  for (const kind of kinds) assert.is(decideEffect(policy, failure(kind)).retry, false, kind)
})

test('waits longer after each attempt, with full jitter, and ends after the last', () => {
  const delay = (attempt: number, random: number): number | undefined => {
    const decision = decideEffect(policy, failure('effect-failed', { attempt, random }))
    return decision.retry ? decision.delayMs : undefined
  }
  assert.equal([delay(1, 0.5), delay(2, 0.5), delay(3, 0.5)], [50, 100, undefined])
  assert.equal([delay(1, 0), delay(2, 0)], [0, 0])
})

test('waits at least as long as the other side asked for', () => {
  const error = toWireError(new RuntimeError('rate-limited', 'slower', { retryAfterMs: 4_000 }))
  assert.equal(decideEffect(policy, failure('rate-limited', { error })), { retry: true, delayMs: 4_000 })
})

test('gives up at once when the next attempt would begin after the deadline', () => {
  assert.is(decideEffect(policy, failure('effect-failed', { deadline: 50 })).retry, false)
  assert.is(decideEffect(policy, failure('effect-failed', { deadline: 51 })).retry, true)
})

const withRemedy = (...remedies: EffectPolicy['remedies']): EffectPolicy => ({ ...policy, remedies })

test('gives the next attempt the remedy for its reason', () => {
  const remedied = withRemedy(
    { reasons: ['context-overflow'], use: { compact: true } },
    { reasons: ['timeout', 'stalled'], after: 2, use: { model: 'other:one' } },
  )
  const remedy = (kind: ErrorKind, attempt: number): unknown => {
    const decision = decideEffect(remedied, failure(kind, { attempt }))
    return decision.retry ? decision.remedy : 'no retry'
  }
  assert.equal(remedy('context-overflow', 1), { compact: true }, 'a remedy makes another attempt worth while')
  assert.equal(remedy('stalled', 1), undefined)
  assert.equal(remedy('stalled', 2), { model: 'other:one' })
  assert.equal(remedy('effect-failed', 1), undefined)
  assert.equal(remedy('stalled', 3), 'no retry')
})

test('takes the first remedy that fits', () => {
  const decision = decideEffect(
    withRemedy(
      { reasons: ['refused'], use: { model: 'first' } },
      { reasons: ['refused'], use: { model: 'second' } },
    ),
    failure('refused'),
  )
  assert.equal(decision.retry && decision.remedy, { model: 'first' })
})

test('hands a failure to the parent at once where the remedy says so', () => {
  const remedied = withRemedy({ reasons: ['timeout'], after: 2, use: { handToParent: true } })
  assert.is(decideEffect(remedied, failure('attempt-timeout', { attempt: 1 })).retry, true)
  assert.is(decideEffect(remedied, failure('attempt-timeout', { attempt: 2 })).retry, false)
})

test('does not let a remedy repeat what may not be repeated', () => {
  const remedied = withRemedy({ reasons: ['timeout'], use: { model: 'other' } })
  assert.is(decideEffect(remedied, failure('attempt-timeout', { class: 'manual' })).retry, false)
})

test('knows a reason for every kind of error', () => {
  const special: Partial<Record<ErrorKind, Reason>> = {
    'attempt-timeout': 'timeout',
    'deadline-exceeded': 'timeout',
    'turn-limit': 'loop-detected',
    'actor-crashed': 'crashed',
    internal: 'crashed',
    'tool-failed': 'failed',
  }
  for (const kind of Object.keys(ERRORS) as ErrorKind[]) assert.type(reasonOf(kind), 'string')
  for (const [kind, reason] of Object.entries(special)) assert.is(reasonOf(kind as ErrorKind), reason)
})

test('accepts a sound intensity and policy as they are', () => {
  assert.is(checkPolicy(DEFAULT_POLICY), DEFAULT_POLICY)
  assert.is(checkIntensity(DEFAULT_INTENSITY), DEFAULT_INTENSITY)
  assert.ok(checkIntensity({ restarts: 0, periodMs: 1 }))
})

test('refuses limits that would limit nothing', () => {
  for (const bad of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
    assert.throws(() => checkIntensity({ restarts: bad, periodMs: 1_000 }), isInvalid)
    assert.throws(() => checkIntensity({ restarts: 1, periodMs: bad }), isInvalid)
    for (const name of ['attemptMs', 'taskMs', 'progressMs']) {
      const timeouts = { ...DEFAULT_POLICY.timeouts, [name]: bad }
      assert.throws(() => checkPolicy({ ...DEFAULT_POLICY, timeouts }), isInvalid)
    }
    const retry = { ...DEFAULT_POLICY.retry, attempts: bad }
    assert.throws(() => checkPolicy({ ...DEFAULT_POLICY, retry }), isInvalid)
  }
  assert.throws(() => checkIntensity({ restarts: 1, periodMs: 0 }), isInvalid)
})

test.run()
