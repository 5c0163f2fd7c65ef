/**
 * What every transport must do, as one suite over a factory: the in-process bus and NATS pass the same one.
 * Each test uses subjects of its own, so the factory may hand out connections to one shared server. Waits
 * are real and short, because a server's clock cannot be driven.
 */
import * as assert from 'uvu/assert'
import { type ErrorKind, RuntimeError } from '../../actors/errors.ts'
import { type TestSuite, testSuite } from '../testkit/suite.ts'
import { within } from '../testkit/within.ts'
import { type HandlerErrorListener, MAX_PAYLOAD, type Message, type Transport } from './transport.ts'

/** Several connections to one bus. */
export interface TransportBench {
  connect(): Promise<Transport>
  /** Closes the connections made and whatever they were connected to. */
  close(): Promise<void>
}

interface Bench extends TransportBench {
  /** A subject or pattern that no other test uses. */
  at(rest: string): string
}

type Scenario = (bench: Bench, errors: unknown[]) => Promise<void>

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (data: Uint8Array): string => new TextDecoder().decode(data)
const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

/** The suite for one implementation. The caller may add tests of its own, and must call `run()`. */
export function transportConformance(
  name: string,
  factory: (onError: HandlerErrorListener) => Promise<TransportBench>,
): TestSuite {
  const test = testSuite(name)
  const prefix = `ac.t${process.pid}${Date.now().toString(36)}`
  Object.entries({ ...DELIVERY, ...REQUESTS, ...REFUSALS, ...ENDINGS }).forEach(([title, scenario], i) => {
    test(title, async () => {
      const errors: unknown[] = []
      const bench = await factory(error => void errors.push(error))
      try {
        await scenario({ ...bench, at: rest => `${prefix}.n${i}.${rest}` }, errors)
      } finally {
        await bench.close()
      }
    })
  })
  return test
}

const DELIVERY: Record<string, Scenario> = {
  'delivers to every pattern that covers the subject and to no other': async ({ connect, at }) => {
    const [sender, receiver] = [await connect(), await connect()]
    const got = new Map<string, string[]>()
    for (const pattern of [
      'a.b.c',
      'a.*.c',
      'a.>',
      '*.b.*',
      'a.b.>',
      'a.b',
      'a.*',
      '*.*.*.*',
      'a.b.c.>',
      'A.b.c',
    ]) {
      const inbox: string[] = []
      got.set(pattern, inbox)
      receiver.subscribe(at(pattern), ({ subject }) => inbox.push(subject))
    }
    await receiver.flush()
    sender.publish(at('a.b.c'), bytes('x'))
    await allDelivered(sender, receiver, at)
    const hit = [...got].filter(([, inbox]) => inbox.length > 0).map(([pattern]) => pattern)
    assert.equal(hit, ['a.b.c', 'a.*.c', 'a.>', '*.b.*', 'a.b.>'])
    assert.ok([...got.values()].flat().every(subject => subject === at('a.b.c')))
  },

  'hands nothing over inside the call that publishes': async ({ connect, at }) => {
    const transport = await connect()
    let seen = false
    const arrived = new Promise<void>(resolve => {
      transport.subscribe(at('x'), () => {
        seen = true
        resolve()
      })
    })
    await transport.flush()
    transport.publish(at('x'), bytes('1'))
    assert.not.ok(seen)
    await arrived
  },

  'delivers 10,000 messages in the order published': async ({ connect, at }) => {
    const [sender, receiver] = [await connect(), await connect()]
    const got: number[] = []
    receiver.subscribe(at('x'), ({ data }) => got.push(Number(text(data))))
    await receiver.flush()
    for (let i = 0; i < 10_000; i++) sender.publish(at('x'), bytes(String(i)))
    await until(() => got.length >= 10_000)
    assert.equal(
      got,
      Array.from({ length: 10_000 }, (_, i) => i),
    )
  },

  'keeps the order of one publisher over several subjects': async ({ connect, at }) => {
    const [sender, receiver] = [await connect(), await connect()]
    const got: string[] = []
    receiver.subscribe(at('>'), ({ data }) => got.push(text(data)))
    await receiver.flush()
    const wanted = Array.from({ length: 300 }, (_, i) => String(i))
    for (const [i, n] of wanted.entries()) sender.publish(at(`s${i % 7}`), bytes(n))
    await until(() => got.length >= wanted.length)
    assert.equal(got, wanted)
  },

  'gives each message to one member of a queue group, and to every group and plain subscriber': async ({
    connect,
    at,
  }) => {
    const [sender, first, second] = [await connect(), await connect(), await connect()]
    const counts = { a1: 0, a2: 0, b: 0, plain: 0 }
    first.subscribe(at('x'), () => void counts.a1++, { queue: 'a' })
    second.subscribe(at('*'), () => void counts.a2++, { queue: 'a' })
    second.subscribe(at('x'), () => void counts.b++, { queue: 'b' })
    second.subscribe(at('x'), () => void counts.plain++)
    await Promise.all([first.flush(), second.flush()])
    for (let i = 0; i < 400; i++) sender.publish(at('x'), bytes(String(i)))
    await until(() => counts.a1 + counts.a2 >= 400 && counts.b >= 400 && counts.plain >= 400)
    await pause(20)
    assert.is(counts.a1 + counts.a2, 400)
    assert.is(counts.b, 400)
    assert.is(counts.plain, 400)
    assert.ok(counts.a1 > 40 && counts.a2 > 40, `both members of the group work: ${counts.a1}, ${counts.a2}`)
  },

  'gives every receiver bytes of its own': async ({ connect, at }) => {
    const transport = await connect()
    const got: Uint8Array[] = []
    for (const _ of [1, 2])
      transport.subscribe(at('x'), ({ data }) => got.push(data.fill(data[0] === 7 ? 9 : 0)))
    await transport.flush()
    const sent = new Uint8Array([7, 7, 7])
    transport.publish(at('x'), sent)
    sent.fill(1)
    await until(() => got.length === 2)
    assert.equal(
      got.map(data => [...data]),
      [
        [9, 9, 9],
        [9, 9, 9],
      ],
    )
    assert.equal([...sent], [1, 1, 1])
  },

  'delivers an empty message and one as large as the limit unchanged': async ({ connect, at }) => {
    const [sender, receiver] = [await connect(), await connect()]
    const got: Uint8Array[] = []
    receiver.subscribe(at('x'), ({ data }) => got.push(data))
    await receiver.flush()
    const large = new Uint8Array(MAX_PAYLOAD).map((_, i) => (i * 31) % 251)
    sender.publish(at('x'), new Uint8Array(0))
    sender.publish(at('x'), large)
    await until(() => got.length === 2)
    assert.is(got[0]?.length, 0)
    assert.is(Buffer.compare(got[1] ?? bytes(''), large), 0)
  },

  'accepts a message that nobody is subscribed to': async ({ connect, at }) => {
    const transport = await connect()
    transport.publish(at('nobody'), bytes('x'))
    await transport.flush()
    assert.is(transport.status, 'open')
  },

  'delivers nothing published before the subscription': async ({ connect, at }) => {
    const transport = await connect()
    const got: string[] = []
    transport.publish(at('x'), bytes('early'))
    transport.subscribe(at('x'), ({ data }) => got.push(text(data)))
    await transport.flush()
    transport.publish(at('x'), bytes('late'))
    await until(() => got.length > 0)
    assert.equal(got, ['late'])
  },

  'hands nothing over after unsubscribe, also when called by a handler': async ({ connect, at }) => {
    const transport = await connect()
    const got: string[] = []
    const other: string[] = []
    const subscription = transport.subscribe(at('x'), ({ data }) => {
      got.push(text(data))
      if (got.length === 2) subscription.unsubscribe()
    })
    transport.subscribe(at('x'), ({ data }) => other.push(text(data)))
    await transport.flush()
    for (const n of ['1', '2', '3', '4']) transport.publish(at('x'), bytes(n))
    await until(() => other.length === 4)
    subscription.unsubscribe()
    assert.equal(got, ['1', '2'])
  },

  'survives handlers that throw or reject, and reports both': async ({ connect, at }, errors) => {
    const transport = await connect()
    const got: string[] = []
    transport.subscribe(at('x'), ({ data }) => {
      got.push(text(data))
      if (got.length === 1) throw new Error('thrown')
      if (got.length === 2) return Promise.reject(new Error('rejected'))
      return undefined
    })
    await transport.flush()
    for (const n of ['1', '2', '3']) transport.publish(at('x'), bytes(n))
    await until(() => got.length === 3 && errors.length === 2)
    assert.equal(got, ['1', '2', '3'])
    assert.equal(errors.map(error => (error as Error).message).sort(), ['rejected', 'thrown'])
    assert.is(transport.status, 'open')
  },

  'does not let a handler that never settles hold back other messages': async ({ connect, at }) => {
    const transport = await connect()
    const got: string[] = []
    transport.subscribe(at('x'), ({ data }) => {
      got.push(text(data))
      return new Promise(() => {})
    })
    await transport.flush()
    for (const n of ['1', '2', '3']) transport.publish(at('x'), bytes(n))
    await until(() => got.length === 3)
    assert.equal(got, ['1', '2', '3'])
  },
}

const echo = ({ data, reply }: Message): void => reply?.(data)

const REQUESTS: Record<string, Scenario> = {
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

const REFUSALS: Record<string, Scenario> = {
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

const ENDINGS: Record<string, Scenario> = {
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

/** Sends one more message the same way and waits for it: FIFO, so whatever was sent before has arrived. */
async function allDelivered(sender: Transport, receiver: Transport, at: Bench['at']): Promise<void> {
  let last = false
  receiver.subscribe(at('last'), () => {
    last = true
  })
  await receiver.flush()
  sender.publish(at('last'), bytes('.'))
  await until(() => last)
}

async function until(holds: () => boolean): Promise<void> {
  let over = false
  const wait = async (): Promise<void> => {
    while (!over && !holds()) await pause(1)
  }
  await within(3_000, wait, 'what the test waits for').finally(() => {
    over = true
  })
}

const kindOf = (error: unknown): ErrorKind | string =>
  error instanceof RuntimeError ? error.kind : String(error)

function throwsKind(kind: ErrorKind, act: () => unknown): void {
  let thrown: unknown
  try {
    act()
  } catch (error) {
    thrown = error
  }
  assert.is(kindOf(thrown), kind)
}

async function refuses(kind: ErrorKind, work: Promise<unknown>): Promise<void> {
  const outcome = await work.then(() => 'nothing thrown', kindOf)
  assert.is(outcome, kind)
}
