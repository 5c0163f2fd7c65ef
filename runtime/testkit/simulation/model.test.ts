import * as assert from 'uvu/assert'
import { address } from '../../../actors/address.ts'
import type { EffectClass, EffectContext } from '../../../actors/effect.ts'
import { RuntimeError } from '../../../actors/errors.ts'
import { NO_USAGE, type Usage } from '../../../actors/events.ts'
import { errorOf, outcomeOf } from '../sample-actors.ts'
import { testSuite } from '../suite.ts'
import { type FaultRates, faultsOf } from './faults.ts'
import { incarnate } from './host.ts'
import { effectLedger } from './ledger.ts'
import { type SimulatedEffect, simulatedEffect } from './model.ts'
import { prng } from './prng.ts'
import { scheduler } from './scheduler.ts'

const test = testSuite('runtime/testkit/simulation/model')

function world(rates: FaultRates = {}, seed = 1) {
  const random = prng(seed)
  const time = scheduler({ random: random.fork('scheduler') })
  let order = 0
  const ledger = effectLedger(
    () => ++order,
    () => time.now,
  )
  const outside = { scheduler: time, random, faults: faultsOf(rates, random.fork('faults')), ledger }
  const life = (number: number) =>
    incarnate({ scheduler: time, random, node: 'n', number, nextId: () => `id${number}` })
  const effect = (of: EffectClass, spec: Partial<SimulatedEffect<unknown, unknown>> = {}, owner = life(1)) =>
    simulatedEffect(outside, owner, of, { class: of, run: input => `done ${String(input)}`, ...spec }).effect
  const run = async (): Promise<void> => {
    await time.drain()
    while (time.step()) await time.drain()
  }
  const kinds = (): readonly string[] => ledger.entries.map(({ kind }) => kind)
  return { time, ledger, life, effect, run, kinds }
}

function contextOf(more: Partial<EffectContext> = {}) {
  const controller = new AbortController()
  const spent: Usage[] = []
  const context: EffectContext = {
    actor: address('a', 'b'),
    signal: controller.signal,
    key: 'k',
    attempt: 1,
    progress() {},
    spent: usage => void spent.push(usage),
    ...more,
  }
  return { context, controller, spent }
}

test('does its work in simulated time, and writes down what happened', async () => {
  const { effect, run, ledger, kinds, time } = world()
  const before = time.now
  const { context, spent } = contextOf()
  const usage = { ...NO_USAGE, inputTokens: 3 }
  const result = effect('pure', { usage }).run('x', context)
  await run()
  assert.is(await result, 'done x')
  assert.equal(kinds(), ['started', 'happened', 'completed'])
  assert.ok(time.now > before)
  assert.equal(spent, [usage])
  const [started] = ledger.entries
  assert.equal(started && [started.key, started.attempt, started.class, started.life, started.input], [
    'k',
    1,
    'pure',
    'n.1',
    'x',
  ])
})

test('answers 429 with the time to wait, and has done nothing', async () => {
  const { effect, run, kinds } = world({ 'model.rate-limit': 1 })
  const result = errorOf(Promise.resolve(effect('manual').run('x', contextOf().context)))
  await run()
  const { kind, retryAfterMs = 0 } = await result
  assert.is(kind, 'rate-limited')
  assert.ok(retryAfterMs >= 100 && retryAfterMs <= 5_000)
  assert.equal(kinds(), ['started', 'failed'])
})

test('answers garbage for work that was done', async () => {
  const { effect, run, kinds } = world({ 'model.garbage': 1 })
  const outcome = outcomeOf(Promise.resolve(effect('pure').run('x', contextOf().context)))
  await run()
  assert.is(await outcome, 'schema-invalid')
  assert.equal(kinds(), ['started', 'happened', 'failed'])
})

test('answers 500 for work that was done, or was not', async () => {
  const seen = new Set<string>()
  for (let seed = 0; seed < 20; seed++) {
    const { effect, run, kinds } = world({ 'model.error': 1 }, seed)
    const outcome = outcomeOf(Promise.resolve(effect('pure').run('x', contextOf().context)))
    await run()
    assert.is(await outcome, 'model-failed')
    seen.add(kinds().join(' '))
  }
  assert.equal([...seen].sort(), ['started failed', 'started happened failed'])
})

test('hangs until it is aborted, and then ends with the reason', async () => {
  const seen = new Set<string>()
  for (let seed = 0; seed < 20; seed++) {
    const { effect, run, kinds } = world({ 'model.hang': 1 }, seed)
    const { context, controller } = contextOf()
    const outcome = outcomeOf(Promise.resolve(effect('pure').run('x', context)))
    await run()
    assert.equal(kinds(), ['started'])
    controller.abort(new RuntimeError('attempt-timeout', 'too long'))
    assert.is(await outcome, 'attempt-timeout')
    seen.add(kinds().join(' '))
  }
  assert.equal([...seen].sort(), ['started happened lost', 'started lost'])
})

test('is slow, beyond every limit of an attempt', async () => {
  const { effect, run, time } = world({ 'model.slow': 1 })
  const before = time.now
  await Promise.all([effect('pure').run('x', contextOf().context), run()])
  assert.ok(time.now - before > 60_000)
})

test('has happened or not when its caller dies, and does not happen afterwards', async () => {
  const seen = new Set<string>()
  for (let seed = 0; seed < 30; seed++) {
    const { effect, run, kinds, life, time } = world({}, seed)
    const owner = life(1)
    void effect('verifiable', {}, owner).run('x', contextOf().context)
    if (seed % 2) time.step()
    owner.kill()
    const atDeath = kinds()
    await run()
    assert.equal(kinds(), atDeath)
    seen.add(atDeath.join(' '))
  }
  assert.equal([...seen].sort(), ['started happened lost', 'started lost'])
})

test('says whether it happened, with the result, until it is undone', async () => {
  const { effect, run, kinds } = world()
  const verifiable = effect('verifiable')
  const before = verifiable.check?.('k', 'x')
  await run()
  assert.equal(await before, { done: false })
  const result = verifiable.run('x', contextOf().context)
  await run()
  await result
  const after = verifiable.check?.('k', 'x')
  await run()
  assert.equal(await after, { done: true, output: 'done x' })
  const undoing = effect('compensable').undo?.('k', 'x')
  await run()
  await undoing
  const undone = verifiable.check?.('k', 'x')
  await run()
  assert.equal(await undone, { done: false })
  assert.equal(kinds(), ['checked', 'started', 'happened', 'completed', 'checked', 'undone', 'checked'])
})

test('does an idempotent call once per key, and gives the same answer again', async () => {
  const { effect, run } = world()
  let times = 0
  const idempotent = effect('idempotent', { run: () => ++times })
  const first = idempotent.run('x', contextOf().context)
  await run()
  const second = idempotent.run('x', contextOf({ attempt: 2 }).context)
  await run()
  assert.equal([await first, await second, times], [1, 1, 1])
})

test('notes a start that came too late or after a cancellation', async () => {
  const { effect, run, ledger, time } = world()
  const late = effect('pure').run('x', contextOf({ deadline: time.now }).context)
  await run()
  await late
  const { context, controller } = contextOf()
  controller.abort(new RuntimeError('cancelled', 'nobody wants it'))
  assert.is(await outcomeOf(Promise.resolve(effect('pure').run('x', context))), 'cancelled')
  const lates = ledger.entries.filter(({ kind }) => kind === 'started').map(entry => entry.late)
  assert.equal(lates, ['deadline', 'cancelled'])
})

test.run()
