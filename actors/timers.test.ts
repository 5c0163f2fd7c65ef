import * as assert from 'uvu/assert'
import { simulatedClock } from '../runtime/testkit/simulated-clock.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import type { Taken } from './journal.ts'
import { Timers } from './timers.ts'

const test = testSuite('actors/timers')

type Fired = Taken & { readonly kind: 'timer' }
const timer = (id: string): Fired => ({
  kind: 'timer',
  id,
  event: { type: `after.${id}` },
  cause: { id: 'm.1' },
})

function setting() {
  const clock = simulatedClock(0)
  const timers = new Timers()
  const fired: Fired[] = []
  return {
    clock,
    timers,
    fired,
    arm: (each: Fired, due: number) => {
      timers.set(each, due)
      timers.arm(each.id, clock, it => fired.push(it))
    },
  }
}

test('fires when it is due, and gives its event once', async () => {
  const { clock, timers, fired, arm } = setting()
  const a = timer('a')
  arm(a, 10)
  await clock.advance(9)
  assert.equal(fired, [])
  await clock.advance(1)
  assert.equal(fired, [a])
  assert.is(timers.take(a), a.event)
  assert.is(timers.take(a), undefined)
})

test('replaces a timer of the same id, also one that fired and was not taken yet', async () => {
  const { clock, timers, fired, arm } = setting()
  const [first, second, third] = [timer('a'), timer('a'), timer('a')]
  arm(first, 10)
  arm(second, 20)
  assert.equal(clock.pending(), [20])
  await clock.advance(20)
  arm(third, 30)
  assert.equal(fired, [second])
  assert.is(timers.take(second), undefined)
  await clock.advance(10)
  assert.is(timers.take(third), third.event)
})

test('does not give the event of a timer that was cancelled after it fired', async () => {
  const { clock, timers, fired, arm } = setting()
  const a = timer('a')
  arm(a, 10)
  await clock.advance(10)
  timers.disarm('a')
  timers.disarm('never')
  assert.is(fired.length, 1)
  assert.is(timers.take(a), undefined)
})

test('knows for whom timers wait, until they are taken or cleared', async () => {
  const { clock, timers, arm } = setting()
  const a = timer('a')
  arm(a, 10)
  arm({ kind: 'timer', id: 'b', event: { type: 'x' } }, 10)
  assert.is(timers.hasFor({ id: 'm.1' }), true)
  assert.is(timers.hasFor({ id: 'm.2' }), false)
  await clock.advance(10)
  assert.is(timers.hasFor({ id: 'm.1' }), true)
  timers.take(a)
  assert.is(timers.hasFor({ id: 'm.1' }), false)
  arm(timer('c'), 99)
  timers.clear()
  assert.equal(clock.pending(), [])
  assert.is(timers.hasFor({ id: 'm.1' }), false)
})

test('gives what is set again as it was stored, and fires what is late at once, the earliest first', async () => {
  const { clock, timers, fired, arm } = setting()
  arm(timer('late'), 50)
  arm(timer('later'), 20)
  arm(timer('open'), 500)
  const again = new Timers()
  again.load(timers.store())
  timers.clear()
  await clock.advance(100)
  assert.equal(fired, [], 'what is only set does not fire')
  again.armAll(clock, it => fired.push(it))
  await clock.advance(0)
  assert.equal(
    fired.map(({ id }) => id),
    ['later', 'late'],
  )
  await clock.advance(400)
  assert.equal(fired.at(-1), timer('open'))
})

test.run()
