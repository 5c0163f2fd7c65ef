import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import type { Plain } from '../../actors/plain.ts'
import { poolSubject } from '../../actors/subject.ts'
import { createCodec } from '../codec.ts'
import { errorOf, type Gate, gate, watch } from '../testkit/sample-actors.ts'
import { settle, simulatedClock } from '../testkit/simulated-clock.ts'
import { testSuite } from '../testkit/suite.ts'
import { createInProcessBus } from '../transport/in-process.ts'
import { askingIn, type ClusterAskOptions } from './client/asks.ts'
import { deskSubject, type Pool, type PoolAsk, servePool } from './pools.ts'
import { createRequests, type Requests } from './requests.ts'

const test = testSuite('runtime/cluster/pools')

interface HeldWork {
  readonly member: number
  readonly ask: PoolAsk
  readonly signal: AbortSignal
  readonly answer: Gate<Plain>
}

/** Members of one pool, each holding its asks until the test answers, and somebody who asks. */
function rig(members: number, atOnce = 2) {
  const clock = simulatedClock()
  const bus = createInProcessBus({ clock })
  const codec = createCodec()
  const connected = () => {
    const transport = bus.connect()
    return { transport, requests: createRequests({ transport, codec, clock }) }
  }
  const held: HeldWork[] = []
  const nodes = Array.from({ length: members }, (_, member) => {
    const { transport, requests } = connected()
    const pool = servePool({
      ...{ requests, namespace: 'main', clock, type: 'writer', atOnce },
      ...{ node: `n${member}`, desk: `desk${member}` },
      answer(ask, signal) {
        const answer = gate<Plain>()
        held.push({ member, ask, signal, answer })
        return answer.promise
      },
    })
    return { pool, kill: () => transport.close() }
  })
  const { requests } = connected()
  let ids = 0
  const host = { clock, id: () => `key${++ids}` }
  const asking = askingIn({ requests, namespace: 'main', host, patienceMs: 15_000 })
  const ask = (body: Plain, options: ClusterAskOptions = {}) =>
    asking('pool/writer' as never, 'task.assign', body, { timeoutMs: 60_000, ...options })
  return { clock, nodes, held, ask, requests, connected }
}

const closed = async (pool: Pool | undefined, graceMs: number): Promise<string> => {
  await pool?.close(graceMs)
  return 'closed'
}

/** What a pool is asked without a client's help. */
const raw = (requests: Requests, deadline: unknown): Promise<Plain> =>
  requests.ask(
    poolSubject('main', 'writer'),
    { type: 't', body: 1, key: 'k', deadline: deadline as never },
    10_000,
  )

const workOf = (held: readonly HeldWork[], body: Plain): HeldWork => {
  const found = held.findLast(({ ask }) => ask.body === body)
  if (found) return found
  throw new Error(`nobody works on ${String(body)}`)
}

test('one member gets each ask, and its answer or failure comes back, soon or late', async () => {
  const { clock, held, ask } = rig(3)
  const [one, two, three] = [watch(ask(1)), watch(ask(2)), watch(ask(3))]
  await settle()
  assert.equal(held.map(({ ask: { type, body } }) => [type, body]).sort(), [
    ['task.assign', 1],
    ['task.assign', 2],
    ['task.assign', 3],
  ])
  workOf(held, 1).answer.open('at once')
  await settle()
  assert.is(one.outcome, 'at once')
  await clock.advance(20_000)
  workOf(held, 2).answer.fail(new RuntimeError('model-failed', 'no'))
  workOf(held, 3).answer.open('after a while')
  await settle()
  assert.equal([two.outcome, three.outcome], ['model-failed', 'after a while'])
  assert.is(held.length, 3)
})

test('an ask whose node is killed is done by another one within two seconds, once', async () => {
  const { clock, nodes, held, ask } = rig(3)
  const asked = watch(ask('work', { timeoutMs: 600_000 }))
  await clock.advance(5_000)
  nodes[held[0]?.member ?? 0]?.kill()
  await clock.advance(2_000)
  assert.is(held.length, 2)
  assert.is.not(held[0]?.member, held[1]?.member)
  held[1]?.answer.open('done elsewhere')
  await settle()
  assert.is(asked.outcome, 'done elsewhere')
})

test('a node that loses its connection for a moment keeps its ask', async () => {
  const { clock, held, ask, connected, nodes } = rig(1)
  const asked = watch(ask('work'))
  await clock.advance(1_000)
  // Its desk is there again in time: on a lost connection the client library makes its subscriptions anew.
  nodes[0]?.kill()
  await clock.advance(700)
  connected().requests.serve(deskSubject('main', 'writer', 'desk0'), async () => ({ value: 'it went on' }))
  await clock.advance(300)
  assert.equal([asked.outcome, held.length], ['it went on', 1])
})

test('a node that hangs is given up like a member that is not heard of', async () => {
  const { clock, held, ask, connected, nodes } = rig(1)
  let begun = 0
  const hung = connected().requests
  const taking = hung.serve(
    poolSubject('main', 'writer'),
    async () => {
      begun++
      return { desk: 'hung', node: 'h' }
    },
    { queue: 'pool' },
  )
  hung.serve(deskSubject('main', 'writer', 'hung'), () => new Promise(() => {}))
  const asks: { readonly outcome: unknown }[] = []
  while (begun === 0) {
    asks.push(watch(ask(asks.length)))
    await settle()
  }
  taking.unsubscribe()
  const taken = held.length
  await clock.advance(5_000)
  assert.is(held.length, taken, 'not at once: it may only be busy')
  await clock.advance(3_000)
  assert.is(held.length, taken + 1)
  for (const { answer } of held) answer.open('done')
  await settle()
  assert.equal(new Set(asks.map(({ outcome }) => outcome)), new Set(['done']))
  assert.is(nodes.length, 1)
})

test('who never says that it has an ask is asked again, under the same key', async () => {
  const { clock, held, ask, connected } = rig(0)
  const deaf = connected().requests.serve(poolSubject('main', 'writer'), () => new Promise(() => {}))
  const asked = watch(ask(1))
  await clock.advance(2_000)
  deaf.unsubscribe()
  const seen: Plain[] = []
  connected().requests.serve(poolSubject('main', 'writer'), async body => {
    seen.push(Object(body).key)
    return { value: 'heard' }
  })
  await clock.advance(1_500)
  assert.equal([asked.outcome, seen, held.length], ['heard', ['key1'], 0])
})

test('the same ask that reaches a node twice is done once', async () => {
  const { clock, held, ask } = rig(1)
  const both = [watch(ask(1, { key: 'same' })), watch(ask(1, { key: 'same' }))]
  await clock.advance(3_000)
  assert.is(held.length, 1)
  held[0]?.answer.open('once')
  await settle()
  assert.equal(
    both.map(({ outcome }) => outcome),
    ['once', 'once'],
  )
})

test('what is not to be repeated fails when its node is gone, and says which', async () => {
  const { clock, nodes, held, ask } = rig(2)
  const asked = errorOf(ask(1, { repeat: false }))
  await clock.advance(3_000)
  const [{ member } = { member: 0 }] = held
  nodes[member]?.kill()
  await clock.advance(2_000)
  const { kind, details } = await asked
  assert.equal([kind, details?.['nodes'], held.length], ['actor-stopped', [`n${member}`], 1])
})

test('work at which three nodes ended is not given to a fourth', async () => {
  const { clock, nodes, held, ask } = rig(5)
  const asked = errorOf(ask('poison'))
  for (let ended = 0; ended < 3; ended++) {
    await clock.advance(1_000)
    nodes[held[ended]?.member ?? 0]?.kill()
    await clock.advance(1_500)
  }
  const { kind, details } = await asked
  assert.is(kind, 'actor-stopped')
  assert.equal([(details?.['nodes'] as string[] | undefined)?.length, held.length], [3, 3])
})

test('when no other node is there it is waited for, for a while', async () => {
  const { clock, nodes, held, ask } = rig(1)
  const asked = errorOf(ask(1))
  await clock.advance(1_000)
  nodes[0]?.kill()
  await clock.advance(20_000)
  assert.equal([(await asked).kind, held.length], ['no-responders', 1])
  assert.is((await errorOf(ask(2))).kind, 'no-responders', 'without a wait when none was there')
})

test('a node that stops answers nobody, and the ask goes to another', async () => {
  const { clock, held, ask } = rig(2)
  const asked = watch(ask(1))
  await clock.advance(500)
  held[0]?.answer.fail(new RuntimeError('runtime-stopped', 'the node ends'))
  await clock.advance(500)
  held[1]?.answer.open('there')
  await settle()
  assert.is(asked.outcome, 'there')
})

test('a full pool says so at once, and has room again when an ask is answered', async () => {
  const { clock, nodes, held, ask } = rig(1)
  const first = ask(1)
  void ask(2).catch(() => {})
  await settle()
  assert.is(nodes[0]?.pool.busy, 2)
  assert.is((await errorOf(ask(3))).kind, 'mailbox-full')
  held[0]?.answer.open(null)
  await first
  const third = watch(ask(3))
  await clock.advance(100)
  held[2]?.answer.open('third')
  await settle()
  assert.is(third.outcome, 'third')
})

test('what comes too late or malformed is not begun', async () => {
  const { clock, held, ask, requests } = rig(1)
  assert.is((await errorOf(raw(requests, clock.now()))).kind, 'deadline-exceeded')
  assert.is((await errorOf(raw(requests, 'soon'))).kind, 'usage')
  assert.is((await errorOf(ask(1, { timeoutMs: 0 }))).kind, 'deadline-exceeded')
  assert.is(held.length, 0)
})

test('the deadline ends the waiting and the work, and so does whoever asked', async () => {
  const { clock, held, ask } = rig(1)
  const late = errorOf(ask(1, { timeoutMs: 4_000 }))
  const leaving = new AbortController()
  const left = errorOf(ask(2, { signal: leaving.signal }))
  await clock.advance(1_000)
  leaving.abort()
  await clock.advance(100)
  assert.is((await left).kind, 'cancelled')
  assert.equal([workOf(held, 2).signal.aborted, workOf(held, 1).signal.aborted], [true, false])
  await clock.advance(3_000)
  assert.is((await late).kind, 'deadline-exceeded')
  assert.is(workOf(held, 1).signal.aborted, true)
})

test('what nobody comes for any more is given up', async () => {
  const { clock, nodes, held, requests } = rig(1)
  void raw(requests, clock.now() + 600_000)
  await clock.advance(29_000)
  assert.is(held[0]?.signal.aborted, false)
  await clock.advance(2_000)
  assert.is(held[0]?.signal.aborted, true)
  held[0]?.answer.open(null)
  await settle()
  assert.is(nodes[0]?.pool.busy, 0)
})

test('a pool that closes takes no more, and waits for what it has, as long as it may', async () => {
  const { clock, nodes, held, ask } = rig(1)
  const asked = watch(ask(1))
  await clock.advance(3_000)
  const closing = watch(closed(nodes[0]?.pool, 60_000))
  await settle()
  assert.is((await errorOf(ask(2))).kind, 'no-responders')
  await clock.advance(10_000)
  assert.is(closing.outcome, undefined)
  held[0]?.answer.open('after all')
  await settle()
  assert.equal([asked.outcome, closing.outcome], ['after all', 'closed'])
})

test('a pool that closes waits no longer than it may, nor for answers that nobody comes for', async () => {
  const slow = rig(1)
  void slow.ask(1).catch(() => {})
  await settle()
  const late = watch(closed(slow.nodes[0]?.pool, 5_000))
  await slow.clock.advance(4_999)
  assert.is(late.outcome, undefined)
  await slow.clock.advance(1)
  assert.is(late.outcome, 'closed')

  const { clock, nodes, held, requests } = rig(1)
  void raw(requests, clock.now() + 600_000)
  await clock.advance(1_000)
  held[0]?.answer.open('for nobody')
  const closing = watch(closed(nodes[0]?.pool, 60_000))
  await clock.advance(5_100)
  assert.is(closing.outcome, 'closed')
})

test.run()
