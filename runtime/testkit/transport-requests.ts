/** Transport conformance: requests, their answers, and every way not to get one. */
import * as assert from 'uvu/assert'
import type { Message } from '../transport/transport.ts'
import { bytes, echo, pause, refuses, type Scenarios, text, until } from './transport-scenario.ts'

export const REQUESTS: Scenarios = {
  'answers each of many requests under way with its own reply': async ({ connect, at }) => {
    const [asker, answerer] = [await connect(), await connect()]
    answerer.subscribe(at('x'), async ({ data, reply }) => {
      await pause(Number(text(data)) % 5)
      reply?.(data)
    })
    await answerer.flush()
    const wanted = Array.from({ length: 200 }, (_, i) => String(i))
    const answers = await Promise.all(wanted.map(n => asker.request(at('x'), bytes(n), { timeoutMs: 2_000 })))
    assert.equal(answers.map(text), wanted)
  },

  'takes the first answer when several reply, and drops the others': async ({ connect, at }) => {
    const transport = await connect()
    for (const _ of [1, 2]) {
      transport.subscribe(at('x'), ({ data, reply }) => {
        reply?.(data)
        reply?.(bytes('again'))
      })
    }
    await transport.flush()
    assert.is(text(await transport.request(at('x'), bytes('first'), { timeoutMs: 1_000 })), 'first')
    assert.is(text(await transport.request(at('x'), bytes('second'), { timeoutMs: 1_000 })), 'second')
  },

  'rejects a request that nobody can answer at once, not by its timeout': async ({ connect, at }) => {
    const transport = await connect()
    const subscription = transport.subscribe(at('x'), echo)
    subscription.unsubscribe()
    await transport.flush()
    const started = performance.now()
    await refuses('no-responders', transport.request(at('x'), bytes('?'), { timeoutMs: 5_000 }))
    const waited = performance.now() - started
    assert.ok(waited < 1_000, `rejected after ${waited} ms of 5,000`)
  },

  'rejects a request that nobody answered in time': async ({ connect, at }) => {
    const transport = await connect()
    const late: Message[] = []
    transport.subscribe(at('x'), message => late.push(message))
    await transport.flush()
    const started = performance.now()
    await refuses('request-timeout', transport.request(at('x'), bytes('?'), { timeoutMs: 100 }))
    assert.ok(performance.now() - started >= 90)
    late[0]?.reply?.(bytes('too late'))
    await transport.flush()
  },

  'times out at once, and sends nothing, when no time is left': async ({ connect, at }) => {
    const transport = await connect()
    const got: Message[] = []
    transport.subscribe(at('x'), message => got.push(message))
    await transport.flush()
    for (const timeoutMs of [0, -5, Number.NaN]) {
      await refuses('request-timeout', transport.request(at('x'), bytes('?'), { timeoutMs }))
    }
    await transport.flush()
    assert.is(got.length, 0)
  },

  'rejects a request whose signal aborts, before or while it waits': async ({ connect, at }) => {
    const transport = await connect()
    let got = 0
    transport.subscribe(at('x'), () => void got++)
    await transport.flush()
    const signal = AbortSignal.abort(new Error('gone'))
    await refuses('cancelled', transport.request(at('x'), bytes('?'), { timeoutMs: 5_000, signal }))
    const controller = new AbortController()
    const waiting = transport.request(at('x'), bytes('?'), { timeoutMs: 5_000, signal: controller.signal })
    await until(() => got === 1)
    controller.abort()
    await refuses('cancelled', waiting)
  },

  'sends answers to the subject that a message names for them': async ({ connect, at }) => {
    const [asker, answerer] = [await connect(), await connect()]
    const got: string[] = []
    asker.subscribe(at('inbox.*'), ({ data, reply }) => got.push(`${text(data)} ${reply === undefined}`))
    answerer.subscribe(at('x'), echo)
    await Promise.all([asker.flush(), answerer.flush()])
    asker.publish(at('x'), bytes('hello'), { replyTo: at('inbox.1') })
    await until(() => got.length === 1)
    assert.equal(got, ['hello true'])
  },

  'spreads requests over a queue group with one answer each': async ({ connect, at }) => {
    const [asker, first, second] = [await connect(), await connect(), await connect()]
    for (const member of [first, second]) member.subscribe(at('pool'), echo, { queue: 'pool' })
    await Promise.all([first.flush(), second.flush()])
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => asker.request(at('pool'), bytes(String(i)), { timeoutMs: 1_000 })),
    )
    assert.equal(
      answers.map(text),
      Array.from({ length: 50 }, (_, i) => String(i)),
    )
  },
}
