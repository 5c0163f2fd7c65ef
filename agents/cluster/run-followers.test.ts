import * as assert from 'uvu/assert'
import type { RuntimeEvent } from '../../actors/events.ts'
import { createEvents } from '../../runtime/events.ts'
import { simulatedClock } from '../../runtime/testkit/simulated-clock.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { runFollowers } from './run-followers.ts'

const test = testSuite('agents/cluster/run-followers')

function scene() {
  const clock = simulatedClock()
  const events = createEvents(error => assert.unreachable(String(error)))
  const told: string[] = []
  const followers = runFollowers({ events, host: { clock } } as never, run => void told.push(run))
  const happens = (run: string) => events.emit({ type: 'run.started', run } as unknown as RuntimeEvent)
  return { clock, events, told, followers, happens }
}

test('tells of the runs that somebody follows, for as long as they do', async () => {
  const { clock, told, followers, happens } = scene()
  followers.add('a', clock.now() + 5_000)
  followers.add('b', clock.now() + 5_000)
  for (const run of ['a', 'b', 'c']) happens(run)
  assert.equal(told, ['a', 'b'])
  await clock.advance(4_000)
  followers.add('b', clock.now() + 5_000)
  await clock.advance(2_000)
  for (const run of ['a', 'b']) happens(run)
  assert.equal(told, ['a', 'b', 'b'])
})

test('when nobody follows any more nothing is listened to and no clock runs, also if nothing ever happens', async () => {
  const { clock, events, followers } = scene()
  for (let i = 0; i < 500; i++) followers.add(`r${i}`, clock.now() + 1_000)
  assert.is(events.on, true)
  await clock.advance(3_000)
  assert.equal([events.on, clock.pending()], [false, []])
  followers.add('again', clock.now() + 60_000)
  followers.stop()
  assert.equal([events.on, clock.pending()], [false, []])
})

test('those who follow are bounded: of too many the oldest are let go', () => {
  const { clock, told, followers, happens } = scene()
  for (let i = 0; i <= 10_000; i++) followers.add(`r${i}`, clock.now() + 1_000)
  for (const run of ['r0', 'r1', 'r10000']) happens(run)
  assert.equal(told, ['r1', 'r10000'])
})

test.run()
