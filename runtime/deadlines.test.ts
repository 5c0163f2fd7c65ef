import * as assert from 'uvu/assert'
import { deadlinesOn } from './deadlines.ts'
import { simulatedClock } from './testkit/simulated-clock.ts'
import { testSuite } from './testkit/suite.ts'

const test = testSuite('runtime/deadlines')

/** Deadlines that note who was late, by name. */
function noted() {
  const clock = simulatedClock()
  const deadlines = deadlinesOn(clock)
  const late: string[] = []
  const at = (name: string, ms: number) => {
    const one = { due: clock.now() + ms, late: () => void late.push(name) }
    deadlines.open(one)
    return () => deadlines.close(one)
  }
  return { clock, deadlines, late, at }
}

test('each is told when it is due, whatever the order they were set in', async () => {
  const { clock, late, at } = noted()
  at('c', 30)
  at('a', 10)
  at('b', 20)
  await clock.advance(9)
  assert.equal(late, [])
  await clock.advance(1)
  assert.equal(late, ['a'])
  await clock.advance(100)
  assert.equal(late, ['a', 'b', 'c'])
})

test('one timer is open for all, and none when all are called off', () => {
  const { clock, at } = noted()
  const calls = [at('a', 10), at('b', 20), at('c', 30)]
  assert.is(clock.pending().length, 1)
  for (const call of calls) call()
  assert.is(clock.pending().length, 0)
})

test('what was called off is not told, also when it was what the timer stood for', async () => {
  const { clock, late, at } = noted()
  const callOff = at('a', 10)
  at('b', 20)
  callOff()
  callOff()
  await clock.advance(19)
  assert.equal(late, [])
  await clock.advance(1)
  assert.equal(late, ['b'])
})

test('one that is told may call off another that is due, and set a new one', async () => {
  const { clock, deadlines, late, at } = noted()
  const callOff: (() => void)[] = []
  deadlines.open({
    due: clock.now() + 10,
    late() {
      late.push('first')
      for (const call of callOff) call()
      at('after', 5)
    },
  })
  callOff.push(at('second', 10))
  at('third', 20)
  await clock.advance(15)
  assert.equal(late, ['first', 'after'])
  await clock.advance(5)
  assert.equal(late, ['first', 'after', 'third'])
  assert.is(clock.pending().length, 0)
})

test('what is due already is told as soon as the clock turns', async () => {
  const { clock, late, at } = noted()
  at('past', -5)
  await clock.advance(0)
  assert.equal(late, ['past'])
})

test.run()
