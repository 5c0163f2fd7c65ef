import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import type { Plain } from '../../actors/plain.ts'
import { poolSubject } from '../../actors/subject.ts'
import { createCodec } from '../codec.ts'
import { errorOf, type Gate, gate } from '../testkit/sample-actors.ts'
import { settle, simulatedClock } from '../testkit/simulated-clock.ts'
import { testSuite } from '../testkit/suite.ts'
import { createInProcessBus } from '../transport/in-process.ts'
import { type PoolAsk, servePool } from './pools.ts'
import { createRequests } from './requests.ts'

const test = testSuite('runtime/cluster/pools')

/** Members of one pool, each holding its asks until the test answers, and somebody who asks. */
function rig(members: number, atOnce = 2) {
  const clock = simulatedClock()
  const bus = createInProcessBus({ clock })
  const codec = createCodec()
  const requests = () => createRequests({ transport: bus.connect(), codec, clock })
  const held: { readonly member: number; readonly ask: PoolAsk; readonly answer: Gate<Plain> }[] = []
  const pools = Array.from({ length: members }, (_, member) =>
    servePool({
      ...{ requests: requests(), namespace: 'main', clock, type: 'writer', atOnce },
      answer(ask) {
        const answer = gate<Plain>()
        held.push({ member, ask, answer })
        return answer.promise
      },
    }),
  )
  const asker = requests()
  const ask = (body: Plain, deadline = clock.now() + 10_000) =>
    asker.ask(poolSubject('main', 'writer'), { type: 'task.assign', body, deadline }, 10_000)
  return { clock, pools, held, ask }
}

test('one member gets each ask, and its answer or failure comes back', async () => {
  const { held, ask } = rig(3)
  const [one, two] = [ask(1), errorOf(ask(2))]
  await settle()
  assert.equal(held.map(({ ask: { type, body } }) => [type, body]).sort(), [
    ['task.assign', 1],
    ['task.assign', 2],
  ])
  for (const {
    ask: { body },
    answer,
  } of held) {
    if (body === 1) answer.open('done')
    else answer.fail(new RuntimeError('model-failed', 'no'))
  }
  assert.is(await one, 'done')
  assert.is((await two).kind, 'model-failed')
})

test('a full pool says so at once, and has room again when an ask is answered', async () => {
  const { pools, held, ask } = rig(1)
  const first = ask(1)
  void ask(2)
  await settle()
  assert.is(pools[0]?.busy, 2)
  assert.is((await errorOf(ask(3))).kind, 'mailbox-full')
  held[0]?.answer.open(null)
  await first
  const third = ask(3)
  await settle()
  held[2]?.answer.open('third')
  assert.is(await third, 'third')
})

test('what comes too late or malformed is not begun', async () => {
  const { clock, held, ask } = rig(1)
  await clock.advance(1_000)
  assert.is((await errorOf(ask(1, clock.now()))).kind, 'deadline-exceeded')
  assert.is((await errorOf(ask(1, 'soon' as never))).kind, 'usage')
  assert.is(held.length, 0)
})

test('a pool that closes takes no more, and waits for what it has, as long as it may', async () => {
  const { pools, held, ask } = rig(1)
  const asked = ask(1)
  await settle()
  let closed = false
  const closing = pools[0]?.close(5_000).then(() => {
    closed = true
  })
  assert.is((await errorOf(ask(2))).kind, 'no-responders')
  assert.is(closed, false)
  held[0]?.answer.open('after all')
  assert.is(await asked, 'after all')
  await closing
  const { clock: slow, pools: others, ask: more } = rig(1)
  void more(1).catch(() => {})
  await settle()
  const began = slow.now()
  const late = others[0]?.close(5_000).then(() => slow.now() - began)
  await slow.advance(4_999)
  await slow.advance(1)
  assert.is(await late, 5_000)
})

test.run()
