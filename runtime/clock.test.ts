import * as assert from 'uvu/assert'
import { clockOver, systemClock } from './clock.ts'
import { testSuite } from './testkit/suite.ts'

const test = testSuite('runtime/clock')

/** Timers moved by hand, with the limit of setTimeout: a longer wait fires at once. */
function handTimers() {
  const waits: number[] = []
  let now = 0
  let armed: (() => void) | undefined
  return {
    waits,
    moveTo: (time: number): void => {
      now = time
    },
    ring: (): void => {
      const fire = armed
      armed = undefined
      fire?.()
    },
    isArmed: (): boolean => armed !== undefined,
    timers: {
      now: () => now,
      set(fire: () => void, ms: number): number {
        waits.push(ms)
        armed = fire
        return waits.length
      },
      clear: (_handle: number): void => {
        armed = undefined
      },
    },
  }
}

test('a wait longer than setTimeout knows is made of several', () => {
  const hand = handTimers()
  const longest = 2 ** 31 - 1
  let fired = 0
  clockOver(hand.timers).at(longest * 2 + 5, () => fired++)
  hand.moveTo(longest)
  hand.ring()
  hand.moveTo(longest * 2)
  hand.ring()
  assert.is(fired, 0)
  hand.moveTo(longest * 2 + 5)
  hand.ring()
  assert.is(fired, 1)
  assert.equal(hand.waits, [longest, longest, 5])
  assert.is(hand.isArmed(), false)
})

test('a timer that rings early waits for the rest', () => {
  const hand = handTimers()
  let fired = 0
  clockOver(hand.timers).at(100, () => fired++)
  hand.moveTo(99)
  hand.ring()
  assert.is(fired, 0)
  hand.moveTo(100)
  hand.ring()
  assert.is(fired, 1)
})

test('a clock that is set back and right again delays a timer by a minute at most', () => {
  const hand = handTimers()
  let fired = 0
  hand.moveTo(3_600_000)
  clockOver(hand.timers).at(3_600_100, () => fired++)
  hand.moveTo(100)
  hand.ring()
  assert.is(fired, 0)
  assert.equal(hand.waits, [100, 60_000])
  hand.moveTo(3_660_100)
  hand.ring()
  assert.is(fired, 1)
})

test('a time that is past is waited for no longer than nothing', () => {
  const hand = handTimers()
  hand.moveTo(1000)
  clockOver(hand.timers).at(5, () => {})
  assert.equal(hand.waits, [0])
})

test('a cancelled timer does not fire, also not after it was armed again', () => {
  const hand = handTimers()
  let fired = 0
  const cancel = clockOver(hand.timers).at(2 ** 31 + 10, () => fired++)
  hand.moveTo(2 ** 31 - 1)
  hand.ring()
  cancel()
  cancel()
  hand.moveTo(2 ** 32)
  hand.ring()
  assert.is(fired, 0)
})

test('the system clock tells the time and never fires early', async () => {
  const before = Date.now()
  const now = systemClock.now()
  assert.ok(now >= before && now <= Date.now())
  const due = systemClock.now() + 12
  const firedAt = await new Promise<number>(resolve => {
    systemClock.at(due, () => resolve(Date.now()))
  })
  assert.ok(firedAt >= due)
})

test('the system clock forgets what is cancelled', async () => {
  let fired = 0
  const cancel = systemClock.at(systemClock.now() + 1, () => fired++)
  cancel()
  await new Promise<void>(resolve => {
    systemClock.at(systemClock.now() + 10, resolve)
  })
  assert.is(fired, 0)
})

test.run()
