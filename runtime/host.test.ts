import * as assert from 'uvu/assert'
import { type Address, isToken } from '../actors/address.ts'
import { createRuntime } from './create-runtime.ts'
import { fairScheduler, systemHost } from './host.ts'
import type { Seen } from './testkit/loose-machine.ts'
import { echo, reply, sample } from './testkit/sample-actors.ts'
import { settle } from './testkit/simulated-clock.ts'
import { testSuite } from './testkit/suite.ts'

const test = testSuite('runtime/host')

test('runs tasks in the order in which they were deferred, after the current one', async () => {
  const defer = fairScheduler()
  const ran: number[] = []
  defer(() => {
    ran.push(1)
    defer(() => ran.push(3))
  })
  defer(() => ran.push(2))
  assert.equal(ran, [])
  await settle()
  assert.equal(ran, [1, 2, 3])
})

test('gives timers their turn while tasks keep each other busy', async () => {
  const defer = fairScheduler()
  let ran = 0
  let over = false
  const again = (): void => {
    ran++
    if (!over) defer(again)
  }
  again()
  await new Promise<void>(resolve => setTimeout(resolve, 0))
  over = true
  assert.ok(ran > 1)
  const before = ran
  await settle()
  assert.ok(ran <= before + 1)
})

test('runs every one of very many tasks once, in order', async () => {
  const defer = fairScheduler()
  const ran: number[] = []
  for (let i = 0; i < 10_000; i++) defer(() => ran.push(i))
  defer(() => {
    for (let i = 10_000; i < 15_000; i++) defer(() => ran.push(i))
  })
  while (ran.length < 15_000) await settle()
  assert.ok(ran.every((n, i) => n === i))
})

test('is not stopped by a task that throws', async () => {
  const defer = fairScheduler()
  const thrown: unknown[] = []
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.once('uncaughtException', error => thrown.push(error))
  const ran: string[] = []
  defer(() => {
    throw new Error('mine')
  })
  defer(() => ran.push('next'))
  await settle()
  for (const listener of others) process.on('uncaughtException', listener)
  assert.equal(ran, ['next'])
  assert.is((thrown[0] as Error).message, 'mine')
})

test('makes ids that may stand in an address, each once', () => {
  const { id, random, clock } = systemHost()
  const ids = Array.from({ length: 100 }, id)
  assert.ok(ids.every(isToken))
  assert.is(new Set(ids).size, 100)
  assert.ok(random() >= 0 && random() < 1)
  assert.ok(Math.abs(clock.now() - Date.now()) < 1_000)
})

test('lets others be heard while two actors never stop talking to each other', async () => {
  const runtime = createRuntime()
  const player = sample('player', {
    context: {},
    on: {
      'ball.hit': {
        actions: {
          type: 'tell',
          params: ({ event }: Seen) => {
            const { to, from } = event['body'] as unknown as { to: Address; from: Address }
            return { to, type: 'ball.hit', body: { to: from, from: to } }
          },
        },
      },
      'ball.score': { actions: reply(() => 'fine') },
    },
  })
  const [a, b] = [await runtime.spawn(player, { id: 'a' }), await runtime.spawn(player, { id: 'b' })]
  const other = await runtime.spawn(echo())
  runtime.tell(a, 'ball.hit', { to: b, from: a })
  await new Promise<void>(resolve => setTimeout(resolve, 0))
  assert.is(await runtime.ask(other, 'echo.say', 'heard'), 'heard')
  assert.is(await runtime.ask(b, 'ball.score'), 'fine')
  await runtime.stop()
})

test.run()
