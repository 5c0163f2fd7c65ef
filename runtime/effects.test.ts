import * as assert from 'uvu/assert'
import type { EffectClass, EffectContext } from '../actors/effect.ts'
import { RuntimeError } from '../actors/errors.ts'
import { DEFAULT_POLICY, type EffectPolicy } from '../actors/strategy.ts'
import { errorOf, gate, outcomeOf, watch, worker } from './testkit/sample-actors.ts'
import { settle } from './testkit/simulated-clock.ts'
import { testSuite } from './testkit/suite.ts'
import { testRuntime } from './testkit/test-runtime.ts'

const test = testSuite('runtime/effects')

/** Three attempts, a second between them. */
const policy = (
  more: Partial<EffectPolicy> = {},
  timeouts: Partial<EffectPolicy['timeouts']> = {},
): EffectPolicy => ({
  retry: { attempts: 3, backoff: { kind: 'fixed', baseMs: 1_000, maxMs: 1_000 } },
  timeouts: { ...DEFAULT_POLICY.timeouts, ...timeouts },
  remedies: [],
  ...more,
})

type Run = (input: unknown, context: EffectContext) => unknown

/** A runtime with one worker that does `run`, and what its attempts were given. */
async function working(
  run: Run,
  options: { effectClass?: EffectClass; timeoutMs?: number; policy?: EffectPolicy } = {},
) {
  const runtime = testRuntime()
  const attempts: EffectContext[] = []
  const behaviour = worker(
    (input, context) => {
      attempts.push(context)
      return run(input, context)
    },
    { class: options.effectClass ?? 'pure', ...(options.timeoutMs && { timeoutMs: options.timeoutMs }) },
  )
  const actor = await runtime.spawn(behaviour, { id: 'w', policy: options.policy ?? policy() })
  return { runtime, attempts, actor, ask: () => watch(runtime.ask(actor, 'work.do', 'input')) }
}

const failing = (times: number, error: () => unknown = () => new Error('no')): Run => {
  let failed = 0
  return async () => {
    if (failed++ < times) throw error()
    return 'done'
  }
}

test('does an effect once and answers with its result', async () => {
  const { runtime, attempts, ask } = await working(input => ({ got: input }))
  const answer = ask()
  await settle()
  assert.equal(answer.outcome, { got: 'input' })
  assert.is(attempts.length, 1)
  assert.equal(runtime.clock.pending(), [])
  await runtime.stop()
})

test('takes the result of an effect that is not a promise, and null for none', async () => {
  for (const [run, result] of [
    [() => 7, 7],
    [() => undefined, null],
  ] as const) {
    const { runtime, ask } = await working(run)
    const answer = ask()
    await settle()
    assert.is(answer.outcome, result)
    await runtime.stop()
  }
})

test('a second life of an actor at the same address repeats no key of the first', async () => {
  const keys: string[] = []
  const runtime = testRuntime()
  const behaviour = worker((_, { key }) => void keys.push(key))
  for (let life = 0; life < 2; life++) {
    const actor = await runtime.spawn(behaviour, { id: 'w' })
    await runtime.ask(actor, 'work.do')
    await runtime.stop(actor)
  }
  assert.is(new Set(keys).size, 2)
  await runtime.stop()
})

test('tries again after the delay of its policy, with the same key and the next number', async () => {
  const { runtime, attempts, ask } = await working(failing(2))
  const answer = ask()
  await settle()
  assert.is(attempts.length, 1)
  await runtime.clock.advance(999)
  assert.is(attempts.length, 1)
  await runtime.clock.advance(1)
  assert.is(attempts.length, 2)
  await runtime.clock.advance(1_000)
  assert.is(answer.outcome, 'done')
  assert.equal(
    attempts.map(({ attempt }) => attempt),
    [1, 2, 3],
  )
  assert.is(new Set(attempts.map(({ key }) => key)).size, 1)
  assert.match(attempts[0]?.key ?? '', /^worker\/w\.[\w-]+\.\d+\.\d+$/)
  assert.equal(
    runtime.eventsOf('effect.retrying').map(({ delayMs, reason }) => [delayMs, reason]),
    [
      [1_000, 'failed'],
      [1_000, 'failed'],
    ],
  )
  assert.equal(runtime.clock.pending(), [])
  await runtime.stop()
})

test('tries again also what throws at once', async () => {
  let tries = 0
  const { runtime, ask } = await working(() => {
    if (tries++ === 0) throw new Error('at once')
    return 'done'
  })
  const answer = ask()
  await runtime.clock.advance(1_000)
  assert.is(answer.outcome, 'done')
  await runtime.stop()
})

test('gives up after the last attempt, with the last error and the history', async () => {
  const { runtime, attempts, actor } = await working(failing(9))
  const ending = errorOf(runtime.ask(actor, 'work.do'))
  await runtime.clock.advance(5_000)
  const error = await ending
  assert.is(error.kind, 'effect-failed')
  assert.equal(error.details, { attempts: 3, reason: 'failed' })
  assert.is(attempts.length, 3)
  assert.is(runtime.eventsOf('effect.gave-up').length, 1)
  assert.is(runtime.snapshot(actor)?.value, 'idle')
  assert.equal(runtime.clock.pending(), [])
  await runtime.stop()
})

test('waits as long as the other side asked for', async () => {
  const slow = () => new RuntimeError('rate-limited', 'slower', { retryAfterMs: 7_000 })
  const { runtime, attempts, ask } = await working(failing(1, slow))
  const answer = ask()
  await runtime.clock.advance(6_999)
  assert.is(attempts.length, 1)
  await runtime.clock.advance(1)
  assert.is(answer.outcome, 'done')
  await runtime.stop()
})

test('does not try again what cannot succeed', async () => {
  const { runtime, attempts, ask } = await working(failing(9, () => new RuntimeError('refused', 'no')))
  const answer = ask()
  await settle()
  assert.is(answer.outcome, 'refused')
  assert.is(attempts.length, 1)
  await runtime.stop()
})

test('repeats a failed effect only if its class allows it', async () => {
  const repeated = { pure: 3, idempotent: 3, verifiable: 1, compensable: 1, manual: 1 }
  for (const [effectClass, times] of Object.entries(repeated)) {
    const { runtime, attempts, ask } = await working(failing(9), { effectClass: effectClass as EffectClass })
    const answer = ask()
    await runtime.clock.advance(5_000)
    assert.is(answer.outcome, 'effect-failed')
    assert.is(attempts.length, times, effectClass)
    await runtime.stop()
  }
})

test('refuses a result that is no plain data', async () => {
  const once = policy({ retry: { ...policy().retry, attempts: 1 } })
  const { runtime, ask } = await working(() => new Map(), { policy: once })
  const answer = ask()
  await settle()
  assert.is(answer.outcome, 'not-plain-data')
  await runtime.stop()
})

test('survives whatever an effect throws', async () => {
  for (const thrown of [undefined, null, 'text', 7, Symbol('s'), { kind: 'internal' }, Object.create(null)]) {
    const { runtime, ask } = await working(() => Promise.reject(thrown))
    const answer = ask()
    await runtime.clock.advance(5_000)
    assert.is(answer.outcome, 'effect-failed')
    await runtime.stop()
  }
})

test('ends an attempt that takes too long, and tries again', async () => {
  const { runtime, attempts, ask } = await working(() => new Promise(() => {}), {
    policy: policy({}, { attemptMs: 100 }),
  })
  const answer = ask()
  await runtime.clock.advance(99)
  assert.not.ok(attempts[0]?.signal.aborted)
  await runtime.clock.advance(1)
  assert.is((attempts[0]?.signal.reason as RuntimeError | undefined)?.kind, 'attempt-timeout')
  await runtime.clock.advance(5_000)
  assert.is(attempts.length, 3)
  assert.is(answer.outcome, 'attempt-timeout')
  assert.equal(
    runtime.eventsOf('effect.failed').map(({ reason }) => reason),
    ['timeout', 'timeout', 'timeout'],
  )
  assert.equal(runtime.clock.pending(), [])
  await runtime.stop()
})

test('takes the shorter of its own time limit and that of the policy', async () => {
  const { runtime, attempts, ask } = await working(() => new Promise(() => {}), {
    timeoutMs: 50,
    policy: policy({}, { attemptMs: 100 }),
  })
  const start = runtime.clock.now()
  ask()
  await settle()
  assert.is(attempts[0]?.deadline, start + 50)
  await runtime.clock.advance(50)
  assert.ok(attempts[0]?.signal.aborted)
  await runtime.stop()
})

test('ends all attempts together at the limit of the task', async () => {
  const { runtime, attempts, ask } = await working(() => new Promise(() => {}), {
    policy: policy({}, { attemptMs: 800, taskMs: 2_000 }),
  })
  const answer = ask()
  await runtime.clock.advance(1_999)
  assert.is(attempts.length, 2)
  assert.is(answer.outcome, undefined)
  await runtime.clock.advance(1)
  assert.is(answer.outcome, 'deadline-exceeded')
  assert.equal(runtime.clock.pending(), [])
  await runtime.stop()
})

test('ends an attempt that shows no progress, and lets progress postpone that', async () => {
  const limits = policy({}, { progressMs: 100 })
  const { runtime, attempts, ask } = await working(() => new Promise(() => {}), { policy: limits })
  ask()
  for (let i = 0; i < 5; i++) {
    await runtime.clock.advance(90)
    attempts[0]?.progress({ token: i })
  }
  assert.not.ok(attempts[0]?.signal.aborted)
  await runtime.clock.advance(99)
  assert.not.ok(attempts[0]?.signal.aborted)
  await runtime.clock.advance(1)
  assert.is((attempts[0]?.signal.reason as RuntimeError | undefined)?.kind, 'stalled')
  assert.equal(
    runtime.eventsOf('effect.progress').map(({ note }) => note),
    [0, 1, 2, 3, 4].map(token => ({ token })),
  )
  assert.is(runtime.eventsOf('effect.failed')[0]?.reason, 'stalled')
  await runtime.stop()
})

test('does not let progress postpone the limit of an attempt', async () => {
  const { runtime, attempts, ask } = await working(() => new Promise(() => {}), {
    policy: policy({}, { attemptMs: 250, progressMs: 100 }),
  })
  ask()
  for (let i = 0; i < 4; i++) {
    attempts[0]?.progress()
    await runtime.clock.advance(62)
  }
  assert.not.ok(attempts[0]?.signal.aborted)
  await runtime.clock.advance(2)
  assert.is((attempts[0]?.signal.reason as RuntimeError | undefined)?.kind, 'attempt-timeout')
  await runtime.stop()
})

test('ignores what comes of an attempt that was given up', async () => {
  const gates = [gate<string>(), gate<string>(), gate<string>()]
  const { runtime, attempts, ask } = await working((_, { attempt }) => gates[attempt - 1]?.promise, {
    policy: policy({}, { attemptMs: 100 }),
  })
  const answer = ask()
  await runtime.clock.advance(1_100)
  assert.is(attempts.length, 2)
  gates[0]?.open('late')
  attempts[0]?.progress('late')
  attempts[0]?.spent({ inputTokens: 1, outputTokens: 1, modelCalls: 1, toolCalls: 1, costUsd: 1 })
  await settle()
  assert.is(answer.outcome, undefined)
  assert.equal(runtime.eventsOf('effect.progress'), [])
  assert.is((attempts[0]?.signal.reason as RuntimeError | undefined)?.kind, 'attempt-timeout')
  gates[1]?.open('second')
  await settle()
  assert.is(answer.outcome, 'second')
  await runtime.stop()
})

test('ignores that an attempt fails after it was given up', async () => {
  const gates = [gate<string>(), gate<string>()]
  const { runtime, ask } = await working((_, { attempt }) => gates[attempt - 1]?.promise, {
    policy: policy({}, { attemptMs: 100 }),
  })
  const answer = ask()
  await runtime.clock.advance(1_100)
  gates[0]?.fail(new Error('late'))
  gates[1]?.open('second')
  await settle()
  assert.is(answer.outcome, 'second')
  assert.is(runtime.eventsOf('effect.failed').length, 1)
  await runtime.stop()
})

test('does not abort what has succeeded', async () => {
  const { runtime, attempts, ask } = await working(async () => 'done')
  const answer = ask()
  await settle()
  assert.is(answer.outcome, 'done')
  assert.not.ok(attempts[0]?.signal.aborted)
  await runtime.stop()
  assert.not.ok(attempts[0]?.signal.aborted)
})

test('takes a failure that is a decision for what it is, and does not ask the supervisor', async () => {
  for (const kind of ['cancelled', 'deadline-exceeded', 'runtime-stopped', 'budget-exhausted'] as const) {
    const { runtime, attempts, ask } = await working(
      failing(9, () => new RuntimeError(kind, 'x', { retryable: true })),
    )
    const answer = ask()
    await settle()
    assert.is(answer.outcome, kind)
    assert.is(attempts.length, 1)
    assert.equal(runtime.eventsOf('effect.retrying'), [])
    await runtime.stop()
  }
})

test('gives the next attempt the remedy of the supervisor', async () => {
  const remedies = [{ reasons: ['schema-invalid' as const], use: { model: 'other:one' } }]
  const { runtime, attempts, ask } = await working(
    failing(1, () => new RuntimeError('schema-invalid', 'x')),
    { policy: policy({ remedies }) },
  )
  const answer = ask()
  await runtime.clock.advance(1_000)
  assert.is(answer.outcome, 'done')
  assert.equal(
    attempts.map(({ remedy }) => remedy),
    [undefined, { model: 'other:one' }],
  )
  assert.equal(runtime.eventsOf('effect.retrying')[0]?.remedy, { model: 'other:one' })
  await runtime.stop()
})

test('hands a failure to the machine at once where the remedy says so', async () => {
  const remedies = [{ reasons: ['failed' as const], use: { handToParent: true } }]
  const { runtime, attempts, ask } = await working(failing(9), { policy: policy({ remedies }) })
  const answer = ask()
  await settle()
  assert.is(answer.outcome, 'effect-failed')
  assert.is(attempts.length, 1)
  await runtime.stop()
})

test('stops retrying a target when too many retries brought too few successes', async () => {
  const { runtime, attempts, actor } = await working(failing(1e6))
  for (let i = 0; i < 8; i++) {
    const answer = outcomeOf(runtime.ask(actor, 'work.do'))
    await runtime.clock.advance(3_000)
    assert.is(await answer, 'effect-failed')
  }
  // Ten retries are free: five tasks have their two, the others are tried once.
  assert.is(attempts.length, 5 * 3 + 3)
  const error = runtime.eventsOf('effect.gave-up').at(-1)?.error
  assert.equal(error?.details, { attempts: 1, reason: 'failed' })
  await runtime.stop()
})

test('lets successes pay for retries', async () => {
  let broken = false
  const { runtime, attempts, actor } = await working(async () => {
    if (broken) throw new Error('no')
    return 'ok'
  })
  for (let i = 0; i < 20; i++) await runtime.ask(actor, 'work.do')
  broken = true
  attempts.length = 0
  for (let i = 0; i < 8; i++) {
    const answer = outcomeOf(runtime.ask(actor, 'work.do'))
    await runtime.clock.advance(3_000)
    await answer
  }
  assert.is(attempts.length, 6 * 3 + 2)
  await runtime.stop()
})

test.run()
