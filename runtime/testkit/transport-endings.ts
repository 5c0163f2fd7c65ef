/** Transport conformance: what is refused, draining and closing. */
import * as assert from 'uvu/assert'
import { MAX_PAYLOAD, type Message, type Transport } from '../transport/transport.ts'
import {
  type Bench,
  bytes,
  echo,
  kindOf,
  pause,
  refuses,
  type Scenarios,
  text,
  throwsKind,
  until,
} from './transport-scenario.ts'

const BAD_SUBJECTS = [
  '',
  '.',
  '.a',
  'a.',
  'a..b',
  'a b',
  'a.b\r\nPUB x 0',
  'a\tb',
  'a.ü',
  'a.$JS',
  `a.${'x'.repeat(65)}`,
]
const BAD_PATTERNS = ['>.a', 'a.>.b', 'a*', 'a.b>', '**', 'a.>>']

export const REFUSALS: Scenarios = {
  'refuses malformed subjects wherever one is given': async ({ connect, at }) => {
    const transport = await connect()
    for (const bad of BAD_SUBJECTS) {
      throwsKind('subject-invalid', () => transport.subscribe(bad, echo))
      throwsKind('subject-invalid', () => transport.publish(at('x'), bytes('x'), { replyTo: bad }))
      throwsKind('subject-invalid', () => transport.subscribe(at('x'), echo, { queue: bad }))
    }
    for (const bad of BAD_PATTERNS) throwsKind('subject-invalid', () => transport.subscribe(bad, echo))
    for (const bad of [...BAD_SUBJECTS, ...BAD_PATTERNS, 'a.*', 'a.>', '>']) {
      throwsKind('subject-invalid', () => transport.publish(bad, bytes('x')))
      await refuses('subject-invalid', transport.request(bad, bytes('x'), { timeoutMs: 100 }))
    }
    await transport.flush()
    assert.is(transport.status, 'open')
  },

  'refuses a message, a request and an answer above the limit': async ({ connect, at }, errors) => {
    const transport = await connect()
    const huge = new Uint8Array(MAX_PAYLOAD + 1)
    transport.subscribe(at('x'), ({ reply }) => reply?.(huge))
    await transport.flush()
    throwsKind('codec-too-large', () => transport.publish(at('x'), huge))
    await refuses('codec-too-large', transport.request(at('x'), huge, { timeoutMs: 100 }))
    await refuses('request-timeout', transport.request(at('x'), bytes('?'), { timeoutMs: 50 }))
    assert.equal(errors.map(kindOf), ['codec-too-large'])
  },
}

export const ENDINGS: Scenarios = {
  'drains: messages received are handled, their handlers finish and may still answer': async ({
    connect,
    at,
  }) => {
    const [asker, node] = [await connect(), await connect()]
    let started = 0
    let finished = 0
    node.subscribe(at('x'), async ({ data, reply }) => {
      started++
      await pause(40)
      reply?.(data)
      finished++
    })
    await node.flush()
    const answers = [1, 2, 3].map(n => asker.request(at('x'), bytes(String(n)), { timeoutMs: 2_000 }))
    await until(() => started === 3)
    const drained = node.drain()
    assert.is(node.status, 'draining')
    await drained
    assert.is(node.status, 'closed')
    assert.is(finished, 3)
    assert.equal((await Promise.all(answers)).map(text), ['1', '2', '3'])
  },

  'a draining transport finishes its own requests before it closes': async ({ connect, at }) => {
    const [asker, answerer] = [await connect(), await connect()]
    const asked: Message[] = []
    answerer.subscribe(at('x'), message => asked.push(message))
    await answerer.flush()
    const answer = asker.request(at('x'), bytes('?'), { timeoutMs: 2_000 })
    await until(() => asked.length === 1)
    const drained = asker.drain()
    asked[0]?.reply?.(bytes('!'))
    assert.is(text(await answer), '!')
    await drained
    assert.is(asker.status, 'closed')
  },

  'refuses everything new once draining began, and leaves other transports alone': async ({
    connect,
    at,
  }) => {
    const [ending, other] = [await connect(), await connect()]
    const release: (() => void)[] = []
    ending.subscribe(at('x'), () => new Promise<void>(resolve => release.push(resolve)))
    const got: string[] = []
    other.subscribe(at('y'), ({ data }) => got.push(text(data)))
    await Promise.all([ending.flush(), other.flush()])
    other.publish(at('x'), bytes('work'))
    await until(() => release.length === 1)
    const drained = ending.drain()
    await refusesAll(ending, at)
    release[0]?.()
    await drained
    await refusesAll(ending, at)
    await refuses('no-responders', other.request(at('x'), bytes('?'), { timeoutMs: 1_000 }))
    other.publish(at('y'), bytes('still here'))
    await until(() => got.length === 1)
  },

  'close ends at once: open requests fail, handlers get no more messages, a drain stops waiting': async ({
    connect,
    at,
  }) => {
    const [closing, other] = [await connect(), await connect()]
    let got = 0
    closing.subscribe(at('x'), () => {
      got++
      return new Promise(() => {})
    })
    other.subscribe(at('y'), () => {})
    await Promise.all([closing.flush(), other.flush()])
    other.publish(at('x'), bytes('1'))
    await until(() => got === 1)
    const waiting = refuses('transport-closed', closing.request(at('y'), bytes('?'), { timeoutMs: 5_000 }))
    const drained = closing.drain()
    await closing.close()
    await waiting
    await drained
    other.publish(at('x'), bytes('2'))
    await other.flush()
    await pause(20)
    assert.is(got, 1)
    await refusesAll(closing, at)
  },

  'drain and close may be called again': async ({ connect }) => {
    const transport = await connect()
    await Promise.all([transport.drain(), transport.drain()])
    await transport.close()
    await transport.drain()
    await transport.close()
    assert.is(transport.status, 'closed')
  },
}

async function refusesAll(transport: Transport, at: Bench['at']): Promise<void> {
  throwsKind('transport-closed', () => transport.publish(at('z'), bytes('x')))
  throwsKind('transport-closed', () => transport.subscribe(at('z'), echo))
  await refuses('transport-closed', transport.request(at('z'), bytes('x'), { timeoutMs: 100 }))
  await refuses('transport-closed', transport.flush())
}
