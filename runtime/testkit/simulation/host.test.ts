import * as assert from 'uvu/assert'
import { testSuite } from '../suite.ts'
import { type Incarnation, incarnate } from './host.ts'
import { prng } from './prng.ts'
import { type Scheduler, scheduler } from './scheduler.ts'

const test = testSuite('runtime/testkit/simulation/host')

function made(skew = 0): { time: Scheduler; life: Incarnation; next: (number: number) => Incarnation } {
  const random = prng(1)
  const time = scheduler({ random: random.fork('scheduler'), start: 1_000 })
  let ids = 0
  const next = (number: number): Incarnation =>
    incarnate({ scheduler: time, random, node: 'n', number, skew, nextId: () => `id${ids++}` })
  return { time, life: next(1), next }
}

const run = (time: Scheduler, until?: number): void => {
  while (time.step(until)) {}
}

test('fires timers at their time and runs deferred tasks before', () => {
  const { time, life } = made()
  const ran: unknown[] = []
  life.host.clock.at(1_500, () => ran.push(['timer', life.host.clock.now()]))
  life.host.defer(() => ran.push(['task', life.host.clock.now()]))
  run(time)
  assert.equal(ran, [
    ['task', 1_000],
    ['timer', 1_500],
  ])
})

test('does not fire a timer that was cancelled', () => {
  const { time, life } = made()
  const ran: string[] = []
  life.host.clock.at(1_500, () => ran.push('timer'))()
  run(time)
  assert.equal(ran, [])
})

test('runs nothing of a life that is over, whatever it had begun', () => {
  const { time, life } = made()
  const ran: string[] = []
  life.host.defer(() => ran.push('deferred before'))
  life.host.clock.at(2_000, () => ran.push('armed before'))
  life.onDeath(() => ran.push('told'))
  life.kill()
  life.kill()
  life.host.defer(() => ran.push('deferred after'))
  life.host.clock.at(2_000, () => ran.push('armed after'))
  run(time)
  assert.equal(ran, ['told'])
})

test('gives every life chance of its own and ids that nobody else gets', () => {
  const { life, next } = made()
  const second = next(2)
  assert.is.not(life.host.random(), second.host.random())
  assert.is.not(life.host.id(), second.host.id())
})

test('tells time by its own clock, which may be ahead of the world', () => {
  const { time, life } = made(250)
  assert.is(life.host.clock.now(), 1_250)
  const fired: number[] = []
  life.host.clock.at(1_500, () => fired.push(time.now))
  run(time)
  assert.equal(fired, [1_250])
})

test('fires a timer no earlier than its time by a clock that was set back', () => {
  const { time, life } = made()
  const fired: number[] = []
  life.host.clock.at(2_000, () => fired.push(time.now, life.host.clock.now()))
  life.skew = -500
  run(time)
  assert.equal(fired, [2_500, 2_000])
})

test.run()
