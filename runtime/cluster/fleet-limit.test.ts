import { setMaxListeners } from 'node:events'
import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import type { Plain } from '../../actors/plain.ts'
import { partitionSubject } from '../../actors/subject.ts'
import { createCodec } from '../codec.ts'
import { errorOf, watch } from '../testkit/sample-actors.ts'
import { simulatedClock } from '../testkit/simulated-clock.ts'
import { testSuite } from '../testkit/suite.ts'
import { createInProcessBus } from '../transport/in-process.ts'
import { fleetLimits, limitOperations } from './fleet-limit.ts'
import { partitionOf } from './placement.ts'
import { createRequests } from './requests.ts'

const test = testSuite('runtime/cluster/fleet-limit')
const NEVER = new AbortController().signal
setMaxListeners(0, NEVER)
const KEY = 'openai'

function setUp(limit: number) {
  const clock = simulatedClock()
  const bus = createInProcessBus({ clock })
  const codec = createCodec()
  const requestsOf = (transport = bus.connect()) => createRequests({ transport, codec, clock })
  const owner = () => {
    const operations = limitOperations(clock, { [KEY]: { limit, perMs: 1_000 } })
    return requestsOf().serve(partitionSubject('test', partitionOf(`limit/${KEY}`)), async body => {
      const { op, ...rest } = body as { readonly op: string; readonly [key: string]: Plain }
      return (await operations[op]?.(rest)) ?? null
    })
  }
  const node = (report: (error: unknown) => void = () => {}) => {
    const transport = bus.connect()
    const limits = fleetLimits({
      ...{ transport, codec, clock, namespace: 'test', report },
      requests: requestsOf(transport),
      rates: { [KEY]: { limit, perMs: 1_000 } },
    })
    const calls: number[] = []
    const callOn = async (): Promise<void> => {
      for (;;) {
        await limits.admit(KEY, { signal: NEVER })
        calls.push(clock.now())
      }
    }
    return { limits, calls, callOn }
  }
  /** Whoever serves the partition answers so. */
  const answers = (answer: () => Promise<Plain>) =>
    requestsOf().serve(partitionSubject('test', partitionOf(`limit/${KEY}`)), answer)
  const say = (body: Plain): void => bus.connect().publish('ac.test.limit', codec.encode(body))
  return { clock, owner, node, answers, say }
}

test('nodes that call as fast as they may share one rate, and use nearly all of it', async () => {
  const { clock, owner, node } = setUp(20)
  owner()
  const nodes = [node(), node(), node()]
  for (const { callOn } of nodes) for (let i = 0; i < 4; i++) void callOn()
  await clock.advance(30_000)
  const total = nodes.reduce((sum, { calls }) => sum + calls.length, 0)
  assert.ok(total <= 620, `${total} calls in 30 s at 20 a second`)
  assert.ok(total >= 480, `only ${total} calls`)
  for (const { calls } of nodes) assert.ok(calls.length > 60, `one had only ${calls.length}`)
})

test('what a provider says to one node all are told', async () => {
  const { clock, owner, node } = setUp(20)
  owner()
  const [a, b] = [node(), node()]
  void a.callOn()
  void b.callOn()
  await clock.advance(5_000)
  a.limits.paused(KEY, 10_000)
  await clock.advance(100)
  const before = a.calls.length + b.calls.length
  await clock.advance(9_000)
  assert.is(a.calls.length + b.calls.length, before)
  await clock.advance(5_000)
  assert.ok(a.calls.length + b.calls.length > before)
})

test('without its owner nothing is spent, a new owner lends no second burst, and waiting ends with the signal', async () => {
  const { clock, owner, node } = setUp(10)
  const one = node()
  const first = owner()
  void one.callOn()
  await clock.advance(3_000)
  first.unsubscribe()
  await clock.advance(3_000)
  const before = one.calls.length
  await clock.advance(20_000)
  assert.is(one.calls.length, before)
  const giveUp = new AbortController()
  const waiting = watch(one.limits.admit(KEY, { signal: giveUp.signal }))
  giveUp.abort(new RuntimeError('cancelled', 'enough'))
  await clock.advance(1)
  assert.is(waiting.outcome, 'cancelled')
  owner()
  await clock.advance(2_000)
  assert.ok(one.calls.length - before <= 20, `${one.calls.length - before} calls at once`)
})

/** The owner of a limit, asked by anybody. */
function lender(limit = 60, perMs = 60_000) {
  const clock = simulatedClock()
  const operations = limitOperations(clock, { [KEY]: { limit, perMs } })
  const asked = async (op: string, body: Plain): Promise<unknown> =>
    operations[op]?.(body) ?? assert.unreachable(op)
  const lend = (wanted: unknown, key: unknown = KEY) =>
    asked('limit.lend', { key, wanted, policy: { limit: 1e9, perMs: 1 } } as Plain)
  const pause = (forMs: unknown, key: unknown = KEY) => asked('limit.pause', { key, forMs } as Plain)
  return { clock, asked, lend, pause }
}

test('what is no fair request is refused, and moves no limit', async () => {
  const { clock, asked, lend, pause } = lender()
  await clock.advance(10_000)
  for (const wanted of [1e12, 61, 0, -1e6, Number.NaN, Number.POSITIVE_INFINITY, 'x', null, undefined, {}])
    assert.is((await errorOf(lend(wanted))).kind, 'usage', String(wanted))
  for (const forMs of [0, -1e9, Number.NaN, Number.POSITIVE_INFINITY, 'x', null, undefined])
    assert.is((await errorOf(pause(forMs))).kind, 'usage', String(forMs))
  for (const key of ['other', '__proto__', 'constructor', '', 'x'.repeat(1e6), 7, null, undefined]) {
    assert.is((await errorOf(lend(1, key ?? {}))).kind, 'usage')
    assert.is((await errorOf(pause(1, key ?? {}))).kind, 'usage')
  }
  for (const body of [null, 7, 'x', []]) assert.is((await errorOf(asked('limit.lend', body))).kind, 'usage')
  assert.equal(await lend(1), { tokens: 1, waitMs: 0 })
  assert.equal(await lend(1), { tokens: 1, waitMs: 1_000 })
})

test('nobody is lent more than a slice, and nobody stops a limit for long', async () => {
  const { clock, lend, pause } = lender()
  await clock.advance(10_000)
  assert.equal(await lend(60), { tokens: 1, waitMs: 0 })
  await pause(Number.MAX_VALUE)
  assert.equal(await lend(1), { tokens: 0, waitMs: 5_000 })
  await clock.advance(600_000)
  assert.equal(await lend(1), { tokens: 1, waitMs: 0 })
})

test('what is told to all nodes counts only if it is a duration, and not for ever', async () => {
  const { clock, owner, node, say } = setUp(20)
  owner()
  const { calls, callOn } = node()
  void callOn()
  await clock.advance(2_000)
  for (const forMs of [-1, 0, 'x', null, {}]) say({ key: KEY, forMs })
  const before = calls.length
  await clock.advance(2_000)
  assert.ok(calls.length > before)
  say({ key: KEY, forMs: Number.MAX_VALUE })
  await clock.advance(1_000)
  const paused = calls.length
  await clock.advance(590_000)
  assert.is(calls.length, paused)
  await clock.advance(20_000)
  assert.ok(calls.length > paused)
})

test('an owner that refuses is asked again after a while, and this is told once; soon after it lends all goes on', async () => {
  const { clock, owner, node, answers } = setUp(20)
  let asked = 0
  const refusing = answers(async () => {
    asked++
    throw new RuntimeError('usage', 'a partition does not know "limit.lend"')
  })
  const reported: unknown[] = []
  const { calls, callOn, limits } = node(error => void reported.push(error))
  void callOn().catch(() => {})
  await clock.advance(60_000)
  assert.ok(asked >= 5 && asked <= 12, `${asked}`)
  assert.equal([reported.length, calls.length], [1, 0])
  refusing.unsubscribe()
  owner()
  await clock.advance(12_000)
  assert.ok(calls.length > 0)
  limits.close()
  await clock.advance(1)
  assert.equal(clock.pending(), [])
})

test('without a rate of that key there is nothing to wait for', async () => {
  const { node } = setUp(1)
  await node().limits.admit('anthropic', { signal: NEVER })
})

test.run()
