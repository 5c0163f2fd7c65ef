import * as assert from 'uvu/assert'
import { testSuite } from '../suite.ts'
import { prng } from './prng.ts'
import { type Scheduler, scheduler } from './scheduler.ts'

const test = testSuite('runtime/testkit/simulation/scheduler')

const owner = { name: 'a', alive: true }
const made = (seed: number): Scheduler => scheduler({ random: prng(seed), start: 1_000 })

const run = async (time: Scheduler): Promise<void> => {
  while (time.step()) await time.drain()
}

/** The order in which a seed runs ten tasks that are ready together. */
async function order(seed: number) {
  const time = made(seed)
  const ran: number[] = []
  for (let i = 0; i < 10; i++) time.soon(owner, `task${i}`, () => ran.push(i))
  await run(time)
  return { ran, hash: time.hash() }
}

test('runs everything that is ready, once, in an order that the seed decides', async () => {
  const first = await order(1)
  assert.equal([...first.ran].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  assert.equal(await order(1), first)
  const others = await Promise.all([2, 3, 4].map(order))
  assert.ok(others.every(({ hash }) => hash !== first.hash))
})

test('goes on to the next time only when nothing is ready', async () => {
  const time = made(1)
  const ran: (string | number)[] = []
  time.at(5_000, owner, 'late', () => ran.push('late', time.now))
  time.at(2_000, owner, 'early', () => {
    ran.push('early', time.now)
    time.soon(owner, 'child', () => ran.push('child', time.now))
  })
  await run(time)
  assert.equal(ran, ['early', 2_000, 'child', 2_000, 'late', 5_000])
})

test('stops at the time it is told to, and says that nothing was left before', () => {
  const time = made(1)
  time.at(5_000, owner, 'late', () => {})
  assert.is(time.step(4_999), false)
  assert.is(time.now, 1_000)
  assert.is(time.step(5_000), true)
  assert.is(time.now, 5_000)
})

test('runs what is past due at once, and never turns time back', () => {
  const time = made(1)
  const ran: number[] = []
  time.at(10, owner, 'past', () => ran.push(time.now))
  assert.ok(time.step())
  assert.equal(ran, [1_000])
})

test('drops what was cancelled and what belongs to a dead owner', async () => {
  const time = made(1)
  const ran: string[] = []
  const mortal = { name: 'b', alive: true }
  time.soon(owner, 'kept', () => ran.push('kept'))
  time.soon(owner, 'cancelled', () => ran.push('cancelled'))()
  time.soon(mortal, 'dead', () => ran.push('dead'))
  time.at(2_000, mortal, 'dead later', () => ran.push('dead later'))
  time.at(3_000, owner, 'cancelled later', () => ran.push('cancelled later'))()
  mortal.alive = false
  await run(time)
  assert.equal(ran, ['kept'])
  assert.is(time.now, 1_000)
})

test('drains every promise before the next task, however long its chain', async () => {
  const time = made(1)
  const ran: string[] = []
  time.soon(owner, 'first', () => {
    void (async () => {
      for (let i = 0; i < 1_000; i++) await null
      ran.push('end of a chain')
    })()
  })
  time.at(2_000, owner, 'second', () => ran.push('second'))
  await run(time)
  assert.equal(ran, ['end of a chain', 'second'])
})

test('lets what is ready wait while time passes, together with what became due', async () => {
  const orders = new Set<string>()
  for (let seed = 0; seed < 20; seed++) {
    const time = made(seed)
    const ran: string[] = []
    time.soon(owner, 'ready', () => ran.push(`ready ${time.now}`))
    time.at(2_000, owner, 'timer', () => ran.push(`timer ${time.now}`))
    time.pass(3_000)
    await run(time)
    orders.add(ran.join(', '))
  }
  assert.equal([...orders].sort(), ['ready 4000, timer 4000', 'timer 4000, ready 4000'])
})

test('keeps the order of due times of thousands of timers', async () => {
  const time = made(1)
  const random = prng('dues')
  const ran: number[] = []
  for (let i = 0; i < 3_000; i++)
    time.at(random.between(1_000, 100_000), owner, 't', () => ran.push(time.now))
  await run(time)
  assert.is(ran.length, 3_000)
  assert.equal(
    ran,
    [...ran].sort((a, b) => a - b),
  )
})

test('has a hash that depends on what was noted', () => {
  const [a, b] = [made(1), made(1)]
  assert.is(a.hash(), b.hash())
  a.note('something', 'x')
  assert.is.not(a.hash(), b.hash())
})

test.run()
