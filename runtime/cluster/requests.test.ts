import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import { createCodec } from '../codec.ts'
import { errorOf, watch } from '../testkit/sample-actors.ts'
import { simulatedClock } from '../testkit/simulated-clock.ts'
import { testSuite } from '../testkit/suite.ts'
import { createInProcessBus } from '../transport/in-process.ts'
import { createRequests } from './requests.ts'

const test = testSuite('runtime/cluster/requests')

function setUp() {
  const clock = simulatedClock()
  const bus = createInProcessBus({ clock })
  const codec = createCodec()
  const party = () => createRequests({ transport: bus.connect(), codec, clock })
  return { clock, here: party(), there: party() }
}

test('answers with what the other side returns, and fails with what it throws', async () => {
  const { here, there } = setUp()
  there.serve('ac.test.part.1', async body => ({ got: body }))
  there.serve('ac.test.part.2', async () => {
    throw new RuntimeError('usage', 'not so', { fix: 'otherwise' })
  })
  assert.equal(await here.ask('ac.test.part.1', { a: 1 }, 1_000), { got: { a: 1 } })
  const error = await errorOf(here.ask('ac.test.part.2', null, 1_000))
  assert.equal([error.kind, error.fix], ['usage', 'otherwise'])
  assert.is((await errorOf(here.ask('ac.test.part.3', null, 1_000))).kind, 'no-responders')
})

test('an answer that cannot be sent is an error, not a silence', async () => {
  const { here, there } = setUp()
  there.serve('ac.test.part.1', async () => 'x'.repeat(2_000_000))
  assert.is((await errorOf(here.ask('ac.test.part.1', null, 1_000))).kind, 'codec-too-large')
})

test('persists while nobody is there, and says so when the time is over', async () => {
  const { clock, here, there } = setUp()
  const asked = watch(here.persist('ac.test.part.1', null, { timeoutMs: 3_000 }))
  await clock.advance(1_000)
  there.serve('ac.test.part.1', async () => 'at last')
  await clock.advance(200)
  assert.is(asked.outcome, 'at last')
  const vain = watch(here.persist('ac.test.part.2', null, { timeoutMs: 3_000 }))
  await clock.advance(2_800)
  assert.is(vain.outcome, undefined)
  await clock.advance(400)
  assert.is(vain.outcome, 'partition-unowned')
})

test('does not persist with what was refused for good', async () => {
  const { here, there } = setUp()
  let times = 0
  there.serve('ac.test.part.1', async () => {
    times++
    throw new RuntimeError('usage', 'never')
  })
  assert.is((await errorOf(here.persist('ac.test.part.1', null, { timeoutMs: 60_000 }))).kind, 'usage')
  assert.is(times, 1)
})

test('tries again what timed out: whoever was asked may be gone', async () => {
  const { clock, here, there } = setUp()
  let times = 0
  there.serve('ac.test.part.1', () => (times++ === 0 ? new Promise(() => {}) : Promise.resolve('now')))
  const asked = watch(here.persist('ac.test.part.1', null, { timeoutMs: 20_000, tryMs: 1_000 }))
  await clock.advance(1_200)
  assert.equal([asked.outcome, times], ['now', 2])
})

test.run()
