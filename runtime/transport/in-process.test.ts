import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import { settle, simulatedClock } from '../testkit/simulated-clock.ts'
import { createInProcessBus } from './in-process.ts'
import { transportConformance } from './transport.conformance.ts'
import type { Transport } from './transport.ts'

const test = transportConformance('runtime/transport/in-process', async onError => {
  const bus = createInProcessBus({ onError })
  const open: Transport[] = []
  return {
    async connect() {
      const transport = bus.connect()
      open.push(transport)
      return transport
    },
    async close() {
      await Promise.all(open.map(transport => transport.close()))
    },
  }
})

const kindOf = (error: unknown): string => (error instanceof RuntimeError ? error.kind : String(error))
const one = new Uint8Array([1])

test('measures a timeout by the clock it was given and leaves no timer behind', async () => {
  const clock = simulatedClock()
  const transport = createInProcessBus({ clock }).connect()
  const asked: unknown[] = []
  transport.subscribe('ac.t.x', ({ reply }) => void asked.push(reply))
  const outcome = transport.request('ac.t.x', one, { timeoutMs: 60_000 }).then(() => 'answered', kindOf)
  await clock.advance(59_999)
  assert.is(clock.pending().length, 1)
  await clock.advance(1)
  assert.is(await outcome, 'request-timeout')

  transport.subscribe('ac.t.y', ({ data, reply }) => reply?.(data))
  await transport.request('ac.t.y', one, { timeoutMs: 60_000 })
  await transport.request('ac.t.nobody', one, { timeoutMs: 60_000 }).catch(kindOf)
  assert.equal(clock.pending(), [])
})

test('removes its listener from the signal of a request that was answered', async () => {
  const transport = createInProcessBus().connect()
  transport.subscribe('ac.t.x', ({ data, reply }) => reply?.(data))
  const { signal } = new AbortController()
  let listeners = 0
  const add = signal.addEventListener.bind(signal)
  const remove = signal.removeEventListener.bind(signal)
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners++
    add(...args)
  }
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners--
    remove(...args)
  }
  await transport.request('ac.t.x', one, { timeoutMs: 1_000, signal })
  assert.is(listeners, 0)
})

test('leaves the event loop time while messages cause messages without end', async () => {
  const transport = createInProcessBus().connect()
  let hops = 0
  transport.subscribe('ac.t.x', ({ data }) => {
    hops++
    if (transport.status === 'open') transport.publish('ac.t.x', data)
  })
  transport.publish('ac.t.x', one)
  await new Promise(resolve => setTimeout(resolve, 20))
  assert.ok(hops > 10)
  await transport.close()
})

test('gives a message to another member when the one in line unsubscribed before it came', async () => {
  const bus = createInProcessBus()
  const transport = bus.connect()
  const got: string[] = []
  const first = transport.subscribe('ac.t.x', () => got.push('first'), { queue: 'q' })
  transport.subscribe('ac.t.x', () => got.push('second'), { queue: 'q' })
  transport.publish('ac.t.x', one)
  first.unsubscribe()
  await transport.flush()
  assert.equal(got, ['second'])
})

test('hands work of a queue group to a member that stays rather than to one that drains', async () => {
  const bus = createInProcessBus()
  const [staying, draining] = [bus.connect(), bus.connect()]
  const got: string[] = []
  draining.subscribe('ac.t.x', () => got.push('draining'), { queue: 'q' })
  staying.subscribe('ac.t.x', () => got.push('staying'), { queue: 'q' })
  staying.publish('ac.t.x', one)
  staying.publish('ac.t.x', one)
  await draining.drain()
  assert.equal(got, ['staying', 'staying'])
})

test('hands over, while it drains, what only it can handle', async () => {
  const bus = createInProcessBus()
  const [sender, draining] = [bus.connect(), bus.connect()]
  let got = 0
  draining.subscribe('ac.t.x', () => void got++)
  sender.publish('ac.t.x', one)
  const drained = draining.drain()
  sender.publish('ac.t.x', one)
  await drained
  assert.is(got, 1)
})

test('refuses an answer given after the transport closed, and reports it', async () => {
  const errors: unknown[] = []
  const bus = createInProcessBus({ onError: error => void errors.push(error) })
  const [asker, answerer] = [bus.connect(), bus.connect()]
  answerer.subscribe('ac.t.x', async ({ data, reply }) => {
    await answerer.close()
    reply?.(data)
  })
  const outcome = asker.request('ac.t.x', one, { timeoutMs: 50 }).then(() => 'answered', kindOf)
  assert.is(await outcome, 'request-timeout')
  assert.equal(errors.map(kindOf), ['transport-closed'])
})

test('warns of a failed handler when no listener was given', async () => {
  const warnings: Error[] = []
  const listen = (warning: Error): void => void warnings.push(warning)
  process.on('warning', listen)
  try {
    const transport = createInProcessBus().connect()
    transport.subscribe('ac.t.warned', () => {
      throw new Error('no good')
    })
    transport.publish('ac.t.warned', one)
    await transport.flush()
    await settle()
    assert.ok(warnings.some(({ message }) => message.includes('ac.t.warned') && message.includes('no good')))
  } finally {
    process.off('warning', listen)
  }
})

test('two buses do not hear each other', async () => {
  const [left, right] = [createInProcessBus().connect(), createInProcessBus().connect()]
  right.subscribe('ac.t.x', () => {})
  const outcome = await left.request('ac.t.x', one, { timeoutMs: 1_000 }).then(() => 'answered', kindOf)
  assert.is(outcome, 'no-responders')
})

test.run()
