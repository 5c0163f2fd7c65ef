import { setMaxListeners } from 'node:events'
import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import type { Plain } from '../../actors/plain.ts'
import { partitionSubject } from '../../actors/subject.ts'
import { createCodec } from '../codec.ts'
import { watch } from '../testkit/sample-actors.ts'
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
    const operations = limitOperations(clock)
    return requestsOf().serve(partitionSubject('test', partitionOf(`limit/${KEY}`)), async body => {
      const { op, ...rest } = body as { readonly op: string; readonly [key: string]: Plain }
      return (await operations[op]?.(rest)) ?? null
    })
  }
  const node = () => {
    const transport = bus.connect()
    const limits = fleetLimits({
      ...{ transport, codec, clock, namespace: 'test', report: () => {} },
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
  return { clock, owner, node }
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

test('without a rate of that key there is nothing to wait for', async () => {
  const { node } = setUp(1)
  await node().limits.admit('anthropic', { signal: NEVER })
})

test.run()
